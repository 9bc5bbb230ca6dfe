import { type Offer, owedCard, redirected, summaryOf } from '../../cards/notice-cards.ts';
import type { View } from '../../cards/parts/card.ts';
import type { Journal } from '../../run/ports.ts';
import type { Runs } from '../../run/runs/runs.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import type { QuietHours } from '../../sync/schedule/due.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Surroundings } from '../bot.ts';
import { cannotHear, factsOf, isRefused } from '../failures.ts';
import type { CardJson, Chat, Debt, Definitions, Kept, Once } from '../ports.ts';
import { trust } from '../post.ts';
import { owners } from './entries.ts';

/** What the clock works with. */
export interface ScheduleParts extends Surroundings {
  readonly kept: Kept;
  readonly definitions: Definitions;
  readonly runs: Pick<Runs, 'start' | 'find' | 'latest'>;
  readonly journal: Pick<Journal, 'saveCard' | 'lastSuccess'>;
  readonly chat: Pick<Chat, 'send' | 'patch'>;
  readonly quietHours: QuietHours | undefined;
}

/** {@link ScheduleParts} of a clock that goes. */
export interface ScheduleContext extends ScheduleParts {
  /** Aborted when the program stops. */
  readonly stopping: AbortSignal;
}

/** What a notice is about, and who is to hear of it. */
export interface Notice {
  /** The definition; empty where it is about all of them. */
  readonly name: string;
  readonly title: string;
  /** open_ids of those who get it where its chat is gone. */
  readonly others: readonly string[];
  /** open_ids that are notified. */
  readonly people: readonly string[];
  /** Said in place of the card's summary when it comes late. */
  readonly words?: Text;
  /** Repeats within the hour send nothing. */
  readonly once: string;
}

const minute = 60_000;
/** How long (ms) telling may take before another instance tells. */
const telling = 10 * minute;
/** What is owed for so long (ms) is given up. */
const oldest = 30 * 24 * 60 * minute;

/** Does what happens once, over all instances and restarts. Answers whether it was done here. */
export async function onlyOnce(
  told: Once,
  { of, due, now }: { readonly of: string; readonly due: number; readonly now: number },
  work: () => Promise<unknown>,
): Promise<boolean> {
  if (!(await told.take(of, due, now, now + telling))) return false;
  await work();
  await told.done(of, due);
  return true;
}

/** A notice of trouble with a definition: those who are responsible are notified, unless it is muted there. */
export async function noticeOf(
  { kept, admins }: Pick<ScheduleContext, 'kept' | 'admins'>,
  definition: Definition,
  chat: string | undefined,
  once: string,
): Promise<Notice> {
  const { name, title } = definition;
  const others = owners(definition, admins);
  return { name, title, others, people: (await kept.chats.isMuted(name, chat)) ? [] : others, once };
}

/**
 * Sends a card by itself; where its chat is gone, to those who are responsible. Answers the message, or `undefined`
 * when it cannot be sent now: then it is owed, and comes as soon as messages arrive again. Never rejects for what Feishu
 * says.
 */
export async function send(
  context: ScheduleContext,
  to: string | undefined,
  card: CardJson,
  notice: Notice,
): Promise<string | undefined> {
  const { kept, clock, log } = context;
  const hearer = to ?? notice.others[0];
  if (hearer === undefined) {
    log.error('notice.nobody-told', { what: notice.once });
    return undefined;
  }
  try {
    // What comes next waits behind what is owed.
    const owed = (await kept.news.owed()).some((debt) => debt.to === hearer);
    if (!owed) return await deliver({ ...notice, to: hearer }, card, context);
  } catch (error) {
    log.warn('notice.owed', { to: hearer, ...factsOf(error) });
  }
  const { words: { zh, en } = summaryOf(card), once, ...about } = notice;
  await kept.news.owe({ ...about, to: hearer, once: once.slice(-64), at: clock.now(), zh, en });
  return undefined;
}

/** Draws a card anew; false where Feishu refuses to change it. Never rejects. */
export async function redraw(
  { chat, log }: Pick<ScheduleContext, 'chat' | 'log'>,
  message: string,
  card: CardJson,
): Promise<boolean> {
  try {
    await chat.patch(message, card);
    return true;
  } catch (error) {
    log.warn('notice.not-updated', factsOf(error));
    return !isRefused(error);
  }
}

/**
 * Sends a card to a chat; where that is gone, to the first of the others, or of the admins, whom it reaches, with a
 * line that says why.
 * Answers the message. Rejects with the last failure.
 */
async function deliver(
  { to, others, once }: Pick<Notice, 'others' | 'once'> & { readonly to: string },
  card: CardJson,
  { chat, log, locale, admins }: ScheduleContext,
): Promise<string> {
  let gone: unknown;
  for (const one of new Set([to, ...others, ...admins])) {
    try {
      return await chat.send(one, one === to ? card : redirected(card, { locale }), once);
    } catch (error) {
      if (!cannotHear(error)) throw error;
      log.warn('notice.refused', { to: one, ...factsOf(error) });
      gone = error;
    }
  }
  throw gone;
}

/** Sends what is owed, one card a chat, whichever instance comes first. Never rejects for what Feishu says. */
export async function payDebts(context: ScheduleContext): Promise<void> {
  const all = await context.kept.news.owed();
  for (const to of new Set(all.map((debt) => debt.to))) {
    const mine = all.filter((debt) => debt.to === to).sort((a, b) => a.at - b.at);
    await pay(to, mine, context);
  }
}

async function pay(to: string, owed: readonly Debt[], context: ScheduleContext): Promise<void> {
  const { kept, clock, log } = context;
  const tries = kept.notices.owed;
  const [now, first] = [clock.now(), owed[0]?.at ?? 0];
  const last = await tries.last(to);
  const due = last === undefined ? first : last.until === null ? Math.max(first, last.due + 1) : last.due;
  if (!(await tries.take(to, due, now, now + telling))) return;
  const back = await pausedByFeishu(to, context);
  const others = [...new Set(owed.flatMap((debt) => debt.others))];
  try {
    const card = await draw(owed, back, context);
    const once = `owed|${to}|${due}|${owed.length}`;
    await trust(await deliver({ to, others, once }, card, context), context);
  } catch (error) {
    log.warn('notice.still-owed', { to, notices: owed.length, ...factsOf(error) });
    if (now - first < oldest) {
      // At first each minute; after five days once an hour.
      const pause = Math.min(Math.max(minute, (now - first) / 120), 60 * minute);
      return tries.putOff(to, due, now + pause);
    }
    log.error('notice.lost', { to, notices: owed.length });
  }
  for (const debt of owed) await kept.news.paid(debt);
  for (const { name } of back) await kept.holds.resume(name, clock.now());
  await tries.done(to, due);
  log.info('notice.late-sent', { to, notices: owed.length });
}

/** The definitions whose schedule stands still because Feishu was away: a card that arrives says that it is back. */
async function pausedByFeishu(to: string, { kept }: ScheduleContext) {
  const [paused, watched] = await Promise.all([kept.holds.paused(), kept.watched.all()]);
  return [...paused].flatMap(([name, { away }]) => {
    const seen = watched.get(name);
    return away === 'feishu' && seen?.chat === to ? [{ name, title: seen.title }] : [];
  });
}

async function draw(
  owed: readonly Debt[],
  back: readonly { readonly name: string; readonly title: string }[],
  { kept, clock, ...view }: Pick<ScheduleContext, 'kept' | 'clock'> & View,
): Promise<CardJson> {
  const paused = await kept.holds.paused();
  const about = new Map(owed.flatMap(({ name, title }) => (name === '' ? [] : [[name, title] as const])));
  const offers = [...about].map(([name, title]): Offer => {
    const still = paused.has(name) && back.every((one) => one.name !== name);
    return { verb: still ? 'resume' : 'history', name, title };
  });
  const late = owed.map(({ at, zh, en }) => ({ at, words: text(zh, en) }));
  const lifted = back.map(({ title }) => ({
    at: clock.now(),
    words: text(
      `${title}：飞书恢复，定时任务自动恢复`,
      `${title}: Feishu is back, and the schedule continues by itself`,
    ),
  }));
  const people = [...new Set(owed.flatMap((debt) => debt.people))];
  return owedCard([...late, ...lifted], people, offers, view);
}
