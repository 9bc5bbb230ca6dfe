import { h } from './dom.ts';
import { type Block, type Inline, readMarkdown } from './markdown.ts';
import { nameOf, type View } from './view.ts';

/** Draws the Markdown of a card. */
export function drawMarkdown(source: string, view: View): HTMLElement {
  return h('div', { class: 'md' }, ...readMarkdown(source).map((block) => drawBlock(block, view)));
}

function drawBlock(block: Block, view: View): HTMLElement {
  const spans = (inside: readonly Inline[]): Node[] => inside.map((piece) => drawInline(piece, view));
  switch (block.kind) {
    case 'paragraph':
      return h('p', {}, ...spans(block.inside));
    case 'quote':
      return h('blockquote', {}, ...spans(block.inside));
    case 'heading':
      return h('p', { class: `md-h md-h${block.level}` }, ...spans(block.inside));
    case 'list':
      return h(block.ordered ? 'ol' : 'ul', {}, ...block.items.map((item) => h('li', {}, ...spans(item))));
    case 'code':
      return h('pre', {}, h('code', {}, block.text));
    case 'rule':
      return h('hr');
    case 'table': {
      const [head = [], ...rows] = block.rows;
      const cells = (row: readonly (readonly Inline[])[], tag: 'td' | 'th'): HTMLElement[] =>
        row.map((cell) => h(tag, {}, ...spans(cell)));
      return h(
        'div',
        { class: 'ctable' },
        h(
          'table',
          {},
          h('thead', {}, h('tr', {}, ...cells(head, 'th'))),
          h('tbody', {}, ...rows.map((row) => h('tr', {}, ...cells(row, 'td')))),
        ),
      );
    }
  }
}

function drawInline(piece: Inline, view: View): Node {
  const spans = (inside: readonly Inline[]): Node[] => inside.map((one) => drawInline(one, view));
  switch (piece.kind) {
    case 'text':
      return document.createTextNode(piece.text);
    case 'code':
      return h('code', {}, piece.text);
    case 'break':
      return h('br');
    case 'strong':
    case 'em':
    case 'del':
      return h(piece.kind, {}, ...spans(piece.inside));
    case 'link':
      return h(
        'a',
        { href: piece.href, title: piece.href, target: '_blank', rel: 'noopener noreferrer' },
        ...spans(piece.inside),
      );
    case 'font':
      return h('span', { class: `c-${plainColour(piece.color)}` }, ...spans(piece.inside));
    case 'tag':
      return h('span', { class: `tag t-${plainColour(piece.color)}` }, ...spans(piece.inside));
    case 'at':
      return h('span', { class: 'at' }, `@${nameOf(view, piece.id)}`);
    case 'person':
      return h('span', { class: 'person' }, nameOf(view, piece.id));
    case 'time':
      return document.createTextNode(new Date(piece.ms).toLocaleString('sv-SE'));
  }
}

/** `blue-500` is a blue for us. */
export const plainColour = (color: string): string => color.replace(/[^a-z].*$/u, '');
