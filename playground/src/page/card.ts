import type { CardContext } from './context.ts';
import { h } from './dom.ts';
import { plainColour } from './draw-markdown.ts';
import { drawText } from './elements.ts';
import { contentOf, part, parts, textIn } from './json.ts';
import type { Json } from './wire.ts';
import { i18nKeys } from './words.ts';

/**
 * Draws a card of JSON 2.0 as Feishu does.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
 */
export function drawCard(card: Json, context: CardContext): HTMLElement {
  const body = part(card, 'body');
  const width = textIn(part(card, 'config'), 'width_mode') || 'default';
  const elements = parts(body, 'elements').map((element) => context.draw(element, context));
  return h(
    'div',
    { class: `card w-${width}` },
    drawHeader(part(card, 'header'), context),
    h('div', { class: `card-body gap-${textIn(body, 'vertical_spacing') || 'default'}` }, ...elements),
  );
}

function drawHeader(header: Json, context: CardContext): HTMLElement | undefined {
  const { language } = context.view;
  const title = contentOf(part(header, 'title'), language);
  if (title === '') return undefined;
  const subtitle = contentOf(part(header, 'subtitle'), language);
  return h(
    'div',
    { class: `card-head head-${textIn(header, 'template') || 'default'}` },
    h('div', { class: 'card-title' }, drawText(part(header, 'title'), context), ...tagsOf(header, context)),
    subtitle !== '' && h('div', { class: 'card-subtitle' }, subtitle),
  );
}

function tagsOf(header: Json, { view }: CardContext): readonly HTMLElement[] {
  const own = parts(part(header, 'i18n_text_tag_list'), i18nKeys[view.language]);
  const tags = own.length > 0 ? own : parts(header, 'text_tag_list');
  return tags
    .slice(0, 3)
    .map((tag) =>
      h(
        'span',
        { class: `tag t-${plainColour(textIn(tag, 'color') || 'blue')}` },
        contentOf(part(tag, 'text'), view.language),
      ),
    );
}

/** What a card says in short: for lists, and for those who hear the page. */
export function cardSummary(card: Json, context: CardContext): string {
  const { language } = context.view;
  const header = part(card, 'header');
  const tags = tagsOf(header, context).map((tag) => tag.textContent);
  const summary = contentOf(part(part(card, 'config'), 'summary'), language);
  return [contentOf(part(header, 'title'), language), ...tags].filter(Boolean).join(' · ') || summary;
}
