import { goodCard, pausedCard } from '../../cards/scheduleCards.ts';
import { problemFacts } from '../../run/log-run.ts';
import { awayOf, failuresInARow, mostFailures } from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state.ts';
import type { Mark } from '../ports.ts';
import type { Entry } from './entries.ts';
import { noticeOf } from './notice.ts';
import type { ScheduleDesk } from './parts.ts';
import { pauseOf, resume } from './paused.ts';
import { send } from './tell.ts';
import { watchedOf } from './watched.ts';

const pausing = 10 * 60_000;
/** How many runs are looked at for failures in a row: people's runs may stand between them. */
const lookedAt = 30;

/** Pauses a schedule that has failed too often, and tells that once. */
export async function pauseAfterFailures(entry: Entry, state: State, desk: ScheduleDesk): Promise<void> {
  const { schedules, runs, clock, locale, timeZone, log } = desk;
  const { definition, chat } = entry;
  const { name, title } = definition;
  const resumed = (await schedules.marks('resumed')).find((mark) => mark.definition === name);
  const failures = failuresInARow(await runs.latest(name, lookedAt), Number(resumed?.value ?? 0));
  if (failures.length < mostFailures) return;
  const away = awayOf(failures);
  const before = (await schedules.marks('paused')).find((mark) => mark.definition === name);
  // What is away is tried at each of its times, and paused already.
  if (before !== undefined && (away !== undefined || pauseOf(before.value).away === undefined)) return;
  const now = clock.now();
  await schedules.mark('paused', name, '', JSON.stringify({ by: null, at: now, ...(away && { away }) }));
  const { error } = state;
  const reason = error === null ? {} : problemFacts(error);
  log.error('schedule.paused', {
    definition: name,
    failures: failures.length,
    ...reason,
    ...(away && { away }),
  });
  const what = `paused|${name}`;
  const due = before === undefined ? (failures.at(-1)?.startedAt ?? now) : state.startedAt;
  if (!(await schedules.take(what, due, now, now + pausing))) return;
  const notice = await noticeOf(desk, definition, chat, `${what}|${due}`);
  const about = { name, title, people: notice.people, away: away !== undefined };
  const card = pausedCard(about, failures.length, error, null, { locale, timeZone });
  const message = await send(desk, chat, card, notice);
  const note = { kind: 'paused', definition: name, failures: failures.length, error };
  await schedules.done(what, due, JSON.stringify(note), message);
}

/** Ends the pauses of definitions that were synced since: what was away is back. Tells each once. */
export async function liftPauses(paused: readonly Mark[], desk: ScheduleDesk): Promise<void> {
  const { schedules, clock, locale, timeZone, log } = desk;
  for (const { definition: name, value } of paused) {
    const { at, away } = pauseOf(value);
    if (away === undefined || ((await schedules.lastSuccess(name)) ?? 0) <= at) continue;
    const what = `lifted|${name}`;
    const now = clock.now();
    if (!(await schedules.take(what, at, now, now + pausing))) continue;
    await resume(schedules, name, now);
    log.info('schedule.resumed', { definition: name });
    const seen = watchedOf(await schedules.marks('watched'), name);
    const about = { name, title: seen?.title ?? name, people: [] };
    const notice = { ...about, others: seen?.others ?? desk.admins, once: `${what}|${at}` };
    await send(desk, seen?.chat, goodCard(about, 'resumed', { locale, timeZone }), notice);
    await schedules.done(what, at, '');
  }
}
