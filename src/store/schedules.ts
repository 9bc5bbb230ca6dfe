import type { Reminder, Schedules } from '../bot/ports.ts';
import type { Backend, Database } from './db/backend.ts';
import { hash } from './db/encode.ts';
import type { OccasionRow, ReminderRow } from './db/schema.ts';

/** What the clock has done, and what people said about it. */
export const schedules = (db: Database, backend: Backend): Schedules => {
  const occasions = () => db.selectFrom('bitable_sync_occasions').selectAll();
  return {
    async take(what, due, now, until) {
      const row = { what_hash: hash(what), what: JSON.stringify(what), due, at: now, busy_until: until };
      const insert = db
        .insertInto('bitable_sync_occasions')
        .values({ ...row, note: JSON.stringify(''), message: null });
      const { numInsertedOrUpdatedRows } = await backend.unlessThere(insert).executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows === 1n) return true;
      // Whoever had taken it on was stopped before it was done.
      const { numUpdatedRows } = await db
        .updateTable('bitable_sync_occasions')
        .set({ at: now, busy_until: until })
        .where('what_hash', '=', row.what_hash)
        .where('due', '=', due)
        .where('busy_until', '<=', now)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async done(what, due, note, message) {
      await db
        .updateTable('bitable_sync_occasions')
        .set({ busy_until: null, note: JSON.stringify(note), ...(message === undefined ? {} : { message }) })
        .where('what_hash', '=', hash(what))
        .where('due', '=', due)
        .execute();
    },
    async putOff(what, due, until) {
      await db
        .updateTable('bitable_sync_occasions')
        .set({ busy_until: until })
        .where('what_hash', '=', hash(what))
        .where('due', '=', due)
        .where('busy_until', 'is not', null)
        .execute();
    },
    async last(what) {
      const newest = occasions().where('what_hash', '=', hash(what)).orderBy('due', 'desc').limit(1);
      const row = await newest.executeTakeFirst();
      return row && occasion(row);
    },
    async byMessage(message) {
      const newest = occasions().where('message', '=', message).orderBy('at', 'desc').limit(1);
      const row = await newest.executeTakeFirst();
      return row && occasion(row);
    },
    async mark(kind, definition, chat, value) {
      if (value !== undefined) {
        const row = { kind, definition, chat, value: JSON.stringify(value) };
        await db.replaceInto('bitable_sync_marks').values(row).execute();
        return;
      }
      await db
        .deleteFrom('bitable_sync_marks')
        .where('kind', '=', kind)
        .where('definition', '=', definition)
        .where('chat', '=', chat)
        .execute();
    },
    async marks(kind) {
      const all = db.selectFrom('bitable_sync_marks').selectAll().where('kind', '=', kind);
      const rows = await all.orderBy('definition').orderBy('chat').execute();
      return rows.map((row) => ({ ...row, value: JSON.parse(row.value) as string }));
    },
    async addReminder({ id, definition, chat, when, plan, by, createdAt }) {
      const times =
        'at' in when
          ? { cron: null, time_zone: null, once_at: when.at }
          : { cron: when.cron, time_zone: when.timeZone, once_at: null };
      const row = {
        id,
        definition,
        chat,
        ...times,
        with_plan: plan ? 1 : 0,
        by_whom: by,
        created_at: createdAt,
      };
      await backend.unlessThere(db.insertInto('bitable_sync_reminders').values(row)).execute();
    },
    async reminders() {
      const all = db.selectFrom('bitable_sync_reminders').selectAll().orderBy('created_at').orderBy('id');
      return (await all.execute()).map(reminder);
    },
    async removeReminder(id) {
      const gone = await db
        .deleteFrom('bitable_sync_reminders')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return gone.numDeletedRows === 1n;
    },
    async lastSuccess(definition) {
      const newest = db
        .selectFrom('bitable_sync_runs')
        .select('ended_at')
        .where('definition', '=', definition)
        .where('status', '=', 'done')
        .orderBy('created_at', 'desc')
        .limit(1);
      return (await newest.executeTakeFirst())?.ended_at ?? undefined;
    },
    async prune(before) {
      await db.deleteFrom('bitable_sync_occasions').where('at', '<', before).execute();
    },
  };
};

const occasion = ({ what, due, at, busy_until, note, message }: OccasionRow) => ({
  what: JSON.parse(what) as string,
  due,
  at,
  until: busy_until,
  note: JSON.parse(note) as string,
  message,
});

const reminder = (row: ReminderRow): Reminder => ({
  id: row.id,
  definition: row.definition,
  chat: row.chat,
  when:
    row.cron === null
      ? { at: row.once_at ?? 0 }
      : { cron: row.cron, timeZone: row.time_zone ?? 'Asia/Shanghai' },
  plan: row.with_plan === 1,
  by: row.by_whom,
  createdAt: row.created_at,
});
