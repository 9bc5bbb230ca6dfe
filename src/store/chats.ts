import { z } from 'zod';
import type { CardNotice, Cards, Chats } from '../bot/ports.ts';
import { amount, problemSchema, readable } from '../sync/state/stored.ts';
import { type Marks, type Occasions, once } from './db/notes.ts';

/** What is known of chats. */
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
