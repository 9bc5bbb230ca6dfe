const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const none = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

/** Columns that a character takes in a terminal: two for wide ones such as Chinese, none for marks. */
const widthOf = (char: string): number => (none.test(char) ? 0 : wide.test(char) ? 2 : 1);

/** Columns that a text takes in a terminal. */
export const columnsOf = (words: string): number =>
  Array.from(words).reduce((sum, char) => sum + widthOf(char), 0);

/** Fills up with blanks, or cuts with `…`, so that the text takes exactly so many columns. */
export function toWidth(words: string, columns: number, align: 'left' | 'center' = 'left'): string {
  const cut = columnsOf(words) <= columns ? words : `${take(words, columns - 1)[0]}…`;
  const free = Math.max(0, columns - columnsOf(cut));
  const before = align === 'center' ? Math.floor(free / 2) : 0;
  return ' '.repeat(before) + cut + ' '.repeat(free - before);
}

/** Breaks a line so that each part takes at most so many columns (at least 2), at a blank where there is one. */
export function wrap(words: string, columns: number): readonly string[] {
  const parts: string[] = [];
  let rest = words;
  while (columnsOf(rest) > columns) {
    const [head] = take(rest, Math.max(2, columns));
    const blank = head.lastIndexOf(' ');
    // A blank near the end is a better place; one at the start would leave nearly empty lines.
    const end = blank > head.length / 2 ? blank : head.length;
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}

/** The longest beginning that takes at most so many columns, and its width. */
function take(words: string, columns: number): readonly [string, number] {
  let taken = '';
  let width = 0;
  for (const char of words) {
    if (width + widthOf(char) > columns) break;
    taken += char;
    width += widthOf(char);
  }
  return [taken, width];
}
