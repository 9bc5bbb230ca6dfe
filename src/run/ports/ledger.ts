import type { Key } from '../../sync/fields/key.ts';
import type { BadRow } from '../../sync/state/state.ts';

/** Whose ledger and decisions: one definition on one table. */
export interface Scope {
  readonly definition: string;
  /** `app_token/table_id`. */
  readonly table: string;
}

/** What was last confirmed of one record. */
export interface Confirmed {
  readonly record: string;
  /** Hash of the cells that were confirmed. */
  readonly hash: string;
}

/** What the bot last confirmed for one key. */
export interface LedgerEntry extends Confirmed {
  readonly key: string;
}

/** What the bot last confirmed in the table, per definition and key. */
export interface Ledger {
  /** How many records it knows. */
  size(scope: Scope): Promise<number>;
  /** Which of the record IDs it knows. */
  known(scope: Scope, records: readonly string[]): Promise<ReadonlySet<string>>;
  /** What it knows of these keys; keys that it does not know are left out. */
  find(scope: Scope, keys: readonly string[]): Promise<ReadonlyMap<string, Confirmed>>;
  /** Which of the keys the run has confirmed, and none since. */
  confirmedBy(scope: Scope, run: string, keys: readonly Key[]): Promise<ReadonlySet<Key>>;
}

/** A row that Feishu refused for what is in it: not sent again before it, or the table's fields, changed. */
export interface RefusedRow {
  readonly key: Key;
  /** Hash of the whole row as it was refused. */
  readonly hash: string;
  /** Signature of the table's fields at that time. */
  readonly fields: string;
  /** How it is told. */
  readonly told: BadRow;
}

/** Rows that are not written, kept until they are. */
export interface Rejects {
  /**
   * Adds rows of a run that no chunk of it holds: refused by our own checks, or with a bad key.
   * @param fence rejects with `Fenced` once the table was claimed anew; not looked at when not given
   */
  addRows(run: string, rows: readonly BadRow[], fence?: number): Promise<void>;
  /** Those rows in the order in which they were added, some at a time. */
  rows(run: string): AsyncIterable<readonly BadRow[]>;
  /** How many rows of the scope Feishu has refused. */
  size(scope: Scope): Promise<number>;
  /** Which rows with these keys Feishu has refused. */
  known(scope: Scope, keys: readonly Key[]): Promise<ReadonlyMap<Key, RefusedRow>>;
  /** Notes that a run met these refused rows again, unchanged. */
  keep(scope: Scope, run: string, keys: readonly Key[]): Promise<void>;
  /** Forgets the refused rows of the scope; all but those that were refused or met in the run `but`. */
  forget(scope: Scope, but?: string): Promise<void>;
}
