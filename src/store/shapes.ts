import type { TableShape } from './backend.ts';

const word = 'varchar(64) not null';
const time = 'bigint not null';
const hash = 'varchar(22) not null';
const long = 'longtext not null';

/** Which changes of the schema were made: the table by which a store is known. */
export const versions: TableShape = {
  name: 'bitable_sync_versions',
  columns: { version: 'integer not null', at: time },
  primary: ['version'],
};

export const first: readonly TableShape[] = [
  {
    name: 'bitable_sync_runs',
    columns: {
      id: word,
      definition: word,
      table_id: 'varchar(191) not null',
      fingerprint: 'varchar(191) not null',
      plan: long,
      state: long,
      status: 'varchar(16) not null',
      created_at: time,
      ended_at: 'bigint',
      chat: 'varchar(191)',
      message: 'varchar(191)',
    },
    primary: ['id'],
    indexes: {
      bitable_sync_runs_of_definition: ['definition', 'created_at'],
      bitable_sync_runs_of_scope: ['definition', 'table_id', 'status', 'created_at'],
      bitable_sync_runs_by_status: ['status', 'created_at'],
      bitable_sync_runs_by_message: ['message'],
    },
  },
  {
    name: 'bitable_sync_chunks',
    columns: {
      run: word,
      id: word,
      kind: 'varchar(16) not null',
      seq: 'integer not null',
      size: 'integer not null',
      status: 'varchar(16) not null',
      token: 'varchar(64)',
      sent_at: 'bigint',
      attempts: 'integer not null',
      written: 'integer not null',
      failure: 'longtext',
    },
    primary: ['run', 'id'],
  },
  {
    name: 'bitable_sync_bodies',
    columns: { run: word, chunk: word, body: 'longblob not null' },
    primary: ['run', 'chunk'],
  },
  {
    name: 'bitable_sync_ledger',
    columns: {
      scope: hash,
      key_id: word,
      key_text: 'text',
      record: word,
      hash: word,
      run: word,
    },
    primary: ['scope', 'key_id'],
    unique: { bitable_sync_ledger_by_record: ['scope', 'record'] },
  },
  {
    name: 'bitable_sync_leases',
    columns: {
      table_id: 'varchar(191) not null',
      fence: 'bigint not null',
      run: 'varchar(64)',
      owner: 'varchar(191)',
      until: time,
    },
    primary: ['table_id'],
  },
  {
    name: 'bitable_sync_memory',
    columns: { name_hash: hash, name: 'text not null', value: long },
    primary: ['name_hash'],
  },
  {
    name: 'bitable_sync_seen',
    columns: { id_hash: hash, at: time },
    primary: ['id_hash'],
    indexes: { bitable_sync_seen_by_time: ['at'] },
  },
];

export const orders: TableShape = {
  name: 'bitable_sync_orders',
  columns: {
    id: word,
    run: word,
    op: 'varchar(16) not null',
    by_whom: 'text not null',
    version: 'integer not null',
    at: time,
  },
  primary: ['id'],
  indexes: { bitable_sync_orders_of_run: ['run', 'at'] },
};

export const audit: TableShape = {
  name: 'bitable_sync_audit',
  columns: {
    id: hash,
    at: time,
    by_whom: 'varchar(191) not null',
    chat: 'varchar(191) not null',
    via: 'varchar(16) not null',
    what: word,
    definition: word,
    run: word,
    allowed: 'integer not null',
  },
  primary: ['id'],
  indexes: { bitable_sync_audit_by_time: ['at'], bitable_sync_audit_of_definition: ['definition', 'at'] },
};

export const rejects: readonly TableShape[] = [
  {
    name: 'bitable_sync_bad_rows',
    columns: { run: word, part: 'integer not null', body: 'longblob not null' },
    primary: ['run', 'part'],
  },
  {
    name: 'bitable_sync_refused_rows',
    columns: { scope: hash, key_id: word, hash: word, fields: word, run: word, told: long },
    primary: ['scope', 'key_id'],
  },
];

export const schedules: readonly TableShape[] = [
  {
    name: 'bitable_sync_occasions',
    columns: {
      what_hash: hash,
      what: 'text not null',
      due: time,
      at: time,
      busy_until: 'bigint',
      note: long,
      message: 'varchar(191)',
    },
    primary: ['what_hash', 'due'],
    indexes: { bitable_sync_occasions_by_message: ['message'], bitable_sync_occasions_by_time: ['at'] },
  },
  {
    name: 'bitable_sync_marks',
    columns: { kind: word, definition: word, chat: 'varchar(128) not null', value: long },
    primary: ['kind', 'definition', 'chat'],
  },
  {
    name: 'bitable_sync_reminders',
    columns: {
      id: word,
      definition: word,
      chat: 'varchar(128) not null',
      cron: 'varchar(191)',
      time_zone: 'varchar(64)',
      once_at: 'bigint',
      with_plan: 'integer not null',
      by_whom: 'varchar(128) not null',
      created_at: time,
    },
    primary: ['id'],
  },
];
