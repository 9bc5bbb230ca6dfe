import type { ArrivedEvent, ClickEvent, MenuEvent, MessageEvent } from '../../bot/ports.ts';
import { list, parsed, type Shape, shape, words } from '../calls/shape.ts';

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

/**
 * Reads `application.bot.menu_v6`; undefined when it is not what Feishu describes.
 * https://open.feishu.cn/document/client-docs/bot-v3/events/menu
 */
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

/**
 * Reads who is mentioned. A mention may come without an open_id: then the bot is the one of its name, or the only bot.
 */
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
