import type { Kept, NoticeKind, Once, Reminder, Reminders } from '../bot/ports.ts';
import { cards, chats } from './chats.ts';
import type { Backend, Database } from './db/backend.ts';
import { type Marks, type Occasions, once } from './db/notes.ts';
import type { ReminderRow } from './db/schema.ts';
import { holds } from './holds.ts';
import { news, watchList } from './news.ts';

/** What the bot keeps. */
export const kept = (marks: Marks, occasions: Occasions, reminders: Reminders): Kept => ({
  holds: holds(marks),
  firings: once(occasions, (entry) => entry),
  notices: notices(occasions),
  news: news(marks),
  watched: watchList(marks, occasions),
  reminders,
  chats: chats(marks, occasions),
  cards: cards(occasions),
});

function notices(occasions: Occasions): Kept['notices'] {
  const of = (kind: NoticeKind): Once => once(occasions, (what) => `${kind}|${what}`);
  return {
    ...{ report: of('report'), held: of('held'), paused: of('paused'), lifted: of('lifted') },
    ...{ broken: of('broken'), mended: of('mended'), stale: of('stale'), fresh: of('fresh') },
    ...{ owed: of('owed'), quota: once(occasions, () => 'quota') },
  };
}

/** The reminders that people set. */
export const reminders = (db: Database, backend: Backend): Reminders => ({
  async add({ id, definition, chat, when, plan, by, createdAt }) {
    const times =
      'at' in when
        ? { cron: null, time_zone: null, once_at: when.at }
        : { cron: when.cron, time_zone: when.timeZone, once_at: null };
    const row = { ...{ id, definition, chat }, ...times, with_plan: plan ? 1 : 0 };
    const insert = db
      .insertInto('bitable_sync_reminders')
      .values({ ...row, by_whom: by, created_at: createdAt });
    await backend.unlessThere(insert).execute();
  },
  async all() {
    const all = db.selectFrom('bitable_sync_reminders').selectAll().orderBy('created_at').orderBy('id');
    return (await all.execute()).map(reminder);
  },
  async remove(id) {
    const gone = db.deleteFrom('bitable_sync_reminders').where('id', '=', id);
    return (await gone.executeTakeFirstOrThrow()).numDeletedRows === 1n;
  },
});

const reminder = (row: ReminderRow): Reminder => ({
  ...{ id: row.id, definition: row.definition, chat: row.chat },
  when:
    row.cron === null
      ? { at: row.once_at ?? 0 }
      : { cron: row.cron, timeZone: row.time_zone ?? 'Asia/Shanghai' },
  ...{ plan: row.with_plan === 1, by: row.by_whom, createdAt: row.created_at },
});
