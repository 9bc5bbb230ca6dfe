import type {
  ArrivedEvent,
  ChatEvent,
  ClickEvent,
  HandleEvent,
  MenuEvent,
  MessageEvent,
  Toast,
} from '../../bot/ports.ts';
import type { Clock, Log, LogEvent } from '../../run/ports.ts';
import { inTime } from '../../sync/words/limits.ts';
import type { Hide } from '../../sync/words/web-address.ts';
import { list, parsed, type Shape, shape, words } from '../calls/http.ts';

/**
 * When something was made, in ms; Feishu writes milliseconds for events and microseconds for presses on cards. Seconds
 * and nanoseconds are known by their length, too: what is old must not pass for new because of its form.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
 */
function timeOf(value: unknown): { readonly at: number } | undefined {
  const digits = typeof value === 'number' ? String(value) : words(value);
  if (digits === undefined || !/^\d{10}(\d{3}){0,3}$/.test(digits)) return undefined;
  return { at: Number(digits.slice(0, 13).padEnd(13, '0')) };
}

/**
 * Takes header and event apart. The SDK melts both into one object, in which a name that both have is the event's;
 * the names read here belong to one of them alone. An envelope that is still whole is taken as it is.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/event-structure
 */
function opened(payload: unknown) {
  const all = shape(payload) ?? {};
  const [header, event] = [shape(all['header']), shape(all['event'])];
  const parts = header && event ? { header, event } : { header: all, event: all };
  const { event_id, tenant_key, create_time } = parts.header;
  return { event: parts.event, id: words(event_id), tenant: words(tenant_key), made: timeOf(create_time) };
}

/**
 * Reads `im.message.receive_v1`; undefined when it is not what Feishu describes.
 * https://open.feishu.cn/document/server-docs/im-v1/message/events/receive
 * @param self open_id of the bot
 * @param name of the bot: a mention that came without an open_id is known by it
 */
export function messageEvent(payload: unknown, self: string, name = ''): MessageEvent | undefined {
  const { event, id, tenant, made } = opened(payload);
  const sender = shape(event['sender']);
  const message = shape(event['message']) ?? {};
  const messageId = words(message['message_id']);
  const chat = words(message['chat_id']);
  const from = openIdOf(sender?.['sender_id']);
  if (!id || !messageId || !chat || !from) return undefined;
  const mentions = mentionsOf(message['mentions'], self, name);
  return {
    ...{ kind: 'message', id, message: messageId, chat, from },
    chatKind: message['chat_type'] === 'p2p' ? 'p2p' : 'group',
    tenant: words(sender?.['tenant_key']) ?? tenant ?? '',
    fromBot: sender?.['sender_type'] !== 'user',
    text: textOf(message, mentions, self),
    mentioned: mentions.some((mention) => mention.openId === self),
    ...(timeOf(message['create_time']) ?? made),
  };
}

/**
 * Reads `card.action.trigger`; undefined when it is not what Feishu describes.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
 */
export function clickEvent(payload: unknown): ClickEvent | undefined {
  const { event, id, tenant, made } = opened(payload);
  const operator = shape(event['operator']);
  const context = shape(event['context']);
  const action = shape(event['action']);
  const message = words(context?.['open_message_id']);
  const chat = words(context?.['open_chat_id']);
  const from = words(operator?.['open_id']);
  if (!action || !id || !message || !chat || !from) return undefined;
  return {
    ...{ kind: 'click', id, message, chat, from },
    tenant: words(operator?.['tenant_key']) ?? tenant ?? '',
    name: words(action['name']),
    value: action['value'],
    form: shape(action['form_value']) ?? {},
    ...made,
  };
}

/** Reads `application.bot.menu_v6`, as above. https://open.feishu.cn/document/client-docs/bot-v3/events/menu */
export function menuEvent(payload: unknown): MenuEvent | undefined {
  const { event, id, tenant = '', made } = opened(payload);
  const from = openIdOf(shape(event['operator'])?.['operator_id']);
  const key = words(event['event_key']);
  return id && from && key
    ? { kind: 'menu', id, from, key, tenant, ...(made ?? timeOf(event['timestamp'])) }
    : undefined;
}

/**
 * Reads `im.chat.member.bot.added_v1` and `im.chat.access_event.bot_p2p_chat_entered_v1`; undefined when it is not
 * what Feishu describes. https://open.feishu.cn/document/server-docs/group/chat-member/event/added
 */
export function arrivedEvent(payload: unknown, kind: ArrivedEvent['kind']): ArrivedEvent | undefined {
  const { event, id, tenant = '', made } = opened(payload);
  const chat = words(event['chat_id']);
  const from = openIdOf(event['operator_id']);
  const { external } = event;
  const mark = typeof external === 'boolean' ? { outside: external } : {};
  return id && chat && from ? { kind, id, chat, from, tenant, ...mark, ...made } : undefined;
}

const openIdOf = (ids: unknown): string | undefined => words(shape(ids)?.['open_id']);

/** The tenant in which the app is installed, as the header says. A writer from outside carries another one. */
export const tenantOf = (payload: unknown): string | undefined => opened(payload).tenant;

interface Mention {
  readonly key: string;
  readonly openId: string | undefined;
  readonly name: string;
  /** What Feishu says of it: `user`, `bot`, or nothing. */
  readonly type: string | undefined;
}

/** Reads who is mentioned. Where no mention has the bot's open_id, it is the one of its name, or the only bot. */
function mentionsOf(value: unknown, self: string, name: string): readonly Mention[] {
  const all = (list(value) ?? []).flatMap((one): Mention[] => {
    const mention = shape(one);
    const key = words(mention?.['key']);
    if (key === undefined) return [];
    const openId = openIdOf(mention?.['id']) ?? words(mention?.['id']);
    return [{ key, openId, name: words(mention?.['name']) ?? '', type: words(mention?.['mentioned_type']) }];
  });
  if (all.some(({ openId }) => openId === self)) return all;
  const unnamed = all.filter(isNameless);
  const bots = unnamed.filter(({ type }) => type === 'bot');
  const own =
    unnamed.find((one) => name !== '' && one.name === name) ?? (bots.length === 1 ? bots[0] : undefined);
  return all.map((one) => (one === own ? { ...one, openId: self } : one));
}

const isNameless = ({ key, openId, type }: Mention): boolean =>
  openId === undefined && key !== '@_all' && type !== 'user';

/** Whether a message mentions somebody without an open_id of whom nobody can tell whether it is the bot. */
export function hasNamelessMention(payload: unknown, self: string, name: string): boolean {
  const message = shape(opened(payload).event['message']);
  return mentionsOf(message?.['mentions'], self, name).some(isNameless);
}

/** Text and rich text as one line or more; undefined for everything else. */
function textOf(message: Shape, mentions: readonly Mention[], self: string): string | undefined {
  const content = shape(parsed(message['content']));
  const names = namer(mentions, self);
  if (message['message_type'] === 'post') return content && postText(content, names);
  const line = message['message_type'] === 'text' ? content?.['text'] : undefined;
  return typeof line === 'string' ? withNames(line, names) : undefined;
}

/** Says what stands for a mention's key. */
type Namer = (key: string) => string;

const namer =
  (mentions: readonly Mention[], self: string): Namer =>
  (key) => {
    const mention = mentions.find((one) => one.key === key);
    if (mention?.openId === self || key === self) return '';
    // One word, so that it can be told from what stands around it.
    if (mention?.name) return `@${mention.name.replaceAll(/\s+/gu, '_')}`;
    return key === '@_all' || key === 'all' ? '@all' : key;
  };

/** One pass: a name that looks like a key must not be replaced again. */
const withNames = (line: string, names: Namer): string => line.replace(/@_(?:user_\d+|all)/g, names);

/** A received post has no language around it, one that was sent has: both are read. */
function postText(content: Shape, names: Namer): string | undefined {
  const post = list(content['content']) ? content : Object.values(content).map(shape).find(Boolean);
  const paragraphs = list(post?.['content']);
  if (!paragraphs) return undefined;
  const lines = paragraphs.map((paragraph) =>
    (list(paragraph) ?? []).map((node) => nodeText(shape(node) ?? {}, names)).join(''),
  );
  return [words(post?.['title']) ?? [], ...lines].flat().join('\n');
}

function nodeText({ tag, text, user_id, user_name }: Shape, names: Namer): string {
  if (tag !== 'at') return typeof text === 'string' ? withNames(text, names) : '';
  const key = words(user_id) ?? '';
  const name = names(key);
  return name === key && words(user_name) ? `@${String(user_name)}` : name;
}

/** Feishu waits 3 s for an answer; https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication */
const answerWithin = 2500;

/** What Feishu gets for an event: a toast, or `{}`; never nothing, which it takes for a fault. */
export type Receipt = { readonly toast: Toast } | Readonly<Record<string, never>>;

/** The events that the bot listens to, as the SDK or a webhook hands them over. */
export interface Receiver {
  /** The types that it understands. */
  readonly types: readonly string[];
  /**
   * Takes one event; others than `types` have no effect. Never rejects.
   * @param nonce of the request, where it came by one: an event with the same is a repeat
   */
  receive(type: string, payload: unknown, nonce?: string): Promise<Receipt>;
  /** Counts an event of a type that nobody asked for. */
  leaveOut(type: string): void;
}

/** What a {@link Receiver} works with. */
export interface ReceiverParts {
  /** open_id of the bot. */
  readonly self: string;
  /** Name of the bot. */
  readonly name?: string;
  readonly handle: HandleEvent;
  readonly log: Log;
  readonly clock: Clock;
  /** Takes secrets out of toasts. */
  readonly hide: Hide;
}

/** Reads payloads, drops those that are not for us, and answers in time whatever the handler does. */
export function receiver({ self, name = '', handle, log, clock, hide }: ReceiverParts): Receiver {
  const warn = seldom({ clock, log });
  const leaveOut = tally(log, clock);
  const take = async (payload: unknown, event: ChatEvent | undefined, type: string): Promise<Receipt> => {
    if (!event) {
      warn('event.not-understood', { why: type });
      return {};
    }
    const own = tenantOf(payload);
    if (own !== undefined && event.tenant !== own) {
      leaveOut('another-tenant');
      return {};
    }
    if (event.kind === 'message' && !event.mentioned && hasNamelessMention(payload, self, name))
      warn('mention.not-recognised', { why: 'no-open-id' });
    try {
      const working = handle(event);
      // Only presses are waited for: a timer for each event would cost more than reading it.
      const toast = await (event.kind === 'click'
        ? inTime(working, answerWithin, clock, 'late' as const)
        : working);
      if (toast === 'late') log.warn('event.answered-late', { type, id: event.id });
      if (toast === undefined || toast === 'late') return {};
      return { toast: { ...toast, content: hide(toast.content) } };
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      log.error('event.failed', { type, id: event.id, error: name });
      return {};
    }
  };
  return {
    types: eventTypes(),
    leaveOut,
    receive(type, payload, nonce) {
      const read = readers.get(type);
      if (read) {
        const event = read(payload, self, name);
        return take(payload, event && nonce !== undefined ? { ...event, nonce } : event, type);
      }
      leaveOut(type);
      return Promise.resolve({});
    },
  };
}

/** Milliseconds between two lines about events that nobody asked for. */
const summaryEvery = 3_600_000;
/** Types that are told apart: they come from outside. */
const mostTypes = 50;

/** Counts what has no effect: one line at the first of it, then one an hour at most, with the number of each type since. */
function tally(log: Log, clock: Pick<Clock, 'now'>): (type: string) => void {
  const counts = new Map<string, number>();
  let told: number | undefined;
  return (type) => {
    const short = type.replaceAll(/[^\w.-]/g, '').slice(0, 80);
    const kind = counts.has(short) || counts.size < mostTypes ? short : 'others';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const now = clock.now();
    if (told !== undefined && Math.abs(now - told) < summaryEvery) return;
    log.info('event.left-out', { counts: Object.fromEntries(counts) });
    told = now;
    counts.clear();
  };
}

type Reader = (payload: unknown, self: string, name: string) => ChatEvent | undefined;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['im.message.receive_v1', messageEvent],
  ['application.bot.menu_v6', menuEvent],
  ['im.chat.member.bot.added_v1', (payload) => arrivedEvent(payload, 'added')],
  ['im.chat.access_event.bot_p2p_chat_entered_v1', (payload) => arrivedEvent(payload, 'opened')],
  ['card.action.trigger', clickEvent],
]);

/** The types of events and callbacks that the program subscribes to. */
export const eventTypes = (): readonly string[] => [...readers.keys()];

/** Milliseconds between two lines of one kind. */
const quietFor = 60_000;

/**
 * Makes a `warn` for what anybody on the network can cause: one line a minute of each event and `why`, with the number
 * of those left out since the last one.
 */
export function seldom({ clock, log }: { readonly clock: Pick<Clock, 'now'>; readonly log: Log }) {
  const kinds = new Map<string, { at: number; leftOut: number }>();
  return (event: LogEvent, facts: { readonly why: string }): void => {
    const kind = `${event}|${facts.why}`;
    const now = clock.now();
    const last = kinds.get(kind);
    if (last && Math.abs(now - last.at) < quietFor) {
      last.leftOut++;
      return;
    }
    kinds.set(kind, { at: now, leftOut: 0 });
    log.warn(event, last && last.leftOut > 0 ? { ...facts, leftOut: last.leftOut } : facts);
  };
}
