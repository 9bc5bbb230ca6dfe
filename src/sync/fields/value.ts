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

/** A column with all that its source knows of it: enough to make a field of it. */
export interface ColumnDetail extends Column {
  /** Digits, or bits of a BIT, that a number may have at most; missing where nobody can tell. */
  readonly digits?: number;
  /** Digits after the point, where they are fixed. */
  readonly scale?: number;
  readonly unsigned?: true;
  /** A yes or no: one bit, or an integer declared one digit wide. */
  readonly flag?: true;
  /** The words of an ENUM or SET, in their order; missing when the source cannot name them. */
  readonly options?: readonly string[];
  /** Characters that a text may have at most. */
  readonly length?: number;
}

/** Bytes that a character may have at most: a database cuts between characters. */
const longestCharacter = 4;

/** Whether a text fills all the room that the database has for one that it puts together: the rest was cut off. */
export function isCut(value: Value, { cutAt }: Column): boolean {
  // No text has more than three bytes for each of its units.
  if (cutAt === undefined || typeof value !== 'string' || value.length * 3 <= cutAt - longestCharacter) {
    return false;
  }
  const bytes = Buffer.byteLength(value);
  return bytes > cutAt - longestCharacter && bytes <= cutAt;
}
