import type { Cell } from './kinds/kind.ts';

// Cells are joined with the unit separator; where a cell holds one itself, it and the mark are escaped.
const separator = '\u001f';
const mark = '\u001e';

/** Packs one row's canonical cells into one string, ready to be kept as UTF-8 bytes and compared as such. */
export const packCells = (cells: readonly Cell[]): string => cells.map(guard).join(separator);

/** Makes what packs rows into bytes, all in the same buffer: an answer is to be copied before the next one. */
export function packer(): (cells: readonly Cell[]) => Buffer {
  const row = rowWriter();
  let scratch = Buffer.allocUnsafe(4096);
  return (cells) => {
    const most = row.take(cells);
    if (most > scratch.length) scratch = Buffer.allocUnsafe(most * 2);
    return scratch.subarray(0, row.write(scratch, 0));
  };
}

/** Packs rows, one after the other, right where they are to stay. */
export interface RowWriter {
  /** Takes the row in hand; answers how many bytes it needs at most. */
  take(cells: readonly Cell[]): number;
  /** Writes it from `start` on; answers where it ends. */
  write(into: Buffer, start: number): number;
}

/** Makes a {@link RowWriter}. */
export function rowWriter(): RowWriter {
  let row: readonly Cell[] = [];
  let joined = '';
  return {
    take(cells) {
      row = cells;
      joined = cells.join(separator);
      // Three bytes a UTF-16 unit is the most that UTF-8 can take; a guard takes two.
      return joined.length * 3;
    },
    write(into, start) {
      const end = start + into.write(joined, start, 'utf8');
      // Hardly any cell needs a guard: bytes that are written anyway are looked through quicker than each cell.
      return isPacked(into, start, end, row.length) ? end : start + into.write(packCells(row), start, 'utf8');
    },
  };
}

/** Whether all separators in the bytes are those between the cells, and nothing is a mark. */
function isPacked(bytes: Uint8Array, from: number, to: number, cells: number): boolean {
  let separators = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === separatorByte) separators++;
    else if (byte === markByte) return false;
  }
  return separators === Math.max(0, cells - 1);
}

/** Undoes {@link packCells}. */
export function unpackCells(packed: string): Cell[] {
  const cells = packed.split(separator);
  return packed.includes(mark) ? cells.map(unguard) : cells;
}

/** Undoes {@link packer}. */
export const unpackBytes = (packed: Uint8Array): Cell[] =>
  unpackCells(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('utf8'));

/** Reads one cell of packed bytes, which begin at `from`, without unpacking the others. */
export function cellAt(packed: Uint8Array, at: number, from = 0): Cell {
  const start = cellStart(packed, at, from);
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

/** Where a cell begins in packed bytes, which begin at `from`; their end where they have no such cell. */
export function cellStart(packed: Uint8Array, at: number, from = 0): number {
  let start = from;
  for (let left = at; left > 0; start++) {
    if (start >= packed.length) return start;
    if (packed[start] === separatorByte) left--;
  }
  return start;
}

/** Where the cell ends that begins there. */
export function cellEnd(packed: Uint8Array, start: number): number {
  let end = start;
  while (end < packed.length && packed[end] !== separatorByte) end++;
  return end;
}

/** Stands between the cells in packed bytes. */
export const separatorByte = 0x1f;
const markByte = 0x1e;

/** Escapes what would look like a separator; for a cell that is written into packed bytes. */
export const guard = (cell: Cell): string =>
  cell.replaceAll(mark, `${mark}0`).replaceAll(separator, `${mark}1`);

const unguard = (cell: Cell): string => cell.replaceAll(`${mark}1`, separator).replaceAll(`${mark}0`, mark);
