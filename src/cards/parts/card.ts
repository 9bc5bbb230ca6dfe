import { inLocale, type Locale, type Text } from '../../sync/words/text.ts';
import type { Colour } from './look.ts';

/** A card as Feishu takes it, JSON 2.0. https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure */
export type Card = Readonly<Record<string, unknown>>;

/** A part of a card whose words are still in both languages. */
export type Element = Readonly<Record<string, unknown>>;

/** What a card shows around its elements. */
export interface Frame {
  readonly colour: Colour;
  readonly title: Text;
  readonly subtitle?: Text;
  /** The small label beside the title. */
  readonly tag?: Text;
  /** What chat lists and notifications show; the title when left out. */
  readonly summary?: Text;
  readonly elements: readonly Element[];
}

const isText = (value: unknown): value is Text =>
  typeof value === 'object' && value !== null && 'zh' in value && 'en' in value;

/**
 * Puts the words in: `content` in the language that was chosen, for clients in a third one, and where they differ
 * `i18n_content` beside it, so that everybody reads their own.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/configure-multi-language-content
 */
function inLanguages(value: unknown, locale: Locale): unknown {
  if (isText(value)) return inLocale(value, locale);
  if (Array.isArray(value)) return value.map((item) => inLanguages(item, locale));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const entry = [name, inLanguages(item, locale)] as const;
      if (name !== 'content' || !isText(item) || item.zh === item.en) return [entry];
      return [entry, ['i18n_content', { zh_cn: item.zh, en_us: item.en }] as const];
    }),
  );
}

/** Makes the card: one layout for all of them. Copies that somebody forwards have no working buttons. */
export function makeCard(frame: Frame, locale: Locale): Card {
  const { colour, title, subtitle, tag, summary = title, elements } = frame;
  const label = tag && [{ tag: 'text_tag', text: { tag: 'plain_text', content: tag }, color: colour.tag }];
  const draft = {
    schema: '2.0',
    config: { update_multi: true, enable_forward_interaction: false, summary: { content: summary } },
    header: {
      template: colour.header,
      title: { tag: 'plain_text', content: title },
      ...(subtitle && { subtitle: { tag: 'plain_text', content: subtitle } }),
      ...(label && { text_tag_list: label }),
    },
    body: { vertical_spacing: 'medium', elements },
  };
  return Object.fromEntries(Object.entries(draft).map(([name, item]) => [name, inLanguages(item, locale)]));
}

/** How much of long lists and long texts a card may show. */
export interface Room {
  /** Lines a list. */
  readonly lines: number;
  /** Code points a text. */
  readonly chars: number;
}

/**
 * Bytes that one card may take on its way. Feishu refuses cards over 30 KB.
 * https://open.feishu.cn/document/server-docs/im-v1/message/create
 */
export const maxBytes = 30_000;

/** Elements that a card may hold, texts counted. https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure */
export const maxElements = 200;

/** What the request adds around the card: its own names and the receiver. */
const envelope = 600;

const rooms: readonly Room[] = [
  { lines: 20, chars: 200 },
  { lines: 20, chars: 80 },
  { lines: 8, chars: 80 },
];
/** Fits whatever the card holds: a test fills everything to the brim. */
const smallest: Room = { lines: 8, chars: 50 };

/** A card's bytes as sent: JSON inside a JSON string, so each quote counts twice. */
export const bytesOf = (card: Card): number =>
  new TextEncoder().encode(JSON.stringify(JSON.stringify(card))).length + envelope;

/** Builds the card with as much room as fits into {@link maxBytes}; one that is full to the brim has one language. */
export function fitted(build: (room: Room) => Card): Card {
  for (const room of rooms) {
    const card = build(room);
    if (bytesOf(card) < maxBytes) return card;
  }
  return inOneLanguage(build(smallest));
}

/** The card without the words of the second language. */
const inOneLanguage = (card: Card): Card => JSON.parse(JSON.stringify(card, dropped)) as Card;

const dropped = (name: string, value: unknown): unknown => (name === 'i18n_content' ? undefined : value);

/** The head of a list as lines, and how many more there are. */
export function head<T>(
  all: readonly T[],
  most: number,
): { readonly shown: readonly T[]; readonly more: number } {
  return { shown: all.slice(0, most), more: Math.max(0, all.length - most) };
}

/** What cards depend on besides what they show. */
export interface View {
  readonly locale: Locale;
  readonly timeZone: string;
}
