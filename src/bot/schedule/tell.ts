import { quotaCard } from '../../cards/scheduleCards.ts';
import { CallError } from '../../sync/failure.ts';
import type { CardJson } from '../ports.ts';
import { factsOf, pauseAfter, troubleOf } from '../trouble.ts';
import type { ScheduleDesk } from './parts.ts';

/** How often a card is sent before it is given up; the chat itself already waits a minute each time. */
const tries = 5;
/** https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
export const quotaCode = 99991403;

/** Sends a card by itself; answers the message, or `undefined` when it cannot be sent. Never rejects. */
export async function send(
  desk: ScheduleDesk,
  to: string | undefined,
  card: CardJson,
  once: string,
): Promise<string | undefined> {
  if (to === undefined) {
    desk.log.warn('schedule.nobody-told', { what: once });
    return undefined;
  }
  for (let failures = 1; ; failures++) {
    try {
      return await desk.chat.send(to, card, once);
    } catch (error) {
      await noteQuota(desk, error);
      const over = failures >= tries || desk.stopping.aborted || troubleOf(error) !== 'later';
      desk.log.warn(over ? 'schedule.card-given-up' : 'schedule.card-not-sent', factsOf(error));
      if (over) return undefined;
      await desk.clock.sleep(pauseAfter(error, failures), desk.stopping).catch(() => undefined);
    }
  }
}

/** Draws a card anew. Never rejects. */
export async function redraw(
  { chat, log }: Pick<ScheduleDesk, 'chat' | 'log'>,
  message: string,
  card: CardJson,
) {
  try {
    await chat.patch(message, card);
  } catch (error) {
    log.warn('schedule.card-not-patched', factsOf(error));
  }
}

/** Remembers until when the month's calls are used up, and says so once. */
async function noteQuota(desk: ScheduleDesk, error: unknown): Promise<void> {
  if (error instanceof CallError && error.failure.code === quotaCode) await quotaSpent(desk);
}

/** Schedules stand still until Feishu's next month begins, in Beijing's time. One notice a month. */
export async function quotaSpent(desk: ScheduleDesk): Promise<void> {
  const { schedules, clock, locale, timeZone, admins } = desk;
  const now = clock.now();
  const until = nextMonth(now);
  await schedules.mark('quota', '', '', String(until));
  const what = 'quota';
  if (!(await schedules.take(what, until, now, now + 60_000))) return;
  await schedules.done(what, until, '');
  const [admin] = admins;
  await send(
    desk,
    admin,
    quotaCard(until, admin === undefined ? [] : [admin], { locale, timeZone }),
    `quota:${until}`,
  );
}

const beijing = 8 * 3_600_000;

/** The beginning of the next month, in ms. */
export function nextMonth(now: number): number {
  const shown = new Date(now + beijing);
  return Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1) - beijing;
}
