import type { Order, Orders } from '../run/ports.ts';
import { actorSchema } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import type { Backend, Database } from './db/backend.ts';

/** Orders for runs that go on at another instance. */
export const orders = (db: Database, backend: Backend): Orders => ({
  async post({ by, ...order }) {
    const insert = db.insertInto('bitable_sync_orders').values({ ...order, by_whom: JSON.stringify(by) });
    await backend.unlessThere(insert).execute();
  },
  async of(runs) {
    if (runs.length === 0) return [];
    const mine = db
      .selectFrom('bitable_sync_orders')
      .selectAll()
      .where('run', 'in', runs)
      .orderBy('at')
      .orderBy('id');
    return (await mine.execute()).map(
      ({ by_whom, ...order }): Order => ({
        ...order,
        by: parsed(`order for run ${order.run}`, by_whom, actorSchema),
      }),
    );
  },
  async take(id) {
    await db.deleteFrom('bitable_sync_orders').where('id', '=', id).execute();
  },
  async prune(before) {
    await db.deleteFrom('bitable_sync_orders').where('at', '<', before).execute();
  },
});
