import { Kysely, sql } from 'kysely';
import type { Audit, Schedules } from '../bot/ports.ts';
import type { Clock, Log, Store } from '../run/ports.ts';
import { ProblemError, problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import { audit } from './audit.ts';
import type { Backend, Database } from './backend.ts';
import { journal } from './journal.ts';
import { leases } from './leases.ts';
import { ledger } from './ledger.ts';
import { memory } from './memory.ts';
import { migrate } from './migrations.ts';
import { mysqlBackend } from './mysql.ts';
import { orders } from './orders.ts';
import { rejects } from './rejects.ts';
import { schedules } from './schedules.ts';
import type { Tables } from './schema.ts';
import { seen } from './seen.ts';
import { sqliteBackend } from './sqlite.ts';
import { telling } from './telling.ts';

/** What the store needs from outside. */
export interface StoreParts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens the store and brings its schema up to date.
 *
 * @param url `sqlite:./data/bitable-sync.db` (relative to the working directory), `sqlite::memory:`, or
 * `mysql://user:password@host:3306/database`. Rejects with a `ProblemError` that never shows the password.
 */
export async function openStore(
  url: string,
  { clock, log }: StoreParts,
): Promise<Store & { readonly schedules: Schedules; readonly audit: Audit }> {
  const backend = backendOf(url);
  const db: Database = new Kysely<Tables>({ dialect: telling(backend.dialect, backend.problem) });
  try {
    await migrate(db, backend, clock, log);
    await backend.examine(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    journal: journal(db, backend),
    ledger: ledger(db),
    rejects: rejects(db, backend),
    memory: memory(db),
    leases: leases(db, backend),
    seen: seen(db, backend),
    schedules: schedules(db, backend),
    orders: orders(db, backend),
    audit: audit(db, backend),
    async ping() {
      await sql`select 1`.execute(db);
    },
    stop: () => db.destroy(),
  };
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
