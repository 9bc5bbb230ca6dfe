import type { ColumnRule } from '../definition/definition.ts';
import type { Field, FieldKind } from '../definition/field.ts';
import type { Filled } from './kinds/formula.ts';
import type { Column } from './value.ts';

/** A field that the sync compares, and writes unless it only names the row. */
export interface Target {
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
  /** Feishu fills it: it names the row and is never written. */
  readonly filled?: Filled;
  /** An empty value leaves what is in the cell. */
  readonly keep?: true;
  /** Select fields: the options that there are. */
  readonly options?: readonly string[];
  /** Its words stand for people or linked records, and are turned into IDs before they are compared. */
  readonly lookup?: Lookup;
  /** Whether its values are masked everywhere but in the table. */
  readonly hidden: boolean;
}

/** What people can be looked up by. */
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
  /** Position of the column in the query's rows. */
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
  /** Position of the column in the query's rows. */
  readonly at: number;
  readonly rule: ColumnRule;
  /** Name of the field that it is to go to. */
  readonly to: string;
  readonly isKey: boolean;
  /** Whether it went to a field before that somebody has deleted since. */
  readonly gone: boolean;
}
