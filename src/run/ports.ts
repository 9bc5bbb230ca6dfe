import type { ColumnDetail } from '../sync/column.ts';
import type { Failure } from '../sync/failure.ts';
import type { Field, Fields, RecordBytes, TableRecord } from '../sync/field.ts';
import type { Key } from '../sync/key.ts';
import type { PersonBy } from '../sync/lookup.ts';
import type { Problem } from '../sync/problem.ts';
import type { NewField } from '../sync/schema.ts';
import type { Actor, BadRow, CallCounts, ChunkKind, ChunkStatus, State } from '../sync/state.ts';
import type { Text } from '../sync/text.ts';
import type { Column, Value } from '../sync/value.ts';

/** Time as the program sees it; tests pass one that they can move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where names and chance come from. */
export interface Chance {
  /** A UUID v4, for idempotency tokens. */
  uuid(): string;
  /** A short, unique run ID. */
  run(): string;
  /** A number from 0 up to but not including 1. */
  random(): number;
}

/** A log line: a stable event word and plain facts. Never row contents, never secrets. */
export interface Log {
  debug(event: string, facts?: Readonly<Record<string, unknown>>): void;
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
  error(event: string, facts?: Readonly<Record<string, unknown>>): void;
}

export type { ChunkStatus } from '../sync/state.ts';

// ---------------------------------------------------------------- source

/** What to read from where. */
export interface Query {
  readonly sql: string;
  /** Milliseconds that the server may work on it. */
  readonly timeout: number;
  /** IANA zone in which the session's dates are meant. */
  readonly timeZone: string;
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

// ---------------------------------------------------------------- table

/** Counts each HTTP request made for a run as it happens. */
export interface CallMeter {
  count(kind: keyof CallCounts): void;
}

/** One page of a whole read. */
export interface RecordPage {
  readonly records: readonly TableRecord[];
  /** The same records as they came, where they did: many of them are read several times quicker so. */
  readonly raw?: readonly RecordBytes[];
  /** How many records the table had when the page was made. */
  readonly total: number;
  /** Whether the read began anew with this page (a smaller page size): forget what came before. */
  readonly restarted: boolean;
}

/** What is known of the base before it is read. */
export interface BaseInfo {
  readonly name: string;
  /** Whether advanced permissions are on, so that an empty read may be a missing right. */
  readonly advanced: boolean;
  /** The base's own zone, where Feishu tells. */
  readonly timeZone?: string;
}

/** One Bitable data table. Rejects with `CallError`, or `ProblemError` for what a person must mend. */
export interface Table {
  /** The base's app_token: writes to one base queue up together. */
  readonly base: string;
  readonly id: string;
  /** Rows that one create or update call may hold here when nothing else is said. */
  readonly chunkSize: number;
  about(signal: AbortSignal): Promise<BaseInfo>;
  /** The table's change counter; equal before and after a read means that nothing moved. Rejects when the table is not in the base. */
  revision(signal: AbortSignal): Promise<number>;
  fields(signal: AbortSignal): Promise<readonly Field[]>;
  /**
   * Creates one field, waiting through throttling and conflicts. Rejects with `CallError` also where it may have
   * been created all the same, or somebody else created one of that name: reading the fields tells.
   * @param token UUID v4, see `client_token`
   */
  createField(field: NewField, token: string, signal: AbortSignal): Promise<Field>;
  /**
   * All records, page by page, of the whole table. Waits through throttling; anything odd (a repeated or
   * missing page token, an answer that is no JSON) fails the read: a failed read is never an empty table.
   * @param fieldNames only these fields; all when there are more than 200.
   */
  records(fieldNames: readonly string[], signal: AbortSignal): AsyncIterable<RecordPage>;
  /** The IDs of the records that the view in the address shows; every record's when it names none. */
  inView(fieldNames: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Records whose field equals one of the values (at most 50 a call; the adapter splits). */
  matching(
    field: string,
    values: readonly string[],
    fieldNames: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly TableRecord[]>;
  /** Looks records up by ID; tells apart those that are gone from those that we may not see. */
  look(
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<{
    readonly present: readonly string[];
    readonly forbidden: readonly string[];
    readonly absent: readonly string[];
  }>;
  /** Creates all or none in one call; answers the record IDs in order. @param token UUID v4, see `client_token`. */
  create(records: readonly Fields[], token: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Changes the named fields of all records or none, in one call. */
  update(records: readonly TableRecord[], signal: AbortSignal): Promise<void>;
  /** Deletes all or none, in one call. */
  delete(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Another table of the same base, to be read only; nothing is called yet. */
  linked(id: string): LinkedTable;
}

/** A table that link fields point at. */
export type LinkedTable = Pick<Table, 'id' | 'fields' | 'revision' | 'records'>;

/** Opens the table behind an address as people copy it; every wrong form is a `ProblemError` of its own. */
export type OpenTable = (address: string, meter: CallMeter, signal: AbortSignal) => Promise<Table>;

/** One base, in which a table can be created. Rejects like {@link Table}. */
export interface Base {
  /** Its app_token. */
  readonly token: string;
  tables(signal: AbortSignal): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /**
   * Creates a table with these fields, the first of which names its records; answers its ID. No two tables of a
   * base have the same name. Rejects also where it may have been created all the same: reading the tables tells.
   */
  createTable(name: string, fields: readonly NewField[], signal: AbortSignal): Promise<string>;
  /** One of its tables; nothing is called yet. */
  table(id: string): Table;
}

/** Opens the base of an address, whether or not that names a table. */
export type OpenBase = (address: string, meter: CallMeter, signal: AbortSignal) => Promise<Base>;

// ---------------------------------------------------------------- people

/** Finds people by what a shop knows of them. */
export interface People {
  /**
   * The open_ids of people, by the words that were asked for. Somebody who is not known, has left or is outside
   * the app's contact range is missing from the answer: Feishu tells these apart nowhere. A look-up that fails
   * rejects with `CallError`, or with `ProblemError` where the app lacks a scope: it is never "no match".
   */
  openIds(
    by: PersonBy,
    words: readonly string[],
    meter: CallMeter,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;
}

// ---------------------------------------------------------------- store

/** Whose ledger and decisions: one definition on one table. */
export interface Scope {
  readonly definition: string;
  /** `app_token/table_id`. */
  readonly table: string;
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

/** How a chunk came out; stored in one transaction together with the ledger. */
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

/** The durable record of runs: enough to go on after a kill. */
export interface Journal {
  createRun(run: RunRecord): Promise<void>;
  /** @param fence rejects with `Fenced` once the table was claimed anew; not looked at when not given */
  saveState(run: string, state: State, fence?: number): Promise<void>;
  /** Puts a state in the place of one with that status and version; false when it has changed meanwhile. */
  replaceState(run: string, before: Pick<State, 'status' | 'version'>, state: State): Promise<boolean>;
  saveCard(run: string, card: { readonly chat: string; readonly message: string }): Promise<void>;
  /** Stores what the upload needs, once all chunks are added. */
  savePlan(run: string, plan: string, fingerprint: string, fence?: number): Promise<void>;
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
  addChunks(run: string, chunks: readonly NewChunk[], fence?: number): Promise<void>;
  /** All chunks in the order of sending. */
  chunks(run: string): Promise<readonly ChunkRecord[]>;
  body(run: string, chunk: string): Promise<Uint8Array>;
  /** Notes, before a send, that the chunk is handed to the network; with its token and time. */
  sending(run: string, chunk: string, token: string | null, at: number, fence: number): Promise<void>;
  /** Stores how a chunk came out. Rejects with `Fenced` when another instance has taken the run over. */
  settle(run: string, scope: Scope, chunk: string, outcome: Outcome, fence: number): Promise<void>;
  /** Deletes ended runs older than the time given (ms), with their chunks. */
  prune(before: number): Promise<void>;
  /**
   * Throws the plans of ended runs away until all that are stored hold no more bytes than given: of runs that came to
   * their end first, then of those that could still go on; the oldest first. Open runs are left alone. Answers how
   * many it were.
   */
  shrink(bytes: number): Promise<number>;
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

/** Things learned that outlive runs: the width that a base takes, its chunk size, a person's yes to deletes. */
export interface Memory {
  recall(name: string): Promise<string | undefined>;
  remember(name: string, value: string): Promise<void>;
}

/** One run per table, across processes. */
export interface Lease {
  /** Grows with each claim of the table; writes of an older one are refused. */
  readonly fence: number;
}

export interface Holder {
  readonly run: string;
  /** Which process; opaque. */
  readonly owner: string;
  /** When the lease ends unless renewed (ms). */
  readonly until: number;
}

export interface Leases {
  /** Takes the table for a run, or tells who holds it. An expired lease can be taken. */
  claim(
    table: string,
    run: string,
    owner: string,
    now: number,
    until: number,
  ): Promise<
    { readonly kind: 'claimed'; readonly lease: Lease } | { readonly kind: 'held'; readonly by: Holder }
  >;
  /** Answers false when the lease was lost. */
  renew(table: string, fence: number, until: number): Promise<boolean>;
  release(table: string, fence: number): Promise<void>;
  holder(table: string, now: number): Promise<Holder | undefined>;
}

/** What somebody wants of a run that goes on at another instance. */
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
  readonly ledger: Ledger;
  readonly rejects: Rejects;
  readonly memory: Memory;
  readonly leases: Leases;
  readonly seen: Seen;
  readonly orders: Orders;
  /** Rejects when the database does not answer; for readiness. */
  ping(): Promise<void>;
  stop(): Promise<void>;
}
