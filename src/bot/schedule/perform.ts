import { leftOutCard } from '../../cards/notice-cards.ts';
import { digestCard, type ReminderFacts, reminderCard } from '../../cards/schedule-cards.ts';
import type { Started } from '../../run/runs/runs.ts';
import { type Definition, duration } from '../../sync/definition/definition.ts';
import { lastWithin } from '../../sync/schedule/cron.ts';
import { digestOf, isScheduled, isStale } from '../../sync/schedule/health.ts';
import { soundOf } from '../permit.ts';
import type { Entry } from './entries.ts';
import { noticeOf, type ScheduleContext, send } from './notices.ts';
import { report } from './report.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
/** How long a scheduled run waits for a table that something else writes to, in ms. */
const patience = 10 * minute;
const retry = 30_000;

/** What came of a firing, in a word for the log and the store. */
export type Done = 'ran' | 'running' | 'busy' | 'fresh' | 'told' | 'not-told' | 'muted' | 'frozen';

/**
 * Does what is due.
 * @param since when somebody first took it on (ms): a run that was started since is its own
 */
export async function perform(
  entry: Entry,
  due: number,
  since: number,
  context: ScheduleContext,
): Promise<Done> {
  if (await isFresh(entry, context)) return 'fresh';
  if (entry.do === 'run') return run(entry, due, since, context);
  if (await context.kept.chats.isMuted(entry.definition.name, entry.chat)) return 'muted';
  return entry.do === 'remind' ? remind(entry, due, context) : digest(entry, due, context);
}

/** `unless`: synced a short while ago. */
async function isFresh({ unless, definition }: Entry, { journal, clock }: ScheduleContext): Promise<boolean> {
  if (unless === undefined) return false;
  const good = await journal.lastSuccess(definition.name);
  const age = clock.now() - (good ?? Number.NaN);
  // A time ahead was noted while the clock was wrong.
  return age >= 0 && age < duration(unless);
}

async function run(entry: Entry, due: number, since: number, context: ScheduleContext): Promise<Done> {
  const { definition, chat } = entry;
  const { runs, clock, log } = context;
  const [latest, now] = [await runs.latest(definition.name, 5), clock.now()];
  const own = latest.find((one) => one.startedAt >= since && one.startedAt <= now && isScheduled(one));
  if (own) {
    await report(entry, own, context);
    return 'ran';
  }
  const started = await startWhenFree(definition, context);
  if (started === 'frozen') return started;
  if (started?.kind === 'started') {
    const state = await started.run.ended;
    // When the program stops, or another instance took the run over, it is told later.
    if (context.stopping.aborted || started.run.lost.aborted) return 'running';
    await report(entry, state, context);
    return 'ran';
  }
  log.warn('schedule.left-out', { definition: definition.name, reason: 'busy' });
  // The same definition is at it already: what was wanted happens anyway.
  if (started) return 'running';
  const notice = await noticeOf(context, definition, chat, `left-out|${entry.id}|${due}`);
  await send(context, chat, leftOutCard(notice, due, context), notice);
  return 'busy';
}

/** Starts a run, waiting while something else has the table; `undefined` when that takes too long. */
async function startWhenFree(
  definition: Definition,
  context: ScheduleContext,
): Promise<Started | 'frozen' | undefined> {
  const { runs, clock, stopping, kept } = context;
  const until = clock.monotonic() + patience;
  for (;;) {
    if (await kept.holds.frozen()) return 'frozen';
    const started = await runs.start({ definition, by: { kind: 'schedule' } });
    if (started.kind === 'started' || started.state.definition === definition.name) return started;
    const left = until - clock.monotonic();
    if (left <= 0) return undefined;
    const over = new AbortController();
    const pause = Math.min(left, started.run ? left : retry);
    const waited = clock.sleep(pause, AbortSignal.any([stopping, over.signal])).catch(() => undefined);
    await Promise.race([waited, ...(started.run ? [started.run.ended] : [])]);
    over.abort();
    stopping.throwIfAborted();
  }
}

async function remind(
  { id, definition, chat, plan, rhythm }: Entry,
  due: number,
  context: ScheduleContext,
): Promise<Done> {
  const { kept, journal, clock } = context;
  const { name, title } = definition;
  const lastGood = (await journal.lastSuccess(name)) ?? null;
  const waiting = plan ? await waitingRows(definition, context) : null;
  const facts: ReminderFacts = { name, title, lastGood, waiting, settled: null };
  const notice = { ...(await noticeOf(context, definition, chat, `${id}|${due}`)), people: [] };
  const message = await send(context, chat, reminderCard(facts, context), notice);
  if (message === undefined || chat === undefined) return 'not-told';
  const about = { definition: name, chat, plan, due, zone: rhythm.zone.name, facts };
  await kept.cards.saveNotice(message, { kind: 'remind', ...about }, clock.now());
  return 'told';
}

/** What a sync would write now; null when it cannot be said. */
async function waitingRows(
  definition: Definition,
  { runs, log }: ScheduleContext,
): Promise<ReminderFacts['waiting']> {
  try {
    const started = await runs.start({ definition, by: { kind: 'schedule' }, planOnly: true });
    if (started.kind === 'busy') return null;
    const { status, planned } = await started.run.ended;
    return status === 'planned' ? planned : null;
  } catch (error) {
    log.warn('schedule.not-planned', { definition: definition.name, error });
    return null;
  }
}

/** How many runs of a definition a digest looks at: about one every quarter of an hour over a week. */
const digested = 700;

async function digest(
  { id, rhythm, chat, definition }: Entry,
  due: number,
  context: ScheduleContext,
): Promise<Done> {
  const { definitions, runs, journal, clock } = context;
  const from = lastWithin(rhythm, due - 32 * day, due - 1) ?? due - day;
  // A chat hears of what may be used in it; a person of everything that is not kept to chats.
  const shown = soundOf(await definitions.list()).filter(
    ({ access }) => access.chats === undefined || access.chats.some((one) => one === chat),
  );
  const sums = await Promise.all(
    shown.map(async (one) => {
      const lastGood = await journal.lastSuccess(one.name);
      const limit = one.schedule.find(({ stale }) => stale !== undefined)?.stale;
      const stale = limit !== undefined && isStale(lastGood ?? 0, clock.now(), duration(limit));
      return digestOf(one, await runs.latest(one.name, digested), from, { lastGood, stale });
    }),
  );
  const notice = { ...(await noticeOf(context, definition, chat, `${id}|${due}`)), people: [] };
  const message = await send(context, chat, digestCard(sums, from, context), notice);
  return message === undefined ? 'not-told' : 'told';
}
