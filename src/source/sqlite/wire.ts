import type { Value } from '../../sync/fields/column.ts';
import type { Packed } from './pack.ts';
import type { Refusal } from './rules.ts';

/** What a reader's process is started with. */
export interface Task {
  /** Absolute. */
  readonly path: string;
  readonly sql: string;
  /** How long a writer may keep it waiting (ms). */
  readonly patience: number;
}

/** What a query may use up before its process is ended, in bytes. */
export interface Bounds {
  /** Of memory, the process itself included. */
  readonly memory: number;
  /** Of files that SQLite sorts and collects in. */
  readonly files: number;
}

/** What a reader is asked for, one after the other: the columns, then to run the query, then for rows until none come. */
export type Request = Task | 'collect' | 'more';

/** Its answers: that it is there, then one for each request in their order. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'columns'; readonly columns: readonly Declared[] }
  | { readonly kind: 'collected' }
  | Rows
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** `code` is SQLite's, 1 where there is none. https://www.sqlite.org/rescode.html */
  | { readonly kind: 'failed'; readonly code: number; readonly message: string };

/** A group of rows; an empty one at the end. */
export type Rows =
  | { readonly kind: 'packed'; readonly packed: Packed }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Value[])[] };

/** A column of a query's answer, and what it was declared as where it comes from a table. */
export interface Declared {
  readonly name: string;
  readonly type: string | null;
}
