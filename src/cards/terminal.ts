import { columnsOf, cut, take } from '../sync/words/text.ts';
import type { Card } from './parts/card.ts';

/** A button of a drawn card, with what pressing it sends. */
export interface DrawnButton {
  /** What stands before it in brackets. */
  readonly number: number;
  readonly label: string;
  readonly name: string;
  readonly value: unknown;
  /** Asked before it counts, when there is such a question. */
  readonly confirm?: string;
  /** Opened as well. */
  readonly url?: string;
}

export interface DrawnCard {
  readonly text: string;
  readonly buttons: readonly DrawnButton[];
}

export interface DrawOptions {
  readonly color: boolean;
  /** Number of the first button; 1 when not given. */
  readonly first?: number;
  /** What a person is called; the open_id when not given. */
  readonly name?: (openId: string) => string;
}

type Node = Readonly<Record<string, unknown>>;

const node = (value: unknown): Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const nodes = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.map(node) : []);
const string = (value: unknown): string => (typeof value === 'string' ? value : '');

const paints: Readonly<Record<string, number>> = {
  ...{ blue: 34, wathet: 36, turquoise: 36, green: 32 },
  ...{ yellow: 33, orange: 33, red: 31, grey: 90 },
};

/**
 * Draws a card of ours as lines for a terminal: header, words, figures side by side, buttons with numbers.
 * @param width columns that it may take, frame included; at least 20.
 */
export function drawCard(card: Card, width: number, options: DrawOptions): DrawnCard {
  const buttons: DrawnButton[] = [];
  const inner = Math.max(16, width - 4);
  const paint = (code: number | undefined, words: string) =>
    options.color && code !== undefined ? `\u001b[${code}m${words}\u001b[0m` : words;
  const header = node(card['header']);
  const colour = paints[string(header['template'])];
  const draw = drawer(options, buttons);
  const body = nodes(node(card['body'])['elements']).flatMap((element) => draw(element, inner));
  const rows = [
    ...headerRows(header, inner).map((row) => paint(colour, row)),
    ...body.map((row) => toWidth(row, inner)),
  ];
  const edge = (left: string, right: string) => paint(colour, `${left}${'─'.repeat(inner + 2)}${right}`);
  const side = paint(colour, '│');
  const text = [edge('╭', '╮'), ...rows.map((row) => `${side} ${row} ${side}`), edge('╰', '╯')].join('\n');
  return { text, buttons };
}

function headerRows(header: Node, inner: number): readonly string[] {
  const [title, subtitle] = [content(header['title']), content(header['subtitle'])];
  const tags = nodes(header['text_tag_list']).map((one) => `[${content(one['text'])}]`);
  const tag = tags.join(' ');
  const room = inner - columnsOf(tag) - 1;
  const first =
    tag === '' || room < 8 ? toWidth(`${title} ${tag}`.trim(), inner) : `${toWidth(title, room)} ${tag}`;
  return [first, ...(subtitle === '' ? [] : [toWidth(subtitle, inner)])];
}

type Draw = (element: Node, width: number) => readonly string[];

function drawer(options: DrawOptions, buttons: DrawnButton[]): Draw {
  const words = (all: string, width: number) => all.split('\n').flatMap((row) => wrap(row, width));
  const draw: Draw = (element, width) => {
    switch (element['tag']) {
      case 'div':
        return words(content(element['text']), width);
      case 'markdown':
        return words(bare(string(element['content']), options), width).map((row) =>
          element['text_align'] === 'center' ? toWidth(row, width, 'center') : row,
        );
      case 'hr':
        return ['─'.repeat(width)];
      case 'button':
        return [add(element, buttons, options.first ?? 1)];
      case 'column_set':
        return columns(element, width, draw);
      default:
        return [];
    }
  };
  return draw;
}

/** The words of a text element. */
const content = (value: unknown): string => string(node(value)['content']);

/** Numbers a button and answers how it looks. */
function add(element: Node, buttons: DrawnButton[], first: number): string {
  const behaviour = (type: string) => nodes(element['behaviors']).find((one) => one['type'] === type);
  const { title, text } = node(element['confirm']);
  const url = string(behaviour('open_url')?.['default_url']);
  const question = `${content(title)} ${content(text)}`.trim();
  const button: DrawnButton = {
    ...{ number: first + buttons.length, label: content(element['text']), name: string(element['name']) },
    value: behaviour('callback')?.['value'],
    ...(question !== '' && { confirm: question }),
    ...(url !== '' && { url }),
  };
  buttons.push(button);
  return `[${button.number}] ${button.label}`;
}

/** Columns between two cells, and of a cell that holds a button. */
const [gap, narrowest] = [3, 12];

/** Equal columns side by side; columns as wide as their content one behind the other, broken where needed. */
function columns(element: Node, width: number, draw: Draw): readonly string[] {
  const all = nodes(element['columns']);
  const drawn = (column: Node, room: number) => nodes(column['elements']).flatMap((one) => draw(one, room));
  const isNarrow = (column: Node): boolean => column['width'] === 'auto';
  const narrow = all.filter(isNarrow).length;
  if (narrow === all.length) {
    const items = all.flatMap((one) => drawn(one, width));
    return flow(items, width);
  }
  const free = width - gap * (all.length - 1) - narrowest * narrow;
  const each = Math.max(4, Math.floor(free / (all.length - narrow)));
  const cells = all.map((column) => {
    const room = isNarrow(column) ? narrowest : each;
    return { room, rows: drawn(column, room) };
  });
  const height = Math.max(...cells.map((cell) => cell.rows.length));
  return Array.from({ length: height }, (_, at) =>
    cells
      .map((cell) => toWidth(cell.rows[at] ?? '', cell.room))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

function flow(items: readonly string[], width: number): readonly string[] {
  const rows: string[] = [];
  for (const item of items) {
    const last = rows.at(-1);
    const longer = `${last}${' '.repeat(gap)}${item}`;
    if (last !== undefined && columnsOf(longer) <= width) rows[rows.length - 1] = longer;
    else rows.push(item);
  }
  return rows;
}

/** Markdown of ours without its marks: people by name, tags and stars gone. */
const bare = (content: string, { name = (id) => `@${id}` }: DrawOptions): string =>
  content
    .replace(/<person id='([^']*)'[^>]*><\/person>/gu, (_, id: string) => name(id))
    .replace(/<at id=(\w+)><\/at>/gu, (_, id: string) => name(id))
    .replace(/<\/?font[^>]*>|\*\*|`/gu, '');

/** Fills up with blanks, or cuts with `…`, so that the text takes exactly so many columns. */
export function toWidth(words: string, columns: number, align: 'left' | 'center' = 'left'): string {
  const shown = cut(words, columns);
  const free = Math.max(0, columns - columnsOf(shown));
  const before = align === 'center' ? Math.floor(free / 2) : 0;
  return ' '.repeat(before) + shown + ' '.repeat(free - before);
}

/** Breaks a line so that each part takes at most so many columns (at least 2), at a blank where there is one. */
export function wrap(words: string, columns: number): readonly string[] {
  const parts: string[] = [];
  let rest = words;
  while (columnsOf(rest) > columns) {
    const head = take(rest, Math.max(2, columns));
    const blank = head.lastIndexOf(' ');
    // A blank near the end is a better place; one at the start would leave nearly empty lines.
    const end = blank > head.length / 2 ? blank : head.length;
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}
