import { chmodSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import { type Dialect, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql } from 'kysely';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { type Backend, type Database, inUse, relationsOf } from './backend.ts';
import { codeOf, fileProblem } from './problems.ts';
import type { TableShape } from './schema.ts';

/** The store in a file that only its owner can read; file and folder are made when missing. */
export function sqliteBackend(name: string): Backend {
  const path = name === ':memory:' ? name : prepareFile(resolve(name));
  return {
    dialect: dialectOf(path),
    words: {
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
      after: (columns, values) =>
        sql`(${sql.join(columns.map((name) => sql.ref(name)))}) > (${sql.join(values)})`,
      holdsRows: false,
    },
    faults: {
      // A transaction begins as the only writer: it waits instead of losing.
      lostRace: () => false,
      isLocked: (error) => error instanceof SqliteFault && error.code === 'SQLITE_BUSY',
      problem: (error) => (error instanceof SqliteFault ? fileProblem(path, error.code) : undefined),
    },
    alone: (db, work) => db.transaction().execute(work),
    hold: (db, work) => db.connection().execute((one) => holdFile(one, work)),
    tidy: async (db) => {
      // What readers still need stays where it is until the next time.
      if (hasLog(path)) await sql`pragma wal_checkpoint(truncate)`.execute(db);
    },
  };
}

/**
 * Makes the store's file, and its folder, where they are missing; only their owner can read them. SQLite gives its
 * side files the rights of the main one, so that one must have them before it is opened.
 * @throws ProblemError when there cannot be such a file
 */
export function prepareFile(path: string): string {
  try {
    makeFolder(dirname(path));
    // A device takes everything and keeps nothing, and a pipe would be waited for.
    const about = statSync(path, { throwIfNoEntry: false });
    if (about && !about.isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
    const file = openSync(path, 'a', 0o600);
    const open = (fstatSync(file).mode & 0o077) !== 0;
    closeSync(file);
    if (open) for (const one of [path, ...sides(path)]) if (existsSync(one)) chmodSync(one, 0o600);
    return path;
  } catch (error) {
    const told = fileProblem(path, codeOf(error) ?? '');
    throw told ? problem(told, { cause: error }) : error;
  }
}

/**
 * Makes a folder, and those above it, for its owner only; one that is there stays as it is. One step after the other:
 * Node's own way, `recursive`, goes round for ever where a file system has no room for folders of ours, as /proc.
 */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.push(at);
  for (const one of missing.reverse()) {
    try {
      mkdirSync(one, { mode: 0o700 });
    } catch (error) {
      // Another process may have been quicker.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

const sides = (path: string): readonly string[] => [`${path}-wal`, `${path}-shm`];

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

/** SQLite refused or failed a statement. `code` is SQLite's own word, such as `SQLITE_BUSY`. */
export class SqliteFault extends Error {
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SqliteFault';
    this.code = code;
  }
}

/** Statements kept ready; beyond it the oldest is prepared again when needed. */
const ready = 200;

/**
 * Opens the file as Kysely's own dialect takes it. Statements run on the caller's thread and never wait for another
 * process: they fail with `SQLITE_BUSY`, and whoever calls pauses and tries again.
 * @throws SqliteFault
 */
export function openDatabase(path: string): SqliteDatabase {
  const db = told(() => new DatabaseSync(path, { timeout: 0 }));
  const statements = new Map<string, SqliteStatement>();
  try {
    told(() => db.exec(settings));
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    prepare(asked) {
      // Two processes that both read first would both fail to write: a transaction begins as the only writer.
      const sql = asked === 'begin' ? 'begin immediate' : asked;
      // SQLite ends a transaction by itself after some errors; the caller's rollback must not hide them.
      if (sql === 'rollback' && !db.isTransaction) return nothing;
      const known = statements.get(sql);
      if (known) return known;
      const statement = dressed(told(() => db.prepare(sql)));
      statements.set(sql, statement);
      const [oldest] = statements.keys();
      if (statements.size > ready && oldest !== undefined) statements.delete(oldest);
      return statement;
    },
    close() {
      statements.clear();
      settle(db);
      db.close();
    },
  };
}

/**
 * Moves everything into the one file and takes away those beside it, as SQLite does by itself when the last connection
 * ends. The driver's does not end while statements wait for the garbage collector, and it has no way to drop them.
 */
function settle(db: DatabaseSyncInstance): void {
  try {
    told(() => db.exec('pragma journal_mode = delete'));
  } catch (error) {
    // Somebody else works with the file, or it is in trouble that was told already: all is safe beside it.
    if (!(error instanceof SqliteFault)) throw error;
  }
}

/**
 * `synchronous`: a power cut must not forget that a chunk was handed to the network: it would be created a second
 * time. `cache_size` is in KiB and the rest in pages of 4 KiB: what a chunk touches should fit.
 */
const settings = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  pragma journal_size_limit = 67108864;
  pragma cache_size = -16000;
  pragma wal_autocheckpoint = 4000`;

/** Whether changes wait beside the file for a checkpoint to move them into it. */
const hasLog = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function dressed(statement: StatementSyncInstance): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values) => told(() => statement.all(...values.map(param))),
    run: (values) => told(() => statement.run(...values.map(param))),
    iterate: (values) => statement.iterate(...values.map(param)),
  };
}

/** @throws TypeError for a text that SQLite would cut short. */
function param(value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0')) throw new TypeError('a text for SQLite holds a NUL');
  return value;
}

/**
 * SQLite's groups of result codes, with the words that it has for each. The driver leaves the code out of errors that
 * come up while rows are read. https://www.sqlite.org/rescode.html
 */
const groups: readonly (readonly [code: number, name: string, words: string])[] = [
  [3, 'SQLITE_PERM', 'access permission denied'],
  [5, 'SQLITE_BUSY', 'database is locked'],
  [6, 'SQLITE_LOCKED', 'database table is locked'],
  [8, 'SQLITE_READONLY', 'attempt to write a readonly database'],
  [10, 'SQLITE_IOERR', 'disk I/O error'],
  [11, 'SQLITE_CORRUPT', 'database disk image is malformed'],
  [13, 'SQLITE_FULL', 'database or disk is full'],
  [14, 'SQLITE_CANTOPEN', 'unable to open database file'],
  [15, 'SQLITE_PROTOCOL', 'locking protocol'],
  [19, 'SQLITE_CONSTRAINT', 'constraint failed'],
  [23, 'SQLITE_AUTH', 'authorization denied'],
  [26, 'SQLITE_NOTADB', 'file is not a database'],
];

/** Does it, and throws a {@link SqliteFault} where SQLite says no. */
export function told<R>(work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')) throw error;
    const group = groups.find(([code, , words]) =>
      'errcode' in error ? (Number(error.errcode) & 0xff) === code : error.message === words,
    );
    throw new SqliteFault(error.message, group?.[1] ?? 'SQLITE_ERROR', { cause: error });
  }
}
