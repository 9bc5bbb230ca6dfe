import { columnsOf, cut, take } from '../sync/columns.ts';

/** Fills up with blanks, or cuts with `…`, so that the text takes exactly so many columns. */
export function toWidth(words: string, columns: number, align: 'left' | 'center' = 'left'): string {
  const shown = cut(words, columns);
  const free = Math.max(0, columns - columnsOf(shown));
  const before = align === 'center' ? Math.floor(free / 2) : 0;
  return ' '.repeat(before) + shown + ' '.repeat(free - before);
}

/** Breaks a line so that each part takes at most so many columns (at least 2), at a blank where there is one. */
export function wrap(words: string, columns: number): readonly string[] {
  const parts: string[] = [];
  let rest = words;
  while (columnsOf(rest) > columns) {
    const head = take(rest, Math.max(2, columns));
    const blank = head.lastIndexOf(' ');
    // A blank near the end is a better place; one at the start would leave nearly empty lines.
    const end = blank > head.length / 2 ? blank : head.length;
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}
