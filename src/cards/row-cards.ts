import { isEqual, type Verified, verifiedLines } from '../sync/state/checked.ts';
import type { Chapter, ChunkStatus, Story } from '../sync/state/state.ts';
import { type Locale, type Text, text } from '../sync/words/text.ts';
import { type Card, fitted, makeCard, type Room, type View } from './parts/card.ts';
import { line, lines, rich, who } from './parts/element.ts';
import { colours, type Look } from './parts/look.ts';
import { joined, moment, plain, plainText, same } from './parts/words.ts';
import { sampleLine } from './run-outcome.ts';

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

/** Tells that both sides are being read. */
export const verifyingCard = (title: string, locale: Locale): Card =>
  card(title, { colour: colours.busy, label: text('正在核对', 'Verifying') }, [reading], locale);

const reading = text(
  '正在读取两边并逐个主键比较，不会写入。',
  'Reading both sides and comparing them key by key; nothing is written.',
);

/** What a verification came to; the keys themselves are in the file. */
export function verifyCard(title: string, seen: Verified, locale: Locale): Card {
  const { equal, ...others } = seen.counts;
  const all = Object.values(others).reduce((sum, one) => sum + one, equal + seen.leftAlone);
  const look = isEqual(seen)
    ? { colour: colours.good, label: text('两边一致', 'Equal') }
    : { colour: colours.asking, label: text('两边不同', 'Different') };
  return card(title, look, [...verifiedLines(seen), ...(all === 0 ? [] : [inFile])], locale);
}

const inFile = text(
  '每个主键的结果已私聊发给核对的人。',
  'What became of each key went to whoever asked, as a file.',
);

function card(title: string, { colour, label }: Look, all: readonly Text[], locale: Locale): Card {
  const [first = label, ...others] = all.map((one) => plainText(one, 400));
  const elements = [line(first), ...(others.length === 0 ? [] : [lines(others)])];
  return makeCard({ colour, title: same(plain(title, 60)), tag: label, summary: label, elements }, locale);
}
