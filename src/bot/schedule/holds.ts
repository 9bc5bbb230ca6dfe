import type { GlobalHold } from '../../cards/list-cards.ts';
import { quotaCard } from '../../cards/notice-cards.ts';
import type { Clock } from '../../run/ports.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { nextAfter } from '../../sync/schedule/cron.ts';
import { spread } from '../../sync/schedule/due.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import type { Holds, Kept, Spent } from '../ports.ts';
import { entriesOf } from './entries.ts';
import { type ScheduleContext, send } from './notices.ts';

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

/**
 * Whether the clock stands still because the month's calls are used up. Tells an admin once a month; a sync that
 * succeeds all the same, as after an upgrade, lets the clock go on.
 */
export async function heldByQuota(names: readonly string[], context: ScheduleContext): Promise<boolean> {
  const { kept, journal, clock, log } = context;
  const now = clock.now();
  const spent = await quotaSpent(kept.holds, now);
  if (spent === undefined) return false;
  const good = await Promise.all(names.map((name) => journal.lastSuccess(name)));
  if (good.some((at) => at !== undefined && at > spent.since)) {
    await kept.holds.spend(undefined);
    log.info('quota.lifted');
    return false;
  }
  await tell(spent.until, context);
  return true;
}

const sending = 60_000;

async function tell(until: number, context: ScheduleContext): Promise<void> {
  const { kept, clock, log, locale, timeZone, admins } = context;
  const now = clock.now();
  if (!(await kept.notices.quota.take('', until, now, now + sending))) return;
  log.warn('quota.spent', { until: new Date(until).toISOString() });
  const [admin] = admins;
  const people = admin === undefined ? [] : [admin];
  const notice = { name: '', title: '', others: admins, people, once: `quota:${until}` };
  await send(context, admin, quotaCard(until, people, { locale, timeZone }), notice);
  await kept.notices.quota.done('', until);
}

const beijing = 8 * 3_600_000;

/** The beginning of Feishu's next month, in Beijing's time, in ms. */
export function nextMonth(now: number): number {
  const shown = new Date(now + beijing);
  return Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1) - beijing;
}

/** What a definition's clock will do. */
export interface ScheduleState {
  /** When it runs by itself next (ms); `undefined`: never. */
  readonly nextRun: number | undefined;
  /** By somebody, by five failures, by a freeze, or because the month's calls are used up. */
  readonly paused: boolean;
}

/** Tells when definitions run by themselves next, and which ones are paused. */
export async function scheduleStates(
  definitions: readonly Definition[],
  {
    kept: { holds },
    timeZone,
    now,
  }: { readonly kept: Pick<Kept, 'holds'>; readonly timeZone: string; readonly now: number },
): Promise<ReadonlyMap<string, ScheduleState>> {
  const [paused, frozen, spent] = await Promise.all([holds.paused(), holds.frozen(), quotaSpent(holds, now)]);
  const all = frozen !== undefined || spent !== undefined;
  return new Map(
    definitions.map((definition) => [
      definition.name,
      {
        nextRun: nextRun(definition, timeZone, now),
        paused: all || paused.has(definition.name),
      },
    ]),
  );
}

/** When a definition runs by itself next, in ms. */
export function nextRun(definition: Definition, timeZone: string, now: number): number | undefined {
  const turns = entriesOf(definition, [], { timeZone, admins: [], zone: zoneOf }).flatMap((entry) => {
    const next = entry.do === 'run' ? nextAfter(entry.rhythm, now) : undefined;
    return next === undefined ? [] : [spread(entry.id, next)];
  });
  return turns.length === 0 ? undefined : Math.min(...turns);
}

/** What holds everything at this moment. */
export async function globalHold({
  kept: { holds },
  clock,
}: {
  readonly kept: Pick<Kept, 'holds'>;
  readonly clock: Pick<Clock, 'now'>;
}) {
  const [frozen, spent] = await Promise.all([holds.frozen(), quotaSpent(holds, clock.now())]);
  return { frozen, spentUntil: spent?.until } satisfies GlobalHold;
}
