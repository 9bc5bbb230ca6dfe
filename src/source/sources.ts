import pLimit from 'p-limit';
import type { Clock, Source, Sources } from '../run/ports.ts';
import {
  type Connection,
  connectionKey,
  connectionVariable,
  type DatabaseKind,
  fileOf,
  noConnection,
} from '../sync/definition/databases.ts';
import { problem } from '../sync/words/problem.ts';
import { isUnencrypted } from './mysql/connection.ts';
import { mysqlSource } from './mysql/mysql.ts';
import { sqliteSource } from './sqlite/sqlite.ts';

/** How the program reads from one kind of database. */
export interface Adapter {
  /** Makes a source. @param parts.where the setting's name, for problems. @throws ProblemError when the address is none */
  open(url: string, parts: { readonly where: string; readonly clock: Clock }): Source;
  /** Whether password and rows go to another host as they are, to whoever answers there. Never throws. */
  isUnencrypted(url: string, where: string): boolean;
}

/** An adapter for each database of the registry. */
export const adapters: Readonly<Record<DatabaseKind, Adapter>> = {
  mysql: { open: mysqlSource, isUnencrypted },
  sqlite: { open: (url, parts) => sqliteSource(fileOf(url) ?? url, parts), isUnencrypted: () => false },
};

/** All sources of the program, made when they are first asked for. */
export interface OpenSources {
  readonly sources: Sources;
  stop(): Promise<void>;
}

/**
 * Makes sources out of the configured connections.
 * @param connections by the end of the variable's name: `MY_SHOP` for `CONNECTION_MY_SHOP`
 */
export function openSources(
  connections: ReadonlyMap<string, Connection>,
  { clock, all = adapters }: { readonly clock: Clock; readonly all?: typeof adapters },
): OpenSources {
  const open = new Map<string, Source>();

  function sources(name: string): Source {
    const key = connectionKey(name);
    const known = open.get(key);
    if (known) return known;
    const connection = connections.get(key);
    if (!connection) throw problem(noConnection(name, [...connections.keys()]));
    const parts = { where: connectionVariable(name), clock };
    const source = withFewSessions(all[connection.kind].open(connection.url, parts));
    open.set(key, source);
    return source;
  }

  return {
    sources,
    async stop() {
      await Promise.all([...open.values()].map((source) => source.stop()));
    },
  };
}

/** Sessions that one connection may have at once: many syncs that begin at nine must not take a server's last ones. */
const sessions = 8;

/**
 * Lets a source have some sessions at once, in the order of asking; whoever asks for more waits, and is let go when
 * their signal is aborted. A session counts until all rows are drained or returned.
 */
export function withFewSessions(source: Source): Source {
  const limit = pLimit(sessions);

  /** Resolves when there is a session for it, with what gives it back. */
  const turn = (signal: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const leave = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      void limit(
        () =>
          new Promise<void>((over) => {
            signal.removeEventListener('abort', leave);
            if (signal.aborted) over();
            else resolve(over);
          }),
      );
    });

  async function during<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const over = await turn(signal);
    return work().finally(over);
  }

  return {
    columns: (query, signal) => during(signal, () => source.columns(query, signal)),
    describe: (query, signal) => during(signal, () => source.describe(query, signal)),
    check: (query, signal) => during(signal, () => source.check(query, signal)),
    async rows(query, signal) {
      const over = await turn(signal);
      try {
        const rows = await source.rows(query, signal);
        return { ...rows, batches: untilDrained(rows.batches, over) };
      } catch (error) {
        over();
        throw error;
      }
    },
    stop: () => source.stop(),
  };
}

/** The same batches; says when the last one was taken, or nobody wants another. */
function untilDrained<T>(batches: AsyncIterable<T>, over: () => void): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = batches[Symbol.asyncIterator]();
      const seen = async (step: Promise<IteratorResult<T>>): Promise<IteratorResult<T>> => {
        try {
          const result = await step;
          if (result.done) over();
          return result;
        } catch (error) {
          over();
          throw error;
        }
      };
      return {
        next: () => seen(iterator.next()),
        return: () => seen(iterator.return?.() ?? Promise.resolve({ done: true, value: undefined })),
      };
    },
  };
}

/** The settings whose database is on another host and not encrypted: whoever answers there gets the password. */
export const notEncrypted = (store: Connection, connections: ReadonlyMap<string, Connection>): string[] =>
  [
    ['STORE_URL', store] as const,
    ...[...connections].map(([key, one]) => [`CONNECTION_${key}`, one] as const),
  ]
    .filter(([where, { kind, url }]) => adapters[kind].isUnencrypted(url, where))
    .map(([where]) => where);
