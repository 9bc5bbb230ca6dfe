import type { Selectable } from 'kysely';
import type { AuditEntry } from '../../bot/ports.ts';
import type { Order } from '../../run/ports.ts';
import type { ChunkKind, ChunkStatus, Status } from '../../sync/state/state.ts';

declare const values: unique symbol;

/** A column's type in SQL words that every database takes, with the type of its values here. */
type Column<T> = string & { readonly [values]: T };

const column = <T>(sql: string): Column<T> => sql as Column<T>;
const word = <T extends string = string>(): Column<T> => column('varchar(64) not null');
const short = <T extends string = string>(): Column<T> => column('varchar(16) not null');
const id = column<string>('varchar(191) not null');
const chat = column<string>('varchar(128) not null');
const hash = column<string>('varchar(22) not null');
const text = column<string>('text not null');
const json = column<string>('longtext not null');
const bytes = column<Uint8Array>('longblob not null');
const integer = column<number>('integer not null');
const time = column<number>('bigint not null');
const maybe = {
  id: column<string | null>('varchar(191)'),
  word: column<string | null>('varchar(64)'),
  text: column<string | null>('text'),
  json: column<string | null>('longtext'),
  time: column<number | null>('bigint'),
};

interface Shape {
  readonly columns: Readonly<Record<string, Column<unknown>>>;
  /** Columns that a later version added. */
  readonly later?: Readonly<Record<string, Column<unknown>>>;
  readonly primary: readonly string[];
  readonly unique?: Readonly<Record<string, readonly string[]>>;
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The tables, the same on every database.
 *
 * Texts of unknown content (`plan`, `state`, `failure`, `value`) are stored as JSON: it carries every character
 * exactly, on databases that would cut or refuse some. Words that may be long or odd (keys, names, event
 * IDs) are found by a short text that stands for them. Times are milliseconds since the epoch.
 */
const shapes = {
  /** Which changes of the schema were made: the table by which a store is known. */
  bitable_sync_versions: { columns: { version: integer, at: time }, primary: ['version'] },
  /** One run. The state is whole in `state`; what is searched for stands in columns as well. */
  bitable_sync_runs: {
    columns: {
      ...{ id: word(), definition: word(), table_id: id, fingerprint: id, plan: json, state: json },
      ...{
        status: short<Status>(),
        created_at: time,
        ended_at: maybe.time,
        chat: maybe.id,
        message: maybe.id,
      },
    },
    primary: ['id'],
    indexes: {
      bitable_sync_runs_of_definition: ['definition', 'created_at'],
      bitable_sync_runs_of_scope: ['definition', 'table_id', 'status', 'created_at'],
      bitable_sync_runs_by_status: ['status', 'created_at'],
      bitable_sync_runs_by_message: ['message'],
    },
  },
  /** One chunk without its rows, so that listing chunks reads no blobs. */
  bitable_sync_chunks: {
    columns: {
      ...{ run: word(), id: word(), kind: short<ChunkKind>(), seq: integer, size: integer },
      ...{ status: short<ChunkStatus>(), token: maybe.word, sent_at: maybe.time, attempts: integer },
      ...{ written: integer, failure: maybe.json },
    },
    /** Updates that set back what somebody changed. */
    later: { back: column<number>('integer not null default 0') },
    primary: ['run', 'id'],
  },
  bitable_sync_bodies: {
    columns: { run: word(), chunk: word(), body: bytes },
    primary: ['run', 'chunk'],
  },
  /**
   * One confirmed record, under the key confirmed last. `scope` is a hash of definition and table; `key_text` is the
   * whole key as JSON where `key_id` (see `keyId`) is not the key itself.
   */
  bitable_sync_ledger: {
    columns: { scope: hash, key_id: word(), key_text: maybe.text, record: word(), hash: word(), run: word() },
    primary: ['scope', 'key_id'],
    unique: { bitable_sync_ledger_by_record: ['scope', 'record'] },
  },
  /** What one settling of a chunk confirmed, as JSON in UTF-8; apart from `bodies`, because SQLite rewrites whole rows. */
  bitable_sync_confirmed: {
    columns: { run: word(), chunk: word(), part: integer, body: bytes },
    primary: ['run', 'chunk', 'part'],
  },
  /** A part of a known table. A row of `memory` says which generation of a scope counts. */
  bitable_sync_known_parts: {
    columns: { scope: hash, generation: word(), part: integer, body: bytes },
    primary: ['scope', 'generation', 'part'],
  },
  /** Who holds a table. The row stays after a release, so that fences grow for ever. */
  bitable_sync_leases: {
    columns: { table_id: id, fence: time, run: maybe.word, owner: maybe.id, until: time },
    primary: ['table_id'],
  },
  bitable_sync_memory: {
    columns: { name_hash: hash, name: text, value: json },
    primary: ['name_hash'],
  },
  bitable_sync_seen: {
    columns: { id_hash: hash, at: time },
    primary: ['id_hash'],
    indexes: { bitable_sync_seen_by_time: ['at'] },
  },
  /** What somebody wants of a run that continues on another instance; who, as JSON in `by_whom`. */
  bitable_sync_orders: {
    columns: { id: word(), run: word(), op: short<Order['op']>(), by_whom: text, version: integer, at: time },
    primary: ['id'],
    indexes: { bitable_sync_orders_of_run: ['run', 'at'] },
  },
  /** Rows of a run that no chunk holds, some hundred in one. */
  bitable_sync_bad_rows: {
    columns: { run: word(), part: integer, body: bytes },
    primary: ['run', 'part'],
  },
  /**
   * One row that Feishu refused: the table's fields at that time, the run that refused it or met it last, and how it
   * is told, with its key, as JSON.
   */
  bitable_sync_refused_rows: {
    columns: { scope: hash, key_id: word(), hash: word(), fields: word(), run: word(), told: json },
    primary: ['scope', 'key_id'],
  },
  /** Something that happened once. `busy_until`, because `until` is a word of its own in MySQL. */
  bitable_sync_occasions: {
    columns: {
      ...{ what_hash: hash, what: text, due: time, at: time, busy_until: maybe.time },
      ...{ note: json, message: maybe.id },
    },
    primary: ['what_hash', 'due'],
    indexes: { bitable_sync_occasions_by_message: ['message'], bitable_sync_occasions_by_time: ['at'] },
  },
  /** What stands until it is taken back. */
  bitable_sync_marks: {
    columns: { kind: word(), definition: word(), chat, value: json },
    primary: ['kind', 'definition', 'chat'],
  },
  bitable_sync_reminders: {
    columns: {
      ...{ id: word(), definition: word(), chat, cron: maybe.id, time_zone: maybe.word, once_at: maybe.time },
      ...{ with_plan: integer, by_whom: chat, created_at: time },
    },
    primary: ['id'],
  },
  /** What somebody asked for; `id` is a hash of what tells it from others. */
  bitable_sync_audit: {
    columns: {
      ...{ id: hash, at: time, by_whom: id, chat: id, via: short<AuditEntry['via']>(), what: word() },
      ...{ definition: word(), run: word(), allowed: integer },
    },
    primary: ['id'],
    indexes: { bitable_sync_audit_by_time: ['at'], bitable_sync_audit_of_definition: ['definition', 'at'] },
  },
} as const satisfies Readonly<Record<`bitable_sync_${string}`, Shape>>;

type Shapes = typeof shapes;
type Values<C> = { [K in keyof C]: C[K] extends Column<infer T> ? T : never };

export type Tables = {
  readonly [N in keyof Shapes]: {
    -readonly [K in keyof Values<Shapes[N]['columns']>]: Values<Shapes[N]['columns']>[K];
  } & (Shapes[N] extends { readonly later: infer C } ? { -readonly [K in keyof C]: Values<C>[K] } : unknown);
};

export interface TableShape extends Shape {
  readonly name: keyof Tables;
}

export const shapeOf = (name: keyof Tables): TableShape => ({ name, ...shapes[name] });

/** Returns the names of all columns that a table has in the end. */
export const columnsOf = ({ columns, later = {} }: TableShape): readonly string[] => [
  ...Object.keys(columns),
  ...Object.keys(later),
];

export type RunRow = Selectable<Tables['bitable_sync_runs']>;
export type ChunkRow = Selectable<Tables['bitable_sync_chunks']>;
export type LeaseRow = Selectable<Tables['bitable_sync_leases']>;
export type OccasionRow = Selectable<Tables['bitable_sync_occasions']>;
export type ReminderRow = Selectable<Tables['bitable_sync_reminders']>;
