import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Opening, Param, Reply, Request } from './wire.ts';

/** SQLite refused or failed a statement. `code` is SQLite's own word, such as `SQLITE_BUSY`. */
export class SqliteFault extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.name = 'SqliteFault';
    this.code = code;
  }
}

/**
 * Kysely on an SQLite file that a thread of its own holds, so that no write blocks the event loop.
 *
 * There is one connection: transactions and single statements wait for each other in order. Transactions
 * begin as writers, so that two processes cannot both read first and then both fail to write.
 */
export const sqliteDialect = (opening: Opening): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => driver(opening),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});

function driver(opening: Opening): Driver {
  const turn = turns();
  let thread: Thread | undefined;
  const opened = (): Thread => {
    thread ??= startThread(opening);
    return thread;
  };
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      const { rows, changes } = await opened().run(query.sql, query.parameters);
      return { rows: rows as R[], ...(changes === null ? {} : { numAffectedRows: BigInt(changes) }) };
    },
    streamQuery: () => {
      throw new Error('the store reads no streams');
    },
  };
  const execute = async (sql: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(sql));
  };
  return {
    init: async () => {},
    acquireConnection: async () => {
      await turn.take();
      return connection;
    },
    beginTransaction: () => execute('begin immediate'),
    commitTransaction: () => execute('commit'),
    rollbackTransaction: () => execute('rollback'),
    releaseConnection: async () => turn.give(),
    destroy: async () => {
      await turn.take();
      await thread?.close();
      turn.give();
    },
  };
}

/** Lets one at a time through, in the order of asking. */
function turns(): { take(): Promise<void>; give(): void } {
  const waiting: (() => void)[] = [];
  let taken = false;
  return {
    take: () =>
      new Promise((resolve) => {
        if (taken) waiting.push(resolve);
        else {
          taken = true;
          resolve();
        }
      }),
    give() {
      const next = waiting.shift();
      if (next) next();
      else taken = false;
    },
  };
}

interface Thread {
  run(sql: string, params: readonly unknown[]): Promise<Extract<Reply, { kind: 'done' }>>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(reply: Extract<Reply, { kind: 'done' }>): void;
  reject(error: Error): void;
}

function startThread(opening: Opening): Thread {
  const worker = spawn(opening);
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let dead: Error | undefined;

  const die = (error: Error): void => {
    dead ??= error;
    for (const one of waiting.values()) one.reject(dead);
    waiting.clear();
  };
  worker.on('message', (reply: Reply) => {
    const one = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === 'done') one?.resolve(reply);
    else one?.reject(new SqliteFault(reply.message, reply.code));
  });
  worker.on('error', (error: Error) => {
    const code = 'code' in error ? String(error.code) : 'SQLITE_ERROR';
    die(new SqliteFault(error.message, code));
  });
  const gone = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      die(new SqliteFault('the store is closed', 'CLOSED'));
      resolve();
    });
  });
  const ask = (request: Request, transfer: ArrayBuffer[]): Promise<Extract<Reply, { kind: 'done' }>> =>
    new Promise((resolve, reject) => {
      if (dead) return reject(dead);
      waiting.set(request.id, { resolve, reject });
      worker.postMessage(request, transfer);
    });

  return {
    run: async (sql, given) => {
      const transfer: ArrayBuffer[] = [];
      const params = given.map((value) => param(value, transfer));
      return ask({ id: ++last, kind: 'run', sql, params }, transfer);
    },
    async close() {
      if (!dead) await ask({ id: ++last, kind: 'close' }, []);
      await gone;
    },
  };
}

/** The built program starts the thread from its file. In the sources that is TypeScript, which is stripped of its types. */
function spawn(workerData: Opening): Worker {
  if (!new URL(import.meta.url).pathname.endsWith('.ts')) {
    return new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData });
  }
  const require = createRequire(import.meta.url);
  const { transformSync } = require('esbuild') as typeof import('esbuild');
  const source = readFileSync(new URL('./sqlite-worker.ts', import.meta.url), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'node20' });
  // What stands in no file of its own looks for packages from the working directory.
  const own = `require = require('node:module').createRequire(${JSON.stringify(import.meta.url)});`;
  return new Worker(`${own}\n${code}`, { eval: true, workerData });
}

/**
 * Checks a parameter and copies bytes out of whatever larger buffer they stand in, so that only they travel.
 * @throws TypeError for what the SQLite binary would cut short or end the process on.
 */
function param(value: unknown, transfer: ArrayBuffer[]): Param {
  if (value instanceof Uint8Array) {
    const own = new Uint8Array(value);
    transfer.push(own.buffer);
    return own;
  }
  if (typeof value === 'string' && value.includes('\0')) throw new TypeError('a text for SQLite holds a NUL');
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return value;
  }
  throw new TypeError(`SQLite takes no ${typeof value}`);
}
