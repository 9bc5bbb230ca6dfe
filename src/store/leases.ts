import type { Holder, Leases } from '../run/ports.ts';
import { type Backend, type Database, transact } from './backend.ts';

const nobody = { run: null, owner: null, until: 0 };

/** One run per table, across processes. */
export const leases = (db: Database, backend: Backend): Leases => ({
  async claim(table, run, owner, now, until) {
    // Outside the transaction: on MySQL the insert would hold a lock that two claimants cannot both widen.
    const row = { table_id: table, fence: 0, ...nobody };
    await backend.unlessThere(db.insertInto('bitable_sync_leases').values(row)).execute();
    return transact(db, backend, async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('bitable_sync_leases')
        .set((set) => ({ fence: set('fence', '+', 1), run, owner, until }))
        .where('table_id', '=', table)
        .where((is) => is.or([is('run', 'is', null), is('until', '<=', now)]))
        .executeTakeFirstOrThrow();
      const lease = await trx
        .selectFrom('bitable_sync_leases')
        .selectAll()
        .where('table_id', '=', table)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n
        ? { kind: 'claimed', lease: { fence: lease.fence } }
        : { kind: 'held', by: { run: lease.run ?? '', owner: lease.owner ?? '', until: lease.until } };
    });
  },
  async renew(table, fence, until) {
    const { numUpdatedRows } = await db
      .updateTable('bitable_sync_leases')
      .set({ until })
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
      .set(nobody)
      .where('table_id', '=', table)
      .where('fence', '=', fence)
      .execute();
  },
  async holder(table, now): Promise<Holder | undefined> {
    const lease = await db
      .selectFrom('bitable_sync_leases')
      .select(['run', 'owner', 'until'])
      .where('table_id', '=', table)
      .where('until', '>', now)
      .executeTakeFirst();
    if (lease?.run == null) return undefined;
    return { run: lease.run, owner: lease.owner ?? '', until: lease.until };
  },
});
