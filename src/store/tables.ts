import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Fact, Holder, Leases, RefusedRow, Rejects, Scope, TableFacts } from '../run/ports.ts';
import { badRowSchema } from '../sync/state/state.ts';
import { knownFieldSchema, parsed } from '../sync/state/stored.ts';
import { leaseLife } from '../sync/words/limits.ts';
import { Fenced } from '../sync/words/problem.ts';
import { type Backend, type Database, type Trx, transact } from './db/backend.ts';
import { asBuffer, asBytes, byKey, groups, hash, keyId, perQuestion, scopeHash } from './db/encode.ts';
import type { LeaseRow } from './db/schema.ts';

const lease = (db: Database, table: string) =>
  db.selectFrom('bitable_sync_leases').where('table_id', '=', table);
const change = (db: Database, table: string) =>
  db.updateTable('bitable_sync_leases').where('table_id', '=', table);

/**
 * One run per table, across processes. On a server `until` is when the lease runs out, by the server's clock. A file
 * has no clock but those of the machines that use it: there it only counts, and moves with each renewal.
 */
export const leases = (db: Database, backend: Backend): Leases => {
  const { time, unlessThere, holdsRows } = backend.words;
  const now = time ?? sql.ref<number>('until');
  const renewed: RawBuilder<number> = sql`${now} + ${leaseLife}`;

  return {
    async claim(table, run, owner, gone) {
      // Outside the transaction: on MySQL the insert would hold a lock that two claimants cannot both widen.
      const row = { table_id: table, fence: 0, run: null, owner: null, until: 0 };
      await unlessThere(db.insertInto('bitable_sync_leases').values(row)).execute();
      return transact(db, backend, async (trx) => {
        const held = await lease(trx, table)
          .selectAll()
          .select(now.as('now'))
          .$if(holdsRows, (select) => select.forUpdate())
          .executeTakeFirstOrThrow();
        const by = holderOf(held);
        const over = time ? Number(held.now) - held.until : 0;
        if (by && by.mark !== gone && !(time && over >= 0)) return { kind: 'held', by };
        const fence = held.fence + 1;
        await change(trx, table).set({ fence, run, owner, until: renewed }).execute();
        return { kind: 'claimed', lease: { fence, idle: Math.max(0, over) } };
      });
    },
    async renew(table, fence) {
      const held = change(db, table).where('fence', '=', fence).where('run', 'is not', null);
      const { numUpdatedRows } = await held.set({ until: renewed }).executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async release(table, fence) {
      // The row stays, and with it the number: a later claim must get a higher one.
      const held = change(db, table).where('fence', '=', fence);
      await held.set({ run: null, owner: null, until: now }).execute();
    },
    async free(table) {
      const held = await lease(db, table).select(['run', 'fence']).executeTakeFirst();
      return held?.run === null ? held.fence : undefined;
    },
    async holder(table) {
      const held = await lease(db, table)
        .selectAll()
        .$if(time !== undefined, (select) => select.where('until', '>', now))
        .executeTakeFirst();
      return held && holderOf(held);
    },
  };
};

const holderOf = ({ run, owner, fence, until }: LeaseRow): Holder | undefined =>
  run === null ? undefined : { run, owner: owner ?? '', mark: `${fence}/${until}` };

/** Rejects with {@link Fenced} when the table was claimed anew since the fence was given out. */
export async function guard(trx: Trx, backend: Backend, table: string, fence: number): Promise<void> {
  const held = await lease(trx, table)
    .select('fence')
    .$if(backend.words.holdsRows, (select) => select.forUpdate())
    .executeTakeFirst();
  if (held?.fence !== fence) throw new Fenced(table);
}

/** The same for what is stored of a run's plan; a run that holds no table has no fence. */
export async function guardRun(
  trx: Trx,
  backend: Backend,
  run: string,
  fence: number | undefined,
): Promise<void> {
  if (fence === undefined) return;
  const one = trx.selectFrom('bitable_sync_runs').select('table_id').where('id', '=', run);
  const held = await one.executeTakeFirst();
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
      const known = db.selectFrom('bitable_sync_memory').select('value').where('name_hash', '=', hash(name));
      const row = await known.executeTakeFirst();
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
    shortCut: fact(inScope('short-cut'), as(shortCut)),
  };
}

const count = z.int().nonnegative();
const shortCut = z.object({
  ...{ agreed: count, distrusted: z.number().nullable(), byCall: count, byRecord: count },
  ...{ alike: count, told: z.string() },
});
const madeTable = z.object({ of: z.string(), name: z.string(), table: z.string().nullable() });

const badRows = z.array(badRowSchema);

/** The rows that are not written. */
export const rejects = (db: Database, backend: Backend): Rejects => ({
  ...unsent(db, backend),
  ...refusedRows(db),
});

/** Rows of a run that no chunk holds. */
const unsent = (db: Database, backend: Backend): Pick<Rejects, 'addRows' | 'rows'> => ({
  async addRows(run, rows, fence) {
    if (rows.length === 0) return;
    const body = asBuffer(Buffer.from(JSON.stringify(rows)));
    await transact(db, backend, async (trx) => {
      await guardRun(trx, backend, run, fence);
      const { part } = await trx
        .selectFrom('bitable_sync_bad_rows')
        .select((select) => select.fn.max<number | null>('part').as('part'))
        .where('run', '=', run)
        .executeTakeFirstOrThrow();
      const row = { run, part: Number(part ?? 0) + 1, body };
      await trx.insertInto('bitable_sync_bad_rows').values(row).execute();
    });
  },
  async *rows(run) {
    const all = db.selectFrom('bitable_sync_bad_rows').select(['part', 'body']).where('run', '=', run);
    for (let last = 0; ; ) {
      const next = await all.where('part', '>', last).orderBy('part').limit(1).executeTakeFirst();
      if (!next) return;
      last = next.part;
      const text = Buffer.from(asBytes(next.body)).toString('utf8');
      yield parsed(`rows of run ${run} that are not written`, text, badRows);
    }
  },
});

function refusedRows(db: Database): Pick<Rejects, 'size' | 'known' | 'keep' | 'forget'> {
  const refused = (scope: Scope) =>
    db.selectFrom('bitable_sync_refused_rows').where('scope', '=', scopeHash(scope));
  return {
    async size(scope) {
      const count = refused(scope).select((select) => select.fn.countAll().as('rows'));
      return Number((await count.executeTakeFirstOrThrow()).rows);
    },
    async known(scope, keys) {
      const rows = await byKey(keys, (ids) =>
        refused(scope).selectAll().where('key_id', 'in', ids).execute(),
      );
      return new Map(
        [...rows].map(([key, { hash: sum, fields, told }]) => {
          const row = parsed(`refused row of ${scope.definition}`, told, badRowSchema);
          return [key, { key, hash: sum, fields, told: row }];
        }),
      );
    },
    async keep(scope, run, keys) {
      const all = db.updateTable('bitable_sync_refused_rows').where('scope', '=', scopeHash(scope));
      for (const group of groups(keys, perQuestion))
        await all.set({ run }).where('key_id', 'in', group.map(keyId)).execute();
    },
    async forget(scope, but) {
      const all = db.deleteFrom('bitable_sync_refused_rows').where('scope', '=', scopeHash(scope));
      await (but === undefined ? all : all.where('run', '!=', but)).execute();
    },
  };
}

/** Notes that Feishu refused a row; what was known of it before gives way. */
export async function refuse(
  trx: Trx,
  scope: Scope,
  run: string,
  { key, hash: sum, fields, told }: RefusedRow,
): Promise<void> {
  const row = { key_id: keyId(key), hash: sum, fields, run, told: JSON.stringify(told) };
  await trx
    .replaceInto('bitable_sync_refused_rows')
    .values({ scope: scopeHash(scope), ...row })
    .execute();
}
