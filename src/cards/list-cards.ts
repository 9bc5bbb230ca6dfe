import type { Actor, State } from '../sync/state/state.ts';
import type { Problem } from '../sync/words/problem.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { commandButton, syncButton } from './parts/button.ts';
import { type Card, type Element, fitted, head, makeCard, type Room, type View } from './parts/card.ts';
import { buttonRow, line, lines, moreLine, rich, who, withButton } from './parts/element.ts';
import { colours, lookOf } from './parts/look.ts';
import { joined, moment, percent, plain, plainText, same, some } from './parts/words.ts';
import { numbersLine } from './run-outcome.ts';

/** A saved sync as listed: one that can run, with its newest run, or one whose file is broken. */
export type Listed =
  | {
      readonly name: string;
      readonly title: string;
      readonly last: State | undefined;
      /** When it runs by itself next (ms); nothing where it does not. */
      readonly nextRun?: number | undefined;
      /** Whether its schedule is paused. */
      readonly paused?: boolean;
      /** Whoever asks may not sync it: it gets no button. */
      readonly closed?: boolean;
    }
  | { readonly name: string; readonly problems: readonly Problem[] };

/** Lists the saved syncs, a button each. */
export function listCard(all: readonly Listed[], view: View & { readonly still?: GlobalHold }): Card {
  const title = text(`同步列表 · ${count(all.length)} 个`, `Syncs · ${count(all.length)}`);
  const { still = {} } = view;
  return fitted((room) => {
    const { shown, more } = head(all, room.lines);
    return makeCard(
      {
        colour: isHeld(still) ? colours.asking : colours.busy,
        title,
        elements: [
          ...holdLines(still, view.timeZone),
          ...shown.map((one, at) => entry(one, at, view.timeZone, room)),
          ...(more === 0
            ? []
            : [
                line(
                  text(
                    `… 还有 ${count(more)} 个，发送 /sync 加名称开始`,
                    `… and ${count(more)} more: send /sync and the name`,
                  ),
                ),
              ]),
          ...(all.length === 0
            ? [
                line(
                  text(
                    '还没有定义，请在定义文件夹里放一个 YAML 文件。',
                    'None yet: put a YAML file into the definitions folder.',
                  ),
                ),
              ]
            : []),
        ],
      },
      view.locale,
    );
  });
}

function entry(one: Listed, at: number, timeZone: string, room: Room): Element {
  const name = plain(one.name, 40);
  if ('problems' in one) {
    const what = one.problems[0]?.message ?? text('文件有问题', 'the file is broken');
    return lines([same(name), plainText(what, room.chars)], { colour: 'red' });
  }
  const title = plain(one.title, 40);
  const words = lines([
    same(title === name ? name : `${title} · ${name}`),
    lastRun(one.last, timeZone),
    ...clock(one, timeZone),
  ]);
  return one.closed ? words : withButton(words, syncButton(one.name, at, text('同步', 'Sync')));
}

function lastRun(last: State | undefined, timeZone: string): Text {
  if (last === undefined) return text('还没有运行过', 'never run');
  return joined([lookOf(last).label, same(moment(last.endedAt ?? last.startedAt, timeZone))], ' · ');
}

function clock(
  { nextRun, paused }: Extract<Listed, { readonly title: string }>,
  timeZone: string,
): readonly Text[] {
  if (nextRun === undefined) return [];
  if (paused) return [text('定时已暂停', 'schedule paused')];
  return [text(`下次运行 ${moment(nextRun, timeZone)}`, `next run ${moment(nextRun, timeZone)}`)];
}

/** What holds everything at this moment. */
export interface GlobalHold {
  /** Who has frozen everything, and since when (ms). */
  readonly frozen?: { readonly by: Actor; readonly at: number } | undefined;
  /** Until when the month's calls are used up, in ms. */
  readonly spentUntil?: number | undefined;
}

/** Whether anything does. */
export const isHeld = ({ frozen, spentUntil }: GlobalHold): boolean =>
  frozen !== undefined || spentUntil !== undefined;

/** Says what holds everything; nothing where nothing does. */
export function holdLines({ frozen, spentUntil }: GlobalHold, timeZone: string): readonly Element[] {
  const at = (time: number): string => moment(time, timeZone);
  return [
    ...(frozen === undefined
      ? []
      : [
          rich(
            text(
              `**全部同步已被冻结** · ${who(frozen.by).zh} · ${at(frozen.at)} · /sync thaw 解冻`,
              `**Everything is frozen** · ${who(frozen.by).en} · ${at(frozen.at)} · /sync thaw lets it go on`,
            ),
          ),
        ]),
    ...(spentUntil === undefined
      ? []
      : [
          line(
            text(
              `本月的 API 调用额度已用完，定时任务停到 ${at(spentUntil)}。`,
              `The month’s API calls are used up; schedules stand still until ${at(spentUntil)}.`,
            ),
            { colour: 'orange' },
          ),
        ]),
  ];
}

/** Shows what goes on or waits at this moment: who holds which table, since when, and how far it is. */
export function statusCard(open: readonly State[], still: GlobalHold, view: View): Card {
  const title = text(`正在进行 · ${count(open.length)} 个`, `Going on · ${count(open.length)}`);
  return fitted((room) => {
    const { shown, more } = head(open, Math.min(room.lines, 15));
    return makeCard(
      {
        colour: isHeld(still) ? colours.asking : colours.busy,
        title,
        elements: [
          ...holdLines(still, view.timeZone),
          ...shown.flatMap((state, at) => goingOn(state, at, view.timeZone)),
          ...(open.length === 0
            ? [line(text('现在没有同步在进行。', 'No sync is going on right now.'))]
            : []),
          ...moreLine(more),
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
