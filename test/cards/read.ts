import type { Card } from '../../src/cards/parts/card.ts';

/** Every object with a tag, header included: what Feishu counts as elements. */
export function tagged(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(tagged);
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(tagged);
  return 'tag' in value ? [value as Readonly<Record<string, unknown>>, ...inside] : inside;
}

export const withTag = (card: Card, tag: string): readonly Readonly<Record<string, unknown>>[] =>
  tagged(card).filter((one) => one['tag'] === tag);

/** All words of a card, one element after the other. */
export const wordsOf = (card: Card): string =>
  tagged(card)
    .flatMap((one) => (typeof one['content'] === 'string' ? [one['content']] : []))
    .join('\n');

export interface SeenButton {
  readonly name: string;
  readonly label: string;
  readonly behaviors: readonly {
    readonly type: string;
    readonly value?: unknown;
    readonly default_url?: string;
  }[];
  readonly confirm?: {
    readonly title: { readonly content: string };
    readonly text: { readonly content: string };
  };
}

export const buttonsOf = (card: Card): readonly SeenButton[] =>
  withTag(card, 'button').map((one) => ({
    ...(one as unknown as SeenButton),
    label: (one['text'] as { content: string }).content,
  }));

export const headerOf = (card: Card) =>
  card['header'] as {
    readonly template: string;
    readonly title: { readonly content: string };
    readonly text_tag_list: readonly {
      readonly color: string;
      readonly text: { readonly content: string };
    }[];
  };

export const summaryOf = (card: Card): string =>
  (card['config'] as { readonly summary: { readonly content: string } }).summary.content;
