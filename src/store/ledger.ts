import type { Transaction } from 'kysely';
import type { Confirmed, Ledger, LedgerEntry, Scope } from '../run/ports.ts';
import type { Backend, Database } from './db/backend.ts';
import { groups, hash, keyId } from './db/encode.ts';
import type { NewLedgerRow, Tables } from './db/schema.ts';

/** Rows handed to the database at once: handing over happens on the event loop. */
const perStatement = 500;

/** Record IDs asked about in one statement. */
const perQuestion = 500;

/** What the bot last confirmed in the table. */
export const ledger = (db: Database): Ledger => ({
  async size(scope) {
    const { records } = await db
      .selectFrom('bitable_sync_ledger')
      .select((select) => select.fn.countAll().as('records'))
      .where('scope', '=', scopeHash(scope))
      .executeTakeFirstOrThrow();
    return Number(records);
  },
  async known(scope, records) {
    const known = new Set<string>();
    for (const group of groups(records, perQuestion)) {
      const rows = await db
        .selectFrom('bitable_sync_ledger')
        .select('record')
        .where('scope', '=', scopeHash(scope))
        .where('record', 'in', group)
        .execute();
      for (const { record } of rows) known.add(record);
    }
    return known;
  },
  async confirmedBy(scope, run, keys) {
    const confirmed = new Set<string>();
    for (const group of groups(keys, perQuestion)) {
      const ids = new Map(group.map((key) => [keyId(key), key]));
      const rows = await db
        .selectFrom('bitable_sync_ledger')
        .select('key_id')
        .where('scope', '=', scopeHash(scope))
        .where('key_id', 'in', [...ids.keys()])
        .where('run', '=', run)
        .execute();
      for (const { key_id } of rows) confirmed.add(ids.get(key_id) ?? '');
    }
    return confirmed;
  },
  async find(scope, keys) {
    const found = new Map<string, Confirmed>();
    for (const group of groups(keys, perQuestion)) {
      const keyOf = new Map(group.map((key) => [keyId(key), key]));
      const rows = await db
        .selectFrom('bitable_sync_ledger')
        .select(['key_id', 'record', 'hash'])
        .where('scope', '=', scopeHash(scope))
        .where('key_id', 'in', [...keyOf.keys()])
        .execute();
      for (const { key_id, record, hash: sum } of rows)
        found.set(keyOf.get(key_id) ?? key_id, { record, hash: sum });
    }
    return found;
  },
});

/** Notes what a run confirmed; what was known of the same key or record before gives way. */
export async function confirm(
  trx: Transaction<Tables>,
  scope: Scope,
  run: string,
  entries: readonly LedgerEntry[],
  backend: Pick<Backend, 'confirm'>,
): Promise<void> {
  const id = scopeHash(scope);
  const row = ({ key, record, hash: sum }: LedgerEntry): NewLedgerRow => {
    const key_id = keyId(key);
    const key_text = key_id === key ? null : JSON.stringify(key);
    return { scope: id, key_id, key_text, record, hash: sum, run };
  };
  for (const group of groups(entries, perStatement)) {
    await backend.confirm(trx, group.map(row));
  }
}

/** Forgets records that are gone. */
export async function forget(
  trx: Transaction<Tables>,
  scope: Scope,
  records: readonly string[],
): Promise<void> {
  for (const group of groups(records, perQuestion)) {
    await trx
      .deleteFrom('bitable_sync_ledger')
      .where('scope', '=', scopeHash(scope))
      .where('record', 'in', group)
      .execute();
  }
}

/** A scope as the store finds it. */
export const scopeHash = ({ definition, table }: Scope): string => hash(definition, table);
