import type { Audit, AuditEntry } from '../bot/ports.ts';
import type { Backend, Database } from './db/backend.ts';
import { hash } from './db/encode.ts';

/** Who asked for what, and whether it was allowed. */
export const audit = (db: Database, backend: Backend): Audit => ({
  async note({ id, by, allowed, ...entry }) {
    const row = { ...entry, id: hash(id), by_whom: by, allowed: allowed ? 1 : 0 };
    await backend.unlessThere(db.insertInto('bitable_sync_audit').values(row)).execute();
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
      ({ by_whom, allowed, at, ...entry }): AuditEntry => ({
        ...entry,
        at: Number(at),
        by: by_whom,
        allowed: Number(allowed) === 1,
      }),
    );
  },
  async prune(before) {
    await db.deleteFrom('bitable_sync_audit').where('at', '<', before).execute();
  },
});
