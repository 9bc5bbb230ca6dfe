import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { sql } from 'kysely';
import type { Clock, Log } from '../../run/ports.ts';
import { fileOf } from '../../sync/definition/databases.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Backend, Database } from './backend.ts';
import { asBuffer, groups } from './encode.ts';
import { content } from './migrations.ts';
import { openDatabase } from './open.ts';
import { fileProblem } from './problems.ts';
import { columnsOf, type TableShape, type Tables } from './schema.ts';
import { SqliteFault, told } from './sqlite.ts';

/** Milliseconds that a copy waits for a program that has the store for itself. */
const patience = 2_000;

/**
 * Copies the SQLite store at `path` into a new file and returns its size in bytes. Programs that work with the store go
 * on meanwhile: the copy is the store at one moment. It gets its name once it is whole, and only its owner can read it.
 * https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause
 * @throws ProblemError when there is no store, when the file exists and is not empty, and when it cannot be written
 */
export function backUp(path: string, file: string): number {
  if (!statSync(path, { throwIfNoEntry: false })?.size) throw noStore(path);
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there && !(there.isFile() && there.size === 0)) throw exists(file);
    const part = `${file}.${randomUUID().slice(0, 8)}.partial`;
    closeSync(openSync(part, 'wx', 0o600));
    try {
      copy(path, part);
      // SQLite leaves this to whoever asks for the copy.
      flush(part);
      renameSync(part, file);
    } finally {
      rmSync(part, { force: true });
    }
    flush(dirname(file));
    return statSync(file).size;
  } catch (error) {
    throw inWords(error, path, file);
  }
}

function copy(path: string, to: string): void {
  const db = new DatabaseSync(path, { timeout: patience });
  try {
    told(() => db.exec(`vacuum into '${to.replaceAll("'", "''")}'`));
  } finally {
    db.close();
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Trouble with reading is the store's; all else is met where the copy is written. */
const ofTheStore: ReadonlySet<string> = new Set(['SQLITE_BUSY', 'SQLITE_NOTADB', 'SQLITE_CORRUPT']);

function inWords(error: unknown, path: string, file: string): unknown {
  if (error instanceof ProblemError || !(error instanceof Error && 'code' in error)) return error;
  const code = String(error.code);
  const told = error instanceof SqliteFault && ofTheStore.has(code) ? fileProblem(path, code) : undefined;
  return told ? problem(told, { cause: error }) : notWritten(file, code, error);
}

const notWritten = (file: string, code: string, cause: Error): ProblemError =>
  problem(
    {
      code: 'backup-not-written',
      message: text(`无法写入 ${file}（${code}）。`, `${file} cannot be written (${code}).`),
      cure: text('换一个有空间、可以写的文件夹。', 'Name a file in an existing, writable folder with room.'),
    },
    { cause },
  );

const exists = (file: string): ProblemError =>
  problem({
    code: 'backup-exists',
    message: text(`${file} 已经存在。`, `${file} exists already.`),
    cure: text('换一个文件名，或先移走它。', 'Choose another name, or move it away first.'),
  });

/** Says that no store is in this file. */
const noStore = (path: string): ProblemError =>
  problem({
    code: 'no-store',
    where: 'STORE_URL',
    message: text(`${path} 那里还没有同步记录。`, `There is no store at ${path} yet.`),
    cure: text(
      '在机器人所在的文件夹里运行，或把 STORE_URL 设成机器人用的那一个。',
      "Run this in the bot's folder, or set STORE_URL as the bot has it.",
    ),
  });

/** What moving a store takes from outside. */
interface MoveParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Breaks the copy off. */
  readonly signal: AbortSignal;
}

/** Rows read at once: of tables whose rows may have megabytes, and of all others. */
const few = 8;
const many = 500;
/** About how many bytes one statement writes. */
const bytesPerStatement = 1_000_000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Copies every row of one store into another, empty one, and returns how many there were; the first one stays as it is.
 * Nobody else may work with either of them meanwhile. The new one gets all in one transaction: a copy that breaks off
 * leaves it empty. Rejects with `ProblemError`, and never shows a password.
 * @param from URL as {@link openDatabase} takes it; its schema is brought up to date
 */
export async function moveStore(from: string, to: string, parts: MoveParts): Promise<number> {
  const file = fileOf(from);
  if (file !== undefined && !statSync(file, { throwIfNoEntry: false })?.size) throw noStore(file);
  if (placeOf(from) === placeOf(to)) throw problem(same);
  const source = await openDatabase(from, parts, patience);
  try {
    const target = await openDatabase(to, parts, patience, shown(to));
    try {
      return await source.backend.hold(source.db, (read) =>
        target.backend.hold(target.db, (write) => copyAll({ read, write, of: source.backend }, parts.signal)),
      );
    } finally {
      await target.db.destroy();
    }
  } finally {
    await source.db.destroy();
  }
}

/** What tells a database from others: a file by what it is on the disk, another one by server and name. */
function placeOf(url: string): string {
  const path = fileOf(url);
  if (path === undefined) {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || 3306}${pathname}`;
  }
  const file = statSync(path, { throwIfNoEntry: false });
  return file ? `${file.dev}/${file.ino}` : path;
}

/** What problems call the new database: its address without the password. */
function shown(url: string): string {
  if (fileOf(url) !== undefined) return url;
  const address = new URL(url);
  address.password = '';
  address.search = '';
  return address.href;
}

interface Sides {
  readonly read: Database;
  readonly write: Database;
  /** The database that is read. */
  readonly of: Backend;
}

async function copyAll(sides: Sides, signal: AbortSignal): Promise<number> {
  for (const { name } of content) if ((await countOf(sides.write, name)) > 0) throw problem(notEmpty);
  let rows = 0;
  for (const shape of content) {
    const copied = await copyTable(shape, sides, signal);
    const arrived = await countOf(sides.write, shape.name);
    if (arrived !== copied) throw new Error(`${arrived} of ${copied} rows arrived in ${shape.name}`);
    rows += copied;
  }
  return rows;
}

async function copyTable(
  shape: TableShape,
  { read, write, of }: Sides,
  signal: AbortSignal,
): Promise<number> {
  const columns = columnsOf(shape);
  const names = sql.join(columns.map((one) => sql.ref(one)));
  const order = sql.join(shape.primary.map((one) => sql.ref(one)));
  const most = Object.values(shape.columns).some((type) => type.startsWith('long')) ? few : many;
  let copied = 0;
  for (let last: Row | undefined; ; ) {
    if (signal.aborted) throw problem(brokenOff);
    const beyond =
      last === undefined ? sql`true` : of.words.after(shape.primary, valuesOf(last, shape.primary));
    const { rows } = await sql<Row>`select ${names} from ${sql.table(shape.name)} where ${beyond}
      order by ${order} limit ${sql.lit(most)}`.execute(read);
    for (const group of groups(rows, bytesPerStatement, (row) => sizeOf(valuesOf(row, columns)))) {
      const values = group.map((row) => sql`(${sql.join(valuesOf(row, columns))})`);
      await sql`insert into ${sql.table(shape.name)} (${names}) values ${sql.join(values)}`.execute(write);
    }
    copied += rows.length;
    last = rows.at(-1);
    if (last === undefined) return copied;
  }
}

const valuesOf = (row: Row, columns: readonly string[]): readonly unknown[] =>
  columns.map((one) => (row[one] instanceof Uint8Array ? asBuffer(row[one]) : row[one]));

const sizeOf = (values: readonly unknown[]): number =>
  values.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' || value instanceof Uint8Array ? value.length : 8),
    0,
  );

async function countOf(db: Database, table: keyof Tables): Promise<number> {
  const { rows } = await sql<{ n: unknown }>`select count(*) as n from ${sql.table(table)}`.execute(db);
  return Number(rows[0]?.n);
}

const same: Problem = {
  code: 'store-same',
  message: text('新地址就是现在的存储。', 'That is the store which is in use now.'),
  cure: text('写另一个库或文件的地址。', 'Name another database or file.'),
};

const notEmpty: Problem = {
  code: 'store-not-empty',
  message: text('新的存储里已经有记录，什么都没有改。', 'The new store is not empty; nothing was changed.'),
  cure: text('换一个空的库或新的文件。', 'Name an empty database or a new file.'),
};

const brokenOff: Problem = {
  code: 'interrupted',
  message: text(
    '已停下：新的存储是空的，原来的没有变。',
    'Stopped: the new store is empty, the old one unchanged.',
  ),
  cure: text('再次运行即可重新开始。', 'Run it again to start over.'),
};
