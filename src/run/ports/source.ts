import type { Column, ColumnDetail, Value } from '../../sync/fields/column.ts';
import type { Problem } from '../../sync/words/problem.ts';
import type { Text } from '../../sync/words/text.ts';

/** What to read from where. */
export interface Query {
  readonly sql: string;
  /** Where it stands, for problems: `syncs/orders.yaml:5`. */
  readonly at: string;
  /** Milliseconds that the server may work on it. */
  readonly timeout: number;
  /** IANA zone in which the session's dates are meant. */
  readonly timeZone: string;
  /** Whether an answer with texts that were cut short is taken; else it fails where nobody can tell which ones. */
  readonly keepCut?: true;
}

/** A query's answer. `batches` must be drained or returned; both close the connection. */
export interface Rows {
  readonly columns: readonly Column[];
  /** Groups of rows in the query's order; each row has one value a column. Arrives at the server's pace. */
  readonly batches: AsyncIterable<readonly (readonly Value[])[]>;
  /** What the database has to say of its answer, once all rows are there. */
  readonly notes?: () => readonly Text[];
}

/** The side that says what is wanted. Rejects with `ProblemError` only. */
export interface Source {
  /** The columns that the query will answer with, without running it. */
  columns(query: Query, signal: AbortSignal): Promise<readonly Column[]>;
  /** The same columns with all that is known of them: what fields could be made of them. */
  describe(query: Query, signal: AbortSignal): Promise<readonly ColumnDetail[]>;
  rows(query: Query, signal: AbortSignal): Promise<Rows>;
  /** What `check` has to say: connection, rights, zone tables, the query itself. Never rejects for what it finds. */
  check(query: Query, signal: AbortSignal): Promise<readonly Problem[]>;
  stop(): Promise<void>;
}

/** The sources by connection name. Rejects with a `ProblemError` when the name is not configured. */
export type Sources = (connection: string) => Source;
