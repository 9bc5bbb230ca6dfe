import { type CardControl, cardControls, versionText } from './cards.ts';
import type { Delivery, Events } from './events.ts';
import { addChat, p2pWith } from './people.ts';
import {
  type ChatState,
  type Happening,
  type MessageState,
  type Person,
  tell,
  type VersionState,
  type World,
} from './world.ts';

/** One content of a message of the bot. */
export interface BotVersion {
  /** Grows over all messages of the playground. */
  readonly seq: number;
  /** ms since epoch. */
  readonly at: number;
  readonly card: Readonly<Record<string, unknown>> | undefined;
  /** Everything that can be read on it, line by line. */
  readonly text: string;
  /** Buttons and other elements that can be acted on. */
  readonly controls: readonly CardControl[];
  readonly by: VersionState['by'];
}

/** A message of the bot; `text`, `card` and so on are those of the version it is looked at in. */
export interface BotMessage extends BotVersion {
  readonly id: string;
  readonly chatId: string;
  readonly type: string;
  /** The message it answers. */
  readonly parentId: string | undefined;
  readonly threadId: string | undefined;
  readonly recalled: boolean;
  readonly versions: readonly BotVersion[];
}

/** What somebody said in a chat. */
export interface Said {
  readonly messageId: string;
  readonly eventId: string | undefined;
  /** Settles when the app has acknowledged the event, or will not get it any more. */
  readonly delivered: Promise<Delivery>;
}

/** How something is said. */
export interface SayOptions {
  /** Default: the first member. */
  readonly from?: Person;
  /** Mentions the bot in front of the text. Without it a group's messages do not reach the bot. */
  readonly mention?: boolean;
  /** Sends it as rich text. */
  readonly post?: boolean;
}

/** What `next` waits for. */
export interface NextOptions {
  /** Only versions after this `seq`; default: after the last thing said or clicked in the chat. 0 takes all. */
  readonly since?: number;
  /** Gives up after so many ms; default 30,000. */
  readonly withinMs?: number;
}

/** A chat as tests and demos see it. */
export interface ChatHandle {
  readonly id: string;
  readonly kind: 'p2p' | 'group';
  readonly members: readonly Person[];
  say(text: string, options?: SayOptions): Said;
  /** The messages of the bot, oldest first, each in its latest version. */
  messages(): BotMessage[];
  /** The first message version that fits, as soon as it is there. */
  next(fits: (message: BotMessage) => boolean, options?: NextOptions): Promise<BotMessage>;
  /** Takes the bot out of the chat; its calls answer 230002. */
  removeBot(): void;
  addBot(): void;
  /** Withdraws a message, as its sender or an admin would. */
  recall(messageId: string): void;
}

const versionOf = (version: VersionState): BotVersion => ({
  seq: version.seq,
  at: version.at,
  card: version.card,
  text: versionText(version),
  controls: cardControls(version.card),
  by: version.by,
});

/** A message as it looked in one of its versions. */
export function botMessage(message: MessageState, version: VersionState): BotMessage {
  const { id, chatId, type, parentId, threadId, recalled, versions } = message;
  return {
    ...versionOf(version),
    id,
    chatId,
    type,
    parentId,
    threadId,
    recalled,
    versions: versions.map(versionOf),
  };
}

/** Waits for message versions without polling. */
function waitFor(
  world: World,
  chat: ChatState,
  fits: (message: BotMessage) => boolean,
  since: number,
  withinMs: number,
): Promise<BotMessage> {
  const mine = (message: MessageState): boolean =>
    message.chatId === chat.id && message.sender.kind === 'bot';
  const past = [...world.messages.values()]
    .filter(mine)
    .flatMap((message) => message.versions.map((version) => ({ message, version })))
    .filter(({ version }) => version.seq > since)
    .sort((a, b) => a.version.seq - b.version.seq);
  let last = past.at(-1);
  for (const { message, version } of past) {
    const seen = botMessage(message, version);
    if (fits(seen)) return Promise.resolve(seen);
  }
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      world.watchers.delete(watch);
    };
    const watch = (happening: Happening): void => {
      if (happening.kind !== 'message' || !mine(happening.message) || happening.version.seq <= since) return;
      last = happening;
      const seen = botMessage(happening.message, happening.version);
      try {
        if (!fits(seen)) return;
      } catch (error) {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      stop();
      resolve(seen);
    };
    const timer = setTimeout(() => {
      stop();
      const seen = last ? `The last version was:\n${versionText(last.version)}` : 'The bot said nothing.';
      reject(new Error(`No message fitted within ${withinMs} ms. ${seen}`));
    }, withinMs);
    world.watchers.add(watch);
  });
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
}

/** Puts a person's message into the chat and tells the app, where the app is to be told. */
export function say(world: World, events: Events, { chat, from, text, mention, post }: Draft): Said {
  const key = mention ? '@_user_1' : undefined;
  const { type, content } = contentOf(text, key, world.bot, post);
  const at = world.now();
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

/** What a chat is made from. */
export interface ChatSpec {
  readonly kind: 'p2p' | 'group';
  readonly name?: string;
  /** A one-to-one chat takes the first one. */
  readonly members: readonly [Person, ...Person[]];
}

/** Makes a chat that the bot is in. `mark` says after which `seq` the last thing was said or clicked there. */
export function newChat(
  world: World,
  events: Events,
  spec: ChatSpec,
  mark: { get(chatId: string): number; set(chatId: string): void },
): ChatHandle {
  const [first] = spec.members;
  const chat =
    spec.kind === 'p2p'
      ? p2pWith(world, first)
      : addChat(
          world,
          'group',
          spec.name ?? 'Group',
          spec.members.map((one) => one.openId),
        );
  return {
    id: chat.id,
    kind: chat.kind,
    members: spec.members,
    say: (text, { from = first, mention = false, post = false } = {}) => {
      mark.set(chat.id);
      return say(world, events, { chat, from, text, mention, post });
    },
    messages: () =>
      [...world.messages.values()].flatMap((message) => {
        const latest = message.versions.at(-1);
        if (!latest || message.chatId !== chat.id || message.sender.kind !== 'bot') return [];
        return [botMessage(message, latest)];
      }),
    next: (fits, { since = mark.get(chat.id), withinMs = 30_000 } = {}) =>
      waitFor(world, chat, fits, since, withinMs),
    removeBot: () => {
      chat.botInside = false;
    },
    addBot: () => {
      chat.botInside = true;
    },
    recall: (messageId) => {
      const message = world.messages.get(messageId);
      if (!message) throw new Error(`There is no message ${messageId}.`);
      message.recalled = true;
      tell(world, { kind: 'recalled', message });
    },
  };
}
