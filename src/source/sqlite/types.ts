import type { ColumnDetail, ColumnType, Value } from '../../sync/fields/column.ts';

/** A cell as the driver gives it when integers come whole. */
export type Cell = string | number | bigint | null | Uint8Array;

/** Turns a cell into a value without losing anything. */
export function valueIn(cell: Cell): Value {
  if (typeof cell !== 'bigint') return cell;
  const number = Number(cell);
  return Number.isSafeInteger(number) ? number : String(cell);
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

/** Digits that whole numbers declared in MySQL's words are meant to have; all others may have 19. */
const integerDigits: readonly (readonly [RegExp, number])[] = [
  [/^TINYINT/, 3],
  [/^SMALLINT/, 5],
  [/^MEDIUMINT/, 8],
  [/^INT\b/, 10],
];

/** What a column's declaration says of its values. SQLite holds no row to it. */
export function declaredDetail(name: string, type: string | null): ColumnDetail {
  const words = (type ?? '').toUpperCase().trim();
  const column = { name, type: declaredType(type) };
  const [, first, second] = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(words) ?? [];
  const size = first === undefined ? undefined : Number(first);
  if (column.type === 'integer') {
    const flag = /^BOOL/.test(words) || (/^TINYINT/.test(words) && size === 1);
    const digits = integerDigits.find(([pattern]) => pattern.test(words))?.[1] ?? 19;
    const unsigned = words.includes('UNSIGNED');
    return { ...column, digits, ...(unsigned ? { unsigned } : {}), ...(flag ? { flag } : {}) };
  }
  if (column.type === 'text') return size === undefined ? column : { ...column, length: size };
  if (/^(?:DECIMAL|NUMERIC)/.test(words) && size !== undefined)
    return { ...column, digits: size, scale: Number(second ?? 0) };
  if (column.type === 'float' && second !== undefined) return { ...column, scale: Number(second) };
  return column;
}
