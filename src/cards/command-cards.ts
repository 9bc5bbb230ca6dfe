import type { State } from '../sync/state.ts';
import { count, type Locale, type Text, text } from '../sync/text.ts';
import { moment } from './parts/amounts.ts';
import { type Card, type Element, fitted, head, makeCard, type View } from './parts/card.ts';
import { buttonRow, line, lines, mention, rich } from './parts/element.ts';
import { type Colour, colours, lookOf } from './parts/look.ts';
import { joined, plain, plainText, same } from './parts/plain.ts';
import { numbersLine } from './run-outcome.ts';

/** Says in one line what became of a command; grey lines and buttons follow. */
export function saidCard(
  title: Text,
  words: readonly Text[],
  locale: Locale,
  { colour = colours.resting, buttons = [] }: { colour?: Colour; buttons?: readonly Element[] } = {},
): Card {
  return fitted((room) =>
    makeCard(
      {
        colour,
        title: plainText(title, 60),
        summary: plainText(words[0] ?? title, 60),
        elements: [
          lines(words.slice(0, 20).map((one) => plainText(one, room.chars * 2))),
          ...(buttons.length === 0 ? [] : [buttonRow(buttons)]),
        ],
      },
      locale,
    ),
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
      summary: about,
      elements: [
        shown.length === 0 ? line(text('这里还没有提醒。', 'No reminder here yet.')) : lines(shown),
        ...(listed.more === 0
          ? []
          : [line(text(`… 还有 ${count(listed.more)} 个`, `… and ${count(listed.more)} more`))]),
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

/** One line for a group about a run whose card stands in a thread; `people` are notified. */
export function endCard(state: State, people: readonly string[], locale: Locale): Card {
  const { label, colour } = lookOf(state);
  const title = plain(state.title, 60);
  const words = joined([label, numbersLine(state)], ' · ');
  const thread = text(
    '详情和按钮在话题里的卡片上。',
    'The card in the thread tells more and has the buttons.',
  );
  return makeCard(
    {
      colour,
      title: same(title),
      tag: label,
      summary: text(`${title}：${label.zh}`, `${title}: ${label.en}`),
      elements: [
        ...mention(people),
        rich(words),
        ...(state.error ? [line(plainText(state.error.message, 200))] : []),
        line(thread, { size: 'notation', colour: 'grey' }),
      ],
    },
    locale,
  );
}
