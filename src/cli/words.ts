import { columnsOf } from '../sync/columns.ts';

/** Fills the text with blanks up to so many columns. */
export const pad = (words: string, columns: number): string =>
  words + ' '.repeat(Math.max(0, columns - columnsOf(words)));

/** Takes line breaks and control characters out: words from rows or errors must not steer the terminal. */
export const plain = (words: string): string => words.replaceAll(/\p{C}+/gu, ' ').trim();

/** {@link plain} for a line of our own that may be indented: the indent stays. */
export const plainLine = (line: string): string => `${/^ */.exec(line)?.[0] ?? ''}${plain(line)}`;

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
