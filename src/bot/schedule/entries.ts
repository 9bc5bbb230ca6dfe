import { parse } from 'node-cron';
import type { GlobalHold } from '../../cards/list-cards.ts';
import type { Clock } from '../../run/ports.ts';
import type { Definition, ScheduleEntry } from '../../sync/definition/definition.ts';
import { nextAfter, type Rhythm } from '../../sync/schedule/cron.ts';
import { spread } from '../../sync/schedule/due.ts';
import { zoneIssue, zoneOf } from '../../sync/words/zone.ts';
import { approvers } from '../access.ts';
import type { Holds, Kept, Reminder, Spent, Watched } from '../ports.ts';

/** Something that a definition does by the clock. */
export interface Entry extends Pick<ScheduleEntry, 'do' | 'unless' | 'stale'> {
  /** The same while nothing of its meaning changes: what was done under it is not done again. */
  readonly id: string;
  readonly definition: Definition;
  readonly rhythm: Rhythm;
  /** Who is told; `undefined` when nobody is named anywhere. */
  readonly chat: string | undefined;
  readonly missed: 'once' | 'skip';
  readonly plan: boolean;
  readonly quiet: boolean;
}

interface Surroundings {
  readonly timeZone: string;
  readonly admins: readonly string[];
}

/**
 * The entries of a definition: those of its file, then the reminders set in chats. An entry tells its own
 * chat, else the first of `access.chats`, else the first of those who may approve.
 */
export function entriesOf(
  definition: Definition,
  reminders: readonly Reminder[],
  { timeZone, admins }: Surroundings,
): readonly Entry[] {
  const own = definition.schedule.map((entry): Entry => {
    const name = entry.timeZone ?? definition.timeZone ?? timeZone;
    return {
      ...{ missed: 'once', plan: false, quiet: true, ...entry },
      id: ['entry', definition.name, entry.do, entry.cron, name, entry.chat ?? ''].join('|'),
      definition,
      rhythm: { fields: parse(entry.cron), zone: zoneOf(name) },
      chat: entry.chat ?? definition.access.chats?.[0] ?? owners(definition, admins)[0],
    };
  });
  const set = reminders.flatMap(({ id, definition: name, chat, when, plan }): readonly Entry[] => {
    if (name !== definition.name || 'at' in when) return [];
    // Reminders may be older than the rule which names of zones are taken.
    const sound = zoneIssue(when.timeZone) ? undefined : when.timeZone;
    const rhythm = { fields: parse(when.cron), zone: zoneOf(sound ?? definition.timeZone ?? timeZone) };
    return [reminding(`reminder|${id}`, definition, { chat, plan, rhythm })];
  });
  return [...own, ...set];
}

/** A reminder that somebody set or put off. */
export const reminding = (
  id: string,
  definition: Definition,
  about: Pick<Entry, 'chat' | 'plan' | 'rhythm'>,
): Entry => ({ ...about, id, definition, do: 'remind', missed: 'once', quiet: true });

/** open_ids of those who are responsible: who may approve, else the admins. */
export const owners = (definition: Definition, admins: readonly string[]): readonly string[] => {
  const named = approvers(definition.access, []).filter((id) => id.startsWith('ou_'));
  return named.length > 0 ? named : admins;
};

/** What is to be watched of a definition with these entries. */
export function watching(entries: readonly Entry[], others: readonly string[]): Watched | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const limits = entries.flatMap(({ id, chat, stale }) => (stale === undefined ? [] : [{ id, chat, stale }]));
  return { title: first.definition.title, chat: first.chat, others, limits };
}

/** When a definition runs by itself next, in ms. */
export function nextRun(definition: Definition, timeZone: string, now: number): number | undefined {
  const turns = entriesOf(definition, [], { timeZone, admins: [] }).flatMap((entry) => {
    const next = entry.do === 'run' ? nextAfter(entry.rhythm, now) : undefined;
    return next === undefined ? [] : [spread(entry.id, next)];
  });
  return turns.length === 0 ? undefined : Math.min(...turns);
}

/** What a definition's clock will do. */
export interface ScheduleState {
  /** When it runs by itself next (ms); `undefined`: never. */
  readonly nextRun: number | undefined;
  /** By somebody, by five failures, by a freeze, or because the month's calls are used up. */
  readonly paused: boolean;
}

interface Held {
  readonly kept: Pick<Kept, 'holds'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Tells when definitions run by themselves next, and which ones are paused. */
export async function scheduleStates(
  definitions: readonly Definition[],
  { kept, clock, timeZone }: Held & { readonly timeZone: string },
): Promise<ReadonlyMap<string, ScheduleState>> {
  const [paused, { frozen, spentUntil }] = await Promise.all([
    kept.holds.paused(),
    globalHold({ kept, clock }),
  ]);
  const all = frozen !== undefined || spentUntil !== undefined;
  return new Map(
    definitions.map((one) => [
      one.name,
      { nextRun: nextRun(one, timeZone, clock.now()), paused: all || paused.has(one.name) },
    ]),
  );
}

/** What holds everything at this moment. */
export async function globalHold({ kept: { holds }, clock }: Held) {
  const [frozen, spent] = await Promise.all([holds.frozen(), quotaSpent(holds, clock.now())]);
  return { frozen, spentUntil: spent?.until } satisfies GlobalHold;
}

/** The calls of the month are used up. https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
export const quotaCode = 99991403;

/** Notes that Feishu answers no more calls this month, whoever's call it was: the clock of every instance obeys. */
export const noteQuota = (holds: Holds, now: number): Promise<void> =>
  holds.spend({ until: nextMonth(now), since: now });

/** The month's calls are used up at this moment; nothing where they are not. */
export async function quotaSpent(holds: Holds, now: number): Promise<Spent | undefined> {
  const spent = await holds.quota();
  return spent && spent.until > now ? spent : undefined;
}

const beijing = 8 * 3_600_000;

/** The beginning of Feishu's next month, in Beijing's time, in ms. */
export function nextMonth(now: number): number {
  const shown = new Date(now + beijing);
  return Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1) - beijing;
}
