import { inLocale, type Locale, type Text } from '../sync/text.ts';
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
  /** What chat lists and notifications show. */
  readonly summary: Text;
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
  const { colour, title, subtitle, tag, summary, elements } = frame;
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
