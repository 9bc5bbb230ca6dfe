import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { Kysely } from 'kysely';
import type { Clock, Log } from '../../run/ports.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Backend, Database, Faults } from './backend.ts';
import { migrate } from './migrations.ts';
import { mysqlBackend } from './mysql.ts';
import type { Tables } from './schema.ts';
import { sqliteBackend } from './sqlite.ts';

const setting = 'STORE_URL';

export interface StoreParts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a database with its schema up to date, and an eye on it.
 * @param patience how long a statement waits for other programs, in ms
 * @param name what problems call it: the setting, where it is the store in use
 */
export async function openDatabase(
  url: string,
  { clock, log }: StoreParts,
  patience: number,
  name = setting,
): Promise<{ readonly db: Database; readonly backend: Backend; readonly watched: Watch }> {
  try {
    const backend = backendOf(url);
    const { problem: told } = backend.faults;
    const faults = { ...backend.faults, problem: (error: unknown) => called(name, told(error)) };
    const watched = watch(faults, { clock, log });
    const db: Database = new Kysely<Tables>({ dialect: around(backend.dialect, watched.call) });
    watched.patience(patience);
    await migrate(db, backend, { clock, log }).catch(async (error: unknown) => {
      await db.destroy();
      throw error;
    });
    return { db, backend, watched };
  } catch (error) {
    if (!(error instanceof ProblemError) || name === setting) throw error;
    const [first, ...rest] = error.problems;
    throw new ProblemError([called(name, first), ...rest.map((one) => called(name, one))], {
      cause: error.cause,
    });
  }
}

/** Problems speak of the setting; of another database they are to speak of that one. */
function called<P extends Problem | undefined>(name: string, one: P): P {
  if (one === undefined || name === setting) return one;
  const words = ({ zh, en }: Text): Text => text(zh.replaceAll(setting, name), en.replaceAll(setting, name));
  const where = one.where === undefined ? {} : { where: name };
  return { ...one, message: words(one.message), cure: words(one.cure), ...where };
}

/** Picks the database by its URL. @throws ProblemError when no database can be meant. */
export function backendOf(url: string): Backend {
  const sqlite = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
  try {
    if (sqlite !== undefined) return sqliteBackend(sqlite);
    if (url.startsWith('mysql://')) return mysqlBackend(url);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
  }
  throw problem({
    code: 'store-url',
    message: text('STORE_URL 的写法不对', 'STORE_URL cannot be understood'),
    cure: text(
      '请写 sqlite:./data/bitable-sync.db 或 mysql://用户:密码@主机:3306/库名',
      'write sqlite:./data/bitable-sync.db or mysql://user:password@host:3306/database',
    ),
    where: setting,
  });
}

/** Does one thing with the database in its own way: again, later, or with other words for what went wrong. */
type Call = <R>(work: () => Promise<R>) => Promise<R>;

/** Keeps an eye on the database: waits out locks, and knows what is wrong with it. */
interface Watch {
  readonly call: Call;
  /** What keeps the store from working right now. */
  trouble(): Problem | undefined;
  well(): void;
  /**
   * Sets how long a statement waits for other programs, in ms; also for those that wait already.
   * @param inAll how long all statements together may wait from now on
   */
  patience(ms: number, inAll?: number): void;
}

/** Longest pause before a locked database is tried again, in ms. */
const longestPause = 200;
/** A lock that lasts longer is worth a word, in ms: two instances lock each other out for milliseconds all day. */
const noticed = 1_000;
/** Milliseconds of the event loop that statements may take before whatever else waits gets its turn. */
const inOneGo = 10;

/**
 * Makes a watch that logs trouble once when it begins and once when it ends.
 * @param of tells a lock, and words for what a person can mend
 */
export function watch(of: Faults, { clock, log }: { readonly clock: Clock; readonly log: Log }): Watch {
  let trouble: Problem | undefined;
  let since = 0;
  let patience = 0;
  let left = Number.POSITIVE_INFINITY;
  let spent = 0;

  const inTrouble = (one: Problem): void => {
    if (trouble?.message.en === one.message.en) return;
    if (trouble === undefined) since = clock.monotonic();
    trouble = one;
    log.error('store.failed', { code: one.code, message: one.message.en, cure: one.cure.en });
  };
  const well = (): void => {
    if (trouble === undefined) return;
    trouble = undefined;
    log.warn('store.recovered', { seconds: Math.round((clock.monotonic() - since) / 1000) });
  };

  return {
    trouble: () => trouble,
    well,
    patience: (ms, inAll = Number.POSITIVE_INFINITY) => {
      patience = ms;
      left = inAll;
    },
    async call(work) {
      let waited = 0;
      for (let pause = 1; ; pause = Math.min(pause * 2, longestPause)) {
        const from = performance.now();
        try {
          const working = work();
          spent += performance.now() - from;
          const result = await working;
          if (waited >= noticed) well();
          if (spent > inOneGo) {
            spent = 0;
            await nextTurn();
          }
          return result;
        } catch (error) {
          const told = error instanceof ProblemError ? undefined : of.problem(error);
          const locked = of.isLocked(error);
          // MySQL waits by itself for some seconds before it says so.
          const took = performance.now() - from;
          waited += took;
          left -= took;
          if (told && !of.lostRace(error) && (!locked || waited >= noticed)) inTrouble(told);
          if (!locked || waited >= patience || left <= 0)
            throw told ? problem(told, { cause: error }) : error;
          await clock.sleep(pause);
          waited += pause;
          left -= pause;
        }
      }
    },
  };
}

/**
 * Returns a log for all who use the store: it tells its own trouble, once, so what they say of it again and again is
 * left to `debug`.
 */
export function beside(log: Log): Log {
  const at =
    (level: 'info' | 'warn' | 'error'): Log['warn'] =>
    (event, facts) =>
      log[isTold(facts ?? {}) ? 'debug' : level](event, facts);
  return {
    debug: (event, facts) => log.debug(event, facts),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

const isTold = ({ error, problem: code }: Readonly<Record<string, unknown>>): boolean =>
  error instanceof ProblemError
    ? error.problems.every((one) => one.code.startsWith('store-'))
    : typeof code === 'string' && code.startsWith('store-');

/** Returns the dialect with every access to the database done through `call`. */
export const around = (dialect: Dialect, call: Call): Dialect => ({
  createAdapter: () => dialect.createAdapter(),
  createIntrospector: (db) => dialect.createIntrospector(db),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createDriver: () => calledDriver(dialect.createDriver(), call),
});

function calledDriver(driver: Driver, call: Call): Driver {
  const known = new WeakSet<DatabaseConnection>();
  return {
    init: () => call(() => driver.init()),
    async acquireConnection() {
      const connection = await call(() => driver.acquireConnection());
      // The driver knows its connections again by their identity.
      if (!known.has(connection)) dress(connection, call);
      known.add(connection);
      return connection;
    },
    // These are statements of the connection's own, which is dressed.
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    releaseConnection: (connection) => driver.releaseConnection(connection),
    destroy: () => driver.destroy(),
  };
}

function dress(connection: DatabaseConnection, call: Call): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
    call(() => execute<R>(query));
}
