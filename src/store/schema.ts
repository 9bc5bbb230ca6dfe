import type { Insertable, Selectable } from 'kysely';
import type { AuditEntry } from '../bot/ports.ts';
import type { Order } from '../run/ports.ts';
import type { ChunkKind, ChunkStatus, Status } from '../sync/state.ts';

/**
 * The tables, the same on every database.
 *
 * Texts of unknown content (`plan`, `state`, `failure`, `value`) are stored as JSON: it carries every character
 * exactly, on databases that would cut or refuse some. Words that may be long or odd (ledger keys, names, event
 * IDs) are found by a short text that stands for them. Times are milliseconds since the epoch.
 */
export interface Tables {
  readonly bitable_sync_runs: RunsTable;
  readonly bitable_sync_chunks: ChunksTable;
  readonly bitable_sync_bodies: BodiesTable;
  readonly bitable_sync_ledger: LedgerTable;
  readonly bitable_sync_bad_rows: BadRowsTable;
  readonly bitable_sync_refused_rows: RefusedRowsTable;
  readonly bitable_sync_leases: LeasesTable;
  readonly bitable_sync_memory: MemoryTable;
  readonly bitable_sync_seen: SeenTable;
  readonly bitable_sync_orders: OrdersTable;
  readonly bitable_sync_audit: AuditTable;
  readonly bitable_sync_occasions: OccasionsTable;
  readonly bitable_sync_marks: MarksTable;
  readonly bitable_sync_reminders: RemindersTable;
  readonly bitable_sync_versions: VersionsTable;
}

/** One run. The state is whole in `state`; what is searched for stands in columns as well. */
export interface RunsTable {
  id: string;
  definition: string;
  table_id: string;
  fingerprint: string;
  plan: string;
  state: string;
  status: Status;
  created_at: number;
  ended_at: number | null;
  chat: string | null;
  message: string | null;
}

/** One chunk without its rows, so that listing chunks reads no blobs. */
export interface ChunksTable {
  run: string;
  id: string;
  kind: ChunkKind;
  seq: number;
  size: number;
  status: ChunkStatus;
  token: string | null;
  sent_at: number | null;
  attempts: number;
  written: number;
  /** Updates that set back what somebody changed. */
  back: number;
  failure: string | null;
}

/** The rows of one chunk. */
export interface BodiesTable {
  run: string;
  chunk: string;
  body: Uint8Array;
}

/** One confirmed record. A record stands in it once, under the key confirmed last. */
export interface LedgerTable {
  /** Hash of definition and table. */
  scope: string;
  /** See `keyId`. */
  key_id: string;
  /** The whole key as JSON, where `key_id` is not the key itself. */
  key_text: string | null;
  record: string;
  hash: string;
  run: string;
}

/** Rows of a run that no chunk holds, some hundred in one. */
export interface BadRowsTable {
  run: string;
  part: number;
  body: Uint8Array;
}

/** One row that Feishu refused. */
export interface RefusedRowsTable {
  /** Hash of definition and table. */
  scope: string;
  /** See `keyId`. */
  key_id: string;
  hash: string;
  /** Signature of the table's fields when it was refused. */
  fields: string;
  /** The run that refused it or met it last. */
  run: string;
  /** How it is told, with its key, as JSON. */
  told: string;
}

/** Who holds a table. The row stays after a release, so that fences grow for ever. */
export interface LeasesTable {
  table_id: string;
  fence: number;
  run: string | null;
  owner: string | null;
  until: number;
}

export interface MemoryTable {
  name_hash: string;
  name: string;
  value: string;
}

export interface SeenTable {
  id_hash: string;
  at: number;
}

/** What somebody wants of a run that goes on at another instance. */
export interface OrdersTable {
  id: string;
  run: string;
  op: Order['op'];
  /** Who wants it, as JSON. */
  by_whom: string;
  version: number;
  at: number;
}

/** What somebody asked for. */
export interface AuditTable {
  /** Hash of what tells it from others. */
  id: string;
  at: number;
  by_whom: string;
  chat: string;
  via: AuditEntry['via'];
  what: string;
  definition: string;
  run: string;
  allowed: number;
}

/** Something that happened once. */
export interface OccasionsTable {
  what_hash: string;
  what: string;
  due: number;
  at: number;
  /** `until` is a word of its own in MySQL. */
  busy_until: number | null;
  note: string;
  message: string | null;
}

export interface MarksTable {
  kind: string;
  definition: string;
  chat: string;
  value: string;
}

export interface RemindersTable {
  id: string;
  definition: string;
  chat: string;
  cron: string | null;
  time_zone: string | null;
  once_at: number | null;
  with_plan: number;
  by_whom: string;
  created_at: number;
}

/** Which changes of the schema were made. */
export interface VersionsTable {
  version: number;
  at: number;
}

export type RunRow = Selectable<RunsTable>;
export type ChunkRow = Selectable<ChunksTable>;
export type NewLedgerRow = Insertable<LedgerTable>;
export type OccasionRow = Selectable<OccasionsTable>;
export type ReminderRow = Selectable<RemindersTable>;
