import { z } from 'zod';
import type {
  Audit,
  AuditEntry,
  Frozen,
  Holds,
  Kept,
  NoticeKind,
  Once,
  Pause,
  Reminder,
  Reminders,
} from '../bot/ports.ts';
import type { Order, Orders, Seen } from '../run/ports.ts';
import { actorSchema } from '../sync/state/state.ts';
import { parsed } from '../sync/state/stored.ts';
import { cards, chats, news, watchList } from './chats.ts';
import type { Backend, Database } from './db/backend.ts';
import { hash } from './db/encode.ts';
import { type Marks, type Occasions, once, saying } from './db/notes.ts';
import type { ReminderRow } from './db/schema.ts';

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
    await backend.words.unlessThere(insert).execute();
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

/** Freeze, pauses and the month's quota. */
function holds(marks: Marks): Holds {
  const frozen = saying(marks, 'frozen', freeze);
  const paused = saying(marks, 'paused', pause);
  const quota = saying(marks, 'quota', z.object({ until: z.number(), since: z.number() }));
  return {
    async frozen() {
      const [mark] = await frozen.all();
      return mark && frozenBy(mark.said ?? { at: 0 });
    },
    freeze: (by) => frozen.set('', '', by && { by: by.by.openId ?? '', user: by.by.user, at: by.at }),
    async paused() {
      // One that cannot be read is somebody's wish.
      const all = await paused.all();
      return new Map(
        all.map(({ definition, said: { by, at, away } = { at: 0 } }): [string, Pause] => [
          definition,
          { by: by ?? undefined, at, away },
        ]),
      );
    },
    pause: (definition, { by = null, at, away }) => paused.set(definition, '', { by, at, away }),
    async resume(definition, at) {
      await marks.set('resumed', definition, '', String(at));
      await marks.set('paused', definition, '', undefined);
    },
    async resumedAt(definition) {
      const found = (await marks.all('resumed')).find((mark) => mark.definition === definition);
      return Number(found?.value ?? 0) || 0;
    },
    async quota() {
      return (await quota.all())[0]?.said;
    },
    spend: (spent) => quota.set('', '', spent && { ...spent }),
  };
}

const moment = z.number().catch(0);
const maybe = z.string().nullish().catch(undefined);
const freeze = z.object({ by: maybe, user: maybe, at: moment });
const pause = z.object({
  ...{ by: maybe, at: moment },
  away: z.enum(['feishu', 'source']).optional().catch(undefined),
});

/** By somebody on the command line where it says nobody else. */
function frozenBy({ by, user, at }: z.infer<typeof freeze>): Frozen {
  if (by) return { by: { kind: 'chat', openId: by }, at };
  return { by: { kind: 'cli', ...(user && { user }) }, at };
}

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
