import type { Digest } from '../sync/schedule/digest.ts';
import { count, type Text, text } from '../sync/text.ts';
import { moment, some } from './amounts.ts';
import { type Card, type Element, makeCard } from './card.ts';
import { line, lines } from './element.ts';
import { fitted, head } from './fit.ts';
import { colours } from './look.ts';
import { joined, plain, same } from './plain.ts';
import type { NoticeView } from './scheduleCards.ts';

/** Sums up what happened to each definition since `from` (ms). */
export function digestCard(all: readonly Digest[], from: number, { locale, timeZone }: NoticeView): Card {
  const failed = all.reduce((sum, one) => sum + one.failed, 0);
  const title = text('同步汇总', 'Sync digest');
  const colour = failed > 0 || all.some(({ stale }) => stale) ? colours.mixed : colours.good;
  const since = moment(from, timeZone);
  return fitted((room) => {
    const { shown, more } = head(all, room.lines);
    return makeCard(
      {
        colour,
        title,
        subtitle: text(`${since} 以来`, `since ${since}`),
        summary: title,
        elements: [
          ...shown.flatMap((one) => digestLines(one, timeZone)),
          ...(more === 0 ? [] : [line(text(`… 还有 ${count(more)} 个`, `… and ${count(more)} more`))]),
          ...(all.length === 0 ? [line(text('没有可以汇总的同步。', 'There is nothing to sum up.'))] : []),
        ],
      },
      locale,
    );
  });
}

function digestLines(one: Digest, timeZone: string): readonly Element[] {
  const { runs, failed, partial, waiting, written, lastGood, stale } = one;
  const parts: readonly Text[] = [
    text(`运行 ${count(runs)} 次`, some(runs, 'run')),
    ...(failed > 0 ? [text(`失败 ${count(failed)}`, `${count(failed)} failed`)] : []),
    ...(partial > 0 ? [text(`部分完成 ${count(partial)}`, `${count(partial)} partly done`)] : []),
    ...(waiting > 0 ? [text(`等待确认 ${count(waiting)}`, `${count(waiting)} waiting`)] : []),
    text(`写入 ${count(written)} 行`, `${some(written, 'row')} written`),
    lastGood === undefined
      ? text('从未成功', 'never succeeded')
      : text(`上次成功 ${moment(lastGood, timeZone)}`, `last success ${moment(lastGood, timeZone)}`),
  ];
  const colour = failed > 0 || stale ? ({ colour: 'red' } as const) : {};
  return [lines([same(plain(one.title, 60)), joined(parts, ' · ')], colour)];
}
