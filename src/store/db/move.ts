import { statSync } from 'node:fs';
import { sql } from 'kysely';
import type { Clock, Log } from '../../run/ports.ts';
import { type Problem, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Backend, Database } from './backend.ts';
import { noStore } from './backup.ts';
import { asBuffer, groups } from './encode.ts';
import { content } from './migrations.ts';
import { openDatabase } from './open.ts';
import { columnsOf, type TableShape, type Tables } from './schema.ts';

/** What moving a store takes from outside. */
export interface MoveParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Breaks the copy off. */
  readonly signal: AbortSignal;
}

/** Milliseconds that either database is waited for while another program holds it. */
const patience = 2_000;
/** Rows read at once: of tables whose rows may have megabytes, and of all others. */
const few = 8;
const many = 500;
/** Rows, and about how many bytes, that one statement writes. */
const perStatement = 100;
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
    const target = await openDatabase(to, parts, patience);
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

const fileOf = (url: string): string | undefined => /^sqlite:(.+)$/.exec(url)?.[1];

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
    const beyond = last === undefined ? sql`true` : of.after(shape.primary, valuesOf(last, shape.primary));
    const { rows } = await sql<Row>`select ${names} from ${sql.table(shape.name)} where ${beyond}
      order by ${order} limit ${sql.lit(most)}`.execute(read);
    for (const some of groups(rows, perStatement)) {
      for (const group of groups(some, bytesPerStatement, (row) => sizeOf(valuesOf(row, columns)))) {
        const values = group.map((row) => sql`(${sql.join(valuesOf(row, columns))})`);
        await sql`insert into ${sql.table(shape.name)} (${names}) values ${sql.join(values)}`.execute(write);
      }
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
  message: text(
    '新的存储里已经有记录，什么都没有改。',
    'The new store holds something already; nothing was changed.',
  ),
  cure: text('换一个空的库或新的文件。', 'Name an empty database or a new file.'),
};

const brokenOff: Problem = {
  code: 'interrupted',
  message: text(
    '已停下：新的存储里什么都没有，原来的没有变。',
    'Stopped: the new store holds nothing, and the old one is as it was.',
  ),
  cure: text('再次运行即可重新开始。', 'Run it again to start anew.'),
};
