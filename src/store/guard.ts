import type { Transaction } from 'kysely';
import { Fenced } from '../sync/fenced.ts';
import type { Backend } from './backend.ts';
import type { Tables } from './schema.ts';

type Trx = Transaction<Tables>;

/** Rejects with {@link Fenced} when the table was claimed anew since the fence was given out. */
export async function guard(trx: Trx, backend: Backend, table: string, fence: number): Promise<void> {
  const lease = await trx
    .selectFrom('bitable_sync_leases')
    .select('fence')
    .where('table_id', '=', table)
    .$if(backend.holdsRows, (select) => select.forUpdate())
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
