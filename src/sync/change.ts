import type { Key } from './key.ts';
import type { Cell } from './kinds/kind.ts';
import { cellAt, packCells, unpackBytes } from './pack.ts';

/** One cell that differs: position in the mapping, wanted and held canonical value. */
export type Difference = readonly [at: number, wanted: Cell, held: Cell];

/** What must happen to one record. */
export type Change =
  | {
      readonly kind: 'create';
      readonly key: Key;
      /** The whole row, its cells packed: it goes from the query to the call without an object for each cell. */
      readonly packed: Uint8Array;
    }
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

/** A row that is to be written. */
export type Written = Exclude<Change, { kind: 'delete' }>;

/** A row that is to be created. */
export type Create = Extract<Change, { kind: 'create' }>;

/** A record that is to be changed. */
export type Update = Extract<Change, { kind: 'update' }>;

/** Makes a {@link Create} of canonical cells. */
export const createOf = (key: Key, cells: readonly Cell[]): Create => ({
  kind: 'create',
  key,
  packed: Buffer.from(packCells(cells)),
});

/** The cells of a row that is to be created, or of a record that is to be deleted. */
export const cellsOf = (change: Exclude<Change, { kind: 'update' }>): readonly Cell[] =>
  change.kind === 'delete' ? change.cells : unpackBytes(change.packed);

/** What a change writes into the field at a position; `''` where it writes nothing there. */
export function wantedAt(change: Change, at: number): Cell {
  if (change.kind === 'create') return cellAt(change.packed, at);
  return change.kind === 'update' ? (change.differences.find(([one]) => one === at)?.[1] ?? '') : '';
}
