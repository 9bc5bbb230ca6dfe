import { z } from 'zod';
import type { Frozen, Holds, Pause } from '../bot/ports.ts';
import { readable } from '../sync/state/stored.ts';
import type { Marks } from './db/notes.ts';

/** Freeze, pauses and the month's quota. */
export const holds = (marks: Marks): Holds => ({
  async frozen() {
    const [mark] = await marks.all('frozen');
    return mark && frozenOf(mark.value);
  },
  async freeze(frozen) {
    await marks.set('frozen', '', '', frozen && written(frozen));
  },
  async paused() {
    const all = await marks.all('paused');
    return new Map(all.map(({ definition, value }) => [definition, pauseOf(value)]));
  },
  async pause(definition, { by = null, at, away }) {
    await marks.set('paused', definition, '', JSON.stringify({ by, at, away }));
  },
  async resume(definition, at) {
    await marks.set('resumed', definition, '', String(at));
    await marks.set('paused', definition, '', undefined);
  },
  async resumedAt(definition) {
    const found = (await marks.all('resumed')).find((mark) => mark.definition === definition);
    return Number(found?.value ?? 0) || 0;
  },
  async quota() {
    const [mark] = await marks.all('quota');
    return mark && readable(mark.value, z.object({ until: z.number(), since: z.number() }));
  },
  async spend(spent) {
    await marks.set('quota', '', '', spent && JSON.stringify(spent));
  },
});

const written = ({ by: { openId = '', user }, at }: Frozen): string =>
  JSON.stringify({ by: openId, user, at });

const moment = z.number().catch(0);
const maybe = z.string().optional().catch(undefined);

/** By somebody on the command line where it says nobody else. */
function frozenOf(value: string): Frozen {
  const { by, user, at } = readable(value, z.object({ by: maybe, user: maybe, at: moment })) ?? { at: 0 };
  if (by) return { by: { kind: 'chat', openId: by }, at };
  return { by: { kind: 'cli', ...(user !== undefined && { user }) }, at };
}

/** One that cannot be read is somebody's wish. */
function pauseOf(value: string): Pause {
  const { by, at, away } = readable(value, pause) ?? { at: 0 };
  return { by, at, away };
}

const pause = z.object({
  by: maybe,
  at: moment,
  away: z.enum(['feishu', 'source']).optional().catch(undefined),
});
