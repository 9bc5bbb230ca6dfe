import { byId, h, settled } from './dom.ts';
import type { Server } from './server.ts';
import { say, type View } from './view.ts';
import type { FieldWire, News, RowsWire, RowWire, TableWire } from './wire.ts';
import { words } from './words.ts';

type TableNews = Extract<News, { readonly kind: 'table' }>;

/** What the table needs from the page. */
export interface TableHost {
  view(): View;
  readonly server: Server;
  edit(record: string, field: string, text: string): void;
  remove(record: string): void;
}

/** A table on the page. */
export interface TableView {
  readonly element: HTMLElement;
  hear(news: TableNews): void;
  /** Shows the table as it is. */
  refresh(): void;
}

/** Height of a row in px, as the style sheet has it too. */
const rowHeight = 34;
/** Rows above and below what can be seen. */
const spare = 8;
/** Records whose cells are remembered, to tell what changed. */
const remembered = 3000;

const widths: Readonly<Record<string, number>> = {
  Text: 92,
  Number: 84,
  DateTime: 138,
  Phone: 112,
  SingleSelect: 66,
  Checkbox: 60,
};

/** Room in px that a column's title takes with the sign before it. */
const titleWidth = (name: string): number =>
  [...name].reduce((sum, letter) => sum + (letter < '\u2e80' ? 8 : 13), 40);

/** Opens a table: only the rows in sight are there, whatever its size. */
export function openTable(first: TableWire, host: TableHost, follow: () => boolean): TableView {
  let table = first;
  const spacer = h('div', { class: 'spacer', role: 'presentation' });
  const head = h('div', { class: 'row head', role: 'row' });
  const grid = h('div', { class: 'grid', role: 'grid', 'aria-label': table.name, tabindex: 0 }, head, spacer);
  const empty = h('p', { class: 'empty' }, say(host.view(), words.noRecords));
  const known = new Map<string, readonly string[]>();
  const fresh = new Set<string>();
  const edited = new Set<string>();
  const loading = { now: false, wanted: false };

  const layout = (): void => {
    const sizes = table.fields.map(({ name, type }, at) =>
      Math.max(at === 0 ? 138 : (widths[type] ?? 110), titleWidth(name)),
    );
    const number = 24 + 8 * String(Math.max(999, table.size)).length;
    const columns = `${number}px ${sizes.map((px) => `minmax(${px}px, ${px}fr)`).join(' ')}`;
    grid.style.setProperty('--total', `${sizes.reduce((sum, px) => sum + px, number)}px`);
    grid.style.setProperty('--columns', columns);
    grid.setAttribute('aria-colcount', String(table.fields.length + 1));
    head.replaceChildren(
      h('div', { class: 'cell number', role: 'columnheader' }, '#'),
      ...table.fields.map(({ name, type }) =>
        h(
          'div',
          { class: 'cell', role: 'columnheader' },
          h('span', { class: 'kind', title: type, 'aria-hidden': 'true' }, sign(type)),
          name,
        ),
      ),
    );
  };

  /** As high as all records: what the news says counts, for an answer may be older. */
  const resize = (): void => {
    const { size } = table;
    spacer.style.height = `${size * rowHeight}px`;
    grid.setAttribute('aria-rowcount', String(size + 1));
    byId('table-size').textContent = `${size.toLocaleString('en-US')} ${say(host.view(), words.records)}`;
    empty.hidden = size > 0;
  };

  const draw = ({ from, rows }: RowsWire): void => {
    const place = focusPlace(spacer);
    // A row that looks as before stays the same element: put in again, it would stop glowing.
    const before = new Map(
      [...spacer.querySelectorAll<HTMLElement>('.row')].map((row) => [row.dataset['key'], row]),
    );
    const after = rows.map((row, at) => before.get(keyOf(row, from + at)) ?? drawRow(row, from + at));
    const staying = new Set(after);
    for (const row of before.values()) if (!staying.has(row)) row.remove();
    for (const [at, row] of after.entries()) {
      if (spacer.children[at] !== row) spacer.insertBefore(row, spacer.children[at] ?? null);
    }
    fresh.clear();
    edited.clear();
    if (place) spacer.querySelector<HTMLElement>(place)?.focus({ preventScroll: true });
  };

  const drawRow = (row: RowWire, at: number): HTMLElement => {
    const before = known.get(row.id);
    const texts = row.cells.map(({ text }) => text);
    known.delete(row.id);
    known.set(row.id, texts);
    for (const id of known.keys()) {
      if (known.size <= remembered) break;
      known.delete(id);
    }
    const label = `${say(host.view(), words.removeRow)} ${at + 1}`;
    const line = h(
      'div',
      {
        class: 'row',
        role: 'row',
        'aria-rowindex': at + 2,
        'data-record': row.id,
        'data-key': keyOf(row, at),
      },
      h(
        'div',
        { class: 'cell number', role: 'rowheader' },
        h('span', {}, String(at + 1)),
        h(
          'button',
          {
            type: 'button',
            class: 'icon trash',
            tabindex: -1,
            'aria-label': label,
            title: label,
            onclick: () => host.remove(row.id),
          },
          '✕',
        ),
      ),
      ...table.fields.map((field, column) => {
        const cell = drawCell(row, field, column, host);
        if (before && before[column] !== texts[column]) cell.classList.add('glow');
        return cell;
      }),
    );
    // Which cell it was is not known of a row that was not in sight before.
    if (edited.has(row.id) && !before) line.firstElementChild?.classList.add('glow');
    line.style.transform = `translateY(${at * rowHeight}px)`;
    if (fresh.has(row.id) && !before) line.classList.add('arriving');
    return line;
  };

  /** Asks for what is in sight; while an answer is under way, one more time is enough for all who asked since. */
  const refresh = (): void => {
    loading.wanted = true;
    if (loading.now) return;
    loading.now = true;
    const next = async (): Promise<void> => {
      loading.wanted = false;
      const from = Math.max(0, Math.floor(grid.scrollTop / rowHeight) - spare);
      const count = Math.ceil(grid.clientHeight / rowHeight) + 2 * spare;
      draw(await host.server.rows(table.id, from, count));
    };
    const end = (): void => {
      loading.now = false;
      if (loading.wanted) refresh();
    };
    next().then(end, end);
  };

  /** Rows that are gone fade before the others take their place. */
  const leave = async (removed: readonly string[]): Promise<void> => {
    const gone = new Set(removed);
    const rows = [...spacer.children].filter((row) => gone.has((row as HTMLElement).dataset['record'] ?? ''));
    for (const row of rows) row.classList.add('leaving');
    await Promise.all(rows.map(settled));
  };

  let waiting = false;
  grid.addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      refresh();
    });
  });
  grid.addEventListener('keydown', (event) => moveFocus(event, grid));
  layout();
  resize();
  return {
    element: h('div', { class: 'table-box' }, grid, empty),
    refresh,
    hear: (news) => {
      const wider = String(news.table.size).length !== String(table.size).length;
      if (wider || JSON.stringify(news.table.fields) !== JSON.stringify(table.fields)) {
        table = news.table;
        layout();
      }
      table = news.table;
      for (const id of news.added) fresh.add(id);
      for (const id of news.edited) edited.add(id);
      for (const id of news.removed) known.delete(id);
      resize();
      void leave(news.removed).then(() => {
        const height = grid.clientHeight - rowHeight;
        const top = (news.first ?? -1) * rowHeight;
        const hidden = top < grid.scrollTop || top > grid.scrollTop + height - rowHeight;
        if (follow() && top >= 0 && hidden) grid.scrollTop = Math.max(0, top - height / 3);
        refresh();
      });
    },
  };
}

/** What a row's element shows, and where. */
const keyOf = ({ id, cells }: RowWire, at: number): string => JSON.stringify([id, at, cells]);

function drawCell(row: RowWire, field: FieldWire, column: number, host: TableHost): HTMLElement {
  const cell = row.cells[column] ?? { text: '' };
  const tags = cell.tags?.map(({ text, color }) => h('span', { class: `tag o${color % 10}` }, text));
  const numeric = ['Number', 'Currency', 'Progress'].includes(field.type);
  const drawn = h(
    'div',
    {
      class: `cell ${numeric ? 'numeric' : ''}`,
      role: 'gridcell',
      tabindex: -1,
      'data-column': column,
      'aria-readonly': String(!field.editable),
      title: cell.text || undefined,
    },
    ...(tags ?? [cell.text]),
  );
  const edit = (): void => {
    if (field.editable) openEditor(drawn, cell.text, field, (text) => host.edit(row.id, field.id, text));
  };
  drawn.addEventListener('dblclick', edit);
  drawn.addEventListener('keydown', (event) => {
    if (event.target === drawn && (event.key === 'Enter' || event.key === 'F2')) {
      event.preventDefault();
      edit();
    }
  });
  return drawn;
}

/** Lets a person type into a cell: Enter and leaving it keep what was typed, Escape does not. */
function openEditor(cell: HTMLElement, text: string, field: FieldWire, done: (text: string) => void): void {
  const list = field.options.length > 0 && field.type === 'SingleSelect';
  const input = list
    ? h(
        'select',
        { class: 'edit', 'aria-label': field.name },
        h('option', { value: '' }),
        ...field.options.map((one) => h('option', {}, one)),
      )
    : h('input', { class: 'edit', 'aria-label': field.name });
  input.value = text;
  const before = [...cell.childNodes];
  let open = true;
  const close = (keep: boolean): void => {
    if (!open) return;
    open = false;
    const typed = input.value;
    cell.replaceChildren(...before);
    cell.focus({ preventScroll: true });
    if (keep && typed !== text) done(typed);
  };
  input.addEventListener('blur', () => close(true));
  input.addEventListener('keydown', (event) => {
    if (!(event instanceof KeyboardEvent) || event.isComposing) return;
    event.stopPropagation();
    if (event.key === 'Enter') close(true);
    if (event.key === 'Escape') close(false);
  });
  cell.replaceChildren(input);
  input.focus();
  if (input instanceof HTMLInputElement) input.select();
}

const steps: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Moves the focus from cell to cell; from the grid itself to its first cell in sight. */
function moveFocus(event: KeyboardEvent, grid: HTMLElement): void {
  const step = steps[event.key];
  if (!step || (event.target instanceof HTMLElement && event.target.matches('input, select'))) return;
  const cell =
    event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[role=gridcell]') : null;
  const row = cell?.closest<HTMLElement>('.row');
  const index = Number(row?.getAttribute('aria-rowindex') ?? 1);
  const column = Number(cell?.dataset['column'] ?? 0);
  const [down, right] = cell ? step : [1, 0];
  const selector = `[aria-rowindex="${index + down}"] [data-column="${column + right}"]`;
  const target =
    grid.querySelector<HTMLElement>(selector) ??
    (cell ? null : grid.querySelector<HTMLElement>('[role=gridcell]'));
  if (!target) return;
  event.preventDefault();
  target.focus();
}

/** Where the focus stands among cells that are about to be drawn anew. */
function focusPlace(spacer: HTMLElement): string | undefined {
  const cell = spacer.contains(document.activeElement) ? document.activeElement : null;
  const record = cell?.closest<HTMLElement>('.row')?.dataset['record'];
  if (!(cell instanceof HTMLElement) || record === undefined) return undefined;
  return `[data-record="${CSS.escape(record)}"] [data-column="${cell.dataset['column'] ?? '0'}"]`;
}

const sign = (type: string): string =>
  ({
    Text: 'A',
    Number: '#',
    Currency: '¥',
    DateTime: '◷',
    SingleSelect: '◉',
    MultiSelect: '☰',
    Checkbox: '☑',
    Phone: '☏',
    Url: '🔗',
    User: '☺',
  })[type] ?? '·';
