import type { Seen } from '../run/ports.ts';
import type { Backend, Database } from './db/backend.ts';
import { hash } from './db/encode.ts';

/** Event and message IDs that were handled. They come from outside, so only their hash is kept. */
export const seen = (db: Database, backend: Backend): Seen => ({
  async first(ids, at) {
    const rows = [...new Set(ids)].map((id) => ({ id_hash: hash(id), at }));
    // One write, however many IDs: each waits for the disk.
    const insert = db.insertInto('bitable_sync_seen').values(rows);
    const { numInsertedOrUpdatedRows } = await backend.unlessThere(insert).executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === BigInt(rows.length);
  },
  async prune(before) {
    await db.deleteFrom('bitable_sync_seen').where('at', '<', before).execute();
  },
});
