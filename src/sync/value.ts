/**
 * One cell of a query's row as it leaves the source, exact.
 *
 * Integers are numbers up to 2^53 and digit strings above; decimals are digit strings; floats are numbers;
 * dates and times are strings in the source's own words (`2026-01-31 08:00:00`); bytes are bytes, those of a BIT too.
 */
export type Value = string | number | Uint8Array | null;

/** What the strings and numbers of a column mean. SQLite's expressions have no type: `any`. */
export type ColumnType =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'date'
  | 'datetime'
  | 'timestamp'
  | 'time'
  | 'year'
  | 'bit'
  | 'json'
  | 'enum'
  | 'set'
  | 'binary'
  | 'geometry'
  | 'any';

/** One column of a query's answer. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Bytes after which the source cuts a text that it puts together, as GROUP_CONCAT does. */
  readonly cutAt?: number;
}
