import type { Digest } from '../sync/schedule/health.ts';
import { count, type Text, text } from '../sync/words/text.ts';
import { commandButton } from './parts/button.ts';
import { type Card, type Element, fitted, head, makeCard, type View } from './parts/card.ts';
import { buttonRow, line, lines, mention, moreLine } from './parts/element.ts';
import { colours } from './parts/look.ts';
import { joined, moment, plain, plainText, same, some } from './parts/words.ts';

/** Sums up what happened to each definition since `from` (ms). */
export function digestCard(all: readonly Digest[], from: number, { locale, timeZone }: View): Card {
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
        elements: [
          ...shown.flatMap((one) => digestLines(one, timeZone)),
          ...moreLine(more),
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

/** Something that could not be said when it happened. */
export interface Late {
  /** ms. */
  readonly at: number;
  readonly words: Text;
}

/** What somebody may want to do about it. */
interface Offer {
  readonly verb: string;
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
  const title = text('有几条消息当时没能发出', 'Messages that could not be sent at the time');
  const buttons = offers
    .slice(0, 3)
    .map(({ verb, name, title: called }, at) =>
      commandButton(verb, name, at, verb === 'resume' ? resume(called) : runs(called)),
    );
  return fitted((room) => {
    const { shown, more } = head([...all].reverse(), room.lines);
    const told = [...shown].reverse().map(({ at, words }) => {
      const { zh, en } = plainText(words, room.chars);
      return text(`${moment(at, timeZone)}　${zh}`, `${moment(at, timeZone)} – ${en}`);
    });
    const before = text(`更早还有 ${count(more)} 条`, `${count(more)} earlier ones`);
    return makeCard(
      {
        colour: colours.asking,
        title,
        tag: text('补发', 'Late'),
        summary: title,
        elements: [
          ...mention(people),
          ...(more === 0 ? [] : [line(before, { colour: 'grey' })]),
          lines(told),
          ...(buttons.length === 0 ? [] : [buttonRow(buttons)]),
        ],
      },
      locale,
    );
  });
}

const resume = (title: string): Text => {
  const short = plain(title, 30);
  return text(`恢复定时：${short}`, `Resume: ${short}`);
};

const runs = (title: string): Text => same(plain(title, 40));

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
  const lead = makeCard(
    { colour: colours.asking, title: reason, summary: reason, elements: [line(reason)] },
    locale,
  );
  const [body, more] = [elementsOf(card), elementsOf(lead)];
  return { ...card, body: { ...(card['body'] as object), elements: [...more, ...body] } };
}

const elementsOf = (card: Card): readonly unknown[] =>
  (card['body'] as { readonly elements?: readonly unknown[] } | undefined)?.elements ?? [];

const reason = text(
  '原来的会话已解散，或机器人不在里面了，所以发给你。',
  'The chat that this was meant for is gone, or the bot is no longer in it; so it comes to you.',
);
