import { owedCard, redirected, summaryOf } from '../../cards/digest-cards.ts';
import { text } from '../../sync/text.ts';
import { trust } from '../asking.ts';
import type { CardJson, Debt, Kept } from '../ports.ts';
import { cannotHear, factsOf } from '../trouble.ts';
import type { Notice } from './notice.ts';
import type { ScheduleDesk } from './parts.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
/** How long (ms) one try may take before another instance tries. */
const sending = 5 * minute;
/** What is owed for so long (ms) is given up. */
const oldest = 30 * day;

/**
 * Sends a card to a chat; where that is gone, to the first of the others whom it reaches, with a line that says why.
 * Answers message and receiver. Rejects with the last failure.
 */
export async function deliver(
  to: string,
  others: readonly string[],
  card: CardJson,
  once: string,
  { chat, log, locale }: Pick<ScheduleDesk, 'chat' | 'log' | 'locale'>,
): Promise<string> {
  let gone: unknown;
  for (const one of [to, ...others.filter((id) => id !== to)]) {
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

/** Notes what could not be sent: {@link settle} sends it when the chat works again. */
export async function owe(to: string, card: CardJson, notice: Notice, desk: ScheduleDesk): Promise<void> {
  const { name, title, others, people, words = summaryOf(card), once } = notice;
  const about = { at: desk.clock.now(), name, title, others, people, zh: words.zh, en: words.en };
  await desk.kept.news.owe({ to, once: once.slice(-64), ...about });
}

/** Whether anything is owed to a chat: what comes next waits behind it. */
export const owes = async (to: string, { kept }: { readonly kept: Pick<Kept, 'news'> }): Promise<boolean> =>
  (await kept.news.owed()).some((debt) => debt.to === to);

/** Sends what is owed, one card a chat, whichever instance comes first. Never rejects for what Feishu says. */
export async function settle(desk: ScheduleDesk): Promise<void> {
  const all = await desk.kept.news.owed();
  for (const to of new Set(all.map((debt) => debt.to))) {
    const mine = all.filter((debt) => debt.to === to).sort((a, b) => a.at - b.at);
    await pay(to, mine, desk);
  }
}

async function pay(to: string, owed: readonly Debt[], desk: ScheduleDesk): Promise<void> {
  const { kept, clock, log } = desk;
  const tries = kept.notices.owed;
  const [now, first] = [clock.now(), owed[0]?.at ?? 0];
  const last = await tries.last(to);
  const due = last === undefined ? first : last.until === null ? Math.max(first, last.due + 1) : last.due;
  if (!(await tries.take(to, due, now, now + sending))) return;
  const back = await pausedByFeishu(to, desk);
  const others = [...new Set(owed.flatMap((debt) => debt.others))];
  try {
    const card = await draw(owed, back, desk);
    const message = await deliver(to, others, card, `owed|${to}|${due}|${owed.length}`, desk);
    await trust(message, desk);
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
async function pausedByFeishu(to: string, { kept }: ScheduleDesk) {
  const [paused, watched] = await Promise.all([kept.holds.paused(), kept.watched.all()]);
  return [...paused].flatMap(([name, { away }]) => {
    const seen = watched.get(name);
    if (away !== 'feishu' || seen?.chat !== to) return [];
    return [{ name, title: seen.title }];
  });
}

async function draw(
  owed: readonly Debt[],
  back: readonly { readonly name: string; readonly title: string }[],
  { kept, clock, locale, timeZone }: ScheduleDesk,
): Promise<CardJson> {
  const paused = await kept.holds.paused();
  const still = [...paused.keys()].filter((name) => back.every((one) => one.name !== name));
  const about = new Map(owed.flatMap((debt) => (debt.name === '' ? [] : [[debt.name, debt.title] as const])));
  const offers = [...about].map(([name, title]) => ({
    verb: still.includes(name) ? ('resume' as const) : ('history' as const),
    ...{ name, title },
  }));
  const late = owed.map((debt) => ({ at: debt.at, words: text(debt.zh, debt.en) }));
  const lifted = back.map(({ title }) => ({
    at: clock.now(),
    words: text(
      `${title}：飞书恢复了，定时任务自动恢复`,
      `${title}: Feishu is back, and the schedule goes on by itself`,
    ),
  }));
  const people = [...new Set(owed.flatMap((debt) => debt.people))];
  return owedCard([...late, ...lifted], people, offers, { locale, timeZone });
}
