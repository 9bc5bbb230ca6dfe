import { count, type Text, text } from '../sync/text.ts';
import { moment } from './amounts.ts';
import type { Verb } from './button.ts';
import { type Card, makeCard } from './card.ts';
import { commandButton } from './commandCards.ts';
import { buttonRow, line, lines, mention } from './element.ts';
import { fitted, head } from './fit.ts';
import { colours } from './look.ts';
import { plain, plainText, same } from './plain.ts';
import type { NoticeView } from './scheduleCards.ts';

/** Something that could not be said when it happened. */
export interface Late {
  /** ms. */
  readonly at: number;
  readonly words: Text;
}

/** What somebody may want to do about it. */
interface Offer {
  readonly verb: Verb;
  readonly name: string;
  readonly title: string;
}

/** Says, once messages arrive again, what happened while they did not, and when; oldest first. */
export function owedCard(
  all: readonly Late[],
  people: readonly string[],
  offers: readonly Offer[],
  { locale, timeZone }: NoticeView,
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
export function redirected(card: Card, { locale }: Pick<NoticeView, 'locale'>): Card {
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
