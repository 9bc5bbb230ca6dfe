import type { Transaction } from 'kysely';
import { z } from 'zod';
import type { RefusedRow, Rejects, Scope } from '../run/ports.ts';
import type { Key } from '../sync/fields/key.ts';
import { badRowSchema } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import { type Backend, type Database, transact } from './db/backend.ts';
import { asBuffer, asBytes, groups, keyId } from './db/encode.ts';
import type { Tables } from './db/schema.ts';
import { guardRun } from './leases.ts';
import { scopeHash } from './ledger.ts';

/** Keys asked about in one statement. */
const perQuestion = 500;

const badRows = z.array(badRowSchema);

/** The rows that are not written. */
export function rejects(db: Database, backend: Backend): Rejects {
  const refused = (scope: Scope) =>
    db.selectFrom('bitable_sync_refused_rows').where('scope', '=', scopeHash(scope));

  return {
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
        await trx
          .insertInto('bitable_sync_bad_rows')
          .values({ run, part: Number(part ?? 0) + 1, body })
          .execute();
      });
    },
    async *rows(run) {
      for (let last = 0; ; ) {
        const next = await db
          .selectFrom('bitable_sync_bad_rows')
          .select(['part', 'body'])
          .where('run', '=', run)
          .where('part', '>', last)
          .orderBy('part')
          .limit(1)
          .executeTakeFirst();
        if (!next) return;
        last = next.part;
        yield parsed(
          `rows of run ${run} that are not written`,
          Buffer.from(asBytes(next.body)).toString('utf8'),
          badRows,
        );
      }
    },
    async size(scope) {
      const { rows } = await refused(scope)
        .select((select) => select.fn.countAll().as('rows'))
        .executeTakeFirstOrThrow();
      return Number(rows);
    },
    async known(scope, keys) {
      const known = new Map<Key, RefusedRow>();
      for (const group of groups(keys, perQuestion)) {
        const ids = new Map(group.map((key) => [keyId(key), key]));
        const rows = await refused(scope)
          .selectAll()
          .where('key_id', 'in', [...ids.keys()])
          .execute();
        for (const { key_id, hash, fields, told } of rows) {
          const key = ids.get(key_id) ?? '';
          known.set(key, {
            key,
            hash,
            fields,
            told: parsed(`refused row of ${scope.definition}`, told, badRowSchema),
          });
        }
      }
      return known;
    },
    async keep(scope, run, keys) {
      for (const group of groups(keys, perQuestion)) {
        await db
          .updateTable('bitable_sync_refused_rows')
          .set({ run })
          .where('scope', '=', scopeHash(scope))
          .where('key_id', 'in', group.map(keyId))
          .execute();
      }
    },
    async forget(scope, but) {
      await db
        .deleteFrom('bitable_sync_refused_rows')
        .where('scope', '=', scopeHash(scope))
        .$if(but !== undefined, (all) => all.where('run', '!=', but ?? ''))
        .execute();
    },
  };
}

/** Notes that Feishu refused a row; what was known of it before gives way. */
export async function refuse(
  trx: Transaction<Tables>,
  scope: Scope,
  run: string,
  { key, hash, fields, told }: RefusedRow,
): Promise<void> {
  const row = { key_id: keyId(key), hash, fields, run, told: JSON.stringify(told) };
  await trx
    .replaceInto('bitable_sync_refused_rows')
    .values({ scope: scopeHash(scope), ...row })
    .execute();
}

/** Deletes the listed rows of a run. */
export async function dropBadRows(trx: Transaction<Tables>, run: string): Promise<void> {
  await trx.deleteFrom('bitable_sync_bad_rows').where('run', '=', run).execute();
}
