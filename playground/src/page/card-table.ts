import type { CardContext } from './context.ts';
import { h } from './dom.ts';
import { drawMarkdown, plainColour } from './draw-markdown.ts';
import { isJson, parts, textIn } from './json.ts';
import { nameOf, say, type View } from './view.ts';
import type { Json } from './wire.ts';
import { words } from './words.ts';

/**
 * Draws a table of a card, a page of rows at a time.
 * https://open.feishu.cn/document/feishu-cards/card-json-v2-components/content-components/table
 */
export function drawCardTable(element: Json, { view }: CardContext): HTMLElement {
  const columns = parts(element, 'columns');
  const rows = parts(element, 'rows');
  const size = Math.max(1, Math.min(10, Number(element['page_size'] ?? 5)));
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const body = h('tbody');
  const place = h('span', { class: 'pages' });
  let page = 0;
  const turn = (by: number): void => {
    page = Math.max(0, Math.min(pages - 1, page + by));
    body.replaceChildren(
      ...rows
        .slice(page * size, (page + 1) * size)
        .map((row) => h('tr', {}, ...columns.map((column) => drawCell(row, column, view)))),
    );
    place.textContent = `${page + 1} / ${pages}`;
  };
  turn(0);
  const arrow = (sign: string, by: number, label: string): HTMLElement =>
    h('button', { type: 'button', class: 'icon', 'aria-label': label, onclick: () => turn(by) }, sign);
  const head = columns.map((column) =>
    h(
      'th',
      { scope: 'col', class: `align-${textIn(column, 'horizontal_align') || 'left'}` },
      textIn(column, 'display_name') || textIn(column, 'name'),
    ),
  );
  return h(
    'div',
    { class: 'ctable' },
    h('table', {}, h('thead', {}, h('tr', {}, ...head)), body),
    pages > 1 &&
      h(
        'div',
        { class: 'pager' },
        arrow('‹', -1, say(view, words.previous)),
        place,
        arrow('›', 1, say(view, words.next)),
      ),
  );
}

function drawCell(row: Json, column: Json, view: View): HTMLElement {
  const value = row[textIn(column, 'name')];
  const align = textIn(column, 'horizontal_align') || 'left';
  return h('td', { class: `align-${align}` }, ...content(value, column, view));
}

function content(value: unknown, column: Json, view: View): readonly (Node | string)[] {
  switch (textIn(column, 'data_type')) {
    case 'markdown':
    case 'lark_md':
      return [drawMarkdown(String(value ?? ''), view)];
    case 'number':
      return [typeof value === 'number' ? value.toLocaleString('en-US') : String(value ?? '')];
    case 'date':
      return [typeof value === 'number' ? new Date(value).toLocaleString('sv-SE').slice(0, 16) : ''];
    case 'options':
      return (Array.isArray(value) ? value : [value])
        .filter(isJson)
        .map((one) =>
          h('span', { class: `tag t-${plainColour(textIn(one, 'color') || 'blue')}` }, textIn(one, 'text')),
        );
    case 'persons':
      return (Array.isArray(value) ? value : [value]).map((one) =>
        h('span', { class: 'person' }, nameOf(view, String(one))),
      );
    default:
      return [value === undefined || value === null ? '' : String(value)];
  }
}
