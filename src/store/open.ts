import { sql } from 'kysely';
import type { Audit, Kept } from '../bot/ports.ts';
import type { Clock, Store } from '../run/ports.ts';
import { type Problem, ProblemError, problem } from '../sync/words/problem.ts';
import { chunks } from './chunks.ts';
import { hash } from './db/encode.ts';
import { marks, type Occasions, occasions } from './db/notes.ts';
import { openDatabase, type StoreParts } from './db/open.ts';
import { silent } from './db/problems.ts';
import { audit, kept, orders, reminders, seen } from './kept.ts';
import { knownTables } from './known.ts';
import { runs } from './runs.ts';
import { leases, rejects, tableFacts } from './tables.ts';

/** The opened store, with what only the whole program needs of it. */
export interface OpenedStore extends Store {
  readonly kept: Kept;
  readonly occasions: Pick<Occasions, 'prune'>;
  readonly audit: Audit;
  /** What keeps it from working right now, as far as is known. */
  trouble(): Problem | undefined;
  /** To be called every few seconds: keeps the database in order, and finds out whether trouble is over. Never rejects. */
  tend(): Promise<void>;
  /** From now on all wait together no longer than a moment for other programs: the program is about to stop. */
  hurry(): void;
}

/** What is written to find out whether writing works. */
const alive = { name_hash: hash('store.alive'), name: '"store.alive"', value: '""' };
/** Milliseconds that opening waits for other programs; later on their locks are waited out, however long they last. */
const openingWaits = 10_000;
/** The same while the program stops, for all statements together. */
const stoppingWaits = 2_000;
/** Milliseconds in which the database must answer to be called ready. */
const answersWithin = 3_000;

/**
 * Opens the store and brings its schema up to date.
 *
 * @param url `sqlite:./data/bitable-sync.db` (relative to the working directory), `sqlite::memory:`, or
 * `mysql://user:password@host:3306/database`. Rejects with a `ProblemError` that never shows the password.
 */
export async function openStore(url: string, { clock, log }: StoreParts): Promise<OpenedStore> {
  const { db, backend, watched } = await openDatabase(url, { clock, log }, openingWaits);
  const { trouble, well, patience } = watched;
  patience(Number.POSITIVE_INFINITY);
  const happened = occasions(db, backend);
  return {
    journal: { ...runs(db, backend, log), ...chunks(db, backend) },
    known: knownTables(db, backend, log),
    rejects: rejects(db, backend),
    facts: tableFacts(db),
    leases: leases(db, backend),
    seen: seen(db, backend),
    kept: kept(marks(db), happened, reminders(db, backend)),
    occasions: happened,
    orders: orders(db, backend),
    audit: audit(db, backend),
    trouble,
    async ping() {
      const known = trouble();
      if (known) throw problem(known);
      await within(answersWithin, sql`select 1`.execute(db), clock);
    },
    async tend() {
      try {
        // Beginning shows a lock, and a server that is gone. Whether a full disk has room again, only writing shows.
        if (trouble()) await db.replaceInto('bitable_sync_memory').values(alive).execute();
        else await db.transaction().execute(async () => undefined);
        well();
        await backend.tidy(db);
      } catch (error) {
        if (!(error instanceof ProblemError)) log.warn('store.not-tended', { error });
      }
    },
    hurry: () => patience(stoppingWaits, stoppingWaits),
    stop: () => {
      patience(0);
      return db.destroy();
    },
  };
}

/** Rejects when work takes longer than that; the work itself goes on. */
async function within(ms: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(() => {
    throw problem(silent);
  });
  work.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    done.abort();
  }
}
