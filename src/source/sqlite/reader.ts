import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite';
import type { Bounds, Declared, Reply, Request, Task } from './process.ts';
import { collectedRows, type Group } from './rows.ts';
import { limits, type Refusal, refusal } from './rules.ts';

const answer = 'bitable-sync answer';
const table = `temp."${answer}"`;

/** A query that was prepared. */
interface Reader {
  readonly columns: readonly Declared[];
  /** Runs the query into a table of our own, which lets go of the file early, and returns what reads from it. */
  collect(): () => Group;
}

/** What the query would do that it may not. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.name);
    this.refusal = refusal;
  }
}

/**
 * A file in WAL mode that nobody has open is read without locks: with them SQLite would leave two more files beside it,
 * and could not read it where it may not make them. Where it was changed meanwhile it is read again, with locks.
 * https://www.sqlite.org/wal.html#read_only_databases https://www.sqlite.org/uri.html#uriimmutable
 */
function open(task: Task): Reader {
  const before = idleWal(task.path);
  const locked = (): Reader => openAs(task.path, task);
  if (before === undefined) return locked();
  const steady = <T>(step: () => T, again: () => T): T => {
    const changed = (): boolean => idleWal(task.path) !== before;
    try {
      const done = step();
      return changed() ? again() : done;
    } catch (error) {
      if (!changed()) throw error;
      return again();
    }
  };
  return steady(() => {
    const { columns, collect } = openAs(`${pathToFileURL(task.path)}?immutable=1`, task);
    return { columns, collect: () => steady(collect, () => sameColumns(locked(), columns).collect()) };
  }, locked);
}

/** What tells whether a file in WAL mode is as it was; undefined where it is in use, or in another mode. */
function idleWal(path: string): string | undefined {
  const sizeOf = (end: string): number | undefined =>
    statSync(`${path}${end}`, { throwIfNoEntry: false })?.size;
  const log = sizeOf('-wal');
  if (log !== undefined && (log > 0 || sizeOf('-shm') !== undefined)) return undefined;
  const file = openSync(path, 'r');
  try {
    // https://www.sqlite.org/fileformat.html#file_format_version_numbers
    const versions = Buffer.alloc(2);
    if (readSync(file, versions, 0, 2, 18) < 2 || versions[1] !== 2) return undefined;
    const { ino, size, mtimeNs } = fstatSync(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } finally {
    closeSync(file);
  }
}

/** Returns a reader that has the columns that were told. @throws Error as SQLite does for a file in use */
function sameColumns(reader: Reader, told: readonly Declared[]): Reader {
  if (JSON.stringify(reader.columns) === JSON.stringify(told)) return reader;
  throw Object.assign(new Error('the tables were altered meanwhile'), { errcode: 5 });
}

function openAs(location: string, { sql, patience }: Task): Reader {
  const db = new DatabaseSync(location, {
    readOnly: true,
    defensive: true,
    returnArrays: true,
    readBigInts: true,
    timeout: patience,
    limits,
  });
  db.exec('pragma trusted_schema = off; pragma cell_size_check = on; pragma temp.journal_mode = off');
  const firsts = (statement: string): string[] =>
    (db.prepare(statement).all() as unknown[][]).map(([first]) => String(first));
  const [encoding = ''] = firsts('pragma encoding');
  // Ordinary tables are kept in these words, whatever they were made with; the rest is made up by modules.
  const virtual = new Set(
    firsts(`select lower(name) from sqlite_schema where type = 'table' and sql not like 'create table %'
      union all select lower(name) from pragma_module_list`),
  );

  function prepare(statement: string): StatementSyncInstance {
    let refused: Refusal | undefined;
    db.setAuthorizer((action, ...about) => {
      const found = refusal({ virtual, answer }, action, about);
      refused ??= found;
      return found ? 1 : 0;
    });
    try {
      return db.prepare(statement);
    } catch (error) {
      throw refused ? new Refused(refused) : error;
    }
  }

  const columns = prepare(sql)
    .columns()
    .map(({ name, type }) => ({ name, type }));
  return {
    columns,
    collect() {
      const names = columns.map((_, at) => `c${at}`);
      db.setAuthorizer(null);
      // Columns without a type keep each value as it is.
      db.exec(`create table ${table} (${names.join(', ')})`);
      prepare(`insert into ${table} ${sql}`).run();
      db.setAuthorizer(null);
      return collectedRows(db, table, names, encoding);
    },
  };
}

/** Answers requests one after the other; see `process.ts` for the other end. */
function serve(): void {
  let reader: Reader | undefined;
  let more: (() => Group) | undefined;
  const answerTo = (request: Request): Reply => {
    if (request === 'rows') {
      more ??= reader?.collect();
      return { kind: 'rows', group: more?.() ?? { rows: [], reals: [] } };
    }
    reader = open(request);
    return { kind: 'columns', columns: reader.columns };
  };
  process.on('message', (request: Request) => {
    try {
      process.send?.(answerTo(request));
    } catch (error) {
      process.send?.(failure(error));
    }
  });
  process.on('disconnect', () => process.exit());
  // A signal to all processes of a terminal or a service is for the program, which says when this one ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const [most = '{}'] = process.argv.slice(2);
  watch(JSON.parse(most) as Bounds, () => process.send?.({ kind: 'ready' } satisfies Reply));
}

function failure(error: unknown): Reply {
  if (error instanceof Refused)
    return { kind: 'refused', what: error.refusal.kind, said: error.refusal.name };
  const said = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 1;
  return { kind: 'failed', code, said };
}

/**
 * What the thread runs: in plain JavaScript, because a thread has no loader for anything else where the program runs
 * from its sources. SQLite sorts and collects in files without a name, of which `/dev/fd` tells where there is one.
 */
const watcher = `
const { fstatSync, readdirSync, writeSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { parent, most, beat } = workerData;
const unnamed = (file) => {
  try {
    const about = fstatSync(Number(file));
    return about.isFile() && about.nlink === 0 ? about.blocks * 512 : 0;
  } catch {
    return 0; // closed meanwhile
  }
};
const files = () => {
  try {
    return readdirSync('/dev/fd').reduce((sum, file) => sum + unnamed(file), 0);
  } catch {
    return 0; // the system does not tell
  }
};
setInterval(() => {
  const why = process.memoryUsage.rss() > most.memory ? 'memory' : files() > most.files ? 'files' : '';
  if (why) writeSync(2, why);
  if (why || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, beat);
parentPort.postMessage('begun');
`;

/** How often it looks (ms). */
const beat = 50;

/**
 * Starts a thread that kills this process when it uses up more than it may, or when the one that started it has ended:
 * while SQLite works on a statement nothing else here can.
 */
function watch(most: Bounds, begun: () => void): void {
  const workerData = { parent: process.ppid, most, beat };
  new Worker(watcher, { eval: true, workerData }).once('message', begun).unref();
}

serve();
