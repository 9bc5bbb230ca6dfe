import type { CallMeter } from '../run/ports.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { Problem } from '../sync/words/problem.ts';
import type { Text } from '../sync/words/text.ts';

export type * from './ports/kept.ts';

/** A card as Feishu takes it (JSON 2.0); made by `cards`, sent as it is. */
export type CardJson = Readonly<Record<string, unknown>>;

/** Where the bot speaks; `meter` counts the calls for a run. Rejects with `CallError`. https://open.feishu.cn/document/server-docs/im-v1/message/create */
export interface Chat {
  /**
   * Sends a card to a chat (`oc_…`) or a person (`ou_…`), where Feishu refuses the card itself its gist as text; answers
   * the message ID. @param once repeats within the hour send nothing.
   */
  send(to: string, card: CardJson, once: string, meter?: CallMeter): Promise<string>;
  /** Answers a message with a card, in its thread when it stands in one. @param thread begins a thread where there is none */
  reply(
    message: string,
    card: CardJson,
    once: string,
    how?: { readonly meter?: CallMeter | undefined; readonly thread?: boolean },
  ): Promise<string>;
  /** Looks a chat up, in one attempt of two seconds at most: people wait for it. */
  about(chat: string): Promise<ChatFacts>;
  /** Replaces a card. */
  patch(message: string, card: CardJson, meter?: CallMeter): Promise<void>;
  /**
   * Sends a file to a chat or a person; answers the message ID.
   * @param file at least one byte and at most 30 MB. https://open.feishu.cn/document/server-docs/im-v1/file/create
   */
  file(
    to: string,
    file: { readonly name: string; readonly content: Buffer },
    once: string,
    meter?: CallMeter,
  ): Promise<string>;
}

/** What Feishu says of a chat. */
export interface ChatFacts {
  readonly name: string;
  /** Whether it has members of other companies. */
  readonly outside: boolean;
}

/** What tells an event from its repeats. */
interface Arrival {
  /** The event's ID: seen before, it makes the event a repeat. */
  readonly id: string;
  /** The nonce of the signed request that brought it, likewise. */
  readonly nonce?: string;
  /** When it was written or pressed, by Feishu's clocks, in ms; nothing where the event does not say. */
  readonly at?: number;
}

/** A message as it reaches the bot. */
export interface MessageEvent extends Arrival {
  readonly kind: 'message';
  /** Seen before, it makes the event a repeat too. */
  readonly message: string;
  readonly chat: string;
  readonly chatKind: 'p2p' | 'group';
  readonly tenant: string;
  /** open_id of the writer. */
  readonly from: string;
  readonly fromBot: boolean;
  /** The line with mention keys replaced: the bot's own removed, others as `@name`. Undefined when it is no text or rich text. */
  readonly text: string | undefined;
  /** Whether the bot itself (not everybody) is mentioned. */
  readonly mentioned: boolean;
}

/** A click on a card. */
export interface ClickEvent extends Arrival {
  readonly kind: 'click';
  readonly message: string;
  readonly chat: string;
  readonly tenant: string;
  readonly from: string;
  /** The button's name and its value, as they came: never to be trusted. */
  readonly name: string | undefined;
  readonly value: unknown;
  readonly form: Readonly<Record<string, unknown>>;
}

/** A press on an entry of the bot's menu; no chat is known. */
export interface MenuEvent extends Arrival {
  readonly kind: 'menu';
  readonly tenant: string;
  readonly from: string;
  /** What the console says for the entry, such as `list` or `sync:orders`. */
  readonly key: string;
}

/** The bot was added to a group, or somebody opened the one-to-one chat with it. */
export interface ArrivedEvent extends Arrival {
  readonly kind: 'added' | 'opened';
  readonly tenant: string;
  readonly from: string;
  readonly chat: string;
  /** Whether the group has members of other companies; not every event says so. */
  readonly outside?: boolean;
}

export type ChatEvent = MessageEvent | ClickEvent | MenuEvent | ArrivedEvent;

/** The short words shown on the presser's screen. */
export interface Toast {
  readonly type: 'info' | 'success' | 'warning' | 'error';
  readonly content: string;
}

/** A command that is registered at Feishu, whose input box offers it; it sends ordinary text. */
export interface SlashCommand {
  /** Without the slash. */
  readonly command: string;
  readonly description: Text;
}

/** An entry of the bot's menu, which stands in the one-to-one chat; one with `entries` opens them. */
export interface MenuEntry {
  /** The event key that a press sends: a command. Of one that opens others only its ID. */
  readonly key: string;
  readonly name: Text;
  readonly entries?: readonly MenuEntry[];
}

/** Takes an event at either door. Returns at once and never rejects; work goes on outside. Clicks answer a toast. */
export type HandleEvent = (event: ChatEvent) => Promise<Toast | undefined>;

/** The saved syncs, read again at each call; a broken file never takes the others down. */
export interface Definitions {
  /** Rejects with `ProblemError`: no such name (with the nearest names in the cure), or its file is broken. */
  get(name: string): Promise<Definition>;
  list(): Promise<readonly ListedDefinition[]>;
}

export type ListedDefinition =
  | { readonly name: string; readonly definition: Definition }
  | { readonly name: string; readonly file: string; readonly problems: readonly Problem[] };

/** Something that somebody asked for, and whether it was allowed. */
export interface AuditEntry {
  /** One event, one entry: a repeat is noted once. */
  readonly id: string;
  /** ms. */
  readonly at: number;
  /** open_id; on the command line the shell user's name. */
  readonly by: string;
  /** The chat; the person's own open_id where there was none, empty on the command line. */
  readonly chat: string;
  readonly via: 'text' | 'button' | 'form' | 'menu' | 'cli';
  /** The command or the button. */
  readonly what: string;
  /** Empty when it concerned none. */
  readonly definition: string;
  /** Empty when it concerned none. */
  readonly run: string;
  readonly allowed: boolean;
}

/** Who asked for what. */
export interface Audit {
  note(entry: AuditEntry): Promise<void>;
  /** Newest first, at most so many; of one definition when named. */
  list(definition: string | undefined, limit: number): Promise<readonly AuditEntry[]>;
  /** Forgets entries older than this moment (ms). */
  prune(before: number): Promise<void>;
}
