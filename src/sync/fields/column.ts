import type { ColumnRule } from '../definition/definition.ts';
import type { ColumnType, Field, FieldKind } from '../definition/field.ts';

export type { ColumnType } from '../definition/field.ts';

/**
 * One cell of a query's row as it leaves the source, exact: whole numbers above 2^53 and decimals are digits, dates and
 * times are in the source's own words (`2026-01-31 08:00:00`), bytes are bytes, those of a BIT too.
 */
export type Value = string | number | Uint8Array | null;

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

/** A field that the sync compares, and writes unless it only names the row. */
export interface Target {
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
  /** Feishu fills it: it names the row and is never written. */
  readonly filled?: Filled;
  /** An empty value leaves what is in the cell. */
  readonly keep?: true;
  readonly options?: readonly string[];
  /** Its words stand for people or linked records, and are turned into IDs before they are compared. */
  readonly lookup?: Lookup;
  /** Whether its values are masked everywhere but in the table. */
  readonly hidden: boolean;
}

export type PersonBy = (typeof personWords)[number];

export const personWords = ['email', 'mobile', 'user_id', 'union_id'] as const;

/** What the words of a column must be turned into before they are compared: open_ids, or IDs of linked records. */
export type Lookup =
  | { readonly kind: 'person'; readonly by: PersonBy; readonly missing: Missing }
  /** `table`: ID of the linked table · `by`: name of its field that holds the words. */
  | { readonly kind: 'link'; readonly table: string; readonly by: string; readonly missing: Missing };

/** What becomes of a word that names nobody: its row is not sent, or the word is left out. */
export type Missing = 'reject' | 'empty';

/** A column of the query and the field that it goes to. */
export interface Pair {
  readonly column: Column;
  readonly at: number;
  readonly rule: ColumnRule;
  readonly field: Field;
}

/** Which field a column went to before: found again by its ID when somebody renames it. */
export interface KnownField {
  readonly column: string;
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
}

/** A column whose field the table does not have. */
export interface Homeless {
  readonly column: Column;
  readonly at: number;
  readonly rule: ColumnRule;
  /** Name of the field that it is to go to. */
  readonly to: string;
  readonly isKey: boolean;
  /** Whether it went to a field before that somebody has deleted since. */
  readonly gone: boolean;
}

/** How the values of a field that only Feishu fills are compared with a column's: by what the column holds. */
export interface Filled {
  readonly as: 'text' | 'number' | 'date';
  readonly zone: string;
}
