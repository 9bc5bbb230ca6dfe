import { drawButton } from './button.ts';
import { drawCardTable } from './card-table.ts';
import type { CardContext } from './context.ts';
import { h } from './dom.ts';
import { drawMarkdown, plainColour } from './draw-markdown.ts';
import { drawField, drawForm, isField } from './fields.ts';
import { contentOf, part, parts, textIn } from './json.ts';
import { nameOf, say } from './view.ts';
import type { Json } from './wire.ts';
import { words } from './words.ts';

type Draw = (element: Json, context: CardContext) => HTMLElement;

/** Draws one element of a card; a box that says so for what is not known here. */
export function drawElement(element: Json, context: CardContext): HTMLElement {
  const tag = textIn(element, 'tag');
  const draw = isField(tag) ? drawField : drawers[tag];
  const drawn = draw ? draw(element, context) : unsupported(tag, context);
  setMargin(drawn, textIn(element, 'margin'));
  return drawn;
}

const elementsOf = (element: Json, context: CardContext): HTMLElement[] =>
  parts(element, 'elements').map((one) => context.draw(one, context));

const unsupported: (tag: string, context: CardContext) => HTMLElement = (tag, { view }) =>
  h(
    'div',
    { class: 'unsupported', role: 'note' },
    `${say(view, words.unsupported)}: `,
    h('code', {}, tag || '?'),
  );

const drawers: Readonly<Record<string, Draw>> = {
  markdown: (element, context) => {
    const drawn = drawMarkdown(contentOf(element, context.view.language), context.view);
    look(drawn, element);
    return drawn;
  },
  div: (element, context) => h('div', { class: 'div' }, drawText(part(element, 'text'), context)),
  hr: () => h('hr'),
  column_set: drawColumns,
  button: drawButton,
  form: drawForm,
  table: drawCardTable,
  collapsible_panel: drawPanel,
  interactive_container: (element, context) => {
    const inside = elementsOf(element, context);
    const name = textIn(element, 'name');
    const acts = parts(element, 'behaviors').some((one) => one['type'] === 'callback');
    const press = (): void => void context.act({ name });
    return h(
      'div',
      {
        class: `box ${element['has_border'] === true ? 'bordered' : ''} bg-${plainColour(textIn(element, 'background_style'))}`,
        ...(acts && { role: 'button', tabindex: 0, onclick: press }),
      },
      ...inside,
    );
  },
  person: (element, { view }) => h('span', { class: 'person' }, nameOf(view, textIn(element, 'user_id'))),
  person_list: (element, { view }) =>
    h(
      'div',
      { class: 'people' },
      ...parts(element, 'persons').map((one) =>
        h('span', { class: 'person' }, nameOf(view, textIn(one, 'id'))),
      ),
    ),
  img: (element, { view }) =>
    h(
      'div',
      {
        class: 'picture',
        role: 'img',
        'aria-label': contentOf(part(element, 'alt'), view.language) || 'image',
      },
      contentOf(part(element, 'alt'), view.language) || textIn(element, 'img_key'),
    ),
};

/** A text element: plain text as it is, `lark_md` as Markdown. */
export function drawText(text: Json, { view }: Pick<CardContext, 'view'>): HTMLElement {
  const content = contentOf(text, view.language);
  const drawn =
    textIn(text, 'tag') === 'lark_md' ? drawMarkdown(content, view) : h('span', { class: 'plain' }, content);
  look(drawn, text);
  return drawn;
}

/** Size, colour and alignment as an element wishes them. */
function look(drawn: HTMLElement, node: Json): void {
  const size = textIn(node, 'text_size').replace(/[^a-z-]/gu, '');
  const color = plainColour(textIn(node, 'text_color'));
  const align = textIn(node, 'text_align');
  if (size !== '') drawn.classList.add(`size-${size}`);
  if (color !== '') drawn.classList.add(`c-${color}`);
  if (['center', 'right'].includes(align)) drawn.classList.add(`align-${align}`);
}

function setMargin(drawn: HTMLElement, margin: string): void {
  if (/^(?:-?\d{1,2}(?:px)?\s*){1,4}$/u.test(margin)) drawn.style.margin = margin;
}

/** Columns side by side: by weight, as wide as their content, or in px. */
function drawColumns(element: Json, context: CardContext): HTMLElement {
  const flex = textIn(element, 'flex_mode') || 'none';
  const columns = parts(element, 'columns').map((column) => {
    const drawn = h(
      'div',
      {
        class: `column v-${textIn(column, 'vertical_align') || 'top'} bg-${plainColour(textIn(column, 'background_style'))}`,
      },
      ...elementsOf(column, context),
    );
    const width = textIn(column, 'width') || 'weighted';
    if (width === 'weighted') drawn.style.flex = `${Number(column['weight'] ?? 1)} 1 0`;
    else if (/^\d{1,3}px$/u.test(width)) drawn.style.flex = `0 0 ${width}`;
    else drawn.style.flex = '0 0 auto';
    const padding = textIn(column, 'padding');
    if (/^(?:\d{1,2}(?:px)?\s*){1,4}$/u.test(padding)) drawn.style.padding = padding;
    return drawn;
  });
  const background = plainColour(textIn(element, 'background_style'));
  return h('div', { class: `columns flex-${flex} bg-${background}` }, ...columns);
}

function drawPanel(element: Json, context: CardContext): HTMLElement {
  const header = part(element, 'header');
  const title = part(header, 'title');
  const key = contentOf(title, 'zh') || textIn(title, 'content');
  return h(
    'details',
    {
      class: 'panel',
      open: element['expanded'] === true,
      'data-panel': textIn(element, 'element_id') || key,
    },
    h('summary', {}, drawText(title, context)),
    h('div', { class: 'panel-body' }, ...elementsOf(element, context)),
  );
}
