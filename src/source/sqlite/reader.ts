import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite';
import { collectedRows } from './collected.ts';
import { limits, type Refusal, refusal } from './rules.ts';
import { watch } from './watch.ts';
import type { Bounds, Declared, Reply, Request, Rows, Task } from './wire.ts';

const answer = 'bitable-sync answer';
const table = `temp."${answer}"`;

/** A query that was prepared. */
interface Reader {
  readonly columns: readonly Declared[];
  /** Runs the query into a table of our own, which lets go of the file early, and returns what reads from it. */
  collect(): () => Rows;
  /** Lets go of the file. */
  close(): void;
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
    const { columns, collect, close } = openAs(`${pathToFileURL(task.path)}?immutable=1`, task);
    return { columns, close, collect: () => steady(collect, () => sameColumns(locked(), columns).collect()) };
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
    close: () => db.close(),
    collect() {
      const names = columns.map((_, at) => `c${at}`);
      db.setAuthorizer(null);
      // Columns without a type keep each value as it is.
      db.exec(`create table ${table} (${names.join(', ')})`);
      prepare(`insert into ${table} ${sql}`).run();
      db.setAuthorizer(null);
      return collectedRows(db, { table, names, encoding });
    },
  };
}

/** Answers requests one after the other; see `process.ts` for the other end. */
function serve(): void {
  let reader: Reader | undefined;
  let more = (): Rows => ({ kind: 'rows', rows: [] });
  const answerTo = (request: Request): Reply => {
    if (request === 'more') return more();
    if (request === 'collect') {
      more = reader?.collect() ?? more;
      return { kind: 'collected' };
    }
    reader?.close();
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
  if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 1;
  return { kind: 'failed', code, message };
}

serve();
