import type { Cell } from './kinds/kind.ts';

// Cells are joined with the unit separator; where a cell holds one itself, it and the mark are escaped.
const separator = '\u001f';
const mark = '\u001e';

/** Packs one row's canonical cells into one string, ready to be kept as UTF-8 bytes and compared as such. */
export function packCells(cells: readonly Cell[]): string {
  let packed = '';
  for (let at = 0; at < cells.length; at++) {
    const cell = cells[at] ?? '';
    if (at > 0) packed += separator;
    packed += cell.includes(separator) || cell.includes(mark) ? guard(cell) : cell;
  }
  return packed;
}

/** Undoes {@link packCells}. */
export function unpackCells(packed: string): Cell[] {
  const cells = packed.split(separator);
  return packed.includes(mark) ? cells.map(unguard) : cells;
}

const guard = (cell: Cell): string => cell.replaceAll(mark, `${mark}0`).replaceAll(separator, `${mark}1`);

const unguard = (cell: Cell): string => cell.replaceAll(`${mark}1`, separator).replaceAll(`${mark}0`, mark);
