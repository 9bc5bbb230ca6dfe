import { h } from './dom.ts';
import { clock, say, type View } from './view.ts';
import type { LogWire } from './wire.ts';
import { ackWords, words } from './words.ts';

/** Which lines are shown. */
export interface LogFilter {
  readonly kinds: ReadonlySet<LogWire['kind']>;
  readonly writes: boolean;
  readonly errors: boolean;
  readonly path: string;
}

export const everything: LogFilter = {
  kinds: new Set(['call', 'event', 'note']),
  writes: false,
  errors: false,
  path: '',
};

/** Lines that are kept on the page. */
const most = 400;

/** The log on the page. */
export interface LogView {
  readonly element: HTMLElement;
  add(entry: LogWire): void;
}

/** Opens the log; it stays at its end while the person does. @param filter kept by the caller, so that it outlives the view */
export function openLog(entries: LogWire[], view: View, filter: { now: LogFilter }): LogView {
  const body = h('tbody');
  const empty = h('p', { class: 'empty' }, say(view, words.nothingLogged));
  const scroller = h(
    'div',
    { class: 'log-scroll', tabindex: 0, role: 'region', 'aria-label': say(view, words.log) },
    h('table', { class: 'log' }, h('thead', {}, h('tr', {}, ...titles(view))), body),
    empty,
  );
  const show = (entry: LogWire, fresh: boolean): void => {
    if (!fits(entry, filter.now)) return;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
    const line = drawLine(entry, view);
    line.classList.toggle('fresh', fresh);
    body.append(line);
    if (body.childElementCount > most) body.firstElementChild?.remove();
    empty.hidden = true;
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  };
  const showAll = (): void => {
    body.replaceChildren();
    empty.hidden = false;
    for (const entry of entries) show(entry, false);
    scroller.scrollTop = scroller.scrollHeight;
  };
  const change = (next: Partial<LogFilter>): void => {
    filter.now = { ...filter.now, ...next };
    showAll();
  };
  showAll();
  // It has no height before it stands on the page.
  requestAnimationFrame(() => {
    scroller.scrollTop = scroller.scrollHeight;
  });
  return {
    element: h('div', { class: 'log-box' }, drawFilters(view, filter, change), scroller),
    add: (entry) => {
      entries.push(entry);
      if (entries.length > most) entries.shift();
      show(entry, true);
    },
  };
}

const titles = (view: View): HTMLElement[] =>
  (
    [
      [words.time, ''],
      [words.method, ''],
      [words.path, 'wide'],
      [words.code, ''],
      [words.ms, 'numeric'],
      [words.rows, 'numeric'],
    ] as const
  ).map(([title, kind]) => h('th', { scope: 'col', class: kind }, say(view, title)));

function drawFilters(
  view: View,
  filter: { readonly now: LogFilter },
  change: (next: Partial<LogFilter>) => void,
): HTMLElement {
  const kind = (name: LogWire['kind'], label: string): HTMLElement => {
    const box = h('input', { type: 'checkbox', checked: filter.now.kinds.has(name) });
    box.addEventListener('change', () => {
      const kinds = new Set(filter.now.kinds);
      if (box.checked) kinds.add(name);
      else kinds.delete(name);
      change({ kinds });
    });
    return h('label', { class: 'chip' }, box, label);
  };
  const only = (name: 'writes' | 'errors', label: string): HTMLElement => {
    const box = h('input', { type: 'checkbox', checked: filter.now[name] });
    box.addEventListener('change', () => change({ [name]: box.checked }));
    return h('label', { class: 'chip' }, box, label);
  };
  const path = h('input', {
    type: 'search',
    class: 'control small',
    'aria-label': say(view, words.filter),
    placeholder: say(view, words.filter),
  });
  path.value = filter.now.path;
  path.addEventListener('input', () => change({ path: path.value }));
  return h(
    'div',
    { class: 'filters' },
    kind('call', say(view, words.onlyCalls)),
    kind('event', say(view, words.onlyEvents)),
    kind('note', say(view, words.onlyNotes)),
    only('writes', say(view, words.onlyWrites)),
    only('errors', say(view, words.onlyErrors)),
    path,
  );
}

/** Whether a line is to be shown. */
export function fits(entry: LogWire, { kinds, writes, errors, path }: LogFilter): boolean {
  if (!kinds.has(entry.kind)) return false;
  if (writes && !(entry.kind === 'call' && entry.write)) return false;
  if (errors && !isError(entry)) return false;
  const text =
    entry.kind === 'call'
      ? `${entry.route} ${entry.path}`
      : entry.kind === 'event'
        ? entry.type
        : entry.words.zh + entry.words.en;
  return text.toLowerCase().includes(path.trim().toLowerCase());
}

const isError = (entry: LogWire): boolean =>
  entry.kind === 'call'
    ? entry.code !== 0 || entry.status !== 200
    : entry.kind === 'event' && entry.ack !== 'ok';

function drawLine(entry: LogWire, view: View): HTMLElement {
  const time = h('td', { class: 'time' }, clock(entry.at));
  if (entry.kind === 'note')
    return h('tr', { class: 'note' }, time, h('td', { colspan: 5 }, say(view, entry.words)));
  if (entry.kind === 'event') {
    const ack = ackWords[entry.ack];
    return h(
      'tr',
      { class: `event ${isError(entry) ? 'bad' : ''}` },
      time,
      h('td', { class: 'method' }, '→'),
      h('td', { class: 'path' }, entry.type),
      h('td', { class: 'code' }, ack ? say(view, ack) : entry.ack),
      h('td', { class: 'numeric' }, entry.ms.toFixed(0)),
      h('td'),
    );
  }
  const code =
    entry.status === 0
      ? '✂'
      : entry.code !== 0 && entry.code !== -1
        ? String(entry.code)
        : String(entry.status);
  return h(
    'tr',
    { class: `call ${isError(entry) ? 'bad' : ''} ${entry.write ? 'write' : ''}` },
    time,
    h('td', { class: `method m-${entry.method.toLowerCase()}` }, entry.method),
    h('td', { class: 'path', title: entry.path }, callName(entry)),
    h('td', { class: 'code' }, code),
    h('td', { class: 'numeric' }, entry.ms.toFixed(0)),
    h('td', { class: 'numeric' }, entry.rows > 0 ? entry.rows.toLocaleString('en-US') : ''),
  );
}

/** What a call is named: `records/batch_create`; a path that is not played stays a path. */
const callName = ({ route, path }: Extract<LogWire, { kind: 'call' }>): string =>
  route === 'unknown' ? shortPath(path) : route.replaceAll('.', '/');

/** The path with its long ids shortened. */
const shortPath = (path: string): string =>
  path.replace(/^\/open-apis/u, '').replace(/\/([A-Za-z]{2,3}_?\w{4})\w{9,}/gu, '/$1…');
