import { z } from 'zod';
import type { Debt, Health, HeldNews, News, Watched, WatchList } from '../bot/ports.ts';
import { outcomes } from '../sync/schedule/health.ts';
import { readable } from '../sync/state/stored.ts';
import type { Marks, Occasions } from './db/notes.ts';

/** What chats were told of scheduled runs, and what they are still to be told. */
export const news = (marks: Marks): News => ({
  async health(definition, chat = '') {
    const all = await marks.all('health');
    const found = all.find((mark) => mark.definition === definition && mark.chat === chat);
    return found && readable<Health>(found.value, health);
  },
  async saveHealth(definition, chat, { outcome, message }) {
    await marks.set('health', definition, chat ?? '', JSON.stringify({ outcome, message }));
  },
  async held() {
    return (await marks.all('held')).map(({ definition, chat, value }): HeldNews => {
      // One that cannot be read is of no run.
      const { run, recovered } = readable(value, held) ?? { run: '', recovered: false };
      return { definition, chat: chat === '' ? undefined : chat, run, recovered };
    });
  },
  async hold({ definition, chat = '', run, recovered }) {
    await marks.set('held', definition, chat, JSON.stringify({ run, recovered }));
  },
  async release({ definition, chat = '' }) {
    await marks.set('held', definition, chat, undefined);
  },
  async owed() {
    return (await marks.all('owed')).map(({ definition, chat, value }): Debt => {
      // Told as far as it can be read.
      const { at = 0, name = '', title = '', ...more } = readable(value, debt) ?? {};
      const { others = [], people = [], zh = '', en = '' } = more;
      return { to: chat, once: definition, at, name, title, others, people, zh, en };
    });
  },
  async owe({ to, once, ...about }) {
    await marks.set('owed', once, to, JSON.stringify(about));
  },
  async paid({ to, once }) {
    await marks.set('owed', once, to, undefined);
  },
});

const words = z.string().optional().catch(undefined);
const ids = z.array(z.string()).optional().catch(undefined);

const health = z.object({ outcome: z.enum(outcomes), message: z.string().nullable() });
const held = z.object({ run: z.string(), recovered: z.boolean() });
const debt = z.object({
  at: z.number().optional().catch(undefined),
  ...{ name: words, title: words, others: ids, people: ids, zh: words, en: words },
});

/** What is watched of definitions. */
export const watchList = (marks: Marks, occasions: Occasions): WatchList => ({
  async all() {
    const all = await marks.all('watched');
    return new Map(all.map(({ definition, value }) => [definition, watchedOf(definition, value)]));
  },
  async save(definition, watched) {
    await marks.set('watched', definition, '', watched && JSON.stringify(watched));
  },
  async since(definition, now) {
    const seen = `seen|${definition}`;
    if (await occasions.take(seen, 0, now, now)) await occasions.done(seen, 0, '');
    return (await occasions.last(seen))?.at ?? now;
  },
});

function watchedOf(definition: string, value: string): Watched {
  const { title = definition, chat, others = [], limits = [] } = readable(value, watched) ?? {};
  const known = limits.flatMap((one) => {
    const { data } = limit.safeParse(one);
    return data ? [{ id: data.id, chat: data.chat, stale: data.stale }] : [];
  });
  return { title, chat, others, limits: known };
}

const watched = z.object({
  ...{ title: words, chat: words, others: ids },
  limits: z.array(z.unknown()).optional().catch(undefined),
});
const limit = z.object({ id: z.string(), chat: words, stale: z.string() });
