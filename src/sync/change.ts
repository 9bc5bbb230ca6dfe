import type { Key } from './key.ts';
import type { Cell } from './kinds/kind.ts';

/** One cell that differs: position in the mapping, wanted and held canonical value. */
export type Difference = readonly [at: number, wanted: Cell, held: Cell];

/** What must happen to one record. */
export type Change =
  | { readonly kind: 'create'; readonly key: Key; readonly cells: readonly Cell[] }
  | {
      readonly kind: 'update';
      readonly key: Key;
      readonly record: string;
      readonly differences: readonly Difference[];
      /** Hash of the whole wanted row, for the ledger. */
      readonly hash: string;
      /** The row is what was confirmed last: somebody changed the record since, and is set back. */
      readonly back?: true;
      /** The whole wanted row, to make the record anew should it be gone; not where the mode makes no records. */
      readonly row?: readonly Cell[];
    }
  | { readonly kind: 'delete'; readonly key: Key; readonly record: string; readonly cells: readonly Cell[] };
