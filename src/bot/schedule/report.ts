import {
  brokenCard,
  goodCard,
  pausedCard,
  quotaCard,
  staleCard,
  summaryOf,
} from '../../cards/notice-cards.ts';
import { runCard } from '../../cards/run-card.ts';
import { problemFacts } from '../../run/runs/log-run.ts';
import { type Definition, duration } from '../../sync/definition/definition.ts';
import { isQuiet } from '../../sync/schedule/due.ts';
import {
  awayOf,
  failuresInARow,
  isStale,
  mostFailures,
  outcomeOf,
  telling,
} from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state/state.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { approvers } from '../access.ts';
import { brokenDefinition } from '../failures.ts';
import type { CardJson, ListedDefinition, Pause, Watched } from '../ports.ts';
import { type Entry, quotaSpent } from './entries.ts';
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

/**
 * Whether the clock stands still because the month's calls are used up. Tells an admin once a month; a sync that
 * succeeds all the same, as after an upgrade, lets the clock go on.
 */
export async function heldByQuota(names: readonly string[], context: ScheduleContext): Promise<boolean> {
  const { kept, journal, clock, log, admins } = context;
  const now = clock.now();
  const spent = await quotaSpent(kept.holds, now);
  if (spent === undefined) return false;
  const good = await Promise.all(names.map((name) => journal.lastSuccess(name)));
  if (good.some((at) => at !== undefined && at > spent.since)) {
    await kept.holds.spend(undefined);
    log.info('quota.lifted');
    return false;
  }
  const due = spent.until;
  await onlyOnce(kept.notices.quota, { of: '', due, now }, () => {
    log.warn('quota.spent', { until: new Date(due).toISOString() });
    const people = admins.slice(0, 1);
    const notice = { name: '', title: '', others: admins, people, once: `quota:${due}` };
    return send(context, people[0], quotaCard(due, people, context), notice);
  });
  return true;
}

/** Warns once for each limit that no run has kept, and tells once when one has again. */
export async function watchStale(name: string, watched: Watched, context: ScheduleContext): Promise<void> {
  if (watched.limits.length === 0) return;
  const { kept, journal, clock } = context;
  const first = await kept.watched.since(name, clock.now());
  const good = await journal.lastSuccess(name);
  for (const limit of watched.limits) await watchLimit({ ...watched, ...limit, name, good, first }, context);
}

type Limit = Watched['limits'][number] &
  Pick<Watched, 'title' | 'others'> & {
    readonly name: string;
    /** When the last run succeeded, and when the definition was first watched, in ms. */
    readonly good: number | undefined;
    readonly first: number;
  };

async function watchLimit(limit: Limit, context: ScheduleContext): Promise<void> {
  const { id, chat, stale, name, title, others, good } = limit;
  const { kept, clock } = context;
  const now = clock.now();
  const base = good ?? limit.first;
  const muted = () => kept.chats.isMuted(name, chat);
  if (isStale(base, now, duration(stale))) {
    await onlyOnce(kept.notices.stale, { of: id, due: base, now }, async () => {
      const about = { name, title, people: (await muted()) ? [] : others };
      const card = staleCard(about, stale, good ?? null, context);
      await send(context, chat, card, { ...about, others, once: `stale|${id}|${base}` });
    });
    return;
  }
  const warned = await kept.notices.stale.last(id);
  if (warned === undefined || warned.due >= base) return;
  if (isSilent(context)) return;
  await onlyOnce(kept.notices.fresh, { of: id, due: warned.due, now }, async () => {
    if (await muted()) return;
    const about = { name, title, people: [] };
    const notice = { ...about, others, once: `fresh|${id}|${warned.due}` };
    await send(context, chat, goodCard(about, 'fresh', context), notice);
  });
}

type Broken = Extract<ListedDefinition, { readonly problems: unknown }>;

/**
 * Tells that a definition's file is broken: once until it is mended, whatever else is changed in it meanwhile. Answers
 * whether it is told.
 */
export async function tellBroken({ name, problems }: Broken, context: ScheduleContext): Promise<boolean> {
  const { kept, clock, log, admins } = context;
  const { broken } = kept.notices;
  const last = await broken.last(name);
  if (last?.until === null && last.note !== mended) return true;
  const due = last === undefined ? 1 : last.until === null ? last.due + 1 : last.due;
  const now = clock.now();
  return onlyOnce(broken, { of: name, due, now }, async () => {
    const [first] = problems;
    log.error('definition.not-read', { definition: name, reason: first?.code, where: first?.where });
    const { title, chat } = await hearersOf(name, context);
    const about = { name, title, people: admins };
    // What stands in a file is for admins.
    const shown = chat !== undefined && admins.includes(chat) ? problems : [brokenDefinition(name)];
    const notice = { ...about, others: admins, once: `broken|${name}|${now}` };
    await send(context, chat, brokenCard(about, shown, context), notice);
  });
}

const mended = 'mended';

/** Tells that a definition which was told to be broken can be read again: once. Answers whether nothing is left to tell. */
export async function tellMended(name: string, context: ScheduleContext): Promise<boolean> {
  const { kept, clock, log, admins } = context;
  const { broken } = kept.notices;
  const last = await broken.last(name);
  if (last === undefined || last.note === mended) return true;
  const now = clock.now();
  return onlyOnce(kept.notices.mended, { of: name, due: last.due, now }, async () => {
    log.info('definition.mended', { definition: name });
    const { title, chat } = await hearersOf(name, context);
    const about = { name, title, people: [] };
    const notice = { ...about, others: admins, once: `mended|${name}|${now}` };
    await send(context, chat, goodCard(about, 'mended', context), notice);
    await broken.done(name, last.due, mended);
  });
}

/** The chat that heard of a definition before, else the first admin. */
async function hearersOf(name: string, { kept, admins }: ScheduleContext) {
  const seen = (await kept.watched.all()).get(name);
  return { title: seen?.title ?? name, chat: seen?.chat ?? admins[0] };
}
