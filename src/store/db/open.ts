import { Kysely } from 'kysely';
import type { Clock, Log } from '../../run/ports.ts';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Backend, Database } from './backend.ts';
import { migrate } from './migrations.ts';
import { mysqlBackend } from './mysql.ts';
import type { Tables } from './schema.ts';
import { sqliteBackend } from './sqlite.ts';
import { around, type Watch, watch } from './watch.ts';

/** What the store needs from outside. */
export interface StoreParts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a database with its schema up to date, and an eye on it.
 * @param patience how long a statement waits for other programs, in ms
 */
export async function openDatabase(
  url: string,
  { clock, log }: StoreParts,
  patience: number,
): Promise<{ readonly db: Database; readonly backend: Backend; readonly watched: Watch }> {
  const backend = backendOf(url);
  const watched = watch(backend, { clock, log });
  const db: Database = new Kysely<Tables>({ dialect: around(backend.dialect, watched.call) });
  watched.patience(patience);
  try {
    await migrate(db, backend, clock, log);
    await backend.examine(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, backend, watched };
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
    where: 'STORE_URL',
  });
}
