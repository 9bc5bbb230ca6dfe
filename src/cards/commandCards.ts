import type { State } from '../sync/state.ts';
import { count, type Locale, type Text, text } from '../sync/text.ts';
import { moment, percent, some } from './amounts.ts';
import { button, type Verb } from './button.ts';
import { type Card, type Element, makeCard } from './card.ts';
import { buttonRow, line, lines, mention, rich, who, withButton } from './element.ts';
import { fitted, head } from './fit.ts';
import { type Colour, colours, lookOf } from './look.ts';
import { numbersLine } from './outcome.ts';
import { joined, plain, plainText, same } from './plain.ts';
import { isStill, type Standstill, standstill } from './standstill.ts';

/** What cards depend on besides what they show. */
export interface View {
  readonly locale: Locale;
  readonly timeZone: string;
}

/** A button that does what a command does; `at`: its place among those of the card, for a name of its own. */
export const commandButton = (verb: Verb, definition: string, at: number, label: Text): Element =>
  button({ op: 'command', verb, run: definition, v: 0 }, { label, name: `${verb}_${at + 1}` });

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

/** Shows what goes on or waits at this moment: who holds which table, since when, and how far it is. */
export function statusCard(open: readonly State[], still: Standstill, view: View): Card {
  const title = text(`正在进行 · ${count(open.length)} 个`, `Going on · ${count(open.length)}`);
  return fitted((room) => {
    const { shown, more } = head(open, Math.min(room.lines, 15));
    return makeCard(
      {
        colour: isStill(still) ? colours.asking : colours.busy,
        title,
        summary: title,
        elements: [
          ...standstill(still, view.timeZone),
          ...shown.flatMap((state, at) => goingOn(state, at, view.timeZone)),
          ...(open.length === 0
            ? [line(text('现在没有同步在进行。', 'No sync is going on right now.'))]
            : []),
          ...(more === 0 ? [] : [line(text(`… 还有 ${count(more)} 个`, `… and ${count(more)} more`))]),
        ],
      },
      view.locale,
    );
  });
}

function goingOn(state: State, at: number, timeZone: string): readonly Element[] {
  const started = state.acts.find(({ op }) => op === 'start');
  const { settled, total } = state.changes;
  const { rows, records } = state.reading;
  const far: readonly Text[] =
    total > 0
      ? [
          text(
            `${percent(settled, total)} %（${count(settled)}/${count(total)}）`,
            `${percent(settled, total)} % (${count(settled)} of ${count(total)})`,
          ),
        ]
      : rows + records > 0
        ? [
            text(
              `已读 ${count(rows)} 行、${count(records)} 条记录`,
              `${count(rows)} rows and ${count(records)} records read`,
            ),
          ]
        : [];
  const facts = [
    lookOf(state).label,
    ...far,
    ...(started ? [who(started.by)] : []),
    same(moment(state.startedAt, timeZone)),
  ];
  const name = line(same(`${plain(state.title, 40)} · ${plain(state.definition, 40)}`));
  return [
    withButton(name, commandButton('cancel', state.definition, at, text('取消', 'Cancel'))),
    rich(joined(facts, ' · '), 'notation'),
  ];
}

/** Lists the last runs of a definition: how they ended, their numbers, who started them, when and how. */
export function historyCard(title: string, definition: string, runs: readonly State[], view: View): Card {
  const head = text(
    `${plain(title, 40)} · 最近 ${runs.length} 次`,
    `${plain(title, 40)} · last ${some(runs.length, 'run')}`,
  );
  return fitted((room) =>
    makeCard(
      {
        colour: colours.busy,
        title: head,
        summary: head,
        elements: [
          ...runs.slice(0, 10).map((run) => {
            const started = run.acts.find(({ op }) => op === 'start');
            const facts = [
              { zh: `**${lookOf(run).label.zh}**`, en: `**${lookOf(run).label.en}**` },
              same(moment(run.endedAt ?? run.startedAt, view.timeZone)),
              ...(started ? [who(started.by), ways[started.by.kind]] : []),
              numbersLine(run),
            ];
            return rich(joined(facts, ' · '), 'notation');
          }),
          ...(runs[0]?.error
            ? [line(plainText(runs[0].error.message, room.chars), { size: 'notation', colour: 'red' })]
            : []),
          ...(runs.length === 0 ? [line(text('还没有运行过。', 'It has never run.'))] : []),
          buttonRow([commandButton('sync', definition, 0, text('同步', 'Sync'))]),
        ],
      },
      view.locale,
    ),
  );
}

const ways = {
  chat: text('消息', 'by message'),
  button: text('按钮', 'by button'),
  schedule: text('定时', 'by schedule'),
  cli: text('命令行', 'on the command line'),
} as const;

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
