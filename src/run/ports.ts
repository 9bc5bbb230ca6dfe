import type { Field, Fields, TableRecord } from '../sync/definition/field.ts';
import type { Column, ColumnDetail, PersonBy, Value } from '../sync/fields/column.ts';
import type { NewField } from '../sync/fields/schema.ts';
import type { CallCounts } from '../sync/state/state.ts';
import type { Problem } from '../sync/words/problem.ts';
import type { Text } from '../sync/words/text.ts';

// What a run, the bot and the program need of the world; adapters implement it, `app` brings them together.
export type { ChunkStatus } from '../sync/state/state.ts';
export type * from './store-port.ts';

/** Counts each HTTP request made for a run as it happens. */
export interface CallMeter {
  count(kind: keyof CallCounts): void;
}

/** One page of a whole read. */
export interface RecordPage {
  readonly records: readonly TableRecord[];
  /** How many records the table had when the page was made. */
  readonly total: number;
  /** Whether the read begins anew: forget what came before. Told before anything is asked for again. */
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

/** Asked at the last moment, before the first byte of a write goes out: where it says no, the write does not happen. */
export type MayGo = () => boolean;

/** Sends a call that is put together already, as often as is needed. @param token UUID v4, see `client_token` */
export type CreateCall = (token: string, signal: AbortSignal, mayGo?: MayGo) => Promise<readonly string[]>;
export type UpdateCall = (signal: AbortSignal, mayGo?: MayGo) => Promise<void>;

/** One Bitable data table. Rejects with `CallError`, or `ProblemError` for what a person must mend. */
export interface Table {
  /** The base's app_token: writes to one base queue up together. */
  readonly base: string;
  readonly id: string;
  /** Rows that one create or update call may hold here when nothing else is said. */
  readonly chunkSize: number;
  /** Records of one page of a whole read, and of one look-up by ID. */
  readonly pageSize: number;
  readonly lookSize: number;
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
  /** How many records it has; one call, which also shows that they may be read. */
  total(signal: AbortSignal): Promise<number>;
  /**
   * All records of the whole table, page by page, each once. Waits through throttling; anything odd (a repeated or
   * missing page token, an answer that is no JSON) fails the read: a failed read is never an empty table. So does a list
   * whose different records are not as many as its last page says, after three reads; every other list keeps to that, too.
   * @param fieldNames only these fields; all when there are more than 200.
   */
  records(fieldNames: readonly string[], signal: AbortSignal): AsyncIterable<RecordPage>;
  /**
   * The IDs of the records that the view in the address shows; every record's when it names none.
   * @param least after so many no further page is read; all when not given
   */
  inView(fieldNames: readonly string[], signal: AbortSignal, least?: number): Promise<ReadonlySet<string>>;
  /** How many calls {@link matching} makes for these values. */
  filters(field: string, values: readonly string[]): number;
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
    readonly present: readonly TableRecord[];
    readonly forbidden: readonly string[];
    readonly absent: readonly string[];
  }>;
  /** Puts the call together that creates all or none; it answers the record IDs in order. */
  create(records: readonly Fields[]): CreateCall;
  /** Puts the call together that changes the named fields of all records or none. */
  update(records: readonly TableRecord[]): UpdateCall;
  /** Deletes all or none, in one call. */
  delete(ids: readonly string[], signal: AbortSignal, mayGo?: MayGo): Promise<void>;
  /** Another table of the same base, to be read only; nothing is called yet. */
  linked(id: string): LinkedTable;
}

/** A table that link fields point at. */
export type LinkedTable = Pick<Table, 'id' | 'fields' | 'revision' | 'records' | 'look'>;

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

/** Time as the program sees it; tests pass one that they can move. */
export interface Clock {
  /** Milliseconds since the epoch, for what is shown or stored. People and time servers set it, ahead and back. */
  now(): number;
  /** Milliseconds since some moment, for durations in this process: nobody sets it, and it never goes back. */
  monotonic(): number;
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

/** The name of a log line: what it is about and what became of it, such as `run.ended` or `card.not-sent`. */
export type LogEvent = `${Lowercase<string>}.${Lowercase<string>}`;

/** Writes log lines: an event and plain facts. Never row contents, never secrets. */
export interface Log {
  debug(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
  info(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
  error(event: LogEvent, facts?: Readonly<Record<string, unknown>>): void;
}

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
