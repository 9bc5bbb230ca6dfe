import type { ChunkStatus } from '../sync/state.ts';
import type { Chapter, Story } from '../sync/story.ts';
import { type Text, text } from '../sync/text.ts';
import { moment } from './amounts.ts';
import { type Card, makeCard } from './card.ts';
import type { View } from './commandCards.ts';
import { line, lines, rich, who } from './element.ts';
import { fitted, type Room } from './fit.ts';
import { colours } from './look.ts';
import { sampleLine } from './outcome.ts';
import { joined, plain, plainText, same } from './plain.ts';

/** Tells what the latest runs did with one row: read when, sent what, answered what, by whose wish. */
export function storyCard(title: string, key: string, { chapters, record }: Story, view: View): Card {
  const head = text(`${plain(title, 40)} · 一行的经过`, `${plain(title, 40)} · one row`);
  const known = chapters.some(({ told }) => told.kind === 'change' || told.kind === 'bad');
  return fitted((room) =>
    makeCard(
      {
        colour: known || record !== undefined ? colours.busy : colours.resting,
        title: head,
        subtitle: same(plain(key, 60)),
        summary: head,
        elements: [
          ...(known || record !== undefined ? [] : [line(never)]),
          ...chapters.flatMap((one) => [
            rich(heading(one, view.timeZone), 'notation'),
            lines(words(one, view.timeZone, room), { size: 'notation', colour: 'grey' }),
          ]),
          ...(record === undefined
            ? []
            : [
                line(
                  text(
                    `最后确认写入的记录：${plain(record, 40)}`,
                    `Last confirmed in record ${plain(record, 40)}.`,
                  ),
                ),
              ]),
        ],
      },
      view.locale,
    ),
  );
}

const never = text(
  '最近几次运行里没有写过这个主键：两边一直相同，或查询里没有它。请检查主键的写法。',
  'None of the latest runs wrote this key: it was equal on both sides, or the query has no such row. Check how the key is written.',
);

function heading({ at, by }: Chapter, timeZone: string): Text {
  const when = moment(at, timeZone, false);
  return joined([{ zh: `**${when}**`, en: `**${when}**` }, ...(by ? [who(by)] : [])], ' · ');
}

function words({ run, told }: Chapter, timeZone: string, room: Room): readonly Text[] {
  const name = plain(run, 40);
  if (told.kind === 'quiet') return [text(`没有要写的 · ${name}`, `nothing to write · ${name}`)];
  if (told.kind === 'forgotten') return [text(`没有保留计划 · ${name}`, `its plan was not kept · ${name}`)];
  if (told.kind === 'bad') {
    const field = told.row.field === undefined ? '' : `${plain(told.row.field, 40)}: `;
    const reason = plainText(told.row.reason, room.chars);
    return [text(`没有发送 · ${name}`, `not sent · ${name}`), text(field + reason.zh, field + reason.en)];
  }
  const { status, chunk, sentAt, sample, code, message } = told;
  const sent = sentAt === null ? [] : [same(moment(sentAt, timeZone, true))];
  const said =
    message === '' && code === null ? [] : [same(plain(`${code ?? ''} ${message}`.trim(), room.chars))];
  return [
    joined([outcomes[status], ...sent, same(plain(chunk, 20)), same(name)], ' · '),
    sampleLine(sample, Math.ceil(room.chars / 8)),
    ...said,
  ];
}

const outcomes: Readonly<Record<ChunkStatus, Text>> = {
  pending: text('还没有发送', 'not sent yet'),
  sent: text('已发送，等待应答', 'sent, no answer yet'),
  done: text('已写入', 'written'),
  failed: text('写入失败', 'failed'),
  unknown: text('结果未知', 'outcome unknown'),
  rejected: text('飞书拒绝', 'refused by Feishu'),
  split: text('已拆分', 'split'),
  dropped: text('不再发送', 'not sent any more'),
};
