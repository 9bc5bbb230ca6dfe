import { isUtf8 } from 'node:buffer';
import type { Value } from '../../sync/fields/column.ts';
import { type Cell, valueIn } from './types.ts';

/**
 * Rows as one run of bytes: making a value out of each cell takes the driver ten times as long as SQLite takes to write
 * them all down. Each cell begins with the letter of its type, and a zero stands between cells.
 */
export interface Packed {
  readonly bytes: Uint8Array;
  /** By column the numbers that are not whole, where there are any: written down they would not be exact. */
  readonly reals: ReadonlyMap<number, Float64Array>;
}

/** Asks for rows in packed form, all of them in one cell. */
export const packed = (names: readonly string[]): string =>
  `cast(group_concat(concat_ws(char(0), ${names.map(inLetters).join(', ')}), char(0)) as blob)`;

const inLetters = (name: string): string =>
  `case typeof(${name}) when 'text' then 't' || ${name} when 'integer' then 'i' || ${name}
   when 'null' then 'n' when 'real' then 'r' else 'b' || hex(${name}) end`;

const [text, integer, none, real] = [...'tinr'].map((letter) => letter.charCodeAt(0));

/**
 * Finds the columns of packed rows that have numbers which are not whole.
 * @returns undefined where the rows cannot be taken apart again: a text holds a zero, or is no UTF-8
 */
export function realColumns(bytes: Uint8Array, rows: number, columns: number): Set<number> | undefined {
  const found = new Set<number>();
  let cells = 0;
  for (let at = -1; at < bytes.length; at += 1) {
    if (at >= 0 && bytes[at] !== 0) continue;
    if (bytes[at + 1] === real) found.add(cells % columns);
    cells += 1;
  }
  return cells === rows * columns && isUtf8(bytes) ? found : undefined;
}

/** Takes packed rows apart. */
export function unpacked({ bytes, reals }: Packed, columns: number): Value[][] {
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const rows: Value[][] = [];
  for (let at = 0; at <= words.length; ) {
    const row: Value[] = [];
    for (let column = 0; column < columns; column += 1) {
      const zero = words.indexOf('\0', at);
      const end = zero === -1 ? words.length : zero;
      const letter = words.charCodeAt(at);
      if (letter === real) row.push(reals.get(column)?.[rows.length] ?? null);
      else row.push(letter === none ? null : value(letter, words.slice(at + 1, end)));
      at = end + 1;
    }
    rows.push(row);
  }
  return rows;
}

function value(letter: number, words: string): Value {
  if (letter === text) return words;
  if (letter !== integer) return Buffer.from(words, 'hex');
  const number = Number(words);
  return Number.isSafeInteger(number) ? number : words;
}

/** Asks for a column so that nothing is lost: text comes as bytes, and bytes as hex digits. */
export const asBytes = (name: string): string =>
  `case typeof(${name}) when 'text' then cast(${name} as blob) when 'blob' then hex(${name}) else ${name} end`;

/**
 * Turns what {@link asBytes} asked for into values. Text that is broken stays bytes.
 * @param encoding as the file keeps text: `UTF-8`, `UTF-16le` or `UTF-16be`. https://www.sqlite.org/pragma.html#pragma_encoding
 */
export function bytesReader(encoding: string): (cell: Cell) => Value {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (cell) => {
    if (typeof cell === 'string') return Buffer.from(cell, 'hex');
    if (!(cell instanceof Uint8Array)) return valueIn(cell);
    try {
      return decoder.decode(cell);
    } catch {
      return cell;
    }
  };
}
