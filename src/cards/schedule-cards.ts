import type { Problem } from '../sync/words/problem.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { button } from './parts/button.ts';
import { type Card, type Element, head, makeCard, type View } from './parts/card.ts';
import {
  buttonRow,
  figures,
  line,
  lines,
  mention,
  moreLine,
  person,
  problemElements,
  rich,
} from './parts/element.ts';
import { type Colour, colours } from './parts/look.ts';
import { joined, moment, plain, same } from './parts/words.ts';

/** What a reminder says; kept with its message, so that it can be drawn again. */
export interface ReminderFacts {
  readonly name: string;
  readonly title: string;
  /** When the table was last synced (ms); null: never. */
  readonly lastGood: number | null;
  /** What a sync would do now; null when nobody looked, or looking failed. */
  readonly waiting: { readonly creates: number; readonly updates: number; readonly deletes: number } | null;
  /** Who settled it and how. */
  readonly settled: {
    readonly by: string;
    readonly how: 'sync' | 'snooze' | 'skip';
    readonly until: number | null;
  } | null;
}

/** Asks people to sync: when it was last done, how much waits, and what to press. */
export function reminderCard(facts: ReminderFacts, { locale, timeZone }: View): Card {
  const { name, lastGood, waiting, settled } = facts;
  const title = plain(facts.title, 60);
  const synced =
    lastGood === null
      ? text('还没有成功同步过。', 'Never synced so far.')
      : text(`上次同步：${moment(lastGood, timeZone)}`, `Last synced: ${moment(lastGood, timeZone)}`);
  return makeCard(
    {
      colour: settled ? colours.over : colours.planned,
      title: text(`该同步了：${title}`, `Time to sync: ${title}`),
      subtitle: same(plain(name, 40)),
      tag: text('提醒', 'Reminder'),
      summary: text(`该同步了：${title}`, `Time to sync: ${title}`),
      elements: [
        line(synced),
        ...(waiting ? waitingRows(waiting) : []),
        ...(settled ? [settledLine(settled, timeZone)] : [reminderButtons(name)]),
      ],
    },
    locale,
  );
}

function waitingRows({
  creates,
  updates,
  deletes,
}: NonNullable<ReminderFacts['waiting']>): readonly Element[] {
  if (creates + updates + deletes === 0)
    return [line(text('没有要写入的变化。', 'Nothing has changed: no rows wait.'))];
  return [
    figures([
      { name: text('将新增', 'to create'), value: count(creates) },
      { name: text('将更新', 'to update'), value: count(updates) },
      { name: text('将删除', 'to delete'), value: count(deletes) },
    ]),
  ];
}

const reminderButtons = (name: string): Element =>
  buttonRow([
    button({ op: 'sync', run: name, v: 0 }, { label: text('立即同步', 'Sync now'), type: 'primary_filled' }),
    button({ op: 'snooze', run: name, v: 0, until: 'hour' }, { label: text('一小时后', 'In an hour') }),
    button(
      { op: 'snooze', run: name, v: 0, until: 'tomorrow' },
      { label: text('明天', 'Tomorrow'), name: 'snooze_2' },
    ),
    button({ op: 'skip', run: name, v: 0 }, { label: text('跳过', 'Skip') }),
  ]);

function settledLine({ by, how, until }: NonNullable<ReminderFacts['settled']>, timeZone: string): Element {
  const name = person(by);
  const who = text(name ?? '有人', name ?? 'Somebody');
  const at = until === null ? '' : moment(until, timeZone);
  const deeds: Readonly<Record<typeof how, Text>> = {
    sync: text('开始了同步', 'started the sync'),
    snooze: text(`推迟到 ${at}`, `put it off until ${at}`),
    skip: text('跳过了这次提醒', 'skipped it'),
  };
  return rich(joined([who, deeds[how]], ' '), 'notation');
}

/** What a notice is about, and whom it mentions. */
export interface About {
  readonly name: string;
  readonly title: string;
  /** open_ids that are notified. */
  readonly people: readonly string[];
}

/** Warns that no run has succeeded for too long. @param lastGood ms; null: never */
export const staleCard = (about: About, limit: string, lastGood: number | null, view: View): Card =>
  notice(
    { ...about, colour: colours.asking, tag: text('数据陈旧', 'Stale') },
    [
      text(`已经超过 ${limit} 没有成功同步。`, `No sync has succeeded for more than ${limit}.`),
      lastGood === null
        ? text('还没有成功过。', 'None has succeeded so far.')
        : text(
            `上次成功：${moment(lastGood, view.timeZone)}`,
            `Last success: ${moment(lastGood, view.timeZone)}`,
          ),
    ],
    [syncNow(about.name)],
    view,
  );

/** Tells once that what was wrong is not any more. */
export const goodCard = (about: About, what: keyof typeof good, view: View): Card =>
  notice({ ...about, people: [], colour: colours.good, tag: good[what].tag }, [good[what].words], [], view);

const good = {
  fresh: {
    tag: text('已恢复', 'Recovered'),
    words: text('数据又是最新的了。', 'The table is up to date again.'),
  },
  resumed: {
    tag: text('已恢复定时', 'Schedule goes on'),
    words: text(
      '之前连不上的又连上了，定时任务已自动恢复。',
      'What was away is back: the schedule goes on by itself.',
    ),
  },
  mended: {
    tag: text('定义已修好', 'File mended'),
    words: text(
      '定义文件又能读了，定时任务继续。',
      'The definition can be read again: its schedule goes on.',
    ),
  },
} as const;

/** A schedule that paused itself: after how many failures in a row, of which the last is told, and who resumed it. */
export interface PausedFacts {
  readonly failures: number;
  readonly problem: Problem | null;
  /** open_id. */
  readonly resumedBy: string | null;
}

/** Tells that the schedule paused itself, or that somebody let it go on. */
export const pausedCard = (
  about: About & { readonly away?: boolean },
  { failures, problem, resumedBy }: PausedFacts,
  view: View,
): Card => {
  const name = resumedBy === null ? undefined : person(resumedBy);
  const who = text(name ?? '有人', name ?? 'Somebody');
  return notice(
    {
      ...about,
      people: resumedBy === null ? about.people : [],
      colour: resumedBy === null ? colours.bad : colours.over,
      tag:
        resumedBy === null ? text('定时已暂停', 'Schedule paused') : text('已恢复定时', 'Schedule goes on'),
    },
    [
      text(
        `连续失败 ${count(failures)} 次，定时任务已自动暂停。`,
        `${count(failures)} failures in a row: the schedule has paused itself.`,
      ),
      ...(about.away && resumedBy === null ? [awayWords] : []),
    ],
    [
      ...(problem === null ? [] : problemElements([problem], { lines: 8, chars: 120 })),
      ...(resumedBy === null
        ? [
            buttonRow([
              button(
                { op: 'unpause', run: about.name, v: 0 },
                { label: text('恢复定时', 'Resume the schedule'), type: 'primary_filled' },
              ),
            ]),
          ]
        : [rich(text(`${who.zh} 恢复了定时任务`, `${who.en} let the schedule go on`), 'notation')]),
    ],
    view,
  );
};

const awayWords = text(
  '每次都是连不上飞书或数据库：到点仍会试，连上后自动恢复。',
  'Feishu or the database was away each time: it is still tried when due, and goes on by itself once that is back.',
);

/** Tells once that a definition's file is broken, so that nothing happens by its clock. */
export const brokenCard = (about: About, problems: readonly Problem[], view: View): Card =>
  notice(
    { ...about, colour: colours.bad, tag: text('定义有误', 'Broken file') },
    [text('定义文件读不出来，定时任务停下了。', 'The definition cannot be read: its schedule stands still.')],
    problemElements(problems, { lines: 8, chars: 120 }),
    view,
  );

/** Tells that a scheduled run was left out, because something else was writing to the table. */
export const leftOutCard = (about: About, due: number, view: View): Card =>
  notice(
    { ...about, colour: colours.asking, tag: text('没有运行', 'Left out') },
    [
      text(
        `${moment(due, view.timeZone)} 的定时同步没有运行：另一个同步一直占用着这个表格。`,
        `The sync of ${moment(due, view.timeZone)} was left out: another one kept the table busy.`,
      ),
    ],
    [syncNow(about.name)],
    view,
  );

/** Tells once that the month's calls are used up. @param until ms */
export const quotaCard = (until: number, people: readonly string[], view: View): Card =>
  notice(
    {
      name: '',
      title: 'bitable-sync',
      people,
      colour: colours.bad,
      tag: text('额度用完', 'Quota used up'),
    },
    [
      text(
        `飞书的月度 API 调用额度已用完，定时任务暂停到 ${moment(until, view.timeZone)}。`,
        `The month’s API calls are used up: schedules stand still until ${moment(until, view.timeZone)}.`,
      ),
      text(
        '升级飞书套餐后，手动同步成功一次，定时任务就会恢复。',
        'After an upgrade of the plan, one sync by hand that succeeds lets them go on.',
      ),
    ],
    [],
    view,
  );

const syncNow = (name: string): Element =>
  buttonRow([button({ op: 'sync', run: name, v: 0 }, { label: text('立即同步', 'Sync now') })]);

function notice(
  { name, title, people, colour, tag }: About & { readonly colour: Colour; readonly tag: Text },
  words: readonly Text[],
  more: readonly Element[],
  { locale }: View,
): Card {
  const shown = plain(title, 60);
  return makeCard(
    {
      colour,
      title: same(shown),
      ...(name !== '' && { subtitle: same(plain(name, 40)) }),
      tag,
      summary: joined([same(shown), tag], ' · '),
      elements: [...mention(people), lines(words), ...more],
    },
    locale,
  );
}

/** A reminder as it is listed. */
export interface ShownReminder {
  readonly number: number | null;
  readonly when: string;
  readonly timeZone: string;
  readonly next: number | undefined;
}

/** Reminders that are listed; a chat sets at most ten, a file may hold more. */
const mostReminders = 20;

/** Lists the reminders of a definition in a chat, and how to change them. */
export function remindersCard(title: string, name: string, all: readonly ShownReminder[], view: View): Card {
  const about = text(`${plain(title, 40)} · 提醒`, `${plain(title, 40)} · reminders`);
  const listed = head(all, mostReminders);
  const shown = listed.shown.map(({ number, when, timeZone, next }): Text => {
    const first = number === null ? text('文件', 'file') : same(`${number}.`);
    const then = next === undefined ? '—' : moment(next, view.timeZone);
    const words = `${plain(when, 60)}（${plain(timeZone, 40)}）`;
    return text(`${first.zh} ${words} 下次 ${then}`, `${first.en} ${words} next ${then}`);
  });
  const short = plain(name, 40);
  return makeCard(
    {
      colour: colours.resting,
      title: about,
      elements: [
        shown.length === 0 ? line(text('这里还没有提醒。', 'No reminder here yet.')) : lines(shown),
        ...moreLine(listed.more),
        line(
          text(
            `加一个：/sync remind ${short} "0 9 * * 1-5"；关掉：/sync remind ${short} off 1`,
            `Add one: /sync remind ${short} "0 9 * * 1-5"; turn one off: /sync remind ${short} off 1`,
          ),
          { size: 'notation', colour: 'grey' },
        ),
      ],
    },
    view.locale,
  );
}
