import { owedCard, redirected, summaryOf } from '../../cards/owedCard.ts';
import { text } from '../../sync/text.ts';
import { trust } from '../asking.ts';
import type { CardJson, Mark } from '../ports.ts';
import { cannotHear, factsOf } from '../trouble.ts';
import type { Notice } from './notice.ts';
import type { ScheduleDesk } from './parts.ts';
import { pauseOf, resume } from './paused.ts';
import { watchedOf } from './watched.ts';

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
  const debt: Debt = { at: desk.clock.now(), name, title, others, people, zh: words.zh, en: words.en };
  await desk.schedules.mark('owed', once.slice(-64), to, JSON.stringify(debt));
}

/** Whether anything is owed to a chat: what comes next waits behind it. */
export const owes = async (to: string, { schedules }: Pick<ScheduleDesk, 'schedules'>): Promise<boolean> =>
  (await schedules.marks('owed')).some((mark) => mark.chat === to);

interface Debt extends Omit<Notice, 'once' | 'words'> {
  /** When it happened, in ms. */
  readonly at: number;
  readonly zh: string;
  readonly en: string;
}

type Owed = Mark & { readonly debt: Debt };

/** Sends what is owed, one card a chat, whichever instance comes first. Never rejects for what Feishu says. */
export async function settle(desk: ScheduleDesk): Promise<void> {
  const all = (await desk.schedules.marks('owed')).map((mark): Owed => ({ ...mark, debt: read(mark.value) }));
  for (const to of new Set(all.map(({ chat }) => chat))) {
    const mine = all.filter(({ chat }) => chat === to).sort((a, b) => a.debt.at - b.debt.at);
    await pay(to, mine, desk);
  }
}

async function pay(to: string, owed: readonly Owed[], desk: ScheduleDesk): Promise<void> {
  const { schedules, clock, log } = desk;
  const what = `owed|${to}`;
  const [now, first] = [clock.now(), owed[0]?.debt.at ?? 0];
  const last = await schedules.last(what);
  const due = last === undefined ? first : last.until === null ? Math.max(first, last.due + 1) : last.due;
  if (!(await schedules.take(what, due, now, now + sending))) return;
  const back = await pausedByFeishu(to, desk);
  const others = [...new Set(owed.flatMap(({ debt }) => debt.others))];
  try {
    const card = await draw(owed, back, desk);
    const message = await deliver(to, others, card, `${what}|${due}|${owed.length}`, desk);
    await trust(message, desk);
  } catch (error) {
    log.warn('notice.still-owed', { to, notices: owed.length, ...factsOf(error) });
    if (now - first < oldest) {
      // At first each minute; after five days once an hour.
      const pause = Math.min(Math.max(minute, (now - first) / 120), 60 * minute);
      return schedules.putOff(what, due, now + pause);
    }
    log.error('notice.lost', { to, notices: owed.length });
  }
  for (const { definition, chat } of owed) await schedules.mark('owed', definition, chat, undefined);
  for (const { name } of back) await resume(schedules, name, clock.now());
  await schedules.done(what, due, '');
  log.info('notice.late-sent', { to, notices: owed.length });
}

/** The definitions whose schedule stands still because Feishu was away: a card that arrives says that it is back. */
async function pausedByFeishu(to: string, { schedules }: ScheduleDesk) {
  const [paused, watched] = await Promise.all([schedules.marks('paused'), schedules.marks('watched')]);
  return paused.flatMap(({ definition: name, value }) => {
    const seen = watchedOf(watched, name);
    if (pauseOf(value).away !== 'feishu' || seen?.chat !== to) return [];
    return [{ name, title: seen.title }];
  });
}

async function draw(
  owed: readonly Owed[],
  back: readonly { readonly name: string; readonly title: string }[],
  { schedules, clock, locale, timeZone }: ScheduleDesk,
): Promise<CardJson> {
  const paused = (await schedules.marks('paused')).map((mark) => mark.definition);
  const still = paused.filter((name) => back.every((one) => one.name !== name));
  const about = new Map(
    owed.flatMap(({ debt }) => (debt.name === '' ? [] : [[debt.name, debt.title] as const])),
  );
  const offers = [...about].map(([name, title]) => ({
    verb: still.includes(name) ? ('resume' as const) : ('history' as const),
    ...{ name, title },
  }));
  const late = owed.map(({ debt }) => ({ at: debt.at, words: text(debt.zh, debt.en) }));
  const lifted = back.map(({ title }) => ({
    at: clock.now(),
    words: text(
      `${title}：飞书恢复了，定时任务自动恢复`,
      `${title}: Feishu is back, and the schedule goes on by itself`,
    ),
  }));
  const people = [...new Set(owed.flatMap(({ debt }) => debt.people))];
  return owedCard([...late, ...lifted], people, offers, { locale, timeZone });
}

/** A debt as it was noted; what cannot be read is told as far as it can. */
function read(value: string): Debt {
  const found = JSON.parse(value) as Partial<Readonly<Record<keyof Debt, unknown>>>;
  const words = (one: unknown): string => (typeof one === 'string' ? one : '');
  const ids = (all: unknown): readonly string[] =>
    Array.isArray(all) ? all.filter((one): one is string => typeof one === 'string') : [];
  return {
    at: typeof found.at === 'number' ? found.at : 0,
    name: words(found.name),
    title: words(found.title),
    others: ids(found.others),
    people: ids(found.people),
    zh: words(found.zh),
    en: words(found.en),
  };
}
