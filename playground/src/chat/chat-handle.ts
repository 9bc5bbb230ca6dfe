import type { Events } from '../events/events.ts';
import { addChat, p2pWith } from '../tenant/people.ts';
import {
  type ChatState,
  type Happening,
  type MessageState,
  type Person,
  tell,
  type VersionState,
  type World,
} from '../world.ts';
import { added, entered, menuPressed, type Sent } from './arrivals.ts';
import { type CardControl, cardControls, versionText } from './cards.ts';
import { type Said, say } from './say.ts';

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

/** How something is said. */
export interface SayOptions {
  /** Default: the first member. */
  readonly from?: Person;
  /** Mentions the bot in front of the text. Without it a group's messages do not reach the bot. */
  readonly mention?: boolean;
  /** Sends it as rich text. */
  readonly post?: boolean;
  /** It was written so long ago (ms) and reaches the bot only now. */
  readonly ago?: number;
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
  /** Somebody (default: the first member) adds the bot to the group. `outside`: it has members of other companies. */
  addBot(options?: { readonly from?: Person; readonly outside?: boolean }): Sent;
  /** People of another company join the group; the bot gets no event of it. */
  openToOutsiders(): void;
  /** The person opens the one-to-one chat. */
  enter(): Sent;
  /** The person presses an entry of the bot's menu, which stands in the one-to-one chat. */
  pressMenu(key: string): Sent;
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
    say: (text, { from = first, mention = false, post = false, ago = 0 } = {}) => {
      mark.set(chat.id);
      return say(world, events, { chat, from, text, mention, post, ago });
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
    openToOutsiders: () => {
      chat.outside = true;
    },
    addBot: ({ from = first, outside = false } = {}) => {
      mark.set(chat.id);
      chat.botInside = true;
      chat.outside = outside;
      return added(world, events, chat, { from, outside });
    },
    enter: () => {
      alone(chat);
      mark.set(chat.id);
      return entered(world, events, chat, first);
    },
    pressMenu: (key) => {
      alone(chat);
      mark.set(chat.id);
      return menuPressed(world, events, first, key);
    },
    recall: (messageId) => {
      const message = world.messages.get(messageId);
      if (!message) throw new Error(`There is no message ${messageId}.`);
      message.recalled = true;
      tell(world, { kind: 'recalled', message });
    },
  };
}

function alone({ kind }: ChatState): void {
  if (kind !== 'p2p') throw new Error('Only a one-to-one chat has that.');
}
