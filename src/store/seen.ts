import type { Seen } from '../run/ports.ts';
import type { Backend, Database } from './backend.ts';
import { hash } from './encode.ts';

/** Event and message IDs that were handled. They come from outside, so only their hash is kept. */
export const seen = (db: Database, backend: Backend): Seen => ({
  async first(id, at) {
    const insert = db.insertInto('seen').values({ id_hash: hash(id), at });
    const { numInsertedOrUpdatedRows } = await backend.unlessThere(insert).executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  },
  async prune(before) {
    await db.deleteFrom('seen').where('at', '<', before).execute();
  },
});
