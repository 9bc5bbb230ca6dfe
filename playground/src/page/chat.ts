import { cardSummary, drawCard } from './card.ts';
import type { CardContext } from './context.ts';
import { h } from './dom.ts';
import { clock, nameOf, say, shortClock, type View } from './view.ts';
import type { ChatWire, MessageWire } from './wire.ts';
import { words } from './words.ts';

/** What the list of messages needs from the page. */
export interface ChatHost {
  view(): View;
  /** The context for cards of a message. */
  context(message: MessageWire): CardContext;
  message(id: string): MessageWire | undefined;
  /** Reads something out. */
  announce(line: string): void;
}

/** The messages of one chat. */
export interface MessageList {
  readonly element: HTMLElement;
  /** Shows a new message, or a known one as it is now. */
  put(message: MessageWire): void;
}

/** Opens the list of a chat's messages, oldest first. It stays at its end while the person does. */
export function openMessages(chat: ChatWire, messages: readonly MessageWire[], host: ChatHost): MessageList {
  const view = host.view();
  const list = h('ol', { class: 'messages', 'aria-label': say(view, words.messages), tabindex: 0 });
  const shown = new Map<string, { readonly item: HTMLElement; heading: string }>();
  const empty = h('li', { class: 'empty' }, say(view, words.noMessages));
  const atEnd = (): boolean => list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const toEnd = (): void => {
    list.scrollTop = list.scrollHeight;
    pill.hidden = true;
  };
  const pill = h(
    'button',
    { type: 'button', class: 'pill', hidden: true, onclick: toEnd },
    `↓ ${say(view, words.newMessages)}`,
  );
  list.addEventListener('scroll', () => {
    if (atEnd()) pill.hidden = true;
  });
  let current: HTMLElement | undefined;
  /** Only one message's controls are tab stops: the newest one's, or of the one that has the focus. */
  const stopAt = (item: HTMLElement): void => {
    if (current !== item) setStops(current, false);
    current = item;
    setStops(item, true);
  };
  list.addEventListener('focusin', ({ target }) => {
    const item = target instanceof Element ? target.closest<HTMLElement>('.message') : null;
    if (item) stopAt(item);
  });
  list.addEventListener('keydown', (event) => moveAmong(event, list));
  const headingOf = (message: MessageWire): string =>
    message.body.kind === 'card'
      ? cardSummary(message.body.card, host.context(message))
      : message.body.kind === 'text'
        ? message.body.text
        : '';

  const put = (message: MessageWire, aloud: boolean): void => {
    const known = shown.get(message.id);
    const follow = atEnd() || (!known && aloud && message.openId === view.me);
    const item = drawMessage(message, chat, host);
    const heading = headingOf(message);
    if (aloud && message.openId === undefined && known?.heading !== heading)
      host.announce(`${view.bot}: ${heading}`);
    if (known) {
      keepState(known.item, item);
      known.item.replaceWith(item);
      if (current === known.item) stopAt(item);
      else setStops(item, false);
      restoreFocus(known.item, item);
    } else {
      item.classList.toggle('fresh', aloud);
      list.append(item);
      if (current?.contains(document.activeElement)) setStops(item, false);
      else stopAt(item);
    }
    shown.set(message.id, { item, heading });
    empty.remove();
    if (follow) toEnd();
    else if (!known) pill.hidden = false;
  };

  list.append(empty);
  for (const message of messages) put(message, false);
  requestAnimationFrame(toEnd);
  return {
    element: h('div', { class: 'message-box' }, list, pill),
    put: (message) => put(message, true),
  };
}

/** Puts a message's controls into the tab order, or takes them out; a mouse reaches them always. */
function setStops(item: HTMLElement | undefined, on: boolean): void {
  for (const control of item?.querySelectorAll<HTMLElement>('a, button, input, select, textarea, summary') ??
    []) {
    if (on) control.removeAttribute('tabindex');
    else control.tabIndex = -1;
  }
}

/** Arrow keys go from message to message; inside of a control they belong to it. */
function moveAmong(event: KeyboardEvent, list: HTMLElement): void {
  const from = event.target;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step === undefined || !(from instanceof HTMLElement) || !from.matches('.messages, .message')) return;
  const items = [...list.querySelectorAll<HTMLElement>('.message')];
  const now = from === list ? items.length : items.indexOf(from);
  const next = items[now + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** What a person has opened, filled in or focused stays so when the card changes around it. */
function keepState(before: HTMLElement, after: HTMLElement): void {
  for (const control of before.querySelectorAll<HTMLInputElement>(
    'input[data-field], select[data-field], textarea[data-field]',
  )) {
    const now = after.querySelector<HTMLInputElement>(
      `[data-field="${CSS.escape(control.dataset['field'] ?? '')}"]`,
    );
    if (now && now.tagName === control.tagName) now.value = control.value;
  }
  for (const panel of before.querySelectorAll<HTMLDetailsElement>('details[data-panel]')) {
    const now = after.querySelector<HTMLDetailsElement>(
      `details[data-panel="${CSS.escape(panel.dataset['panel'] ?? '')}"]`,
    );
    if (now) now.open = panel.open;
  }
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  if (focused instanceof HTMLElement)
    after.dataset['focus'] = focused.dataset['name'] ?? focused.dataset['field'] ?? '';
}

function restoreFocus(_: HTMLElement, after: HTMLElement): void {
  const name = after.dataset['focus'];
  if (name === undefined) return;
  delete after.dataset['focus'];
  const wanted = CSS.escape(name);
  const target =
    name === ''
      ? undefined
      : after.querySelector<HTMLElement>(`[data-name="${wanted}"], [data-field="${wanted}"]`);
  (target ?? after).focus();
}

function drawMessage(message: MessageWire, chat: ChatWire, host: ChatHost): HTMLElement {
  const view = host.view();
  const { openId, recalled } = message;
  const mine = openId === view.me;
  const name = openId === undefined ? view.bot : nameOf(view, openId);
  const time = h(
    'time',
    { datetime: new Date(message.at).toISOString(), title: clock(message.at) },
    shortClock(message.at),
  );
  const parent = message.parentId === undefined ? undefined : host.message(message.parentId);
  return h(
    'li',
    {
      class: `message ${mine ? 'mine' : ''} ${openId === undefined ? 'from-bot' : ''}`,
      'data-message': message.id,
      tabindex: -1,
    },
    h(
      'span',
      { class: `avatar ${openId === undefined ? 'bot' : `p${hue(openId)}`}`, 'aria-hidden': 'true' },
      openId === undefined ? '⇄' : [...name][0],
    ),
    h(
      'article',
      { class: 'bubble' },
      h(
        'header',
        { class: 'who' },
        h('span', { class: 'name' }, name),
        openId === undefined && h('span', { class: 'tag t-blue small' }, say(view, words.bot)),
        time,
        message.patched && h('span', { class: 'edited' }, say(view, words.edited)),
      ),
      parent && drawParent(parent, message, host),
      recalled ? h('p', { class: 'recalled' }, say(view, words.recalled)) : drawBody(message, chat, host),
      ...message.presses.map((press) =>
        h(
          'p',
          { class: 'press' },
          `${nameOf(view, press.openId)} ${say(view, words.pressed)} “${press.label[view.language]}” · ${clock(press.at)}`,
        ),
      ),
    ),
  );
}

/** What a message answers, in one line. */
function drawParent(parent: MessageWire, message: MessageWire, host: ChatHost): HTMLElement {
  const view = host.view();
  const said =
    parent.body.kind === 'text'
      ? parent.body.text
      : parent.body.kind === 'card'
        ? cardSummary(parent.body.card, host.context(parent))
        : '…';
  const name = parent.openId === undefined ? view.bot : nameOf(view, parent.openId);
  return h(
    'p',
    { class: 'reply' },
    h('span', {}, `${say(view, words.replyTo)} ${name}: ${said}`),
    message.threadId !== undefined && h('span', { class: 'tag t-neutral small' }, say(view, words.thread)),
  );
}

function drawBody(message: MessageWire, _: ChatWire, host: ChatHost): HTMLElement {
  const view = host.view();
  const { body } = message;
  switch (body.kind) {
    case 'text':
      return h('p', { class: 'text' }, body.text);
    case 'card':
      return drawCard(body.card, host.context(message));
    case 'file':
      return h(
        'a',
        { class: 'file', href: `/page/files/${encodeURIComponent(body.key)}`, download: body.name },
        h('span', { class: 'file-sign', 'aria-hidden': 'true' }, '▤'),
        h(
          'span',
          {},
          h('span', { class: 'file-name' }, body.name || body.key),
          h(
            'span',
            { class: 'file-size' },
            `${body.bytes === undefined ? '' : `${size(body.bytes)} · `}${say(view, words.download)}`,
          ),
        ),
      );
    case 'other':
      return h('div', { class: 'unsupported' }, `${say(view, words.otherMessage)}: ${body.type}`);
  }
}

const size = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1024 ** 2
      ? `${(bytes / 1024).toFixed(1)} KB`
      : `${(bytes / 1024 ** 2).toFixed(1)} MB`;

/** One of six colours for somebody. */
const hue = (id: string): number => [...id].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 6;
