import type { KnownField } from '../../sync/fields/column.ts';
import type { Scope } from './ledger.ts';

/** One thing that is learned of each `Of`, the last word counts. */
export interface Fact<Of, T> {
  of(what: Of): Promise<T | undefined>;
  keep(what: Of, value: T): Promise<void>;
}

/** What was learned of bases and tables, and outlives runs. Rejects with `ProblemError` for what cannot be read. */
export interface TableFacts {
  /** How writes to a base went, as `rememberWidth` writes it. */
  readonly width: Fact<string, string>;
  /** Rows that one chunk of a table (`app_token/table_id`) may hold. */
  readonly chunkSize: Fact<string, number>;
  /** The table that was created for a definition. */
  readonly made: Fact<string, MadeTable>;
  /** What a person said once of records that the bot did not make. */
  readonly handMade: Fact<Scope, 'delete' | 'keep'>;
  /** Hash of the query, key and mapping that a person last said yes to. */
  readonly agreed: Fact<Scope, string>;
  /** IDs of the fields that had values after the last success. */
  readonly filled: Fact<Scope, readonly string[]>;
  /** Where the columns went when that was last agreed. */
  readonly fields: Fact<Scope, readonly KnownField[]>;
}

/** What is kept of a table that was created for a definition. */
export interface MadeTable {
  /** Token in the address of the base: in another base it does not count. */
  readonly of: string;
  readonly name: string;
  /** ID of the table; null from the moment before it is created until it is ready. */
  readonly table: string | null;
}
