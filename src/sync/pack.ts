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
    packed += needsGuard(cell) ? guard(cell) : cell;
  }
  return packed;
}

/** Undoes {@link packCells}. */
export function unpackCells(packed: string): Cell[] {
  const cells = packed.split(separator);
  return packed.includes(mark) ? cells.map(unguard) : cells;
}

/** Reads one cell of packed bytes, which begin at `from`, without unpacking the others. */
export function cellAt(packed: Uint8Array, at: number, from = 0): Cell {
  let start = from;
  for (let left = at; left > 0; start++) {
    if (start >= packed.length) return '';
    if (packed[start] === separatorByte) left--;
  }
  let end = start;
  let plain = true;
  for (; end < packed.length; end++) {
    const byte = packed[end] ?? 0;
    if (byte === separatorByte) break;
    if (byte === markByte || byte > 127) plain = false;
  }
  const bytes = Buffer.from(packed.buffer, packed.byteOffset + start, end - start);
  return plain ? bytes.toString('latin1') : unguard(bytes.toString('utf8'));
}

const separatorByte = 0x1f;
const markByte = 0x1e;

/** Cells are short: a loop is quicker than two searches. */
function needsGuard(cell: Cell): boolean {
  if (cell.length > 100) return cell.includes(separator) || cell.includes(mark);
  for (let at = 0; at < cell.length; at++) {
    const unit = cell.charCodeAt(at);
    if (unit === separatorByte || unit === markByte) return true;
  }
  return false;
}

const guard = (cell: Cell): string => cell.replaceAll(mark, `${mark}0`).replaceAll(separator, `${mark}1`);

const unguard = (cell: Cell): string => cell.replaceAll(`${mark}1`, separator).replaceAll(`${mark}0`, mark);
