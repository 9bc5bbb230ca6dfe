import { CompiledQuery } from 'kysely';
import type { Clock, Log } from '../run/ports.ts';
import { problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { Backend, Database, TableShape } from './backend.ts';

const word = 'varchar(64) not null';
const time = 'bigint not null';
const hash = 'varchar(22) not null';
const long = 'longtext not null';

const versions: TableShape = {
  name: 'versions',
  columns: { version: 'integer not null', at: time },
  primary: ['version'],
};

const first: readonly TableShape[] = [
  {
    name: 'runs',
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
      runs_of_definition: ['definition', 'created_at'],
      runs_of_scope: ['definition', 'table_id', 'status', 'created_at'],
      runs_by_status: ['status', 'created_at'],
      runs_by_message: ['message'],
    },
  },
  {
    name: 'chunks',
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
    name: 'bodies',
    columns: { run: word, chunk: word, body: 'longblob not null' },
    primary: ['run', 'chunk'],
  },
  {
    name: 'ledger',
    columns: {
      scope: hash,
      key_id: word,
      key_text: 'text',
      record: word,
      hash: word,
      run: word,
    },
    primary: ['scope', 'key_id'],
    unique: { ledger_by_record: ['scope', 'record'] },
  },
  {
    name: 'leases',
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
    name: 'memory',
    columns: { name_hash: hash, name: 'text not null', value: long },
    primary: ['name_hash'],
  },
  {
    name: 'seen',
    columns: { id_hash: hash, at: time },
    primary: ['id_hash'],
    indexes: { seen_by_time: ['at'] },
  },
];

const orders: TableShape = {
  name: 'orders',
  columns: {
    id: word,
    run: word,
    op: 'varchar(16) not null',
    by_whom: 'text not null',
    version: 'integer not null',
    at: time,
  },
  primary: ['id'],
  indexes: { orders_of_run: ['run', 'at'] },
};

const audit: TableShape = {
  name: 'audit',
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
  indexes: { audit_by_time: ['at'], audit_of_definition: ['definition', 'at'] },
};

const rejects: readonly TableShape[] = [
  {
    name: 'bad_rows',
    columns: { run: word, part: 'integer not null', body: 'longblob not null' },
    primary: ['run', 'part'],
  },
  {
    name: 'refused_rows',
    columns: { scope: hash, key_id: word, hash: word, fields: word, run: word, told: long },
    primary: ['scope', 'key_id'],
  },
];

const schedules: readonly TableShape[] = [
  {
    name: 'occasions',
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
    indexes: { occasions_by_message: ['message'], occasions_by_time: ['at'] },
  },
  {
    name: 'marks',
    columns: { kind: word, definition: word, chat: 'varchar(128) not null', value: long },
    primary: ['kind', 'definition', 'chat'],
  },
  {
    name: 'reminders',
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

/**
 * The changes of the schema, oldest first; the position plus one is the version. Never edit one that was
 * released: add another. Each must be fit to run again, because MySQL cannot take back half of one.
 */
const migrations: readonly ((backend: Backend) => readonly string[])[] = [
  (backend) => first.flatMap((table) => backend.create(table)),
  (backend) => backend.create(orders),
  (backend) => rejects.flatMap((table) => backend.create(table)),
  () => ['alter table chunks add column back integer not null default 0'],
  (backend) => schedules.flatMap((table) => backend.create(table)),
  (backend) => backend.create(audit),
];

/**
 * Brings the schema up to what this program needs; of several processes one does it, the others wait.
 * Rejects with a `ProblemError` when a newer program has changed it already.
 */
export async function migrate(db: Database, backend: Backend, clock: Clock, log: Log): Promise<void> {
  await backend.alone(db, async (one) => {
    await run(one, backend.create(versions));
    const { version } = await one
      .selectFrom('versions')
      .select((select) => select.fn.max<number | null>('version').as('version'))
      .executeTakeFirstOrThrow();
    const have = Number(version ?? 0);
    if (have > migrations.length) throw tooNew(have);
    for (const [index, statements] of migrations.entries()) {
      if (index < have) continue;
      await run(one, statements(backend));
      await one
        .insertInto('versions')
        .values({ version: index + 1, at: clock.now() })
        .execute();
      log.info('store.migrated', { version: index + 1 });
    }
  });
}

async function run(db: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await db.executeQuery(CompiledQuery.raw(statement)).catch((error: unknown) => {
      if (!isThere(error)) throw error;
    });
  }
}

/** A column that an earlier try has added already; neither database has a portable "if not exists" for it. */
const isThere = (error: unknown): boolean =>
  error instanceof Error && /duplicate column name/i.test(error.message);

const tooNew = (have: number) =>
  problem({
    code: 'store-too-new',
    message: text(
      `数据库已被更新版本的程序升级到第 ${have} 版，本程序只认识到第 ${migrations.length} 版`,
      `the store was upgraded to version ${have} by a newer program; this one knows versions up to ${migrations.length}`,
    ),
    cure: text(
      '请使用更新版本的程序，或把 STORE_URL 指向另一个数据库',
      'run the newer program, or let STORE_URL name another database',
    ),
    where: 'STORE_URL',
  });
