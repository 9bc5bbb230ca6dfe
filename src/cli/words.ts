/** How many columns of a terminal the text takes: Chinese characters and emoji take two. */
export function widthOf(words: string): number {
  let width = 0;
  for (const character of words) width += wide.test(character) ? 2 : invisible.test(character) ? 0 : 1;
  return width;
}

/** Cuts the text to so many columns, with an ellipsis where something is missing. */
export function cut(words: string, columns: number): string {
  if (widthOf(words) <= columns) return words;
  let kept = '';
  let width = 0;
  for (const character of words) {
    width += widthOf(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Fills the text with blanks up to so many columns. */
export const pad = (words: string, columns: number): string =>
  words + ' '.repeat(Math.max(0, columns - widthOf(words)));

/** Takes line breaks and control characters out: words from rows or errors must not steer the terminal. */
export const plain = (words: string): string => words.replaceAll(/\p{C}+/gu, ' ').trim();

/** Writes a duration the short way: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Writes a running clock: `0:07`, `12:40`. */
export function clockFace(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const invisible = /\p{Mn}|\p{Me}|\p{Cf}/u;
