import { goodCard, pausedCard } from '../../cards/schedule-cards.ts';
import { problemFacts } from '../../run/runs/log-run.ts';
import { awayOf, failuresInARow, mostFailures } from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state.ts';
import type { Pause } from '../ports.ts';
import type { Entry } from './entries.ts';
import { noticeOf } from './notice.ts';
import type { ScheduleDesk } from './parts.ts';
import { send } from './tell.ts';

const pausing = 10 * 60_000;
/** How many runs are looked at for failures in a row: people's runs may stand between them. */
const lookedAt = 30;

/** Pauses a schedule that has failed too often, and tells that once. */
export async function pauseAfterFailures(entry: Entry, state: State, desk: ScheduleDesk): Promise<void> {
  const { kept, runs, clock, locale, timeZone, log } = desk;
  const { definition, chat } = entry;
  const { name, title } = definition;
  const failures = failuresInARow(await runs.latest(name, lookedAt), await kept.holds.resumedAt(name));
  if (failures.length < mostFailures) return;
  const away = awayOf(failures);
  const before = (await kept.holds.paused()).get(name);
  // What is away is tried at each of its times, and paused already.
  if (before !== undefined && (away !== undefined || before.away === undefined)) return;
  const now = clock.now();
  await kept.holds.pause(name, { by: undefined, at: now, away });
  const { error } = state;
  const reason = error === null ? {} : problemFacts(error);
  log.error('schedule.paused', {
    definition: name,
    failures: failures.length,
    ...reason,
    ...(away && { away }),
  });
  const due = before === undefined ? (failures.at(-1)?.startedAt ?? now) : state.startedAt;
  if (!(await kept.notices.paused.take(name, due, now, now + pausing))) return;
  const notice = await noticeOf(desk, definition, chat, `paused|${name}|${due}`);
  const about = { name, title, people: notice.people, away: away !== undefined };
  const card = pausedCard(about, failures.length, error, null, { locale, timeZone });
  const message = await send(desk, chat, card, notice);
  const told = { kind: 'paused', definition: name, failures: failures.length, error } as const;
  if (message !== undefined) await kept.cards.saveNotice(message, told, clock.now());
  await kept.notices.paused.done(name, due);
}

/** Ends the pauses of definitions that were synced since: what was away is back. Tells each once. */
export async function liftPauses(paused: ReadonlyMap<string, Pause>, desk: ScheduleDesk): Promise<void> {
  const { kept, journal, clock, locale, timeZone, log } = desk;
  for (const [name, { at, away }] of paused) {
    if (away === undefined || ((await journal.lastSuccess(name)) ?? 0) <= at) continue;
    const now = clock.now();
    if (!(await kept.notices.lifted.take(name, at, now, now + pausing))) continue;
    await kept.holds.resume(name, now);
    log.info('schedule.resumed', { definition: name });
    const seen = (await kept.watched.all()).get(name);
    const about = { name, title: seen?.title ?? name, people: [] };
    const notice = { ...about, others: seen?.others ?? desk.admins, once: `lifted|${name}|${at}` };
    await send(desk, seen?.chat, goodCard(about, 'resumed', { locale, timeZone }), notice);
    await kept.notices.lifted.done(name, at);
  }
}
