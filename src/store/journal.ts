import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { z } from 'zod';
import type { ChunkRecord, Journal, Log, NewChunk, RunRecord } from '../run/ports.ts';
import { chunkKinds, chunkStatuses, type State, statuses, statusNames } from '../sync/state.ts';
import { checked, parsed } from '../sync/stored.ts';
import { failureSchema, readState, stateIn, writeState } from '../sync/stored-state.ts';
import { type Backend, type Database, transact, untilWon } from './db/backend.ts';
import { asBuffer, asBytes, groups } from './db/encode.ts';
import type { ChunkRow, RunRow, Tables } from './db/schema.ts';
import { guard, guardRun } from './leases.ts';
import { confirm, forget } from './ledger.ts';
import { dropBadRows, refuse } from './rejects.ts';

/** Rows written by one statement: larger ones are slow to build, and building happens on the event loop. */
const perStatement = 100;

/** Runs read before whatever else waits gets its turn: each takes about 0.3 ms. */
const inOneGo = 50;

/** Bytes of bodies that one statement stores: for MySQL they are written out as text, which happens on the event loop. */
const bodyBytesPerStatement = 512 * 1024;

/** The durable record of runs. */
export function journal(db: Database, backend: Backend, log: Log): Journal {
  const runs = () => db.selectFrom('bitable_sync_runs').selectAll();
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
        for (const some of groups(drop, perStatement)) {
          await trx
            .deleteFrom('bitable_sync_bodies')
            .where('run', '=', run)
            .where('chunk', 'in', some)
            .execute();
          await trx
            .deleteFrom('bitable_sync_chunks')
            .where('run', '=', run)
            .where('id', 'in', some)
            .execute();
        }
        await addChunks(trx, run, add);
        await trx.updateTable('bitable_sync_runs').set(columns).where('id', '=', run).execute();
      });
    },
    async dropPlan(run, fence) {
      await transact(db, backend, async (trx) => {
        await guardRun(trx, backend, run, fence);
        await dropChunks(trx, run);
        await trx
          .updateTable('bitable_sync_runs')
          .set({ plan: JSON.stringify('') })
          .where('id', '=', run)
          .execute();
      });
    },
    async findRun(run) {
      return found(await runs().where('id', '=', run).executeTakeFirst());
    },
    async findRunByMessage(message) {
      const newest = runs().where('message', '=', message).orderBy('created_at', 'desc').limit(1);
      return found(await newest.executeTakeFirst());
    },
    async latestRuns(definition, limit) {
      const newest = runs()
        .where('definition', '=', definition)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit);
      return readable(await newest.execute());
    },
    async openRuns() {
      const ongoing = runs().where('status', 'in', open).orderBy('created_at').orderBy('id');
      return readable(await ongoing.execute());
    },
    async lastDone({ definition, table }) {
      const newest = runs()
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
    async addChunks(run, chunks, fence) {
      if (chunks.length === 0) return;
      await transact(db, backend, async (trx) => {
        await guardRun(trx, backend, run, fence);
        await addChunks(trx, run, chunks);
      });
    },
    async chunks(run) {
      const rows = await db
        .selectFrom('bitable_sync_chunks')
        .selectAll()
        .where('run', '=', run)
        .orderBy('seq')
        .execute();
      return rows.map(chunkRecord);
    },
    async body(run, chunk) {
      const one = db
        .selectFrom('bitable_sync_bodies')
        .select('body')
        .where('run', '=', run)
        .where('chunk', '=', chunk);
      const row = await one.executeTakeFirst();
      if (!row) throw noChunk(run, chunk);
      return asBytes(row.body);
    },
    async sending(run, chunk, token, at, fence) {
      // One statement, because the call to Feishu waits for it.
      const note = db
        .updateTable('bitable_sync_chunks')
        .set((set) => ({
          // A token counts from its first send: Feishu forgets it some time after that. Stands before the token,
          // because MySQL sets one column after the other.
          sent_at: set
            .case()
            .when('token', token === null ? 'is' : '=', token)
            .then(set.fn.coalesce('sent_at', set.val(at)))
            .else(at)
            .end(),
          status: 'sent' as const,
          token,
          attempts: set('attempts', '+', 1),
        }))
        .where('run', '=', run)
        .where('id', '=', chunk)
        .where((is) =>
          is.exists(
            is
              .selectFrom('bitable_sync_runs')
              .innerJoin('bitable_sync_leases', 'bitable_sync_leases.table_id', 'bitable_sync_runs.table_id')
              .select('bitable_sync_leases.fence')
              .where('bitable_sync_runs.id', '=', run)
              .where('bitable_sync_leases.fence', '=', fence),
          ),
        );
      const { numUpdatedRows } = await untilWon(backend, () => note.executeTakeFirstOrThrow());
      if (numUpdatedRows === 1n) return;
      const held = await db
        .selectFrom('bitable_sync_runs')
        .select('table_id')
        .where('id', '=', run)
        .executeTakeFirst();
      if (held) await transact(db, backend, (trx) => guard(trx, backend, held.table_id, fence));
      throw noChunk(run, chunk);
    },
    async settle(run, scope, chunk, outcome, fence) {
      await transact(db, backend, async (trx) => {
        await guard(trx, backend, scope.table, fence);
        const { status, written, failure } = outcome;
        const { numUpdatedRows } = await trx
          .updateTable('bitable_sync_chunks')
          .set({ status, written, failure: failure && JSON.stringify(failure) })
          .where('run', '=', run)
          .where('id', '=', chunk)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows !== 1n) throw noChunk(run, chunk);
        await addChunks(trx, run, outcome.parts);
        if (outcome.refused) await refuse(trx, scope, run, outcome.refused);
        await confirm(trx, scope, run, outcome.wrote, backend);
        await forget(trx, scope, outcome.removed);
      });
    },
    async prune(before) {
      const old = db
        .selectFrom('bitable_sync_runs')
        .select(['id', 'definition', 'table_id', 'status', 'created_at'])
        .where('status', 'not in', open)
        .where((is) => is(is.fn.coalesce('ended_at', 'created_at'), '<', before));
      for (const run of await old.execute()) await pruneRun(db, backend, run);
    },
    async shrink(most) {
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
        await this.dropPlan(id);
        total -= Number(bytes);
        dropped++;
      }
      return dropped;
    },
  };
}

const goesOn = ({ status }: Pick<RunRow, 'status'>): boolean => statuses[status].goesOn;
const open = statusNames.filter((status) => statuses[status].open);
const good = statusNames.filter((status) => statuses[status].good);

type Trx = Transaction<Tables>;

const noChunk = (run: string, chunk: string): Error => new Error(`run ${run} has no chunk ${chunk}`);

async function addChunks(trx: Trx, run: string, chunks: readonly NewChunk[]): Promise<void> {
  for (const group of groups(chunks, perStatement)) {
    const rows = group.map(({ id, kind, seq, rows: size, back, refused, sent }) => ({
      ...{ run, id, kind, seq, size, back },
      status: refused ? ('rejected' as const) : sent?.inDoubt ? ('sent' as const) : ('pending' as const),
      failure: refused ? JSON.stringify(refused) : null,
      ...{ token: sent?.token ?? null, sent_at: sent?.sentAt ?? null, attempts: sent?.attempts ?? 0 },
    }));
    await trx
      .insertInto('bitable_sync_chunks')
      .values(rows.map((row) => ({ ...row, written: 0 })))
      .execute();
    // Each statement is a way to the database and back.
    for (const some of groups(group, bodyBytesPerStatement, ({ body }) => body.length)) {
      const bodies = some.map(({ id, body }) => ({ run, chunk: id, body: asBuffer(body) }));
      await trx.insertInto('bitable_sync_bodies').values(bodies).execute();
    }
  }
}

async function dropChunks(trx: Trx, run: string): Promise<void> {
  await trx.deleteFrom('bitable_sync_bodies').where('run', '=', run).execute();
  await trx.deleteFrom('bitable_sync_chunks').where('run', '=', run).execute();
  await dropBadRows(trx, run);
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

const chunkRecord = (row: ChunkRow): ChunkRecord => {
  const what = `chunk ${row.id} of run ${row.run}`;
  return {
    id: row.id,
    ...checked(what, { kind: row.kind, status: row.status }, words),
    ...{ seq: row.seq, rows: row.size, token: row.token, sentAt: row.sent_at, attempts: row.attempts },
    ...{ written: row.written, back: row.back },
    failure: row.failure === null ? null : parsed(`failure of ${what}`, row.failure, failureSchema),
  };
};

const words = z.object({ kind: z.enum(chunkKinds), status: z.enum(chunkStatuses) });
