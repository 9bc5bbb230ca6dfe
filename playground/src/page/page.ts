import { openMenu } from './bot-menu.ts';
import { type ChatHost, type MessageList, openMessages } from './chat.ts';
import { openComposer } from './composer.ts';
import type { CardContext } from './context.ts';
import { ask, showToast } from './dialogs.ts';
import { byId, h } from './dom.ts';
import { drawElement } from './elements.ts';
import { drawFaults } from './faults.ts';
import { everything, type LogView, openLog } from './log.ts';
import type { Server } from './server.ts';
import { openTable, type TableView } from './table.ts';
import { say, type View } from './view.ts';
import type {
  ChatWire,
  FaultWire,
  LogWire,
  MessageWire,
  News,
  Outcome,
  PageAct,
  TableWire,
  WorldWire,
} from './wire.ts';
import { i18nKeys, type Language, words } from './words.ts';

/** The page: hears what happens and shows it. */
export interface OpenPage {
  hear(news: News): void;
  /** Whether the demo can be heard. */
  online(on: boolean): void;
}

/** What the page knows. */
interface Known {
  language: Language;
  me: string;
  chat: string;
  table: string;
  world: WorldWire | undefined;
  readonly chats: Map<string, ChatWire>;
  readonly messages: Map<string, MessageWire>;
  readonly tables: Map<string, TableWire>;
  readonly unread: Set<string>;
  log: LogWire[];
  faults: readonly FaultWire[];
  readonly filter: { now: typeof everything };
  readonly history: string[];
}

/** The language that the browser's person reads: a reload keeps what was chosen. */
const firstLanguage = (): Language => {
  const wanted = sessionStorage.getItem('language') ?? askedLanguage();
  return wanted.startsWith('zh') ? 'zh' : 'en';
};

const askedLanguage = (): string => new URLSearchParams(location.search).get('lang') ?? navigator.language;

/** Opens the page on the document. */
export function openPage(server: Server): OpenPage {
  const known: Known = {
    language: firstLanguage(),
    me: sessionStorage.getItem('me') ?? '',
    chat: '',
    table: '',
    world: undefined,
    chats: new Map(),
    messages: new Map(),
    tables: new Map(),
    unread: new Set(),
    log: [],
    faults: [],
    filter: { now: everything },
    history: [],
  };
  let messages: MessageList | undefined;
  let table: TableView | undefined;
  let log: LogView | undefined;
  let following = true;

  const view = (): View => ({
    language: known.language,
    me: known.me,
    people: known.world?.people ?? [],
    bot: known.world?.bot ?? '',
  });
  const toast = (kind: string, content: string): void => showToast(byId('toasts'), kind, content);
  const announce = (line: string): void => {
    byId('announcer').textContent = line;
  };

  /** Does an act, and shows what came of it. */
  const act = async (wanted: PageAct): Promise<Outcome> => {
    const outcome = await server.act(wanted);
    if (outcome.toast) {
      const own = outcome.toast.i18n?.[i18nKeys[known.language]];
      toast(outcome.toast.type, typeof own === 'string' ? own : outcome.toast.content);
    }
    if (typeof outcome.error === 'number')
      toast('error', `${say(view(), words.unanswered)} (${outcome.error})`);
    else if (outcome.error !== undefined) toast('error', outcome.error);
    return outcome;
  };

  const context = (message: MessageWire): CardContext => ({
    view: view(),
    draw: drawElement,
    act: async (acted) => void (await act({ kind: 'click', message: message.id, from: known.me, ...acted })),
    ask: (title, text) => ask(title, text, say(view(), words.ok), say(view(), words.cancel)),
    toast,
  });
  const chatHost: ChatHost = { view, context, message: (id) => known.messages.get(id), announce };

  const myChats = (): ChatWire[] =>
    [...known.chats.values()].filter(({ members }) => members.includes(known.me));

  const drawChats = (): void => {
    const label = (chat: ChatWire): string => (chat.kind === 'p2p' ? view().bot : chat.name);
    byId('chats').replaceChildren(
      ...myChats().map((chat) =>
        h(
          'button',
          {
            type: 'button',
            class: 'tab',
            'aria-pressed': String(chat.id === known.chat),
            onclick: () => openChat(chat.id),
          },
          label(chat),
          chat.kind === 'group' &&
            h('span', { class: 'tag t-neutral small' }, `${say(view(), words.group)} ${chat.members.length}`),
          known.unread.has(chat.id) &&
            h('span', { class: 'dot', role: 'img', 'aria-label': say(view(), words.unread) }),
        ),
      ),
    );
  };

  const openChat = (id: string): void => {
    known.chat = id;
    known.unread.delete(id);
    drawChats();
    const chat = known.chats.get(id);
    if (!chat) return;
    const own = [...known.messages.values()]
      .filter(({ chatId }) => chatId === id)
      .sort((a, b) => a.at - b.at);
    messages = openMessages(chat, own, chatHost);
    byId('messages').replaceChildren(messages.element);
    // The menu stands in the chat with the bot alone, as in Feishu.
    const menu = chat.kind === 'p2p' ? (known.world?.menu ?? []) : [];
    byId('composer').replaceChildren(
      ...(menu.length === 0
        ? []
        : [openMenu(menu, view(), (key) => void act({ kind: 'menu', from: known.me, key }))]),
      openComposer(
        chat,
        view(),
        known.history,
        (text, mention) => void act({ kind: 'say', chat: id, from: known.me, text, mention }),
      ),
    );
  };

  const be = (openId: string): void => {
    known.me = openId;
    sessionStorage.setItem('me', openId);
    const [first] = myChats();
    openChat(
      myChats().some(({ id }) => id === known.chat && known.chats.get(id)?.kind === 'group')
        ? known.chat
        : (first?.id ?? ''),
    );
  };

  const drawTable = (): void => {
    const shown = known.tables.get(known.table) ?? [...known.tables.values()][0];
    if (!shown) return;
    known.table = shown.id;
    const follow = h('input', { type: 'checkbox', id: 'follow', checked: following });
    follow.addEventListener('change', () => {
      following = follow.checked;
    });
    byId('table-tools').replaceChildren(
      ...(known.world?.extras ?? []).map(({ name, does }, at) =>
        h(
          'button',
          {
            type: 'button',
            class: 'cbtn b-primary s-small',
            'data-extra': at,
            title: say(view(), does),
            onclick: () => void act({ kind: 'extra', at }),
          },
          say(view(), name),
        ),
      ),
      h('label', { class: 'chip' }, follow, say(view(), words.follow)),
      h(
        'button',
        {
          type: 'button',
          class: 'cbtn b-default s-small',
          id: 'add-row',
          onclick: () => void act({ kind: 'add', table: known.table }),
        },
        `＋ ${say(view(), words.addRow)}`,
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'cbtn b-default s-small',
          id: 'edit-some',
          onclick: () => void act({ kind: 'editSome', table: known.table }),
        },
        `✎ ${say(view(), words.editCell)}`,
      ),
    );
    byId('table-name').textContent = `${shown.base} / ${shown.name}`;
    table = openTable(
      shown,
      {
        view,
        server,
        edit: (record, field, text) =>
          void act({ kind: 'edit', table: known.table, record, field, text }).then(
            ({ error }) => error !== undefined && table?.refresh(),
          ),
        remove: (record) => void act({ kind: 'remove', table: known.table, record }),
      },
      () => following,
    );
    byId('table').replaceChildren(table.element);
    table.refresh();
  };

  const drawFaultPanel = (): void => {
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['fault'] : undefined;
    byId('faults').replaceChildren(
      ...drawFaults(known.faults, view(), (name, on) => void act({ kind: 'fault', name, on })),
    );
    if (focused !== undefined)
      byId('faults')
        .querySelector<HTMLElement>(`[data-fault="${CSS.escape(focused)}"]`)
        ?.focus();
  };

  const drawConnection = (count: number): void => {
    const place = byId('connection');
    place.classList.toggle('off', count === 0);
    place.textContent = say(view(), count > 0 ? words.connected : words.notConnected);
  };

  /** Draws everything, as at the start and when the language changes. */
  const drawAll = (): void => {
    const { world } = known;
    if (!world) return;
    document.documentElement.lang = known.language === 'zh' ? 'zh-CN' : 'en';
    document.title = say(view(), words.title);
    for (const element of document.querySelectorAll<HTMLElement>('[data-word]')) {
      const word = words[element.dataset['word'] as keyof typeof words];
      element.textContent = say(view(), word);
    }
    byId('language').setAttribute('aria-label', say(view(), words.switchLanguage));
    drawPeople(world);
    drawConnection(world.connections);
    drawTable();
    drawFaultPanel();
    log = openLog(known.log, view(), known.filter);
    byId('log').replaceChildren(log.element);
    openChat(known.chat);
  };

  const drawPeople = ({ people }: WorldWire): void => {
    const select = byId('me');
    if (!(select instanceof HTMLSelectElement)) return;
    select.replaceChildren(
      ...people.map(({ openId, name, role }) =>
        h('option', { value: openId }, role ? `${name} · ${say(view(), role)}` : name),
      ),
    );
    select.value = known.me;
  };

  const fill = (world: WorldWire): void => {
    known.world = world;
    for (const map of [known.chats, known.messages, known.tables]) map.clear();
    for (const chat of world.chats) known.chats.set(chat.id, chat);
    for (const message of world.messages) known.messages.set(message.id, message);
    for (const one of world.tables) known.tables.set(one.id, one);
    known.log = [...world.log];
    known.faults = world.faults;
    if (!world.people.some(({ openId }) => openId === known.me)) known.me = world.people[0]?.openId ?? '';
    if (!myChats().some(({ id }) => id === known.chat)) known.chat = myChats()[0]?.id ?? '';
    drawAll();
    if (byId('page').dataset['ready'] === undefined) byId('write').focus();
    byId('page').dataset['ready'] = 'true';
  };

  const heardMessage = (message: MessageWire): void => {
    const isNew = !known.messages.has(message.id);
    known.messages.set(message.id, message);
    if (message.chatId === known.chat) messages?.put(message);
    else if (isNew) {
      known.unread.add(message.chatId);
      drawChats();
    }
  };

  byId('me').addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement) be(target.value);
  });
  byId('language').addEventListener('click', () => {
    known.language = known.language === 'zh' ? 'en' : 'zh';
    sessionStorage.setItem('language', known.language);
    drawAll();
  });
  // A card's link to the table is followed to where the table is: here.
  document.addEventListener('follow', (event) => {
    const { detail } = event as CustomEvent<string>;
    const shown = [...known.tables.values()].find(({ url }) => detail.startsWith(url));
    if (!shown) return void window.open(detail, '_blank', 'noopener,noreferrer');
    if (shown.id !== known.table) {
      known.table = shown.id;
      drawTable();
    }
    const place = byId('table-panel');
    place.scrollIntoView({ block: 'nearest' });
    place.classList.remove('called');
    requestAnimationFrame(() => place.classList.add('called'));
    byId('table').querySelector<HTMLElement>('.grid')?.focus({ preventScroll: true });
  });
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.closest('input, textarea, select, dialog')) return;
    event.preventDefault();
    byId('write').focus();
  });

  return {
    online: (on) => {
      byId('lost').hidden = on;
    },
    hear: (news) => {
      switch (news.kind) {
        case 'world':
          fill(news.world);
          break;
        case 'chat':
          known.chats.set(news.chat.id, news.chat);
          drawChats();
          break;
        case 'message':
          heardMessage(news.message);
          break;
        case 'table':
          known.tables.set(news.table.id, news.table);
          if (news.table.id === known.table) table?.hear(news);
          break;
        case 'faults':
          known.faults = news.faults;
          drawFaultPanel();
          break;
        case 'log':
          log?.add(news.entry);
          break;
        case 'connections':
          if (known.world) known.world = { ...known.world, connections: news.count };
          drawConnection(news.count);
          break;
      }
    },
  };
}
