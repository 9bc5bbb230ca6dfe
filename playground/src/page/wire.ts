/** Words in both languages of the page. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** JSON of a card or of a part of it. */
export type Json = Readonly<Record<string, unknown>>;

/** Somebody whose eyes the page may look through. */
export interface PersonWire {
  readonly openId: string;
  readonly name: string;
  /** What the person is to the bot, such as an admin. */
  readonly role?: Words;
}

/** A chat, with whom it is. */
export interface ChatWire {
  readonly id: string;
  readonly kind: 'p2p' | 'group';
  readonly name: string;
  readonly members: readonly string[];
}

/** One press on something of a card. */
export interface PressWire {
  readonly openId: string;
  /** What stood on it. */
  readonly label: Words;
  /** ms since epoch. */
  readonly at: number;
}

/** A message as it looks now. */
export interface MessageWire {
  readonly id: string;
  readonly chatId: string;
  /** Nobody for the bot. */
  readonly openId?: string;
  readonly at: number;
  /** Grows with each change, over all messages. */
  readonly seq: number;
  readonly body:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'card'; readonly card: Json }
    | { readonly kind: 'file'; readonly key: string; readonly name: string; readonly bytes?: number }
    | { readonly kind: 'other'; readonly type: string };
  readonly parentId?: string;
  readonly threadId?: string;
  readonly recalled: boolean;
  readonly patched: boolean;
  readonly presses: readonly PressWire[];
}

/** One column of a table. */
export interface FieldWire {
  readonly id: string;
  readonly name: string;
  /** Feishu's `ui_type`, such as `Text` or `DateTime`. */
  readonly type: string;
  /** Whether a person may type into it here. */
  readonly editable: boolean;
  /** Choices of a select. */
  readonly options: readonly string[];
}

/** A data table without its records. */
export interface TableWire {
  readonly id: string;
  readonly name: string;
  readonly base: string;
  readonly url: string;
  readonly fields: readonly FieldWire[];
  readonly size: number;
}

/** What stands in a cell. Tags are coloured labels, by the number of their colour. */
export interface CellWire {
  readonly text: string;
  readonly tags?: readonly { readonly text: string; readonly color: number }[];
}

export interface RowWire {
  readonly id: string;
  /** One for each field, in the order of the fields. */
  readonly cells: readonly CellWire[];
}

/** A part of a table's records. */
export interface RowsWire {
  readonly from: number;
  readonly size: number;
  readonly rows: readonly RowWire[];
}

/** A line of the log. */
export type LogWire =
  | {
      readonly kind: 'call';
      readonly at: number;
      readonly method: string;
      readonly path: string;
      readonly route: string;
      /** 0 when the connection was cut. */
      readonly status: number;
      readonly code: number;
      readonly ms: number;
      readonly rows: number;
      readonly write: boolean;
    }
  /** Something that went to the app over the long connection, and how it was taken. */
  | {
      readonly kind: 'event';
      readonly at: number;
      readonly type: string;
      readonly ack: string;
      readonly ms: number;
    }
  /** What a person or the fault panel did, or what became of it. */
  | { readonly kind: 'note'; readonly at: number; readonly words: Words };

/** What can be done to the calls, and whether it is. */
export const faultNames = [
  'throttle',
  'conflict',
  'loseAnswer',
  'refuseRow',
  'revoke',
  'slow',
  'disconnect',
] as const;

export type FaultName = (typeof faultNames)[number];

export interface FaultWire {
  readonly name: FaultName;
  /** `once`: hits one call, then it is over; `lasting`: until it is taken back; `now`: happens at once. */
  readonly how: 'once' | 'lasting' | 'now';
  /** Calls that are still to be hit; 1 for a lasting one that is on. */
  readonly armed: number;
  /** How often it has hit. */
  readonly used: number;
  /** What it holds on to, such as a row's key. */
  readonly detail?: string;
}

/** An entry of the bot's menu: sends its key, or opens `entries`. */
export interface MenuWire {
  readonly name: Words;
  readonly key: string;
  readonly entries?: readonly MenuWire[];
}

/** A button of the demo's own: what it is called, and what it does. */
export interface ExtraWire {
  readonly name: Words;
  readonly does: Words;
}

/** All that the page shows at first. */
export interface WorldWire {
  readonly bot: string;
  /** What stands above the line in which a person writes to the bot alone. */
  readonly menu: readonly MenuWire[];
  readonly people: readonly PersonWire[];
  readonly chats: readonly ChatWire[];
  readonly messages: readonly MessageWire[];
  readonly tables: readonly TableWire[];
  readonly faults: readonly FaultWire[];
  readonly log: readonly LogWire[];
  readonly connections: number;
  /** Buttons of the demo's own. */
  readonly extras: readonly ExtraWire[];
}

/** What the server tells the page. */
export type News =
  | { readonly kind: 'world'; readonly world: WorldWire }
  | { readonly kind: 'chat'; readonly chat: ChatWire }
  | { readonly kind: 'message'; readonly message: MessageWire }
  | {
      readonly kind: 'table';
      readonly table: TableWire;
      readonly by: 'app' | 'person';
      readonly added: readonly string[];
      readonly edited: readonly string[];
      readonly removed: readonly string[];
      /** Where the first record that was added or edited stands. */
      readonly first?: number;
    }
  | { readonly kind: 'faults'; readonly faults: readonly FaultWire[] }
  | { readonly kind: 'log'; readonly entry: LogWire }
  | { readonly kind: 'connections'; readonly count: number };

/** What a person does on the page. */
export type PageAct =
  | {
      readonly kind: 'say';
      readonly chat: string;
      readonly from: string;
      readonly text: string;
      readonly mention: boolean;
    }
  /** A press on an entry of the bot's menu. */
  | { readonly kind: 'menu'; readonly from: string; readonly key: string }
  | {
      readonly kind: 'click';
      readonly message: string;
      readonly from: string;
      readonly name: string;
      readonly formValue?: Json;
      readonly option?: string;
      readonly options?: readonly string[];
      readonly input?: string;
      readonly checked?: boolean;
    }
  | {
      readonly kind: 'edit';
      readonly table: string;
      readonly record: string;
      readonly field: string;
      readonly text: string;
    }
  | { readonly kind: 'add'; readonly table: string }
  | { readonly kind: 'remove'; readonly table: string; readonly record: string }
  /** A press on the demo's own button at a place. */
  | { readonly kind: 'extra'; readonly at: number }
  /** Some cell that a person might change. */
  | { readonly kind: 'editSome'; readonly table: string }
  | { readonly kind: 'fault'; readonly name: FaultName; readonly on: boolean };

/** What became of an act. `error` is a sentence, or the code that Feishu's client would show. */
export interface Outcome {
  readonly toast?: { readonly type: string; readonly content: string; readonly i18n?: Json };
  readonly error?: string | number;
  readonly record?: string;
}
