import { z } from 'zod';
import type { Confirmed, Ledger, LedgerEntry, RefusedRow, Rejects, Scope } from '../run/ports.ts';
import type { Key } from '../sync/fields/key.ts';
import { badRowSchema } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import { type Backend, type Database, type Trx, transact } from './db/backend.ts';
import { asBuffer, asBytes, groups, hash, keyId } from './db/encode.ts';
import type { NewLedgerRow } from './db/schema.ts';
import { guardRun } from './tables.ts';

/** Rows written by one statement: larger ones are slow to build, and building happens on the event loop. */
const perStatement = 100;
/** Keys or record IDs asked about in one statement. */
const perQuestion = 500;

const scopeHash = ({ definition, table }: Scope): string => hash(definition, table);

/** Asks about keys, many at once, and answers what is found of each. */
async function byKey<R extends { readonly key_id: string }>(
  keys: readonly Key[],
  ask: (ids: readonly string[]) => Promise<readonly R[]>,
): Promise<Map<Key, Omit<R, 'key_id'>>> {
  const found = new Map<Key, Omit<R, 'key_id'>>();
  for (const group of groups(keys, perQuestion)) {
    const ids = new Map(group.map((key) => [keyId(key), key]));
    for (const { key_id, ...row } of await ask([...ids.keys()])) found.set(ids.get(key_id) ?? '', row);
  }
  return found;
}

/** What the bot last confirmed in the table. */
export function ledger(db: Database): Ledger {
  const entries = (scope: Scope) =>
    db.selectFrom('bitable_sync_ledger').where('scope', '=', scopeHash(scope));
  return {
    async size(scope) {
      const count = entries(scope).select((select) => select.fn.countAll().as('records'));
      return Number((await count.executeTakeFirstOrThrow()).records);
    },
    async known(scope, records) {
      const known = new Set<string>();
      for (const group of groups(records, perQuestion)) {
        const rows = await entries(scope).select('record').where('record', 'in', group).execute();
        for (const { record } of rows) known.add(record);
      }
      return known;
    },
    async confirmedBy(scope, run, keys) {
      const mine = entries(scope).select('key_id').where('run', '=', run);
      return new Set((await byKey(keys, (ids) => mine.where('key_id', 'in', ids).execute())).keys());
    },
    find: (scope, keys): Promise<ReadonlyMap<Key, Confirmed>> =>
      byKey(keys, (ids) =>
        entries(scope).select(['key_id', 'record', 'hash']).where('key_id', 'in', ids).execute(),
      ),
  };
}

/** Notes what a run confirmed; what was known of the same key or record before gives way. */
export async function confirm(
  trx: Trx,
  scope: Scope,
  run: string,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const id = scopeHash(scope);
  const row = ({ key, record, hash: sum }: LedgerEntry): NewLedgerRow => {
    const key_id = keyId(key);
    const key_text = key_id === key ? null : JSON.stringify(key);
    return { scope: id, key_id, key_text, record, hash: sum, run };
  };
  for (const group of groups(entries, perStatement))
    await trx.replaceInto('bitable_sync_ledger').values(group.map(row)).execute();
}

export async function forget(trx: Trx, scope: Scope, records: readonly string[]): Promise<void> {
  const all = trx.deleteFrom('bitable_sync_ledger').where('scope', '=', scopeHash(scope));
  for (const group of groups(records, perQuestion)) await all.where('record', 'in', group).execute();
}

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
