import { isObject } from '../bitable/values/kind.ts';
import { cardControls } from '../chat/cards.ts';
import type { LogWire, News, PressWire, Words, WorldWire } from '../page/wire.ts';
import type { Parts } from '../parts.ts';
import type { Call, Happening, MessageState } from '../world.ts';
import type { FaultPanel } from './fault-panel.ts';
import { chatWire, messageWire, tablesOf, tableWire } from './shapes.ts';

/** What those who watch the page are told. */
export interface Feed {
  /** All that there is to see now. */
  world(): WorldWire;
  listen(listener: (news: News) => void): () => void;
  note(line: Words): void;
  /** Tells how the faults stand. */
  faults(): void;
  close(): void;
}

/** Lines of the log that a page sees when it is opened. */
const kept = 400;

const callLine = ({ at, method, path, route, status, code, ms, rows, write }: Call): LogWire => ({
  kind: 'call',
  at,
  method,
  path,
  route,
  status,
  code,
  ms,
  rows,
  write,
});

/** What stands on a button or another element of a card. */
function labelOf(message: MessageState | undefined, name: string): Words {
  const controls = cardControls(message?.versions.at(-1)?.card);
  const control = controls.find((one) => one.name === name) ?? controls.find((one) => one.text === name);
  const own = control?.text || name;
  const text = control?.element['text'];
  const i18n = isObject(text) && isObject(text['i18n_content']) ? text['i18n_content'] : {};
  return { zh: String(i18n['zh_cn'] ?? own), en: String(i18n['en_us'] ?? own) };
}

/** Follows the world from now on. */
export function newFeed(
  { world, connections }: Parts,
  { people, menu, extras }: Pick<WorldWire, 'people' | 'menu' | 'extras'>,
  panel: () => FaultPanel,
): Feed {
  const listeners = new Set<(news: News) => void>();
  const presses = new Map<string, PressWire[]>();
  const log: LogWire[] = [];
  const chats = new Set(world.chats.keys());
  const tell = (news: News): void => {
    for (const listener of listeners) listener(news);
  };
  const write = (entry: LogWire): void => {
    log.push(entry);
    if (log.length > kept) log.shift();
    tell({ kind: 'log', entry });
  };
  const show = (message: MessageState): void => {
    const chat = world.chats.get(message.chatId);
    if (chat && !chats.has(chat.id)) {
      chats.add(chat.id);
      tell({ kind: 'chat', chat: chatWire(chat) });
    }
    const shown = messageWire(world, message, presses.get(message.id) ?? []);
    if (shown) tell({ kind: 'message', message: shown });
  };
  const pressed = ({ messageId, name, openId }: Extract<Happening, { kind: 'click' }>): void => {
    const message = world.messages.get(messageId);
    const press = { openId, label: labelOf(message, name), at: world.now() };
    presses.set(messageId, [...(presses.get(messageId) ?? []), press]);
    if (message) show(message);
  };
  const changed = (news: Extract<Happening, { kind: 'table' }>): void => {
    const base = world.bases.get(news.appToken);
    const table = base?.tables.get(news.tableId);
    if (!base || !table) return;
    const { by, added, edited, removed } = news;
    const touched = new Set([...added.slice(0, 1), ...edited.slice(0, 1)]);
    const first = touched.size > 0 ? table.rows.findIndex(({ id }) => touched.has(id)) : -1;
    const place = first >= 0 ? { first } : {};
    tell({ kind: 'table', table: tableWire({ base, table }), by, added, edited, removed, ...place });
  };
  const hear = (happening: Happening): void => {
    switch (happening.kind) {
      case 'call':
        write(callLine(happening.call));
        break;
      case 'event':
        write(happening);
        break;
      case 'message':
      case 'recalled':
        show(happening.message);
        break;
      case 'click':
        pressed(happening);
        break;
      case 'table':
        changed(happening);
        break;
      case 'connections':
        tell({ kind: 'connections', count: happening.count });
        break;
      case 'unknown':
        break;
    }
  };
  world.watchers.add(hear);

  return {
    world: () => ({
      bot: world.bot.name,
      menu,
      people,
      chats: [...world.chats.values()].map(chatWire),
      messages: [...world.messages.values()].flatMap(
        (message) => messageWire(world, message, presses.get(message.id) ?? []) ?? [],
      ),
      tables: tablesOf(world).map(tableWire),
      faults: panel().list(),
      log: [...log],
      connections: connections.count(),
      extras,
    }),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    note: (line) => write({ kind: 'note', at: world.now(), words: line }),
    faults: () => tell({ kind: 'faults', faults: panel().list() }),
    close: () => {
      world.watchers.delete(hear);
      listeners.clear();
    },
  };
}
