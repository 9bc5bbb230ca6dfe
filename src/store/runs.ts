import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Journal, Log, RunRecord } from '../run/ports.ts';
import { readState, type State, stateIn, statuses, statusNames, writeState } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import { addChunks, type ChunkJournal, dropChunks, dropSome } from './chunks.ts';
import { type Backend, type Database, transact } from './db/backend.ts';
import type { RunRow } from './db/schema.ts';
import { guardRun } from './leases.ts';

/** Runs read before whatever else waits gets its turn: each takes about 0.3 ms. */
const inOneGo = 50;

/** The durable record of runs, without their chunks. */
export function runs(db: Database, backend: Backend, log: Log): Omit<Journal, keyof ChunkJournal> {
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

  async function dropPlan(run: string, fence?: number): Promise<void> {
    await transact(db, backend, async (trx) => {
      await guardRun(trx, backend, run, fence);
      await dropChunks(trx, run);
      await trx
        .updateTable('bitable_sync_runs')
        .set({ plan: JSON.stringify('') })
        .where('id', '=', run)
        .execute();
    });
  }

  return {
    async createRun(run) {
      const { id, scope, fingerprint, plan, state, card } = run;
      const row = { id, definition: scope.definition, table_id: scope.table, fingerprint };
      await db
        .insertInto('bitable_sync_runs')
        .values({
          ...row,
          plan: JSON.stringify(plan),
          ...stateColumns(state),
          created_at: state.startedAt,
          chat: card?.chat ?? null,
          message: card?.message ?? null,
        })
        .execute();
    },
    async saveState(run, state, fence) {
      await transact(db, backend, async (trx) => {
        await guardRun(trx, backend, run, fence);
        await trx.updateTable('bitable_sync_runs').set(stateColumns(state)).where('id', '=', run).execute();
      });
    },
    async replaceState(run, before, state) {
      return transact(db, backend, async (trx) => {
        const row = await trx
          .selectFrom('bitable_sync_runs')
          .select('state')
          .where('id', '=', run)
          .where('status', '=', before.status)
          .$if(backend.holdsRows, (select) => select.forUpdate())
          .executeTakeFirst();
        if (!row || readState(run, row.state).version !== before.version) return false;
        await trx.updateTable('bitable_sync_runs').set(stateColumns(state)).where('id', '=', run).execute();
        return true;
      });
    },
    async saveCard(run, { chat, message }) {
      await db.updateTable('bitable_sync_runs').set({ chat, message }).where('id', '=', run).execute();
    },
    async savePlan(run, { text, fingerprint }, fence, { drop, add } = { drop: [], add: [] }) {
      const columns = { plan: JSON.stringify(text), fingerprint };
      await transact(db, backend, async (trx) => {
        await guardRun(trx, backend, run, fence);
        await dropSome(trx, run, drop);
        await addChunks(trx, run, add);
        await trx.updateTable('bitable_sync_runs').set(columns).where('id', '=', run).execute();
      });
    },
    dropPlan,
    async findRun(run) {
      return found(await all().where('id', '=', run).executeTakeFirst());
    },
    async findRunByMessage(message) {
      const newest = all().where('message', '=', message).orderBy('created_at', 'desc').limit(1);
      return found(await newest.executeTakeFirst());
    },
    async latestRuns(definition, limit) {
      const newest = all()
        .where('definition', '=', definition)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit);
      return readable(await newest.execute());
    },
    async openRuns() {
      const ongoing = all().where('status', 'in', open).orderBy('created_at').orderBy('id');
      return readable(await ongoing.execute());
    },
    async lastDone({ definition, table }) {
      const newest = all()
        .where('definition', '=', definition)
        .where('table_id', '=', table)
        .where('status', 'in', good)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(1);
      return found(await newest.executeTakeFirst());
    },
    async lastSuccess(definition) {
      const newest = db
        .selectFrom('bitable_sync_runs')
        .select('ended_at')
        .where('definition', '=', definition)
        .where('status', 'in', good)
        .orderBy('created_at', 'desc')
        .limit(1);
      return (await newest.executeTakeFirst())?.ended_at ?? undefined;
    },
    async prune(before) {
      const old = db
        .selectFrom('bitable_sync_runs')
        .select(['id', 'definition', 'table_id', 'status', 'created_at'])
        .where('status', 'not in', open)
        .where((is) => is(is.fn.coalesce('ended_at', 'created_at'), '<', before));
      for (const run of await old.execute()) await pruneRun(db, backend, run);
    },
    shrink: (most) => shrink(db, most, (run) => dropPlan(run)),
  };
}

const goesOn = ({ status }: Pick<RunRow, 'status'>): boolean => statuses[status].goesOn;
const open = statusNames.filter((status) => statuses[status].open);
const good = statusNames.filter((status) => statuses[status].good);

/** See `Journal`. */
async function shrink(db: Database, most: number, dropPlan: (run: string) => Promise<void>): Promise<number> {
  const sizes = await db
    .selectFrom('bitable_sync_bodies')
    .innerJoin('bitable_sync_runs', 'bitable_sync_runs.id', 'bitable_sync_bodies.run')
    .select([
      'bitable_sync_runs.id',
      'bitable_sync_runs.status',
      'bitable_sync_runs.ended_at',
      sql<number>`sum(length(bitable_sync_bodies.body))`.as('bytes'),
    ])
    .groupBy(['bitable_sync_runs.id', 'bitable_sync_runs.status', 'bitable_sync_runs.ended_at'])
    .execute();
  let total = sizes.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const ended = sizes
    .filter(({ status }) => !statuses[status].open)
    .sort((a, b) => Number(goesOn(a)) - Number(goesOn(b)) || (a.ended_at ?? 0) - (b.ended_at ?? 0));
  let dropped = 0;
  for (const { id, bytes } of ended) {
    if (total <= most) break;
    await dropPlan(id);
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
  db: Database,
  backend: Backend,
  run: Pick<RunRow, 'id' | 'definition' | 'table_id' | 'status' | 'created_at'>,
): Promise<void> {
  await transact(db, backend, async (trx) => {
    await dropChunks(trx, run.id);
    const newer = await trx
      .selectFrom('bitable_sync_runs')
      .select('id')
      .where('definition', '=', run.definition)
      .where('table_id', '=', run.table_id)
      .where('status', 'in', good)
      .where('created_at', '>', run.created_at)
      .limit(1)
      .executeTakeFirst();
    const { state } = await trx
      .selectFrom('bitable_sync_runs')
      .select('state')
      .where('id', '=', run.id)
      .executeTakeFirstOrThrow();
    const kept = statuses[run.status].good && !newer ? stateIn(state) : undefined;
    if (kept === undefined) {
      await trx.deleteFrom('bitable_sync_runs').where('id', '=', run.id).execute();
      return;
    }
    await trx
      .updateTable('bitable_sync_runs')
      .set({ state: writeState({ ...kept, waiting: null, badRows: [] }) })
      .where('id', '=', run.id)
      .execute();
  });
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
