import type { ColumnType, Value } from '../sync/value.ts';

/** A cell as the driver gives it when integers come whole. */
export type Cell = string | number | bigint | null | Uint8Array | ArrayBuffer;

/** Turns a cell into a value without losing anything. */
export function valueOf(cell: Cell): Value {
  if (typeof cell === 'bigint') {
    const number = Number(cell);
    return Number.isSafeInteger(number) ? number : String(cell);
  }
  return cell instanceof ArrayBuffer ? new Uint8Array(cell) : cell;
}

// The first that fits counts, as in SQLite's own rules for type names. https://www.sqlite.org/datatype3.html
const declared: readonly (readonly [RegExp, ColumnType])[] = [
  [/INT|BOOL/, 'integer'],
  [/DATETIME|TIMESTAMP/, 'datetime'],
  [/DATE/, 'date'],
  [/TIME/, 'time'],
  [/JSON/, 'json'],
  [/CHAR|CLOB|TEXT/, 'text'],
  [/BLOB/, 'binary'],
  [/REAL|FLOA|DOUB/, 'float'],
];

/**
 * What a column was declared as. SQLite does not hold rows to it; expressions and columns that say nothing
 * clear are `any`.
 */
export const declaredType = (type: string | null): ColumnType =>
  declared.find(([pattern]) => pattern.test(type?.toUpperCase() ?? ''))?.[1] ?? 'any';
