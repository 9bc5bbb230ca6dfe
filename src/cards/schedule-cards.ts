import type { Digest } from '../sync/schedule/health.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { type Card, colours, type Element, type Elements, makeCard, type View } from './parts/card.ts';
import { aside, button, buttonRow, figures, lines, moreLine, person, rich, say } from './parts/element.ts';
import { joined, moment, plain, same, some } from './parts/words.ts';
import { toDo } from './run-outcome.ts';

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
  const good = lastGood === null ? undefined : moment(lastGood, timeZone);
  return makeCard(locale, {
    colour: settled ? colours.over : colours.planned,
    title: text(`该同步了：${title}`, `Time to sync: ${title}`),
    subtitle: same(plain(name, 40)),
    tag: text('提醒', 'Reminder'),
    elements: [
      good === undefined
        ? say('还没有成功同步过。', 'Never synced so far.')
        : say(`上次同步：${good}`, `Last synced: ${good}`),
      waiting && waitingRows(waiting),
      settled ? settledLine(settled, timeZone) : reminderButtons(name),
    ],
  });
}

const waitingRows = ({ creates, updates, deletes }: NonNullable<ReminderFacts['waiting']>): Element =>
  creates + updates + deletes === 0
    ? say('没有要写入的变化。', 'Nothing has changed: no rows wait.')
    : figures([toDo('create', creates), toDo('update', updates), toDo('delete', deletes)]);

function reminderButtons(run: string): Elements {
  const tomorrow = { label: text('明天', 'Tomorrow'), name: 'snooze_2' };
  return buttonRow([
    button({ op: 'sync', run, v: 0 }, { label: text('立即同步', 'Sync now'), type: 'primary_filled' }),
    button({ op: 'snooze', run, v: 0, until: 'hour' }, { label: text('一小时后', 'In an hour') }),
    button({ op: 'snooze', run, v: 0, until: 'tomorrow' }, tomorrow),
    button({ op: 'skip', run, v: 0 }, { label: text('跳过', 'Skip') }),
  ]);
}

function settledLine({ by, how, until }: NonNullable<ReminderFacts['settled']>, timeZone: string): Element {
  const at = until === null ? '' : moment(until, timeZone);
  const deeds: Readonly<Record<typeof how, Text>> = {
    sync: text('开始了同步', 'started the sync'),
    snooze: text(`推迟到 ${at}`, `put it off until ${at}`),
    skip: text('跳过了这次提醒', 'skipped it'),
  };
  const who = text(person(by) ?? '有人', person(by) ?? 'Someone');
  return rich(joined([who, deeds[how]], ' '), 'notation');
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
  const [called, short] = [plain(title, 40), plain(name, 40)];
  const shown = all.slice(0, mostReminders).map(({ number, when, timeZone, next }) => {
    const first = number === null ? text('文件', 'file') : same(`${number}.`);
    const then = next === undefined ? '—' : moment(next, view.timeZone);
    const words = `${plain(when, 60)}（${plain(timeZone, 40)}）`;
    return text(`${first.zh} ${words} 下次 ${then}`, `${first.en} ${words} next ${then}`);
  });
  return makeCard(view.locale, {
    colour: colours.resting,
    title: text(`${called} · 提醒`, `${called} · reminders`),
    elements: [
      shown.length === 0 ? say('这里还没有提醒。', 'No reminder here yet.') : lines(shown),
      moreLine(all.length - shown.length),
      say(
        `加一个：/sync remind ${short} "0 9 * * 1-5"；关掉：/sync remind ${short} off 1`,
        `Add one: /sync remind ${short} "0 9 * * 1-5"; turn one off: /sync remind ${short} off 1`,
        aside,
      ),
    ],
  });
}

/** Sums up what happened to each definition since `from` (ms). */
export function digestCard(all: readonly Digest[], from: number, { locale, timeZone }: View): Card {
  const since = moment(from, timeZone);
  return makeCard(locale, (room) => ({
    colour: all.some(isBad) ? colours.mixed : colours.good,
    title: text('同步汇总', 'Sync digest'),
    subtitle: text(`${since} 以来`, `since ${since}`),
    elements: [
      all.slice(0, room.lines).map((one) => digestLines(one, timeZone)),
      moreLine(all.length - room.lines),
      all.length === 0 && say('没有可以汇总的同步。', 'There is nothing to sum up.'),
    ],
  }));
}

const isBad = ({ failed, stale }: Digest): boolean => failed > 0 || stale;

function digestLines(one: Digest, timeZone: string): Element {
  const { runs, failed, partial, waiting, written, lastGood } = one;
  const good = lastGood === undefined ? undefined : moment(lastGood, timeZone);
  const parts = [
    text(`运行 ${count(runs)} 次`, some(runs, 'run')),
    failed > 0 && text(`失败 ${count(failed)}`, `${count(failed)} failed`),
    partial > 0 && text(`部分完成 ${count(partial)}`, `${count(partial)} partly done`),
    waiting > 0 && text(`等待确认 ${count(waiting)}`, `${count(waiting)} waiting`),
    text(`写入 ${count(written)} 行`, `${some(written, 'row')} written`),
    good === undefined
      ? text('从未成功', 'never succeeded')
      : text(`上次成功 ${good}`, `last success ${good}`),
  ];
  return lines([same(plain(one.title, 60)), joined(parts, ' · ')], isBad(one) ? { colour: 'red' } : {});
}
