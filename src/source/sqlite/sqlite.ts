import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { setImmediate as letOthersWork } from 'node:timers/promises';
import type { Clock, Query, Source } from '../../run/ports.ts';
import type { Column, ColumnDetail, ColumnType, Value } from '../../sync/fields/column.ts';
import { type Lifetime, openLifetime } from '../lifetime.ts';
import { judged, refuse, refuseDoubled, stopped, tooLong } from '../problems.ts';
import { type AskedFile, ReadFailure, sqliteProblem } from './problems.ts';
import { type Bounds, type Reader, type Reply, startReader } from './process.ts';
import { rowsIn } from './rows.ts';

/** How long a writer may keep us waiting at most (ms). */
const longestWait = 5_000;
/** Far more than a table of Feishu's can take. */
const most: Bounds = { memory: 512 * 1024 ** 2, files: 2 * 1024 ** 3 };
/** How many groups of rows are asked for before the first of them is there. */
const ahead = 3;

/** The file that is read, and what ends all its reads. */
interface File {
  readonly path: string;
  /** The setting's name, for problems. */
  readonly where: string;
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly stopping: AbortSignal;
}

/**
 * Reads from an SQLite file, which it cannot change.
 *
 * Each query runs in a process of its own, which is killed at the time limit, when the caller gives up, and when it
 * uses up more than it may: SQLite works in one piece, in a thread that nothing else could stop. There the answer is
 * first collected in a temporary table, which lets go of the file early.
 */
export function sqliteSource(
  path: string,
  { where, clock, bounds = most }: Pick<File, 'where' | 'clock'> & Partial<Pick<File, 'bounds'>>,
): Source {
  const stopping = new AbortController();
  const file = { path, where, clock, bounds, stopping: stopping.signal };

  async function describe(query: Query, signal: AbortSignal): Promise<readonly ColumnDetail[]> {
    const opened = await open(file, query, signal);
    close(opened);
    return opened.columns;
  }
  const columns = async (query: Query, signal: AbortSignal): Promise<readonly Column[]> =>
    (await describe(query, signal)).map(bare);

  return {
    columns,
    describe,
    async rows(query, signal) {
      const opened = await open(file, query, signal, true);
      return { columns: opened.columns.map(bare), batches: groups(opened, askedOf(file, query)) };
    },
    async check(query, signal) {
      const refused = judged(query.sql, query.at, 'sqlite');
      if (refused.length > 0) return refused;
      try {
        await describe(query, signal);
        return [];
      } catch (error) {
        if (signal.aborted) throw error;
        return sqliteProblem(error, askedOf(file, query)).problems;
      }
    },
    async stop() {
      stopping.abort(stopped(where));
    },
  };
}

const askedOf = (file: File, { at, sql }: Query): AskedFile => ({ ...file, at, sql });

/** A query that a process of its own has prepared, or run. */
interface Opened {
  readonly columns: readonly ColumnDetail[];
  readonly reader: Reader;
  readonly lifetime: Lifetime;
  /** The first group of rows, of a query that was run. */
  readonly first: readonly Reply[];
}

async function open(file: File, query: Query, signal: AbortSignal, run = false): Promise<Opened> {
  const { sql, at, timeout } = query;
  refuse(judged(sql, at, 'sqlite'));
  const lifetime = openLifetime([signal, file.stopping], file.clock);
  let reader: Reader | undefined;
  try {
    await lifetime.race(existing(file.path));
    reader = startReader(file.bounds);
    await lifetime.race(reader.ready);
    const unlimit = lifetime.limit(timeout, () => tooLong(timeout, at));
    const patience = Math.ceil(Math.min(longestWait, timeout / 2));
    const asked = await lifetime.race(reader.ask({ path: resolve(file.path), sql, patience }));
    const columns = answer(asked, 'columns').columns.map(({ name, type }) => declaredDetail(name, type));
    refuseDoubled(
      columns.map(({ name }) => name),
      at,
    );
    const first = run ? [answer(await lifetime.race(reader.ask('rows')), 'rows')] : [];
    unlimit();
    return { columns, reader, lifetime, first };
  } catch (error) {
    const problem = lifetime.signal.aborted ? lifetime.reason() : sqliteProblem(error, askedOf(file, query));
    close({ lifetime, reader });
    throw problem;
  }
}

/** SQLite has one word for everything that cannot be opened; the system tells more. */
async function existing(path: string): Promise<void> {
  if (!(await stat(path)).isFile()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
}

function close({
  lifetime,
  reader,
}: {
  readonly lifetime: Lifetime;
  readonly reader: Reader | undefined;
}): void {
  lifetime.over();
  reader?.kill();
}

/** Takes only an answer of that kind. @throws ReadFailure */
function answer<K extends 'columns' | 'rows'>(reply: Reply, kind: K): Extract<Reply, { kind: K }> {
  if (isOf(reply, kind)) return reply;
  throw new ReadFailure('said' in reply ? reply : { kind: 'gone', said: reply.kind });
}

const isOf = <K extends Reply['kind']>(reply: Reply, kind: K): reply is Extract<Reply, { kind: K }> =>
  reply.kind === kind;

const bare = ({ name, type }: ColumnDetail): Column => ({ name, type });

/** Hands the collected rows over group by group. */
function groups(opened: Opened, asked: AskedFile): ReadableStream<readonly (readonly Value[])[]> {
  const { lifetime, reader } = opened;
  const coming = opened.first.map((reply) => Promise.resolve(reply));
  return new ReadableStream<readonly (readonly Value[])[]>(
    {
      async pull(out) {
        await letOthersWork();
        try {
          while (coming.length < ahead) coming.push(reader.ask('rows'));
          const reply = await lifetime.race(coming.shift() ?? reader.ask('rows'));
          const rows = rowsIn(answer(reply, 'rows').group);
          if (rows.length > 0) return out.enqueue(rows);
          close(opened);
          out.close();
        } catch (error) {
          close(opened);
          throw lifetime.signal.aborted ? lifetime.reason() : sqliteProblem(error, asked);
        }
      },
      cancel: () => close(opened),
    },
    { highWaterMark: 0 },
  );
}

// The first that fits counts, as in SQLite's own rules for type names. https://www.sqlite.org/datatype3.html
const declared: readonly (readonly [RegExp, ColumnType])[] = [
  [/INT|BOOL/, 'integer'],
  [/DATETIME|TIMESTAMP/, 'datetime'],
  [/DATE/, 'date'],
  [/TIME/, 'time'],
  [/JSON/, 'json'],
  [/CHAR|CLOB|TEXT/, 'text'],
  [/BLOB/, 'binary'],
  [/REAL|FLOA|DOUB/, 'float'],
];

/**
 * What a column was declared as. SQLite does not hold rows to it; expressions and columns that say nothing
 * clear are `any`.
 */
const declaredType = (type: string | null): ColumnType =>
  declared.find(([pattern]) => pattern.test(type?.toUpperCase() ?? ''))?.[1] ?? 'any';

/** Digits that whole numbers declared in MySQL's words are meant to have; all others may have 19. */
const integerDigits: readonly (readonly [RegExp, number])[] = [
  [/^TINYINT/, 3],
  [/^SMALLINT/, 5],
  [/^MEDIUMINT/, 8],
  [/^INT\b/, 10],
];

/** What a column's declaration says of its values. SQLite holds no row to it. */
function declaredDetail(name: string, type: string | null): ColumnDetail {
  const words = (type ?? '').toUpperCase().trim();
  const column = { name, type: declaredType(type) };
  const [, first, second] = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(words) ?? [];
  const size = first === undefined ? undefined : Number(first);
  if (column.type === 'integer') {
    const flag = /^BOOL/.test(words) || (/^TINYINT/.test(words) && size === 1);
    const digits = integerDigits.find(([pattern]) => pattern.test(words))?.[1] ?? 19;
    const unsigned = words.includes('UNSIGNED');
    return { ...column, digits, ...(unsigned ? { unsigned } : {}), ...(flag ? { flag } : {}) };
  }
  if (column.type === 'text') return size === undefined ? column : { ...column, length: size };
  if (/^(?:DECIMAL|NUMERIC)/.test(words) && size !== undefined)
    return { ...column, digits: size, scale: Number(second ?? 0) };
  if (column.type === 'float' && second !== undefined) return { ...column, scale: Number(second) };
  return column;
}
