import { z } from 'zod';
import type { Once } from '../../bot/ports.ts';
import { readable } from '../../sync/state/stored.ts';
import type { Backend, Database } from './backend.ts';
import { hash } from './encode.ts';
import type { OccasionRow } from './schema.ts';

/** What stands until it is taken back, by kind, definition and chat: empty where one of them does not matter. */
export interface Marks {
  all(kind: string): Promise<readonly Mark[]>;
  /** Takes it back with `undefined`. */
  set(kind: string, definition: string, chat: string, value: string | undefined): Promise<void>;
}

interface Mark {
  readonly definition: string;
  readonly chat: string;
  /** Empty where it cannot be read. */
  readonly value: string;
}

/** Marks of one kind that say something in JSON. */
export const saying = <T>(marks: Marks, kind: string, schema: z.ZodType<T>) => ({
  /** `said` is undefined where it cannot be read. */
  all: async () =>
    (await marks.all(kind)).map(({ definition, chat, value }) => {
      return { definition, chat, said: readable(value, schema) };
    }),
  /** Takes it back with `undefined`. */
  set: (definition: string, chat: string, said: T | undefined) =>
    marks.set(kind, definition, chat, said && JSON.stringify(said)),
});

export const marks = (db: Database): Marks => ({
  async all(kind) {
    const all = db.selectFrom('bitable_sync_marks').selectAll().where('kind', '=', kind);
    const rows = await all.orderBy('definition').orderBy('chat').execute();
    return rows.map(({ definition, chat, value }) => ({ definition, chat, value: word(value) }));
  },
  async set(kind, definition, chat, value) {
    if (value !== undefined) {
      const row = { kind, definition, chat, value: JSON.stringify(value) };
      await db.replaceInto('bitable_sync_marks').values(row).execute();
      return;
    }
    const marked = db.deleteFrom('bitable_sync_marks').where('kind', '=', kind);
    await marked.where('definition', '=', definition).where('chat', '=', chat).execute();
  },
});

/** What happens once, by what it is and which time of it; see `Once`. */
export interface Occasions {
  take(what: string, due: number, now: number, until: number): Promise<boolean>;
  /** @param message the message that shows it */
  done(what: string, due: number, note: string, message?: string): Promise<void>;
  putOff(what: string, due: number, until: number): Promise<void>;
  last(what: string, until?: number): Promise<Occasion | undefined>;
  byMessage(message: string): Promise<Occasion | undefined>;
  /** Forgets those taken on before this moment (ms). */
  prune(before: number): Promise<void>;
}

interface Occasion {
  readonly due: number;
  readonly at: number;
  readonly until: number | null;
  readonly note: string;
}

export const occasions = (db: Database, { words }: Backend): Occasions => {
  const all = () => db.selectFrom('bitable_sync_occasions').selectAll();
  const one = (what: string, due: number) =>
    db.updateTable('bitable_sync_occasions').where('what_hash', '=', hash(what)).where('due', '=', due);
  return {
    async take(what, due, now, until) {
      const row = { what_hash: hash(what), what: JSON.stringify(what), due, at: now, busy_until: until };
      const insert = db.insertInto('bitable_sync_occasions').values({ ...row, note: '""', message: null });
      const { numInsertedOrUpdatedRows } = await words.unlessThere(insert).executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows === 1n) return true;
      // Whoever had taken it on was stopped before it was done.
      const again = one(what, due).set({ at: now, busy_until: until }).where('busy_until', '<=', now);
      return (await again.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
    },
    async done(what, due, note, message) {
      const shown = message === undefined ? {} : { message };
      await one(what, due)
        .set({ busy_until: null, note: JSON.stringify(note), ...shown })
        .execute();
    },
    async putOff(what, due, until) {
      await one(what, due).set({ busy_until: until }).where('busy_until', 'is not', null).execute();
    },
    async last(what, until = Number.MAX_SAFE_INTEGER) {
      const known = all().where('what_hash', '=', hash(what)).where('due', '<=', until);
      const newest = known.orderBy('due', 'desc').limit(1);
      return occasion(await newest.executeTakeFirst());
    },
    async byMessage(message) {
      const newest = all().where('message', '=', message).orderBy('at', 'desc').limit(1);
      return occasion(await newest.executeTakeFirst());
    },
    async prune(before) {
      await db.deleteFrom('bitable_sync_occasions').where('at', '<', before).execute();
    },
  };
};

const occasion = (row: OccasionRow | undefined): Occasion | undefined =>
  row && { due: row.due, at: row.at, until: row.busy_until, note: word(row.note) };

/** @param nameOf under which name the store knows it */
export const once = (occasions: Occasions, nameOf: (of: string) => string): Once => ({
  take: (of, due, now, until) => occasions.take(nameOf(of), due, now, until),
  done: (of, due, note = '') => occasions.done(nameOf(of), due, note),
  putOff: (of, due, until) => occasions.putOff(nameOf(of), due, until),
  last: (of, until) => occasions.last(nameOf(of), until),
});

const word = (json: string): string => readable(json, z.string()) ?? '';
