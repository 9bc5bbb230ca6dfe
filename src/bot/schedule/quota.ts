import { quotaCard } from '../../cards/scheduleCards.ts';
import type { Schedules } from '../ports.ts';
import type { ScheduleDesk } from './parts.ts';
import { send } from './tell.ts';

/** The calls of the month are used up. https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
export const quotaCode = 99991403;

/** Until when no call will be answered, and since when that is known, in ms. */
interface Spent {
  readonly until: number;
  readonly since: number;
}

/** Notes that Feishu answers no more calls this month, whoever's call it was: the clock of every instance obeys. */
export async function noteQuota(schedules: Pick<Schedules, 'mark'>, now: number): Promise<void> {
  const spent: Spent = { until: nextMonth(now), since: now };
  await schedules.mark('quota', '', '', JSON.stringify(spent));
}

/** The month's calls are used up at this moment; nothing where they are not. */
export async function quotaSpent(
  schedules: Pick<Schedules, 'marks'>,
  now: number,
): Promise<Spent | undefined> {
  const [mark] = await schedules.marks('quota');
  const spent = mark && read(mark.value);
  return spent && spent.until > now ? spent : undefined;
}

/**
 * Whether the clock stands still because the month's calls are used up. Tells an admin once a month; a sync that
 * succeeds all the same, as after an upgrade, lets the clock go on.
 */
export async function heldByQuota(names: readonly string[], desk: ScheduleDesk): Promise<boolean> {
  const { schedules, clock, log } = desk;
  const now = clock.now();
  const spent = await quotaSpent(schedules, now);
  if (spent === undefined) return false;
  const good = await Promise.all(names.map((name) => schedules.lastSuccess(name)));
  if (good.some((at) => at !== undefined && at > spent.since)) {
    await schedules.mark('quota', '', '', undefined);
    log.info('quota.lifted');
    return false;
  }
  await tell(spent.until, desk);
  return true;
}

const sending = 60_000;

async function tell(until: number, desk: ScheduleDesk): Promise<void> {
  const { schedules, clock, log, locale, timeZone, admins } = desk;
  const now = clock.now();
  if (!(await schedules.take('quota', until, now, now + sending))) return;
  log.warn('quota.spent', { until: new Date(until).toISOString() });
  const [admin] = admins;
  const people = admin === undefined ? [] : [admin];
  const notice = { name: '', title: '', others: admins, people, once: `quota:${until}` };
  await send(desk, admin, quotaCard(until, people, { locale, timeZone }), notice);
  await schedules.done('quota', until, '');
}

const beijing = 8 * 3_600_000;

/** The beginning of Feishu's next month, in Beijing's time, in ms. */
export function nextMonth(now: number): number {
  const shown = new Date(now + beijing);
  return Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1) - beijing;
}

function read(value: string): Spent | undefined {
  try {
    const { until, since } = JSON.parse(value) as { readonly until?: unknown; readonly since?: unknown };
    return typeof until === 'number' && typeof since === 'number' ? { until, since } : undefined;
  } catch {
    return undefined;
  }
}
