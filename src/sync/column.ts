import type { Column } from './value.ts';

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
