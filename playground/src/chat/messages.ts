import { isObject } from '../bitable/values/kind.ts';
import { personById } from '../bitable/values/references.ts';
import type { Rates } from '../gateway/rates.ts';
import { invalid, ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import { p2pWith } from '../tenant/people.ts';
import { type ChatState, type MessageState, tell, type VersionState, type World } from '../world.ts';
import { checkCard } from './card-check.ts';
import { uploadIn } from './uploads.ts';

/** The calls about messages. */
export interface Messages {
  create(request: Request): Reply;
  reply(request: Request): Reply;
  patch(request: Request): Reply;
  get(request: Request): Reply;
  reset(): void;
}

const hour = 3_600_000;
const fourteenDays = 14 * 24 * hour;
const textBytes = 150 * 1024;
const fiveASecond = { calls: 5, perMs: 1000 };

/** Adds a version to a message and tells who watches. */
export function addVersion(
  world: World,
  message: MessageState,
  content: string,
  by: VersionState['by'],
): VersionState {
  world.seq += 1;
  const parsed: unknown = message.type === 'interactive' ? JSON.parse(content) : undefined;
  const card = isObject(parsed) ? parsed : undefined;
  const version: VersionState = { seq: world.seq, at: world.now(), content, card, by };
  message.versions.push(version);
  tell(world, { kind: 'message', message, version });
  return version;
}

const bodyOf = (request: Request): Record<string, unknown> => {
  const body = request.body();
  if (!isObject(body)) throw new Refusal(9499);
  return body;
};

function stringIn(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw invalid(name, `${name} is required`);
  return value;
}

/** The content as its type allows it. Throws 230001, 230025 or 230099. */
function checkContent(world: World, type: string, content: string): void {
  const bytes = Buffer.byteLength(content);
  if (bytes > (type === 'text' ? textBytes : world.limits.cardBytes)) throw new Refusal(230025);
  if (type === 'interactive') {
    checkCard(content);
    return;
  }
  if (type === 'file') {
    uploadIn(world, content);
    return;
  }
  if (type !== 'text' && type !== 'post') {
    throw new Refusal(230001, {
      msg: `The playground sends text, post, file and interactive messages, not ${type}.`,
    });
  }
  try {
    if (!isObject(JSON.parse(content))) throw new Refusal(230001);
  } catch {
    throw new Refusal(230001, { msg: 'content is not a string in json format.' });
  }
}

/** Finds the chat for a receive id. Throws 99992402, 230034 or 230002. */
function receiver(world: World, type: string | null, id: string): ChatState {
  if (type === 'chat_id') {
    const chat = world.chats.get(id);
    if (!chat) throw new Refusal(230034);
    return chat;
  }
  if (type === 'email') {
    const person = [...world.people.values()].find((one) => one.email === id);
    if (!person) throw new Refusal(230034);
    return p2pWith(world, person);
  }
  if (type !== 'open_id' && type !== 'union_id' && type !== 'user_id') {
    throw invalid('receive_id_type', 'receive_id_type is required');
  }
  const person = personById(world, id, type);
  if (!person) throw new Refusal(230034);
  return p2pWith(world, person);
}

/** A message as the calls show it. Cards come back as a hint to upgrade, not as they were sent. */
export function messageJson(world: World, message: MessageState, asSent: boolean): Record<string, unknown> {
  const { id, rootId, parentId, threadId, type, createdAt, chatId, sender, versions, recalled } = message;
  const latest = versions.at(-1);
  const fallback = '{"title":"","elements":[[{"tag":"text","text":"请升级至最新版本客户端，以查看内容"}]]}';
  const content = type === 'interactive' && !asSent ? fallback : (latest?.content ?? '');
  const bot = sender.kind === 'bot';
  return {
    message_id: id,
    ...(rootId === undefined ? {} : { root_id: rootId, parent_id: parentId }),
    ...(threadId === undefined ? {} : { thread_id: threadId }),
    msg_type: type,
    create_time: String(createdAt),
    update_time: String(latest?.at ?? createdAt),
    deleted: recalled,
    updated: versions.length > 1,
    chat_id: chatId,
    sender: {
      id: bot ? world.appId : sender.openId,
      id_type: bot ? 'app_id' : 'open_id',
      sender_type: bot ? 'app' : 'user',
      tenant_key: world.tenantKey,
    },
    body: { content },
  };
}

interface Draft {
  readonly chat: ChatState;
  readonly type: string;
  readonly content: string;
  readonly parent: MessageState | undefined;
  readonly inThread: boolean;
}

/**
 * Makes the message calls. Limits and codes:
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create and its neighbours.
 */
export function newMessages(world: World, rates: Rates): Messages {
  const uuids = new Map<string, { readonly id: string; readonly at: number }>();

  const keepRate = (key: string): void => {
    if (world.limits.messageRates && rates.take(key, fiveASecond) !== undefined) throw new Refusal(230020);
  };

  const messageFor = (request: Request): MessageState => {
    const message = world.messages.get(request.params['message_id'] ?? '');
    if (!message) throw new Refusal(230001, { msg: 'The message_id is invalid.' });
    if (message.recalled) throw new Refusal(230011);
    if (!world.chats.get(message.chatId)?.botInside) throw new Refusal(230002);
    return message;
  };

  const post = ({ chat, type, content, parent, inThread }: Draft): MessageState => {
    if (inThread && parent) parent.threadId ??= `omt_${world.random.hex(16)}`;
    const message: MessageState = {
      id: `om_${world.random.hex(32)}`,
      chatId: chat.id,
      sender: { kind: 'bot' },
      type,
      createdAt: world.now(),
      rootId: parent ? (parent.rootId ?? parent.id) : undefined,
      parentId: parent?.id,
      threadId: parent?.threadId,
      recalled: false,
      openClicks: 0,
      versions: [],
    };
    world.messages.set(message.id, message);
    addVersion(world, message, content, 'sent');
    return message;
  };

  /** Sends a draft, or finds what the same `uuid` sent within the hour. */
  const once = (uuid: unknown, draft: Draft): Reply => {
    if (!draft.chat.botInside) throw new Refusal(230002);
    const known = typeof uuid === 'string' && uuid !== '' ? uuids.get(`${draft.chat.id} ${uuid}`) : undefined;
    const first = known && known.at + hour > world.now() ? world.messages.get(known.id) : undefined;
    if (first) return ok(messageJson(world, first, true));
    if (typeof uuid === 'string' && uuid.length > 50) throw invalid('uuid', 'the max length is 50');
    checkContent(world, draft.type, draft.content);
    keepRate(`chat ${draft.chat.id}`);
    const message = post(draft);
    if (typeof uuid === 'string' && uuid !== '') {
      uuids.set(`${draft.chat.id} ${uuid}`, { id: message.id, at: world.now() });
    }
    return ok(messageJson(world, message, true));
  };

  const create = (request: Request): Reply => {
    const body = bodyOf(request);
    const chat = receiver(world, request.query.get('receive_id_type'), stringIn(body, 'receive_id'));
    const type = stringIn(body, 'msg_type');
    return once(body['uuid'], {
      chat,
      type,
      content: stringIn(body, 'content'),
      parent: undefined,
      inThread: false,
    });
  };

  const reply = (request: Request): Reply => {
    const body = bodyOf(request);
    const parent = messageFor(request);
    const chat = world.chats.get(parent.chatId);
    if (!chat) throw new Refusal(230002);
    const inThread = body['reply_in_thread'] === true;
    const type = stringIn(body, 'msg_type');
    return once(body['uuid'], { chat, type, content: stringIn(body, 'content'), parent, inThread });
  };

  const patch = (request: Request): Reply => {
    const content = stringIn(bodyOf(request), 'content');
    const message = messageFor(request);
    if (message.sender.kind !== 'bot' || message.type !== 'interactive') {
      throw new Refusal(230001, { msg: 'Only cards that the bot itself has sent can be changed.' });
    }
    if (message.createdAt + fourteenDays < world.now()) throw new Refusal(230031);
    if (message.openClicks > 0) {
      throw new Refusal(230099, {
        msg: 'Failed to create card content, ext=ErrCode: 11310; ErrMsg: card action is lock; ErrorValue: ;',
      });
    }
    keepRate(`patch ${message.id}`);
    checkContent(world, 'interactive', content);
    addVersion(world, message, content, 'patched');
    return ok({});
  };

  const get = (request: Request): Reply => {
    const message = world.messages.get(request.params['message_id'] ?? '');
    if (!message) throw new Refusal(230001, { msg: 'The message_id is invalid.' });
    if (!world.chats.get(message.chatId)?.botInside) throw new Refusal(230002);
    return ok({ items: [messageJson(world, message, false)] });
  };

  return { create, reply, patch, get, reset: () => uuids.clear() };
}
