import type { Card } from './card.ts';

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
