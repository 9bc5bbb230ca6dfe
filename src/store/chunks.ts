import { z } from 'zod';
import type { ChunkRecord, Journal, LedgerEntry, NewChunk, Outcome, Scope } from '../run/ports.ts';
import { decodeChanges } from '../sync/plan/change.ts';
import { chunkKinds, chunkStatuses } from '../sync/state/state.ts';
import { checked, failureSchema, parsed } from '../sync/state/stored.ts';
import { type Backend, type Database, type Trx, transact, untilWon } from './db/backend.ts';
import { asBuffer, asBytes, groups } from './db/encode.ts';
import type { ChunkRow } from './db/schema.ts';
import { confirmedBy } from './known.ts';
import { guard, guardRun, refuse } from './tables.ts';

/** Rows written by one statement: larger ones are slow to build, and building happens on the event loop. */
const perStatement = 100;

/** Bytes of bodies that one statement stores: for MySQL they are written out as text, which happens on the event loop. */
const bodyBytesPerStatement = 512 * 1024;

/** The part of {@link Journal} that is about chunks. */
export type ChunkJournal = Pick<
  Journal,
  'addChunks' | 'chunks' | 'body' | 'confirmed' | 'sending' | 'settle'
>;

/** The chunks of runs, with their rows. */
export const chunks = (db: Database, backend: Backend): ChunkJournal => ({
  async addChunks(run, chunks, fence) {
    if (chunks.length === 0) return;
    await transact(db, backend, async (trx) => {
      await guardRun(trx, backend, run, fence);
      await addChunks(trx, run, chunks);
    });
  },
  async chunks(run) {
    const all = db.selectFrom('bitable_sync_chunks').selectAll().where('run', '=', run);
    return (await all.orderBy('seq').execute()).map(chunkRecord);
  },
  body: (run, chunk) => bodyOf(db, run, chunk),
  confirmed: (run, chunk) => confirmed(db, run, chunk),
  sending: (sent) => sending(db, backend, sent),
  async settle({ run, scope, chunk, outcome, fence }) {
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
      await noteConfirmed(trx, run, chunk, outcome);
    });
  },
});

async function bodyOf(db: Database, run: string, chunk: string): Promise<Uint8Array> {
  const all = db.selectFrom('bitable_sync_bodies').select('body').where('run', '=', run);
  const row = await all.where('chunk', '=', chunk).executeTakeFirst();
  if (!row) throw noChunk(run, chunk);
  return asBytes(row.body);
}

type WhatIsConfirmed = Pick<Outcome, 'wrote' | 'removed'>;

/** Entries as lists: their names would take half of the room. */
const confirmedSchema = z.object({
  /** Key, record, print of the cells, and whether we made the record. */
  wrote: z.array(z.tuple([z.string(), z.string(), z.string(), z.boolean()])),
  removed: z.array(z.string()),
});

async function noteConfirmed(
  trx: Trx,
  run: string,
  chunk: string,
  { wrote, removed }: WhatIsConfirmed,
): Promise<void> {
  if (wrote.length + removed.length === 0) return;
  const { part } = await trx
    .selectFrom('bitable_sync_confirmed')
    .select((select) => select.fn.max<number | null>('part').as('part'))
    .where('run', '=', run)
    .where('chunk', '=', chunk)
    .executeTakeFirstOrThrow();
  const said: z.infer<typeof confirmedSchema> = {
    wrote: wrote.map(({ key, record, hash, made = false }) => [key, record, hash, made]),
    removed: [...removed],
  };
  const row = { run, chunk, part: Number(part ?? 0) + 1, body: Buffer.from(JSON.stringify(said)) };
  await trx.insertInto('bitable_sync_confirmed').values(row).execute();
}

async function confirmed(db: Database, run: string, chunk: string): Promise<WhatIsConfirmed> {
  const all = db.selectFrom('bitable_sync_confirmed').select('body').where('run', '=', run);
  const wrote = new Map<string, LedgerEntry>();
  const removed = new Set<string>();
  for (const { body } of await all.where('chunk', '=', chunk).orderBy('part').execute()) {
    const text = asBuffer(body).toString('utf8');
    const said = parsed(`what chunk ${chunk} of run ${run} confirmed`, text, confirmedSchema);
    for (const [key, record, hash, made] of said.wrote)
      wrote.set(key, { key, record, hash, ...(made && { made }) });
    for (const record of said.removed) removed.add(record);
  }
  const { written, scope } = await settledOf(db, run, chunk);
  // The rest was confirmed by a program that noted it in the ledger only.
  if (wrote.size + removed.size < written) {
    const keys = decodeChanges(await bodyOf(db, run, chunk)).map(({ key }) => key);
    const older = keys.filter((key) => !wrote.has(key));
    for (const entry of await confirmedBy(db, scope, run, older)) wrote.set(entry.key, entry);
  }
  return { wrote: [...wrote.values()], removed: [...removed] };
}

async function settledOf(
  db: Database,
  run: string,
  chunk: string,
): Promise<{ readonly written: number; readonly scope: Scope }> {
  const row = await db
    .selectFrom('bitable_sync_chunks as chunk')
    .innerJoin('bitable_sync_runs as run', 'run.id', 'chunk.run')
    .select(['chunk.written', 'run.definition', 'run.table_id'])
    .where('chunk.run', '=', run)
    .where('chunk.id', '=', chunk)
    .executeTakeFirst();
  if (!row) throw noChunk(run, chunk);
  return { written: row.written, scope: { definition: row.definition, table: row.table_id } };
}

async function sending(
  db: Database,
  backend: Backend,
  { run, chunk, token, at, fence }: Parameters<Journal['sending']>[0],
): Promise<void> {
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
  const one = db.selectFrom('bitable_sync_runs').select('table_id').where('id', '=', run);
  const held = await one.executeTakeFirst();
  if (held) await transact(db, backend, (trx) => guard(trx, backend, held.table_id, fence));
  throw noChunk(run, chunk);
}

const noChunk = (run: string, chunk: string): Error => new Error(`run ${run} has no chunk ${chunk}`);

/** Adds chunks within a transaction. */
export async function addChunks(trx: Trx, run: string, chunks: readonly NewChunk[]): Promise<void> {
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

/** What holds rows of chunks. */
const withRows = ['bitable_sync_bodies', 'bitable_sync_confirmed'] as const;

/** Deletes these chunks of a run. */
export async function dropSome(trx: Trx, run: string, chunks: readonly string[]): Promise<void> {
  for (const some of groups(chunks, perStatement)) {
    for (const table of withRows)
      await trx.deleteFrom(table).where('run', '=', run).where('chunk', 'in', some).execute();
    await trx.deleteFrom('bitable_sync_chunks').where('run', '=', run).where('id', 'in', some).execute();
  }
}

/** Deletes all chunks of a run, and its rows that no chunk holds. */
export async function dropChunks(trx: Trx, run: string): Promise<void> {
  for (const table of [...withRows, 'bitable_sync_chunks', 'bitable_sync_bad_rows'] as const)
    await trx.deleteFrom(table).where('run', '=', run).execute();
}

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
