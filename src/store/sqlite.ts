import { resolve } from 'node:path';
import { type Dialect, SqliteDialect, sql } from 'kysely';
import { ProblemError, problem } from '../sync/problem.ts';
import { type Backend, type Database, inUse, relationsOf, type TableShape } from './backend.ts';
import type { NewLedgerRow } from './schema.ts';
import { hasLog, openDatabase, SqliteFault } from './sqlite-database.ts';
import { fileProblem, prepareFile } from './sqlite-file.ts';

/** The store in a file that only its owner can read; file and folder are made when missing. */
export function sqliteBackend(name: string): Backend {
  const path = name === ':memory:' ? name : prepareFile(resolve(name));
  return {
    dialect: dialectOf(path),
    create: createTable,
    rename: (names) => [
      // Views of other people, whole or broken, are none of our business.
      'pragma legacy_alter_table = on',
      ...names.map(([from, to]) => `alter table "${from}" rename to "${to}"`),
      'pragma legacy_alter_table = off',
    ],
    relations: async (db, names) => {
      const { rows } = await sql<{ relation: string; kind: string; field: string | null }>`
        select one.name as relation, one.type as kind, field.name as field from sqlite_master one
        left join pragma_table_info(case one.type when 'table' then one.name end) field
        where lower(one.name) in (${sql.join(names)})`.execute(db);
      return relationsOf(rows);
    },
    unlessThere: (insert) => insert.orIgnore(),
    confirm: confirmAll,
    alone: (db, work) => db.transaction().execute(work),
    hold: (db, work) => db.connection().execute((one) => holdFile(one, work)),
    after: (columns, values) =>
      sql`(${sql.join(columns.map((name) => sql.ref(name)))}) > (${sql.join(values)})`,
    holdsRows: false,
    // A transaction begins as the only writer: it waits instead of losing.
    lostRace: () => false,
    isLocked: (error) => error instanceof SqliteFault && error.code === 'SQLITE_BUSY',
    problem: (error) => (error instanceof SqliteFault ? fileProblem(path, error.code) : undefined),
    examine: async () => {},
    tidy: async (db) => {
      // What readers still need stays where it is until the next time.
      if (hasLog(path)) await sql`pragma wal_checkpoint(truncate)`.execute(db);
    },
  };
}

function dialectOf(path: string): Dialect {
  const dialect = new SqliteDialect({ database: async () => openDatabase(path) });
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => {
      const driver = dialect.createDriver();
      const destroy = driver.destroy.bind(driver);
      // There is one connection: whoever has it ends what he does with it.
      driver.destroy = async () => {
        const connection = await driver.acquireConnection();
        await destroy();
        // Whoever comes later hears that it is closed.
        await driver.releaseConnection(connection);
      };
      return driver;
    },
  };
}

/** All rows are given as one text: a parameter for each of their values costs several times as much. */
async function confirmAll(db: Database, rows: readonly NewLedgerRow[]): Promise<void> {
  const values = JSON.stringify(
    rows.map(({ scope, key_id, key_text, record, hash, run }) => [
      scope,
      key_id,
      key_text,
      record,
      hash,
      run,
    ]),
  );
  const at = (column: number) => sql.raw(`json_extract(value, '$[${column}]')`);
  await sql`replace into bitable_sync_ledger (scope, key_id, key_text, record, hash, run)
    select ${at(0)}, ${at(1)}, ${at(2)}, ${at(3)}, ${at(4)}, ${at(5)} from json_each(${values})`.execute(db);
}

/** Nobody else can come in without a log beside the file, and none can be taken away from under somebody. */
async function holdFile<R>(db: Database, work: (db: Database) => Promise<R>): Promise<R> {
  try {
    await sql`pragma journal_mode = delete`.execute(db);
    await sql`begin exclusive`.execute(db);
  } catch (error) {
    if (error instanceof ProblemError && error.problems.some(({ code }) => code === 'store-busy'))
      throw problem(inUse, { cause: error });
    throw error;
  }
  try {
    const result = await work(db);
    await sql`commit`.execute(db);
    return result;
  } catch (error) {
    await sql`rollback`.execute(db);
    throw error;
  }
}

function createTable({ name, columns, primary, unique = {}, indexes = {} }: TableShape): string[] {
  const lines = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  const list = (names: readonly string[]): string => names.map((one) => `"${one}"`).join(', ');
  // Blobs do better with a row ID of their own; small rows without one are stored once, in the key's order.
  const rowid = Object.values(columns).some((type) => type.startsWith('long')) ? '' : ' without rowid';
  const index =
    (kind: string) =>
    ([as, on]: [string, readonly string[]]) =>
      `create ${kind} "${as}" on "${name}" (${list(on)})`;
  return [
    `create table "${name}" (${lines.join(', ')}, primary key (${list(primary)}))${rowid}`,
    ...Object.entries(unique).map(index('unique index')),
    ...Object.entries(indexes).map(index('index')),
  ];
}
