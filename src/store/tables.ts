import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Fact, Holder, Leases, Scope, TableFacts } from '../run/ports.ts';
import { knownFieldSchema, parsed } from '../sync/state/stored.ts';
import { leaseLife } from '../sync/words/limits.ts';
import { Fenced } from '../sync/words/problem.ts';
import { type Backend, type Database, type Trx, transact } from './db/backend.ts';
import { hash } from './db/encode.ts';

/**
 * One run per table, across processes. On a server `until` is when the lease runs out, by the server's clock. A file
 * has no clock but those of the machines that use it: there it only counts, and moves with each renewal.
 */
export const leases = (db: Database, backend: Backend): Leases => {
  const { time } = backend.words;
  const now = time ?? sql.ref<number>('until');
  const renewed: RawBuilder<number> = sql`${now} + ${leaseLife}`;

  return {
    async claim(table, run, owner, gone) {
      // Outside the transaction: on MySQL the insert would hold a lock that two claimants cannot both widen.
      const row = { table_id: table, fence: 0, run: null, owner: null, until: 0 };
      await backend.words.unlessThere(db.insertInto('bitable_sync_leases').values(row)).execute();
      return transact(db, backend, async (trx) => {
        const held = await trx
          .selectFrom('bitable_sync_leases')
          .selectAll()
          .select(now.as('now'))
          .where('table_id', '=', table)
          .$if(backend.words.holdsRows, (select) => select.forUpdate())
          .executeTakeFirstOrThrow();
        const by = holderOf(held);
        const over = time ? Number(held.now) - held.until : 0;
        if (by && by.mark !== gone && !(time && over >= 0)) return { kind: 'held', by };
        const fence = held.fence + 1;
        await trx
          .updateTable('bitable_sync_leases')
          .set({ fence, run, owner, until: renewed })
          .where('table_id', '=', table)
          .execute();
        return { kind: 'claimed', lease: { fence, idle: Math.max(0, over) } };
      });
    },
    async renew(table, fence) {
      const { numUpdatedRows } = await db
        .updateTable('bitable_sync_leases')
        .set({ until: renewed })
        .where('table_id', '=', table)
        .where('fence', '=', fence)
        .where('run', 'is not', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async release(table, fence) {
      // The row stays, and with it the number: a later claim must get a higher one.
      await db
        .updateTable('bitable_sync_leases')
        .set({ run: null, owner: null, until: now })
        .where('table_id', '=', table)
        .where('fence', '=', fence)
        .execute();
    },
    async holder(table) {
      const held = await db
        .selectFrom('bitable_sync_leases')
        .selectAll()
        .where('table_id', '=', table)
        .$if(time !== undefined, (select) => select.where('until', '>', now))
        .executeTakeFirst();
      return held && holderOf(held);
    },
  };
};

const holderOf = (held: {
  readonly run: string | null;
  readonly owner: string | null;
  readonly fence: number;
  readonly until: number;
}): Holder | undefined =>
  held.run === null
    ? undefined
    : { run: held.run, owner: held.owner ?? '', mark: `${held.fence}/${held.until}` };

/** Rejects with {@link Fenced} when the table was claimed anew since the fence was given out. */
export async function guard(trx: Trx, backend: Backend, table: string, fence: number): Promise<void> {
  const lease = await trx
    .selectFrom('bitable_sync_leases')
    .select('fence')
    .where('table_id', '=', table)
    .$if(backend.words.holdsRows, (select) => select.forUpdate())
    .executeTakeFirst();
  if (lease?.fence !== fence) throw new Fenced(table);
}

/** The same for what is stored of a run's plan; a run that holds no table has no fence. */
export async function guardRun(
  trx: Trx,
  backend: Backend,
  run: string,
  fence: number | undefined,
): Promise<void> {
  if (fence === undefined) return;
  const held = await trx
    .selectFrom('bitable_sync_runs')
    .select('table_id')
    .where('id', '=', run)
    .executeTakeFirst();
  if (held) await guard(trx, backend, held.table_id, fence);
}

export function tableFacts(db: Database): TableFacts {
  const fact = <Of, T>(
    nameOf: (what: Of) => string,
    read: (text: string, name: string) => T,
    write: (value: T) => string = (value) => JSON.stringify(value),
  ): Fact<Of, T> => ({
    async of(what) {
      const name = nameOf(what);
      const row = await db
        .selectFrom('bitable_sync_memory')
        .select('value')
        .where('name_hash', '=', hash(name))
        .executeTakeFirst();
      return row && read(parsed(name, row.value, z.string()), name);
    },
    async keep(what, value) {
      const name = nameOf(what);
      const row = { name_hash: hash(name), name: JSON.stringify(name), value: JSON.stringify(write(value)) };
      await db.replaceInto('bitable_sync_memory').values(row).execute();
    },
  });
  const inScope =
    (fact: string) =>
    ({ definition, table }: Scope) =>
      `${fact}:${definition}@${table}`;
  const as =
    <T>(schema: z.ZodType<T>) =>
    (text: string, name: string) =>
      parsed(name, text, schema);
  const itself = (text: string) => text;
  return {
    width: fact((base) => `width:${base}`, itself, itself),
    chunkSize: fact((table) => `chunk-size:${table}`, as(z.number().int().positive())),
    made: fact((definition) => `target:${definition}`, as(madeTable)),
    handMade: fact(
      inScope('hand-made'),
      (text) => (text === 'keep' ? 'keep' : 'delete'),
      (said) => (said === 'keep' ? 'keep' : 'yes'),
    ),
    agreed: fact(inScope('agreed'), itself, itself),
    filled: fact(inScope('filled'), as(z.array(z.string()))),
    fields: fact(inScope('fields'), as(z.array(knownFieldSchema))),
  };
}

const madeTable = z.object({ of: z.string(), name: z.string(), table: z.string().nullable() });
