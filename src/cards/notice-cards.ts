import type { Problem } from '../sync/words/problem.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { type Card, type Colour, colours, type Elements, makeCard, type View } from './parts/card.ts';
import {
  button,
  buttonRow,
  commandButton,
  grey,
  line,
  lines,
  mention,
  person,
  problemElements,
  rich,
  say,
} from './parts/element.ts';
import { joined, type Maybe, moment, plain, plainText, same } from './parts/words.ts';

/** What a notice is about, and whom it mentions. */
export interface About {
  readonly name: string;
  readonly title: string;
  /** open_ids that are notified. */
  readonly people: readonly string[];
}

/** What a notice says. */
interface Said {
  readonly colour: Colour;
  readonly tag: Text;
  readonly words: readonly Maybe<Text>[];
  readonly more?: Elements;
}

function notice({ name, title, people }: About, { locale }: View, { colour, tag, words, more }: Said): Card {
  const shown = same(plain(title, 60));
  return makeCard(locale, {
    ...{ colour, title: shown, tag, summary: joined([shown, tag], ' · ') },
    subtitle: name === '' ? undefined : same(plain(name, 40)),
    elements: [mention(people), lines(words), more],
  });
}

/** Warns that no run has succeeded for too long. @param lastGood ms; null: never */
export function staleCard(about: About, limit: string, lastGood: number | null, view: View): Card {
  const good = lastGood === null ? undefined : moment(lastGood, view.timeZone);
  return notice(about, view, {
    ...{ colour: colours.asking, tag: text('数据陈旧', 'Stale'), more: syncNow(about) },
    words: [
      text(`已经超过 ${limit} 没有成功同步。`, `No sync has succeeded for more than ${limit}.`),
      good === undefined
        ? text('还没有成功过。', 'None has succeeded so far.')
        : text(`上次成功：${good}`, `Last success: ${good}`),
    ],
  });
}

/** Tells once that what was wrong is not any more. */
export const goodCard = (about: About, what: keyof typeof good, view: View): Card =>
  notice({ ...about, people: [] }, view, { colour: colours.good, ...good[what] });

const scheduleGoesOn = text('已恢复定时', 'Schedule resumed');

const good = {
  fresh: {
    tag: text('已恢复', 'Recovered'),
    words: [text('数据又是最新的了。', 'The table is up to date again.')],
  },
  resumed: {
    tag: scheduleGoesOn,
    words: [
      text('连不上的已连上，定时任务自动恢复。', 'The connection is back: the schedule continues by itself.'),
    ],
  },
  mended: {
    tag: text('定义已修好', 'File repaired'),
    words: [
      text('定义文件又能读了，定时任务继续。', 'The definition can be read again: its schedule continues.'),
    ],
  },
} as const;

/** A schedule that paused itself. */
export interface PausedFacts {
  /** In a row. */
  readonly failures: number;
  /** Of the last one. */
  readonly problem: Problem | null;
  /** open_id of who let it go on. */
  readonly resumedBy: string | null;
}

/** Tells that the schedule paused itself, or that somebody let it go on. @param about `away`: what it needs was */
export function pausedCard(
  about: About & { readonly away?: boolean },
  { failures, problem, resumedBy }: PausedFacts,
  view: View,
): Card {
  const tried = problem !== null && problemElements([problem], room);
  const words = text(
    `连续失败 ${count(failures)} 次，定时任务已自动暂停。`,
    `${count(failures)} failures in a row: the schedule has paused itself.`,
  );
  if (resumedBy !== null) {
    const [zh, en] = [person(resumedBy) ?? '有人', person(resumedBy) ?? 'Someone'];
    const by = rich(text(`${zh} 恢复了定时任务`, `${en} resumed the schedule`), 'notation');
    const said = { colour: colours.over, tag: scheduleGoesOn, words: [words], more: [tried, by] };
    return notice({ ...about, people: [] }, view, said);
  }
  const resume = button(
    { op: 'unpause', run: about.name, v: 0 },
    { label: text('恢复定时', 'Resume the schedule'), type: 'primary_filled' },
  );
  return notice(about, view, {
    ...{ colour: colours.bad, tag: text('定时已暂停', 'Schedule paused') },
    ...{ words: [words, about.away && awayWords], more: [tried, buttonRow([resume])] },
  });
}

/** For problems on a notice. */
const room = { lines: 8, chars: 120 };

const awayWords = text(
  '每次都是连不上飞书或数据库：到点仍会试，连上后自动恢复。',
  'Feishu or the database was unreachable each time: the schedule still tries when due, and continues by itself once the connection is back.',
);

/** Tells once that a definition's file is broken, so that nothing happens by its clock. */
export const brokenCard = (about: About, problems: readonly Problem[], view: View): Card =>
  notice(about, view, {
    ...{ colour: colours.bad, tag: text('定义有误', 'Broken file'), more: problemElements(problems, room) },
    words: [
      text('定义文件读不出来，定时任务停下了。', 'The definition cannot be read: its schedule is paused.'),
    ],
  });

/** Tells that a scheduled run was left out, because something else was writing to the table. */
export function leftOutCard(about: About, due: number, view: View): Card {
  const at = moment(due, view.timeZone);
  return notice(about, view, {
    ...{ colour: colours.asking, tag: text('没有运行', 'Left out'), more: syncNow(about) },
    words: [
      text(
        `${at} 的定时同步没有运行：另一个同步一直占用着这个表格。`,
        `The sync of ${at} was left out: another one kept the table busy.`,
      ),
    ],
  });
}

/** Tells once that the month's calls are used up. @param until ms */
export function quotaCard(until: number, people: readonly string[], view: View): Card {
  const at = moment(until, view.timeZone);
  return notice({ name: '', title: 'bitable-sync', people }, view, {
    ...{ colour: colours.bad, tag: text('额度用完', 'Quota used up') },
    words: [
      text(
        `飞书的月度 API 调用额度已用完，定时任务暂停到 ${at}。`,
        `The month’s API calls are used up: schedules are paused until ${at}.`,
      ),
      text(
        '升级飞书套餐后，手动同步成功一次，定时任务就会恢复。',
        'After an upgrade of the plan, one successful sync by hand resumes them.',
      ),
    ],
  });
}

const syncNow = ({ name }: About): Elements =>
  buttonRow([button({ op: 'sync', run: name, v: 0 }, { label: text('立即同步', 'Sync now') })]);

/** Something that could not be said when it happened. */
export interface Late {
  /** ms. */
  readonly at: number;
  readonly words: Text;
}

/** What somebody may want to do about it. */
export interface Offer {
  readonly verb: 'resume' | 'history';
  readonly name: string;
  readonly title: string;
}

/** Says, once messages arrive again, what happened while they did not, and when; oldest first. */
export function owedCard(
  all: readonly Late[],
  people: readonly string[],
  offers: readonly Offer[],
  { locale, timeZone }: View,
): Card {
  const buttons = offers.slice(0, 3).map(({ verb, name, title }, at) => {
    const [short, called] = [plain(title, 30), same(plain(title, 40))];
    const label = verb === 'resume' ? text(`恢复定时：${short}`, `Resume: ${short}`) : called;
    return commandButton(verb, name, at, label);
  });
  return makeCard(locale, (room) => {
    const left = all.length - room.lines;
    const told = all.slice(-room.lines).map(({ at, words }) => {
      const { zh, en } = plainText(words, room.chars);
      return text(`${moment(at, timeZone)}　${zh}`, `${moment(at, timeZone)} – ${en}`);
    });
    return {
      colour: colours.asking,
      title: text('有几条消息当时没能发出', 'Messages that could not be sent at the time'),
      tag: text('补发', 'Late'),
      elements: [
        mention(people),
        left > 0 && say(`更早还有 ${count(left)} 条`, `${count(left)} earlier ones`, grey),
        lines(told),
        buttonRow(buttons),
      ],
    };
  });
}

/** What a card says in a line. */
export function summaryOf(card: Card): Text {
  const { config } = card as { readonly config?: { readonly summary?: Record<string, unknown> } };
  const { content, i18n_content: both } = config?.summary ?? {};
  const said = typeof content === 'string' ? content : '';
  const { zh_cn: zh, en_us: en } = (both ?? {}) as { readonly zh_cn?: unknown; readonly en_us?: unknown };
  return text(typeof zh === 'string' ? zh : said, typeof en === 'string' ? en : said);
}

/** The card for somebody who gets it because the chat that it was meant for is gone. */
export function redirected(card: Card, { locale }: Pick<View, 'locale'>): Card {
  const lead = makeCard(locale, { colour: colours.asking, title: reason, elements: [line(reason)] });
  return {
    ...card,
    body: { ...(card['body'] as object), elements: [...elementsOf(lead), ...elementsOf(card)] },
  };
}

const elementsOf = (card: Card): readonly unknown[] =>
  (card['body'] as { readonly elements?: readonly unknown[] } | undefined)?.elements ?? [];

const reason = text(
  '原来的会话已解散，或机器人不在里面了，所以发给你。',
  'The chat that this was meant for is gone, or the bot is no longer in it; so it comes to you.',
);
