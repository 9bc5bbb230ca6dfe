import type { Problem } from '../sync/problem.ts';
import type { State } from '../sync/state.ts';
import { count, type Text, text } from '../sync/text.ts';
import { moment } from './amounts.ts';
import { type Card, type Element, makeCard } from './card.ts';
import type { View } from './commandCards.ts';
import { line, lines, withButton } from './element.ts';
import { fitted, head, type Room } from './fit.ts';
import { colours, lookOf } from './look.ts';
import { syncButton } from './noticeCard.ts';
import { joined, plain, plainText, same } from './plain.ts';
import { isStill, type Standstill, standstill } from './standstill.ts';

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
    }
  | { readonly name: string; readonly problems: readonly Problem[] };

/** Lists the saved syncs, a button each. */
export function listCard(all: readonly Listed[], view: View & { readonly still?: Standstill }): Card {
  const title = text(`同步列表 · ${count(all.length)} 个`, `Syncs · ${count(all.length)}`);
  const { still = {} } = view;
  return fitted((room) => {
    const { shown, more } = head(all, room.lines);
    return makeCard(
      {
        colour: isStill(still) ? colours.asking : colours.busy,
        title,
        summary: title,
        elements: [
          ...standstill(still, view.timeZone),
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
  return withButton(words, syncButton(one.name, at, text('同步', 'Sync')));
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
