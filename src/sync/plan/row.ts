import type { Cell } from '../fields/kinds/kind.ts';
import type { Target } from '../fields/target.ts';

// Cells are joined with the unit separator; where a cell holds one itself, it and the mark are escaped.
const separator = '\u001f';
const mark = '\u001e';

/** Returns a row's canonical cells as one text; two rows are the same exactly when their texts are. */
export const rowText = (cells: readonly Cell[]): string =>
  cells.map((cell) => cell.replaceAll(mark, `${mark}0`).replaceAll(separator, `${mark}1`)).join(separator);

/** Undoes {@link rowText}. */
export function cellsIn(row: string): readonly Cell[] {
  const cells = row.split(separator);
  if (!row.includes(mark)) return cells;
  return cells.map((cell) => cell.replaceAll(`${mark}1`, separator).replaceAll(`${mark}0`, mark));
}

/**
 * Returns a 53-bit hash of a text as 14 hex digits: quick, spread well, no protection against somebody who wants a
 * collision. It is stored: the same text has the same hash in every version.
 * @param seed tells apart the same text of different things
 */
export function hashOf(text: string, seed = 0): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (const byte of Buffer.from(text)) {
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16).padStart(14, '0');
}

/** Returns the hash of a row, to tell whether what was confirmed is still what is wanted. */
export const hashOfRow = (cells: readonly Cell[], seed = 0): string => hashOf(rowText(cells), seed);

/**
 * Returns the seed for rows that go to these fields: the same cells in other fields are another row, so that a new
 * mapping is not taken for somebody's change.
 */
export const seedOf = (targets: readonly Pick<Target, 'id' | 'kind'>[]): number =>
  Number.parseInt(hashOf(JSON.stringify(targets.map(({ id, kind }) => [id, kind]))).slice(-8), 16);
