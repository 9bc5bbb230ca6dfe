import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Journal, Log, RunRecord } from '../run/ports.ts';
import { readState, type State, stateIn, statuses, statusNames, writeState } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import { addChunks, type ChunkJournal, dropChunks, dropSome } from './chunks.ts';
import { type Backend, type Database, type Trx, transact } from './db/backend.ts';
import type { RunRow, Tables } from './db/schema.ts';
import { guardRun } from './tables.ts';

/** Runs read before whatever else waits gets its turn: each takes about 0.3 ms. */
const inOneGo = 50;

/** The durable record of runs, without their chunks. */
export const runs = (db: Database, backend: Backend, log: Log): Omit<Journal, keyof ChunkJournal> => ({
  ...writing(db, backend),
  ...finding(db, log),
  async prune(before) {
    const old = db
      .selectFrom('bitable_sync_runs')
      .select(['id', 'definition', 'table_id', 'status', 'created_at'])
      .where('status', 'not in', open)
      .where((is) => is(is.fn.coalesce('ended_at', 'created_at'), '<', before));
    for (const run of await old.execute()) await transact(db, backend, (trx) => pruneRun(trx, run));
  },
  shrink: (most) => shrink(db, backend, most),
});

type Writing = 'createRun' | 'saveState' | 'replaceState' | 'saveCard' | 'savePlan' | 'dropPlan';

function writing(db: Database, backend: Backend): Pick<Journal, Writing> {
  const guarded = (run: string, fence: number | undefined, work: (trx: Trx) => Promise<unknown>) =>
    transact(db, backend, async (trx) => {
      await guardRun(trx, backend, run, fence);
      await work(trx);
    });
  return {
    async createRun({ id, scope, fingerprint, plan, state, card }) {
      const row = {
        ...{ id, definition: scope.definition, table_id: scope.table, fingerprint },
        ...{ plan: JSON.stringify(plan), ...stateColumns(state), created_at: state.startedAt },
        ...{ chat: card?.chat ?? null, message: card?.message ?? null },
      };
      await db.insertInto('bitable_sync_runs').values(row).execute();
    },
    saveState: (run, state, fence) => guarded(run, fence, (trx) => set(trx, run, stateColumns(state))),
    replaceState: (run, before, state) =>
      transact(db, backend, async (trx) => {
        const row = await trx
          .selectFrom('bitable_sync_runs')
          .select('state')
          .where('id', '=', run)
          .where('status', '=', before.status)
          .$if(backend.words.holdsRows, (select) => select.forUpdate())
          .executeTakeFirst();
        if (!row || readState(run, row.state).version !== before.version) return false;
        await set(trx, run, stateColumns(state));
        return true;
      }),
    saveCard: (run, { chat, message }) => set(db, run, { chat, message }),
    savePlan: (run, { text, fingerprint }, fence, { drop, add } = { drop: [], add: [] }) =>
      guarded(run, fence, async (trx) => {
        await dropSome(trx, run, drop);
        await addChunks(trx, run, add);
        await set(trx, run, { plan: JSON.stringify(text), fingerprint });
      }),
    dropPlan: (run, fence) => guarded(run, fence, (trx) => dropPlan(trx, run)),
  };
}

type Finding = 'findRun' | 'findRunByMessage' | 'latestRuns' | 'openRuns' | 'lastDone' | 'lastSuccess';

function finding(db: Database, log: Log): Pick<Journal, Finding> {
  const all = () => db.selectFrom('bitable_sync_runs').selectAll();
  const told = new Set<string>();

  /** Those that can be read: one that is torn is told once, and takes no other one down. */
  async function readable(rows: readonly RunRow[]): Promise<readonly RunRecord[]> {
    const records: RunRecord[] = [];
    for (const [at, row] of rows.entries()) {
      if (at % inOneGo === inOneGo - 1) await nextTurn();
      try {
        records.push(runRecord(row));
      } catch (error) {
        if (!told.has(row.id)) log.error('run.not-read', { run: row.id, error });
        told.add(row.id);
      }
    }
    return records;
  }

  return {
    async findRun(run) {
      return found(await all().where('id', '=', run).executeTakeFirst());
    },
    async findRunByMessage(message) {
      const newest = all().where('message', '=', message).orderBy('created_at', 'desc').limit(1);
      return found(await newest.executeTakeFirst());
    },
    async latestRuns(definition, limit) {
      const mine = all().where('definition', '=', definition).limit(limit);
      return readable(await mine.orderBy('created_at', 'desc').orderBy('id', 'desc').execute());
    },
    async openRuns() {
      const ongoing = all().where('status', 'in', open);
      return readable(await ongoing.orderBy('created_at').orderBy('id').execute());
    },
    async lastDone({ definition, table }) {
      const done = all().where('status', 'in', good).limit(1);
      const mine = done.where('definition', '=', definition).where('table_id', '=', table);
      return found(await mine.orderBy('created_at', 'desc').orderBy('id', 'desc').executeTakeFirst());
    },
    async lastSuccess(definition) {
      const done = db.selectFrom('bitable_sync_runs').select('ended_at').where('status', 'in', good).limit(1);
      const mine = done.where('definition', '=', definition).orderBy('created_at', 'desc');
      return (await mine.executeTakeFirst())?.ended_at ?? undefined;
    },
  };
}

async function set(db: Database, run: string, columns: Partial<Tables['bitable_sync_runs']>): Promise<void> {
  await db.updateTable('bitable_sync_runs').set(columns).where('id', '=', run).execute();
}

async function dropPlan(trx: Trx, run: string): Promise<void> {
  await dropChunks(trx, run);
  await set(trx, run, { plan: JSON.stringify('') });
}

const goesOn = (run: Pick<RunRow, 'status'>): boolean => statuses[run.status].goesOn;
const isGood = (run: Pick<RunRow, 'status'>): boolean => statuses[run.status].outcome === 'good';
const open = statusNames.filter((status) => statuses[status].open);
const good = statusNames.filter((status) => isGood({ status }));

async function shrink(db: Database, backend: Backend, most: number): Promise<number> {
  const sizes = await db
    .selectFrom((all) =>
      all
        .selectFrom('bitable_sync_bodies')
        .select(['run', sql<number>`length(body)`.as('bytes')])
        .unionAll(
          all.selectFrom('bitable_sync_confirmed').select(['run', sql<number>`length(body)`.as('bytes')]),
        )
        .as('held'),
    )
    .innerJoin('bitable_sync_runs', 'bitable_sync_runs.id', 'held.run')
    .select((held) => ['bitable_sync_runs.id', 'status', 'ended_at', held.fn.sum('bytes').as('bytes')])
    .groupBy(['bitable_sync_runs.id', 'status', 'ended_at'])
    .execute();
  let total = sizes.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const ended = sizes
    .filter((run) => !statuses[run.status].open)
    .sort((a, b) => Number(goesOn(a)) - Number(goesOn(b)) || (a.ended_at ?? 0) - (b.ended_at ?? 0));
  let dropped = 0;
  for (const { id, bytes } of ended) {
    if (total <= most) break;
    await transact(db, backend, (trx) => dropPlan(trx, id));
    total -= Number(bytes);
    dropped++;
  }
  return dropped;
}

/**
 * Deletes an old run; of the last one that succeeded in its scope only what holds rows, because later runs
 * compare themselves with it however old it is.
 */
async function pruneRun(
  trx: Trx,
  run: Pick<RunRow, 'id' | 'definition' | 'table_id' | 'status' | 'created_at'>,
): Promise<void> {
  await dropChunks(trx, run.id);
  const all = trx.selectFrom('bitable_sync_runs');
  const newer = await all
    .select('id')
    .where('definition', '=', run.definition)
    .where('table_id', '=', run.table_id)
    .where('status', 'in', good)
    .where('created_at', '>', run.created_at)
    .limit(1)
    .executeTakeFirst();
  const { state } = await all.select('state').where('id', '=', run.id).executeTakeFirstOrThrow();
  const kept = isGood(run) && !newer ? stateIn(state) : undefined;
  if (kept) await set(trx, run.id, { state: writeState({ ...kept, waiting: null, badRows: [] }) });
  else await trx.deleteFrom('bitable_sync_runs').where('id', '=', run.id).execute();
}

const stateColumns = (state: State): Pick<RunRow, 'state' | 'status' | 'ended_at'> => ({
  state: writeState(state),
  status: state.status,
  ended_at: state.endedAt,
});

const found = (row: RunRow | undefined): RunRecord | undefined => row && runRecord(row);

const runRecord = (row: RunRow): RunRecord => ({
  id: row.id,
  scope: { definition: row.definition, table: row.table_id },
  fingerprint: row.fingerprint,
  plan: parsed(`plan of run ${row.id}`, row.plan, z.string()),
  state: readState(row.id, row.state),
  card: row.chat === null || row.message === null ? null : { chat: row.chat, message: row.message },
});
