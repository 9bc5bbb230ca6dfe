import { goodCard, pausedCard, summaryOf } from '../../cards/notice-cards.ts';
import { runCard } from '../../cards/run-card.ts';
import { problemFacts } from '../../run/runs/log-run.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { isQuiet } from '../../sync/schedule/due.ts';
import { awayOf, failuresInARow, mostFailures, outcomeOf, telling } from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state/state.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { approvers } from '../access.ts';
import type { CardJson, Pause } from '../ports.ts';
import type { Entry } from './entries.ts';
import { noticeOf, onlyOnce, redraw, type ScheduleContext, send } from './notices.ts';

/** Tells the chat of a scheduled run that has ended: once, whoever asks. */
export async function report(entry: Entry, state: State, context: ScheduleContext): Promise<void> {
  const { clock, kept, journal } = context;
  const { chat, definition, quiet } = entry;
  const outcome = outcomeOf(state);
  if (outcome === undefined) return;
  await onlyOnce(kept.notices.report, { of: state.run, due: 0, now: clock.now() }, async () => {
    const health = await kept.news.health(definition.name, chat);
    const how = telling(health?.outcome, state, quiet);
    let message = outcome === 'good' ? null : (health?.message ?? null);
    if (how.kind === 'same' && health?.message) {
      await journal.saveCard(state.run, { chat: chat ?? '', message: health.message });
      if (!(await redraw(context, health.message, cardOf(context, definition, state))))
        message = await show(context, entry, state);
    } else if (how.kind === 'bad') {
      const { people } = await noticeOf(context, definition, chat, '');
      message = await show(context, entry, state, { people });
    } else if (how.kind === 'good') {
      await tellGood(context, entry, state, how.recovered);
    }
    await kept.news.saveHealth(definition.name, chat, { outcome, message });
    if (outcome === 'failed') await pauseAfterFailures(entry, state, context);
  });
}

/** Whether good news wait for the end of the quiet hours. */
const isSilent = ({ quietHours, timeZone, clock }: ScheduleContext): boolean =>
  isQuiet(quietHours, zoneOf(timeZone), clock.now());

/** Good news: now, or when the quiet hours are over; of several that waited only the newest. */
async function tellGood(context: ScheduleContext, entry: Entry, state: State, recovered: boolean) {
  const { kept } = context;
  const { chat, definition } = entry;
  if (await kept.chats.isMuted(definition.name, chat)) return;
  if (isSilent(context))
    await kept.news.hold({ definition: definition.name, chat, run: state.run, recovered });
  else await show(context, entry, state, { words: recovered ? [recoveredWords] : [] });
}

const recoveredWords = text('定时同步已恢复正常。', 'The scheduled sync works again.');
const quietWords = text('安静时段里完成的同步：', 'Synced during the quiet hours:');

/** Shows what was held back over the quiet hours. */
export async function release(context: ScheduleContext): Promise<void> {
  const { clock, kept, runs, definitions } = context;
  if (isSilent(context)) return;
  for (const held of await kept.news.held()) {
    const { definition: name, chat, run, recovered } = held;
    await onlyOnce(kept.notices.held, { of: run, due: 0, now: clock.now() }, async () => {
      const [state, definition] = await Promise.all([
        runs.find(run),
        definitions.get(name).catch(() => undefined),
      ]);
      const words = [quietWords, ...(recovered ? [recoveredWords] : [])];
      if (state && definition) await show(context, { definition, chat }, state, { words });
      await kept.news.release(held);
    });
  }
}

/** What stands above a run that nobody asked for, and open_ids that are notified. */
interface Lead {
  readonly words?: readonly Text[];
  readonly people?: readonly string[];
}

/** Sends a fresh card of the run, whose buttons work; answers its message, null where it is owed. */
async function show(
  context: ScheduleContext,
  { definition, chat }: Pick<Entry, 'definition' | 'chat'>,
  state: State,
  lead: Lead = {},
): Promise<string | null> {
  const card = cardOf(context, definition, state, lead);
  const summary = summaryOf(card);
  const message = state.error?.message;
  const late = message && text(`${summary.zh} · ${message.zh}`, `${summary.en} · ${message.en}`);
  const notice = {
    ...(await noticeOf(context, definition, chat, `report|${state.run}`)),
    people: lead.people ?? [],
    ...(late && { words: late }),
  };
  const sent = await send(context, chat, card, notice);
  if (sent !== undefined && chat !== undefined)
    await context.journal.saveCard(state.run, { chat, message: sent });
  return sent ?? null;
}

const cardOf = (
  { clock, locale, timeZone, admins }: ScheduleContext,
  definition: Definition,
  state: State,
  { people = [], words = [] }: Lead = {},
): CardJson =>
  runCard(state, {
    ...{ now: clock.now(), locale, timeZone },
    ...{ approvers: approvers(definition.access, admins), lead: { words, people } },
  });

/** How many runs are looked at for failures in a row: people's runs may stand between them. */
const lookedAt = 30;

/** Pauses a schedule that has failed too often, and tells that once. */
async function pauseAfterFailures(entry: Entry, state: State, context: ScheduleContext): Promise<void> {
  const { kept, runs, clock, log } = context;
  const { definition, chat } = entry;
  const { name, title } = definition;
  const { error } = state;
  const rowOfFailures = failuresInARow(await runs.latest(name, lookedAt), await kept.holds.resumedAt(name));
  const failures = rowOfFailures.length;
  if (failures < mostFailures) return;
  const away = awayOf(rowOfFailures);
  const before = (await kept.holds.paused()).get(name);
  // What is away is tried at each of its times, and paused already.
  if (before !== undefined && (away !== undefined || before.away === undefined)) return;
  const now = clock.now();
  await kept.holds.pause(name, { by: undefined, at: now, away });
  const reason = error === null ? {} : problemFacts(error);
  log.error('schedule.paused', { definition: name, failures, ...reason, ...(away && { away }) });
  const due = before === undefined ? (rowOfFailures.at(-1)?.startedAt ?? now) : state.startedAt;
  await onlyOnce(kept.notices.paused, { of: name, due, now }, async () => {
    const notice = await noticeOf(context, definition, chat, `paused|${name}|${due}`);
    const about = { name, title, people: notice.people, away: away !== undefined };
    const card = pausedCard(about, { failures, problem: error, resumedBy: null }, context);
    const message = await send(context, chat, card, notice);
    if (message === undefined) return;
    await kept.cards.saveNotice(message, { kind: 'paused', definition: name, failures, error }, clock.now());
  });
}

/** Ends the pauses of definitions that were synced since: what was away is back. Tells each once. */
export async function liftPauses(
  paused: ReadonlyMap<string, Pause>,
  context: ScheduleContext,
): Promise<void> {
  const { kept, journal, clock, log, admins } = context;
  for (const [name, { at, away }] of paused) {
    if (away === undefined || ((await journal.lastSuccess(name)) ?? 0) <= at) continue;
    const now = clock.now();
    await onlyOnce(kept.notices.lifted, { of: name, due: at, now }, async () => {
      await kept.holds.resume(name, now);
      log.info('schedule.resumed', { definition: name });
      const { title = name, chat, others = admins } = (await kept.watched.all()).get(name) ?? {};
      const about = { name, title, people: [] };
      const notice = { ...about, others, once: `lifted|${name}|${at}` };
      await send(context, chat, goodCard(about, 'resumed', context), notice);
    });
  }
}
