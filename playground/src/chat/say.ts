import type { Delivery, Events } from '../events/events.ts';
import {
  type ChatState,
  type MessageState,
  type Person,
  tell,
  type VersionState,
  type World,
} from '../world.ts';

/** What somebody said in a chat. */
export interface Said {
  readonly messageId: string;
  readonly eventId: string | undefined;
  /** Settles when the app has acknowledged the event, or will not get it any more. */
  readonly delivered: Promise<Delivery>;
}

function contentOf(
  text: string,
  key: string | undefined,
  bot: Person,
  post: boolean,
): { type: string; content: string } {
  if (!post)
    return { type: 'text', content: JSON.stringify({ text: key === undefined ? text : `${key} ${text}` }) };
  const at = key === undefined ? [] : [{ tag: 'at', user_id: key, user_name: bot.name, style: [] }];
  const lines = text.split('\n').map((line) => [{ tag: 'text', text: line, style: [] }]);
  const [first = [], ...rest] = lines;
  return { type: 'post', content: JSON.stringify({ title: '', content: [[...at, ...first], ...rest] }) };
}

interface Draft {
  readonly chat: ChatState;
  readonly from: Person;
  readonly text: string;
  readonly mention: boolean;
  readonly post: boolean;
  readonly ago?: number | undefined;
}

/** Puts a person's message into the chat and tells the app, where the app is to be told. */
export function say(world: World, events: Events, { chat, from, text, mention, post, ago = 0 }: Draft): Said {
  const key = mention ? '@_user_1' : undefined;
  const { type, content } = contentOf(text, key, world.bot, post);
  const at = world.now() - ago;
  const message: MessageState = {
    id: `om_${world.random.hex(32)}`,
    chatId: chat.id,
    sender: { kind: 'user', openId: from.openId },
    type,
    createdAt: at,
    rootId: undefined,
    parentId: undefined,
    threadId: undefined,
    recalled: false,
    openClicks: 0,
    versions: [],
  };
  world.messages.set(message.id, message);
  world.seq += 1;
  const version: VersionState = { seq: world.seq, at, content, card: undefined, by: 'sent' };
  message.versions.push(version);
  tell(world, { kind: 'message', message, version });
  const heard = chat.botInside && (chat.kind === 'p2p' || mention);
  if (!heard) {
    const delivered = Promise.resolve({ eventId: '', acknowledged: false, attempts: 0 });
    return { messageId: message.id, eventId: undefined, delivered };
  }
  const event = messageEvent(world, chat, from, message, content, key);
  return { messageId: message.id, ...events.deliver('im.message.receive_v1', event) };
}

/** https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/events/receive */
function messageEvent(
  world: World,
  chat: ChatState,
  from: Person,
  message: MessageState,
  content: string,
  key: string | undefined,
): Record<string, unknown> {
  const { tenantKey: tenant_key, bot } = world;
  const mention = {
    key,
    id: { union_id: bot.unionId, user_id: '', open_id: bot.openId },
    mentioned_type: 'bot',
    name: bot.name,
    tenant_key,
  };
  return {
    sender: {
      sender_id: { union_id: from.unionId, user_id: from.userId, open_id: from.openId },
      sender_type: 'user',
      tenant_key,
    },
    message: {
      message_id: message.id,
      create_time: String(message.createdAt),
      update_time: String(message.createdAt),
      chat_id: chat.id,
      chat_type: chat.kind,
      message_type: message.type,
      content,
      ...(key === undefined ? {} : { mentions: [mention] }),
    },
  };
}
