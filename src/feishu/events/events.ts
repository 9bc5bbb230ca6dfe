import type { ArrivedEvent, ClickEvent, MenuEvent, MessageEvent } from '../../bot/ports.ts';
import { list, type Shape, shape, words } from '../calls/shape.ts';

/**
 * When something was made, in ms; Feishu writes milliseconds for events and microseconds for presses on cards.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
 */
function timeOf(value: unknown): { readonly at: number } | undefined {
  const digits = typeof value === 'number' ? String(value) : words(value);
  if (digits === undefined || !/^\d{13}(\d{3})?$/.test(digits)) return undefined;
  return { at: Number(digits.slice(0, 13)) };
}

/** The two halves of an event: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-structure */
interface Envelope {
  readonly header: Shape;
  readonly event: Shape;
}

/**
 * Takes header and event apart. The SDK melts both into one object, in which a name that both have is the event's;
 * the names read here belong to one of them alone. An envelope that is still whole is taken as it is.
 */
function envelope(payload: unknown): Envelope | undefined {
  const all = shape(payload);
  if (!all) return undefined;
  const header = shape(all['header']);
  const event = shape(all['event']);
  return header && event ? { header, event } : { header: all, event: all };
}

/**
 * Reads `im.message.receive_v1`; undefined when it is not what Feishu describes.
 * https://open.feishu.cn/document/server-docs/im-v1/message/events/receive
 * @param self open_id of the bot
 * @param name of the bot: a mention that came without an open_id is known by it
 */
export function messageEvent(payload: unknown, self: string, name = ''): MessageEvent | undefined {
  const parts = envelope(payload);
  const sender = shape(parts?.event['sender']);
  const message = shape(parts?.event['message']);
  const id = words(parts?.header['event_id']);
  const messageId = words(message?.['message_id']);
  const chat = words(message?.['chat_id']);
  const from = words(shape(sender?.['sender_id'])?.['open_id']);
  if (!parts || !message || !id || !messageId || !chat || !from) return undefined;
  const mentions = mentionsOf(message['mentions'], self, name);
  return {
    kind: 'message',
    id,
    message: messageId,
    chat,
    chatKind: message['chat_type'] === 'p2p' ? 'p2p' : 'group',
    tenant: words(sender?.['tenant_key']) ?? words(parts.header['tenant_key']) ?? '',
    from,
    fromBot: sender?.['sender_type'] !== 'user',
    text: textOf(message, mentions, self),
    mentioned: mentions.some((mention) => mention.openId === self),
    ...(timeOf(message['create_time']) ?? timeOf(parts.header['create_time'])),
  };
}

/**
 * Reads `card.action.trigger`; undefined when it is not what Feishu describes.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
 */
export function clickEvent(payload: unknown): ClickEvent | undefined {
  const parts = envelope(payload);
  const operator = shape(parts?.event['operator']);
  const context = shape(parts?.event['context']);
  const action = shape(parts?.event['action']);
  const id = words(parts?.header['event_id']);
  const message = words(context?.['open_message_id']);
  const chat = words(context?.['open_chat_id']);
  const from = words(operator?.['open_id']);
  if (!parts || !action || !id || !message || !chat || !from) return undefined;
  return {
    kind: 'click',
    id,
    message,
    chat,
    tenant: words(operator?.['tenant_key']) ?? words(parts.header['tenant_key']) ?? '',
    from,
    name: words(action['name']),
    value: action['value'],
    form: shape(action['form_value']) ?? {},
    ...timeOf(parts.header['create_time']),
  };
}

/**
 * Reads `application.bot.menu_v6`; undefined when it is not what Feishu describes.
 * https://open.feishu.cn/document/client-docs/bot-v3/events/menu
 */
export function menuEvent(payload: unknown): MenuEvent | undefined {
  const parts = envelope(payload);
  const operator = shape(parts?.event['operator']);
  const id = words(parts?.header['event_id']);
  const from = words(shape(operator?.['operator_id'])?.['open_id']);
  const key = words(parts?.event['event_key']);
  if (!parts || !id || !from || !key) return undefined;
  const tenant = words(parts.header['tenant_key']) ?? '';
  return { kind: 'menu', id, from, key, tenant, ...timeOf(parts.header['create_time']) };
}

/**
 * Reads `im.chat.member.bot.added_v1` and `im.chat.access_event.bot_p2p_chat_entered_v1`; undefined when it is not
 * what Feishu describes. https://open.feishu.cn/document/server-docs/group/chat-member/event/added
 */
export function arrivedEvent(payload: unknown, kind: ArrivedEvent['kind']): ArrivedEvent | undefined {
  const parts = envelope(payload);
  const id = words(parts?.header['event_id']);
  const chat = words(parts?.event['chat_id']);
  const from = words(shape(parts?.event['operator_id'])?.['open_id']);
  if (!parts || !id || !chat || !from) return undefined;
  const outside = parts.event['external'] === true;
  return { kind, id, chat, from, outside, tenant: words(parts.header['tenant_key']) ?? '' };
}

/**
 * The tenant in which the app is installed, as the header says. A writer from outside carries another one.
 */
export const tenantOf = (payload: unknown): string | undefined =>
  words(envelope(payload)?.header['tenant_key']);

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
    const openId = words(shape(mention?.['id'])?.['open_id']) ?? words(mention?.['id']);
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
  const message = shape(envelope(payload)?.event['message']);
  return mentionsOf(message?.['mentions'], self, name).some(isNameless);
}

/** Text and rich text as one line or more; undefined for everything else. */
function textOf(message: Shape, mentions: readonly Mention[], self: string): string | undefined {
  const content = parsed(message['content']);
  const names = namer(mentions, self);
  if (message['message_type'] === 'text') {
    const line = content?.['text'];
    // One pass: a name that looks like a key must not be replaced again.
    return typeof line === 'string' ? line.replace(/@_(?:user_\d+|all)/g, names) : undefined;
  }
  return message['message_type'] === 'post' && content ? postText(content, names) : undefined;
}

type Namer = (key: string) => string;

const namer =
  (mentions: readonly Mention[], self: string): Namer =>
  (key) => {
    const mention = mentions.find((one) => one.key === key);
    if (mention?.openId === self || key === self) return '';
    // One word, so that it can be told from what stands around it.
    return mention?.name
      ? `@${mention.name.replaceAll(/\s+/gu, '_')}`
      : key === '@_all' || key === 'all'
        ? '@all'
        : key;
  };

function parsed(content: unknown): Shape | undefined {
  if (typeof content !== 'string') return undefined;
  try {
    return shape(JSON.parse(content));
  } catch {
    return undefined;
  }
}

/** A received post has no language around it, one that was sent has: both are read. */
function postText(content: Shape, names: Namer): string | undefined {
  const post = list(content['content']) ? content : Object.values(content).map(shape).find(Boolean);
  const paragraphs = list(post?.['content']);
  if (!paragraphs) return undefined;
  const lines = paragraphs.map((paragraph) =>
    (list(paragraph) ?? []).map((node) => nodeText(shape(node), names)).join(''),
  );
  const title = words(post?.['title']);
  return (title === undefined ? lines : [title, ...lines]).join('\n');
}

function nodeText(node: Shape | undefined, names: Namer): string {
  if (node?.['tag'] === 'at') {
    const key = words(node['user_id']) ?? '';
    const name = names(key);
    return name === key && words(node['user_name']) ? `@${String(node['user_name'])}` : name;
  }
  return typeof node?.['text'] === 'string' ? node['text'].replace(/@_(?:user_\d+|all)/g, names) : '';
}
