import type { KnownField } from '../sync/fields/column.ts';
import type { Key } from '../sync/fields/key.ts';
import type { KnownTable } from '../sync/plan/known.ts';
import type { Actor, BadRow, ChunkKind, ChunkStatus, State } from '../sync/state/state.ts';
import type { Failure } from '../sync/words/failure.ts';

/** One run per table, across processes. */
export interface Lease {
  /** Grows with each claim of the table; writes of an older one are refused. */
  readonly fence: number;
  /** Milliseconds for which the table surely had no holder before, by the database's clock; 0 where it has none. */
  readonly idle: number;
}

export interface Holder {
  readonly run: string;
  /** Which process; opaque. */
  readonly owner: string;
  /** Changes with each claim and each renewal: who sees the same for the life of a lease knows that it has run out. */
  readonly mark: string;
}

/**
 * Who works on which table. No clock of a client is ever compared with another one's: a lease has run out by the
 * database's own clock where that is shared, or by the word of a client that has not seen it renewed.
 */
export interface Leases {
  /**
   * Takes the table for a run, or tells who holds it.
   * @param gone the mark of a holder that is known to be gone: its lease is taken, unless it was renewed since
   */
  claim(
    table: string,
    run: string,
    owner: string,
    gone?: string,
  ): Promise<
    { readonly kind: 'claimed'; readonly lease: Lease } | { readonly kind: 'held'; readonly by: Holder }
  >;
  /** Answers false when the lease was lost. */
  renew(table: string, fence: number): Promise<boolean>;
  release(table: string, fence: number): Promise<void>;
  holder(table: string): Promise<Holder | undefined>;
  /** The fence that was given out last, where its holder has given the table free: the next claim gets a higher one. */
  free(table: string): Promise<number | undefined>;
}

/** What somebody wants of a run that continues on another instance. */
export interface Order {
  /** Names it once and for all: posted twice, it is carried out once. */
  readonly id: string;
  readonly run: string;
  readonly op: 'cancel';
  readonly by: Actor;
  /** The version of the run that it is meant for; of a newer one it means nothing. */
  readonly version: number;
  readonly at: number;
}

/** Where orders lie until the instance that carries the run out takes them. */
export interface Orders {
  post(order: Order): Promise<void>;
  /** Orders for these runs, oldest first. */
  of(runs: readonly string[]): Promise<readonly Order[]>;
  /** Takes an order away once it has had its effect. */
  take(id: string): Promise<void>;
  prune(before: number): Promise<void>;
}

/** Event and message IDs that were handled, so that a redelivery has no effect. */
export interface Seen {
  /** Notes the IDs of one event; true when none of them was shown to it before, also across restarts. */
  first(ids: readonly string[], at: number): Promise<boolean>;
  prune(before: number): Promise<void>;
}

/** All that is kept between runs and restarts. */
export interface Store {
  readonly journal: Journal;
  readonly known: KnownTables;
  readonly rejects: Rejects;
  readonly facts: TableFacts;
  readonly leases: Leases;
  readonly seen: Seen;
  readonly orders: Orders;
  /** Rejects when the database does not answer; for readiness. */
  ping(): Promise<void>;
  stop(): Promise<void>;
}

/** One run as stored. */
export interface RunRecord {
  readonly id: string;
  readonly scope: Scope;
  /** Hash of query, key and mapping. */
  readonly fingerprint: string;
  /** What the upload needs besides the chunks (mapping, revision, plan hash), as the run wrote it; empty before the plan. */
  readonly plan: string;
  readonly state: State;
  /** The chat message that shows the run. */
  readonly card: { readonly chat: string; readonly message: string } | null;
}

/** One chunk as stored, without its rows. */
export interface ChunkRecord {
  readonly id: string;
  readonly kind: ChunkKind;
  /** Position in the order of sending. */
  readonly seq: number;
  readonly rows: number;
  readonly status: ChunkStatus;
  /** The idempotency token of its first send, and when that was (ms); null before. */
  readonly token: string | null;
  readonly sentAt: number | null;
  /** How often it was sent. */
  readonly attempts: number;
  /** Updates among its rows that set back what somebody changed. */
  readonly back: number;
  /** Rows confirmed so far; all of them when `done`. A failed chunk may hold some that a read-back found written. */
  readonly written: number;
  /** The failure that stands, for `failed`, `unknown` and `rejected`. */
  readonly failure: Failure | null;
}

/** A chunk as planned. */
export interface NewChunk {
  readonly id: string;
  readonly kind: ChunkKind;
  readonly seq: number;
  readonly rows: number;
  /** Updates among them that set back what somebody changed. */
  readonly back: number;
  /** The changes, encoded by `sync/chunk`. */
  readonly body: Uint8Array;
  /** Why Feishu refused its rows in an earlier run: the chunk begins as rejected, and only a person has it sent. */
  readonly refused?: Failure;
  /** What is known of earlier sends of its rows. */
  readonly sent?: {
    readonly attempts: number;
    /** Whether one may have happened of which nothing is known: the chunk begins as sent. */
    readonly inDoubt: boolean;
    /** The token of that one, where it was of the very same rows, and when that was first used (ms). */
    readonly token: string | null;
    readonly sentAt: number | null;
  };
}

/** How a chunk came out; stored in one transaction. */
export interface Outcome {
  readonly status: ChunkStatus;
  /** Rows of the chunk that are confirmed as written (or gone, for deletes). */
  readonly written: number;
  readonly failure: Failure | null;
  /** Confirmed by this chunk. */
  readonly wrote: readonly LedgerEntry[];
  /** Record IDs that are gone by this chunk. */
  readonly removed: readonly string[];
  /** Parts that take the chunk's place, when it was split. */
  readonly parts: readonly NewChunk[];
  /** The row that Feishu refused for what is in it, when the chunk was that row alone. */
  readonly refused: RefusedRow | null;
}

/** A chunk of a run, noted under the lease with this fence. */
interface Noted {
  readonly run: string;
  readonly chunk: string;
  readonly fence: number;
}

/** A send that is about to go, with its token and time (ms). */
export interface Sending extends Noted {
  readonly token: string | null;
  readonly at: number;
}

/** How a chunk of a run came out. */
export interface Settling extends Noted {
  readonly scope: Scope;
  readonly outcome: Outcome;
}

/** The durable record of runs: enough to go on after a kill. */
export interface Journal {
  createRun(run: RunRecord): Promise<void>;
  /** @param fence rejects with `Fenced` once the table was claimed anew; not looked at when not given */
  saveState(run: string, state: State, fence?: number): Promise<void>;
  /** Puts a state in the place of one with that status and version; false when it has changed meanwhile. */
  replaceState(run: string, before: Pick<State, 'status' | 'version'>, state: State): Promise<boolean>;
  saveCard(run: string, card: { readonly chat: string; readonly message: string }): Promise<void>;
  /**
   * Stores what the upload needs, once all chunks are added.
   * @param succession chunks of the plan before that go, and those that take their place under their IDs
   */
  savePlan(
    run: string,
    plan: { readonly text: string; readonly fingerprint: string },
    fence?: number,
    succession?: { readonly drop: readonly string[]; readonly add: readonly NewChunk[] },
  ): Promise<void>;
  /** Throws the chunks of a plan away that was never carried out. */
  dropPlan(run: string, fence?: number): Promise<void>;
  findRun(run: string): Promise<RunRecord | undefined>;
  findRunByMessage(message: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  latestRuns(definition: string, limit: number): Promise<readonly RunRecord[]>;
  /** Runs whose state says `running` or `waiting`, oldest first. */
  openRuns(): Promise<readonly RunRecord[]>;
  /** The newest run of the scope that ended as `done`. */
  lastDone(scope: Scope): Promise<RunRecord | undefined>;
  /** When the newest run of a definition that succeeded ended, in ms. */
  lastSuccess(definition: string): Promise<number | undefined>;
  addChunks(run: string, chunks: readonly NewChunk[], fence?: number): Promise<void>;
  /** All chunks in the order of sending. */
  chunks(run: string): Promise<readonly ChunkRecord[]>;
  body(run: string, chunk: string): Promise<Uint8Array>;
  /** What was confirmed of a chunk so far, over all its settlings. */
  confirmed(run: string, chunk: string): Promise<Pick<Outcome, 'wrote' | 'removed'>>;
  /** Notes, before a send, that a chunk is handed to the network. */
  sending(sent: Sending): Promise<void>;
  /** Stores how a chunk came out. Rejects with `Fenced` when another instance has taken the run over. */
  settle(settled: Settling): Promise<void>;
  /** Deletes ended runs older than the time given (ms), with their chunks. */
  prune(before: number): Promise<void>;
  /**
   * Throws the plans of ended runs away until all that are stored hold no more bytes than given: of runs that came to
   * their end first, then of those that could still go on; the oldest first. Open runs are left alone. Answers how
   * many it were.
   */
  shrink(bytes: number): Promise<number>;
}

/** Whose known table and decisions: one definition on one table. */
export interface Scope {
  readonly definition: string;
  /** `app_token/table_id`. */
  readonly table: string;
}

/** What was last confirmed of one record. */
export interface Confirmed {
  readonly record: string;
  /** Print of the cells that were confirmed, as hex digits; '' where they are not known. */
  readonly hash: string;
}

/** What the bot last confirmed for one key. */
export interface LedgerEntry extends Confirmed {
  readonly key: string;
  /** Whether we made the record. */
  readonly made?: true;
}

/** What is kept beside a known table. */
export interface KnownNote {
  /** The table's change counter and how many records it had, when it was as kept. */
  readonly revision: number;
  readonly total: number;
  /** Hashes of the table's fields, and of what decides which cells are compared and how. */
  readonly fields: string;
  readonly mapping: string;
  /** IDs of the mapped fields that had a value in any record. */
  readonly filled: readonly string[];
  /** When its last whole read began (ms), and the run that kept it. */
  readonly readAt: number;
  readonly run: string;
  /** What the run wrote since that read, and how far the change counter moved by it. */
  readonly writes: { readonly calls: number; readonly records: number; readonly step: number };
}

/** A table as it was known last. `note` is missing of what an older program confirmed: then it is not all of it. */
export interface Known {
  readonly note?: KnownNote;
  readonly table: KnownTable;
}

/** The known table of each scope. */
export interface KnownTables {
  /**
   * What is known of a table, arranged; undefined where nothing is kept, or what is kept is torn, was written by a newer
   * program, or by an older one that cannot be read: it is discarded, never trusted, and never rejects for that. What
   * programs before the known table confirmed is answered without a note, as made by us only where a create in the
   * journal of a stored run says so, its cells unknown.
   */
  load(scope: Scope): Promise<Known | undefined>;
  /**
   * Puts a known table in the place of the one before, some parts at a time so that the event loop goes on turning. A
   * kill at any moment leaves the old or the new one.
   * @param fence rejects with `Fenced` once the table was claimed anew; not looked at when not given
   */
  keep(scope: Scope, known: Required<Known>, fence?: number): Promise<void>;
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

/** One thing that is learned of each `Of`, the last word counts. */
export interface Fact<Of, T> {
  of(what: Of): Promise<T | undefined>;
  keep(what: Of, value: T): Promise<void>;
}

/** Whether the short cut past a whole read has shown to be right for a table. */
export interface ShortCutFacts {
  /** Whole reads in a row that found the table as the short cut would have taken it. */
  readonly agreed: number;
  /** When one did not (ms): the short cut is not used until a person says so; null while none did. */
  readonly distrusted: number | null;
  /**
   * How often in a row own writes alone moved the change counter by one a call, and by one a record, where these are not
   * the same number; and how often by that, where they are.
   */
  readonly byCall: number;
  readonly byRecord: number;
  readonly alike: number;
  /** The run whose writes told it last: each tells it once. */
  readonly told: string;
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
  readonly shortCut: Fact<Scope, ShortCutFacts>;
}

/** What is kept of a table that was created for a definition. */
export interface MadeTable {
  /** Token in the address of the base: in another base it does not count. */
  readonly of: string;
  readonly name: string;
  /** ID of the table; null from the moment before it is created until it is ready. */
  readonly table: string | null;
}
