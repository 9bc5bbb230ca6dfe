import type { Audit, AuditEntry } from '../bot/ports.ts';
import type { Order, Orders, Seen } from '../run/ports.ts';
import { actorSchema } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import type { Backend, Database } from './db/backend.ts';
import { hash } from './db/encode.ts';

/** Event and message IDs that were handled. They come from outside, so only their hash is kept. */
export const seen = (db: Database, { words }: Backend): Seen => ({
  async first(ids, at) {
    const rows = [...new Set(ids)].map((id) => ({ id_hash: hash(id), at }));
    // One write, however many IDs: each waits for the disk.
    const insert = words.unlessThere(db.insertInto('bitable_sync_seen').values(rows));
    return (await insert.executeTakeFirstOrThrow()).numInsertedOrUpdatedRows === BigInt(rows.length);
  },
  async prune(before) {
    await db.deleteFrom('bitable_sync_seen').where('at', '<', before).execute();
  },
});

/** Who asked for what, and whether it was allowed. */
export const audit = (db: Database, { words }: Backend): Audit => ({
  async note({ id, by, allowed, ...entry }) {
    const row = { ...entry, id: hash(id), by_whom: by, allowed: allowed ? 1 : 0 };
    await words.unlessThere(db.insertInto('bitable_sync_audit').values(row)).execute();
  },
  async list(definition, limit) {
    const rows = await db
      .selectFrom('bitable_sync_audit')
      .selectAll()
      .$if(definition !== undefined, (all) => all.where('definition', '=', definition ?? ''))
      .orderBy('at', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(
      ({ by_whom: by, allowed, ...entry }): AuditEntry => ({
        ...entry,
        by,
        at: Number(entry.at),
        allowed: Number(allowed) === 1,
      }),
    );
  },
  async prune(before) {
    await db.deleteFrom('bitable_sync_audit').where('at', '<', before).execute();
  },
});

/** Orders for runs that go on at another instance. */
export const orders = (db: Database, { words }: Backend): Orders => ({
  async post({ by, ...order }) {
    const row = { ...order, by_whom: JSON.stringify(by) };
    await words.unlessThere(db.insertInto('bitable_sync_orders').values(row)).execute();
  },
  async of(runs) {
    if (runs.length === 0) return [];
    const mine = db.selectFrom('bitable_sync_orders').selectAll().where('run', 'in', runs);
    const rows = await mine.orderBy('at').orderBy('id').execute();
    return rows.map(
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
