const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const none = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

/** Columns that a character takes in a terminal: two for wide ones such as Chinese and emoji, none for marks. */
const widthOf = (char: string): number => (none.test(char) ? 0 : wide.test(char) ? 2 : 1);

/** Columns that a text takes in a terminal. */
export function columnsOf(words: string): number {
  let columns = 0;
  for (const char of words) columns += widthOf(char);
  return columns;
}

/** The longest beginning that takes at most so many columns. */
export function take(words: string, columns: number): string {
  let taken = '';
  let width = 0;
  for (const char of words) {
    width += widthOf(char);
    if (width > columns) break;
    taken += char;
  }
  return taken;
}

/** Cuts the text to so many columns, with an ellipsis where something is missing. */
export const cut = (words: string, columns: number): string =>
  columnsOf(words) <= columns ? words : `${take(words, columns - 1)}…`;
