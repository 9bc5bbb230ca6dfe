import { stat } from 'node:fs/promises';
import { setImmediate as letOthersWork } from 'node:timers/promises';
import Database from 'libsql/promise';
import type { Clock, Query, Rows, Source } from '../run/ports.ts';
import type { ColumnDetail } from '../sync/column.ts';
import { pieces } from '../sync/pieces.ts';
import type { Column, Value } from '../sync/value.ts';
import { type Leash, openLeash } from './leash.ts';
import { judged, refuse, refuseDoubled, stopped, tooLong } from './problems.ts';
import { type AskedFile, sqliteProblem } from './sqlite-problems.ts';
import { oddColumns, readers, selected } from './sqlite-text.ts';
import { type Cell, declaredDetail, valueIn } from './sqlite-types.ts';

/** What we use of the driver, whose own types say nothing. */
interface Driver {
  prepare(sql: string): Promise<Statement>;
  exec(sql: string): Promise<void>;
  close(): void;
}
interface Statement {
  raw(on: boolean): Statement;
  safeIntegers(on: boolean): Statement;
  columns(): { readonly name: string; readonly type: string | null }[];
  iterate(): Promise<Iterator<readonly Cell[]>>;
}

/** How long a writer may keep us waiting at most (ms). */
const longestWait = 5_000;
const answer = 'temp."bitable-sync answer"';

/** A file that was opened for one query, and what was found in it. */
interface Opened<T> {
  readonly found: T;
  readonly driver: Driver;
  readonly leash: Leash;
}

/**
 * Reads from an SQLite file, which it cannot change.
 *
 * The driver prepares and runs statements in a thread of its own, but steps through an answer in ours, where a
 * slow query would stop the whole program. So the answer is first collected in a temporary table, which also
 * lets go of the file early. A query that takes too long is left behind, for the driver has no way to end it;
 * the next one waits for it, so that never more than one of the driver's few threads is lost to this source.
 * @param where the setting's name, for problems
 */
export function sqliteSource(
  path: string,
  { where, clock }: { readonly where: string; readonly clock: Clock },
): Source {
  const askedOf = ({ at, sql }: Query): AskedFile => ({ where, path, at, sql });
  const stopping = new AbortController();
  let leftBehind: Promise<unknown> = Promise.resolve();

  async function open<T>(
    query: Query,
    signal: AbortSignal,
    work: (driver: Driver) => Promise<T>,
  ): Promise<Opened<T>> {
    const { at } = query;
    refuse(query.sql, at, 'sqlite');
    const leash = openLeash([signal, stopping.signal], clock);
    const unlimit = leash.limit(query.timeout, () => tooLong(query.timeout, at));
    let driver: Driver | undefined;
    let working: Promise<T> | undefined;
    try {
      await leash.race(leftBehind);
      driver = await leash.race(openFile(path, Math.min(longestWait, query.timeout / 2)));
      working = work(driver);
      const found = await leash.race(working);
      unlimit();
      return { found, driver, leash };
    } catch (error) {
      const problem = leash.signal.aborted ? leash.reason() : sqliteProblem(error, askedOf(query));
      leash.letGo();
      // Closing waits for the driver's thread, so it must be done by then.
      const close = (): void => driver?.close();
      if (working) leftBehind = Promise.all([leftBehind, working.then(close, close)]);
      throw problem;
    }
  }

  async function detailed(query: Query, signal: AbortSignal): Promise<readonly ColumnDetail[]> {
    const { found, driver, leash } = await open(query, signal, (file) => describe(file, query));
    leash.letGo();
    driver.close();
    return found;
  }

  const columns = async (query: Query, signal: AbortSignal): Promise<readonly Column[]> =>
    (await detailed(query, signal)).map(bare);

  async function rows(query: Query, signal: AbortSignal): Promise<Rows> {
    const { found, driver, leash } = await open(query, signal, async (file) => {
      const known = await describe(file, query);
      const names = known.map((_, i) => `c${i}`);
      // Columns without a type keep each value as it is.
      await file.exec(`create table ${answer} (${names.join(', ')})`);
      await file.exec(`insert into ${answer} ${query.sql}`);
      const ask = (sql: string): Promise<Iterator<readonly Cell[]>> => read(file, sql);
      const odd = await oddColumns(ask, answer, names);
      const valuesIn = await readers(ask, odd);
      return {
        known,
        valuesIn,
        cells: await ask(`select ${selected(names, odd)} from ${answer} order by rowid`),
      };
    });
    const close = (): void => {
      leash.letGo();
      driver.close();
    };
    return { columns: found.known.map(bare), batches: slices(found, leash, close, askedOf(query)) };
  }

  return {
    columns,
    describe: detailed,
    rows,
    async check(query, signal) {
      const refused = judged(query.sql, query.at, 'sqlite');
      if (refused.length > 0) return refused;
      try {
        await columns(query, signal);
        return [];
      } catch (error) {
        if (signal.aborted) throw error;
        return sqliteProblem(error, askedOf(query)).problems;
      }
    },
    async stop() {
      stopping.abort(stopped(where));
    },
  };
}

async function openFile(path: string, busyTimeout: number): Promise<Driver> {
  // The driver takes a folder for an empty database.
  if (!(await stat(path)).isFile()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
  const uri = encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23');
  return new Database(`file:${uri}?mode=ro`, { timeout: Math.ceil(busyTimeout) });
}

async function read(driver: Driver, sql: string): Promise<Iterator<readonly Cell[]>> {
  const statement = await driver.prepare(sql);
  return statement.raw(true).safeIntegers(true).iterate();
}

async function describe(driver: Driver, { sql, at }: Query): Promise<readonly ColumnDetail[]> {
  const found = (await driver.prepare(sql)).columns();
  refuseDoubled(
    found.map((column) => column.name),
    at,
  );
  return found.map(({ name, type }) => declaredDetail(name, type));
}

const bare = ({ name, type }: ColumnDetail): Column => ({ name, type });

/** Rows that were collected. */
interface Collected {
  readonly cells: Iterator<readonly Cell[]>;
  /** Turn cells into values, by position. */
  readonly valuesIn: readonly ((cell: Cell) => Value)[];
}

/** Hands the collected rows over slice by slice. */
function slices(
  { cells, valuesIn }: Collected,
  leash: Leash,
  close: () => void,
  asked: AskedFile,
): AsyncIterable<readonly (readonly Value[])[]> {
  const size = pieces();
  let open = true;
  const end = async (): Promise<IteratorResult<Value[][], undefined>> => {
    if (open) close();
    open = false;
    return { done: true, value: undefined };
  };
  async function next(): Promise<IteratorResult<Value[][], undefined>> {
    if (!open) return end();
    await letOthersWork();
    try {
      leash.check();
      const most = size();
      const slice: Value[][] = [];
      for (let row = cells.next(); !row.done; row = cells.next()) {
        slice.push(row.value.map((cell, at) => (valuesIn[at] ?? valueIn)(cell)));
        if (slice.length === most) break;
      }
      return slice.length === 0 ? await end() : { done: false, value: slice };
    } catch (error) {
      const problem = leash.signal.aborted ? leash.reason() : sqliteProblem(error, asked);
      await end();
      throw problem;
    }
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}
