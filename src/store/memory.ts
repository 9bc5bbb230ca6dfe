import type { Memory } from '../run/ports.ts';
import type { Database } from './db/backend.ts';
import { hash } from './db/encode.ts';

/** Things learned that outlive runs. */
export const memory = (db: Database): Memory => ({
  async recall(name) {
    const row = await db
      .selectFrom('bitable_sync_memory')
      .select('value')
      .where('name_hash', '=', hash(name))
      .executeTakeFirst();
    return row && (JSON.parse(row.value) as string);
  },
  async remember(name, value) {
    const row = { name_hash: hash(name), name: JSON.stringify(name), value: JSON.stringify(value) };
    await db.replaceInto('bitable_sync_memory').values(row).execute();
  },
});
