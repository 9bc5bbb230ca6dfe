import { z } from 'zod';
import type { CardNotice, Cards, Chats, Debt, HeldNews, News, Watched, WatchList } from '../bot/ports.ts';
import { outcomes } from '../sync/schedule/health.ts';
import { amount, problemSchema, readable } from '../sync/state/stored.ts';
import { type Marks, type Occasions, once, saying } from './db/notes.ts';

export const chats = (marks: Marks, occasions: Occasions): Chats => ({
  async isMuted(definition, chat = '') {
    return (await marks.all('muted')).some((mark) => mark.definition === definition && mark.chat === chat);
  },
  mute: (definition, chat, by) => marks.set('muted', definition, chat, by),
  async outsiders(chat) {
    const found = (await marks.all('outside')).find((mark) => mark.chat === chat);
    if (!found) return undefined;
    const [outside, at] = found.value.split('|');
    return { outside: outside === '1', at: Number(at ?? Number.NaN) };
  },
  saveOutsiders: (chat, outside, at) => marks.set('outside', '', chat, `${outside ? 1 : 0}|${at}`),
  async welcome(person, now, pause) {
    const what = `welcome|${person}`;
    const last = await occasions.last(what);
    if (last !== undefined && now - last.at < pause) return false;
    const next = (last?.due ?? 0) + 1;
    // Of two clients that open it at the same moment one counts.
    if (!(await occasions.take(what, next, now, now + 60_000))) return false;
    await occasions.done(what, next, '');
    return true;
  },
});

/** What is known of cards that the bot has sent. */
export const cards = (occasions: Occasions): Cards => ({
  async trust(message, thread, now) {
    await occasions.take(`card|${message}`, 0, now, now);
    if (thread) await occasions.done(`card|${message}`, 0, 'thread');
  },
  async trusted(message) {
    const known = await occasions.last(`card|${message}`);
    return known && { thread: known.note === 'thread' };
  },
  async saveThread(run, now) {
    await occasions.take(`thread|${run}`, 0, now, now);
  },
  async inThread(run) {
    return (await occasions.last(`thread|${run}`)) !== undefined;
  },
  async saveNotice(message, notice, now) {
    // A row of its own, found by its message whatever becomes of the schedule entry.
    const what = `reminder-card|${message}`;
    await occasions.take(what, 0, now, now);
    await occasions.done(what, 0, JSON.stringify(notice), message);
  },
  async notice(message) {
    const found = await occasions.byMessage(message);
    return found && readable<CardNotice>(found.note, cardNotice);
  },
  presses: once(occasions, (message) => `press|${message}`),
});

const cardNotice: z.ZodType<CardNotice> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('remind'),
    ...{ definition: z.string(), chat: z.string(), plan: z.boolean(), due: amount, zone: z.string() },
    facts: z.object({
      ...{ name: z.string(), title: z.string(), lastGood: amount.nullable() },
      waiting: z.object({ creates: amount, updates: amount, deletes: amount }).nullable(),
      settled: z
        .object({ by: z.string(), how: z.enum(['sync', 'snooze', 'skip']), until: amount.nullable() })
        .nullable(),
    }),
  }),
  z.object({
    kind: z.literal('paused'),
    ...{ definition: z.string(), failures: amount, error: problemSchema.nullable() },
  }),
]);

/** What chats were told of scheduled runs, and what they are still to be told. */
export function news(marks: Marks): News {
  const healths = saying(marks, 'health', health);
  const waiting = saying(marks, 'held', held);
  const debts = saying(marks, 'owed', debt);
  return {
    async health(definition, chat = '') {
      return (await healths.all()).find((one) => one.definition === definition && one.chat === chat)?.said;
    },
    saveHealth: (definition, chat, { outcome, message }) =>
      healths.set(definition, chat ?? '', { outcome, message }),
    async held() {
      // One that cannot be read is of no run.
      return (await waiting.all()).map(
        ({ definition, chat, said: { run, recovered } = { run: '', recovered: false } }): HeldNews => ({
          ...{ definition, run, recovered },
          chat: chat === '' ? undefined : chat,
        }),
      );
    },
    hold: ({ definition, chat = '', run, recovered }) => waiting.set(definition, chat, { run, recovered }),
    release: ({ definition, chat = '' }) => waiting.set(definition, chat, undefined),
    async owed() {
      return (await debts.all()).map(({ definition, chat, said = {} }): Debt => {
        // Told as far as it can be read.
        const { at = 0, name = '', title = '', others = [], people = [], zh = '', en = '' } = said;
        return { to: chat, once: definition, at, name, title, others, people, zh, en };
      });
    },
    owe: ({ to, once: of, ...about }) =>
      debts.set(of, to, { ...about, others: [...about.others], people: [...about.people] }),
    paid: ({ to, once: of }) => debts.set(of, to, undefined),
  };
}

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
