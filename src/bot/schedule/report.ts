import { goodCard, pausedCard, summaryOf } from '../../cards/notice-cards.ts';
import { runCard } from '../../cards/run-card.ts';
import { problemFacts } from '../../run/runs/log-run.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { isQuiet } from '../../sync/schedule/due.ts';
import { awayOf, failuresInARow, mostFailures, outcomeOf, telling } from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state/state.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { approvers } from '../access.ts';
import type { CardJson, Pause } from '../ports.ts';
import type { Entry } from './entries.ts';
import { noticeOf, redraw, type ScheduleContext, send } from './notices.ts';

const minute = 60_000;
/** How long a report may take before another instance takes it over, in ms. */
const reporting = 10 * minute;

/** Tells the chat of a scheduled run that has ended: once, whoever asks. */
export async function report(entry: Entry, state: State, context: ScheduleContext): Promise<void> {
  const { clock, kept } = context;
  const { news } = kept;
  const told = kept.notices.report;
  const outcome = outcomeOf(state);
  if (outcome === undefined) return;
  const now = clock.now();
  if (!(await told.take(state.run, 0, now, now + reporting))) return;
  const { chat, definition } = entry;
  const health = await news.health(definition.name, chat);
  const how = telling(health?.outcome, state, entry.quiet);
  let message = outcome === 'good' ? null : (health?.message ?? null);
  const people = async () => (await noticeOf(context, definition, chat, '')).people;
  if (how.kind === 'same' && health?.message) {
    await context.journal.saveCard(state.run, { chat: chat ?? '', message: health.message });
    if (!(await redraw(context, health.message, cardOf(context, definition, state))))
      message = (await show(context, entry, state, { people: [] })) ?? null;
  } else if (how.kind === 'bad') {
    message = (await show(context, entry, state, { people: await people() })) ?? null;
  } else if (how.kind === 'good') {
    await tellGood(context, entry, state, how.recovered);
  }
  await news.saveHealth(definition.name, chat, { outcome, message });
  if (outcome === 'failed') await pauseAfterFailures(entry, state, context);
  await told.done(state.run, 0, how.kind);
}

/** Good news: now, or when the quiet hours are over; of several that waited only the newest. */
async function tellGood(
  context: ScheduleContext,
  { definition, chat }: Entry,
  state: State,
  recovered: boolean,
) {
  if (await context.kept.chats.isMuted(definition.name, chat)) return;
  if (isQuiet(context.quietHours, context.zone(context.timeZone), context.clock.now())) {
    await context.kept.news.hold({ definition: definition.name, chat, run: state.run, recovered });
    return;
  }
  await show(context, { definition, chat }, state, {
    people: [],
    ...(recovered ? { words: [recoveredWords] } : {}),
  });
}

const recoveredWords = text('定时同步已恢复正常。', 'The scheduled sync works again.');

/** Shows what was held back over the quiet hours. */
export async function release(context: ScheduleContext): Promise<void> {
  const { clock, kept } = context;
  const told = kept.notices.held;
  const now = clock.now();
  if (isQuiet(context.quietHours, context.zone(context.timeZone), now)) return;
  for (const held of await kept.news.held()) {
    const { definition: name, chat, run, recovered } = held;
    if (!(await told.take(run, 0, now, now + reporting))) continue;
    const [state, definition] = await Promise.all([
      context.runs.find(run),
      context.definitions.get(name).catch(() => undefined),
    ]);
    const words = [
      text('安静时段里完成的同步：', 'Synced during the quiet hours:'),
      ...(recovered ? [recoveredWords] : []),
    ];
    if (state && definition) await show(context, { definition, chat }, state, { people: [], words });
    await kept.news.release(held);
    await told.done(run, 0);
  }
}

interface Lead {
  readonly people: readonly string[];
  readonly words?: readonly Text[];
}

/** A fresh card of the run, whose buttons work. */
async function show(
  context: ScheduleContext,
  { definition, chat }: Pick<Entry, 'definition' | 'chat'>,
  state: State,
  lead: Lead,
): Promise<string | undefined> {
  const { people } = lead;
  const notice = { ...(await noticeOf(context, definition, chat, `report|${state.run}`)), people };
  const card = cardOf(context, definition, state, lead);
  const words = state.error === null ? {} : { words: failedWords(card, state.error) };
  const message = await send(context, chat, card, { ...notice, ...words });
  if (message !== undefined && chat !== undefined)
    await context.journal.saveCard(state.run, { chat, message });
  return message;
}

/** What is said of a failed run where its card comes too late. */
function failedWords(card: CardJson, { message }: Problem): Text {
  const { zh, en } = summaryOf(card);
  return text(`${zh} · ${message.zh}`, `${en} · ${message.en}`);
}

const cardOf = (
  { clock, locale, timeZone, admins }: ScheduleContext,
  definition: Definition,
  state: State,
  { people, words = [] }: Lead = { people: [] },
): CardJson =>
  runCard(state, {
    ...{ now: clock.now(), locale, timeZone },
    approvers: approvers(definition.access, admins),
    lead: { words, people },
  });

const pausing = 10 * 60_000;
/** How many runs are looked at for failures in a row: people's runs may stand between them. */
const lookedAt = 30;

/** Pauses a schedule that has failed too often, and tells that once. */
export async function pauseAfterFailures(
  entry: Entry,
  state: State,
  context: ScheduleContext,
): Promise<void> {
  const { kept, runs, clock, locale, timeZone, log } = context;
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
  const notice = await noticeOf(context, definition, chat, `paused|${name}|${due}`);
  const about = { name, title, people: notice.people, away: away !== undefined };
  const facts = { failures: failures.length, problem: error, resumedBy: null };
  const card = pausedCard(about, facts, { locale, timeZone });
  const message = await send(context, chat, card, notice);
  const told = { kind: 'paused', definition: name, failures: failures.length, error } as const;
  if (message !== undefined) await kept.cards.saveNotice(message, told, clock.now());
  await kept.notices.paused.done(name, due);
}

/** Ends the pauses of definitions that were synced since: what was away is back. Tells each once. */
export async function liftPauses(
  paused: ReadonlyMap<string, Pause>,
  context: ScheduleContext,
): Promise<void> {
  const { kept, journal, clock, locale, timeZone, log } = context;
  for (const [name, { at, away }] of paused) {
    if (away === undefined || ((await journal.lastSuccess(name)) ?? 0) <= at) continue;
    const now = clock.now();
    if (!(await kept.notices.lifted.take(name, at, now, now + pausing))) continue;
    await kept.holds.resume(name, now);
    log.info('schedule.resumed', { definition: name });
    const seen = (await kept.watched.all()).get(name);
    const about = { name, title: seen?.title ?? name, people: [] };
    const notice = { ...about, others: seen?.others ?? context.admins, once: `lifted|${name}|${at}` };
    await send(context, seen?.chat, goodCard(about, 'resumed', { locale, timeZone }), notice);
    await kept.notices.lifted.done(name, at);
  }
}
