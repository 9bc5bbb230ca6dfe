import type { Random } from './random.ts';

/** What a cell holds; `undefined` is an empty cell. Its meaning depends on the field's type. */
export type Cell =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, unknown>>
  | undefined;

/** One option of a select field. */
export interface OptionState {
  readonly id: string;
  name: string;
  color: number;
}

/** One field (column) of a table. */
export interface FieldState {
  readonly id: string;
  name: string;
  type: number;
  uiType: string;
  /** Without the options of selects and the tables of links, which stand below. */
  property: Readonly<Record<string, unknown>> | null;
  description: Readonly<Record<string, unknown>> | undefined;
  readonly primary: boolean;
  /** Where the field's value stands in {@link RowState.cells}. */
  readonly slot: number;
  /** Select fields only. */
  readonly options: OptionState[];
  readonly optionById: Map<string, OptionState>;
  readonly optionByName: Map<string, OptionState>;
  /** True when no option may be added by a write (options that come from another table). */
  optionsLocked: boolean;
  /** Link fields only: the other table and, in duplex links, the field that mirrors this one. */
  linkTable: string | undefined;
  /** The id of that field. */
  backField: string | undefined;
}

/** One record. */
export interface RowState {
  readonly id: string;
  cells: Cell[];
  /** Counts records of the table from 1; shown by auto-number fields. */
  readonly serial: number;
  readonly createdAt: number;
  readonly createdBy: string;
  modifiedAt: number;
  modifiedBy: string;
}

/** A saved view that may hide records. */
export interface ViewState {
  readonly id: string;
  readonly name: string;
  shows: (fields: Readonly<Record<string, unknown>>) => boolean;
}

/** One data table. */
export interface TableState {
  readonly id: string;
  readonly name: string;
  /** What the list of tables tells of its changes. */
  revision: number;
  readonly revisions: History;
  /** How many records there are. */
  readonly sizes: History;
  /** Counts all changes. */
  changes: number;
  serial: number;
  readonly fields: FieldState[];
  /** Where the next new field's values will stand in {@link RowState.cells}; never used twice. */
  nextSlot: number;
  readonly fieldByName: Map<string, FieldState>;
  /** In the order of creation, without holes. */
  rows: RowState[];
  readonly byId: Map<string, RowState>;
  readonly views: ViewState[];
  /** What the app may not see while advanced permissions are on. */
  readonly hiddenRows: Set<string>;
  /** Ids of fields. */
  readonly hiddenFields: Set<string>;
  readonly concealed: Set<ConcealedState>;
}

/** Records that are hidden for a while, see `Concealment`. */
export interface ConcealedState {
  readonly ids: ReadonlySet<string>;
  readonly lists: boolean;
  readonly totals: boolean;
  readonly lookUps: 'present' | 'forbidden' | 'absent';
  /** How many searches more they are hidden from. */
  searches: number;
  /** ms since epoch. */
  readonly until: number;
}

/** What a number was, for lists that show it late. */
export interface History {
  /** As the last lists would have shown it on time, the oldest first. */
  readonly lists: number[];
  /** Until when (ms since epoch) it was what, the oldest first. */
  readonly past: { readonly until: number; readonly value: number }[];
  /** What it is. */
  value: number;
}

/** How late a number is shown: as it was so many lists ago, or so many milliseconds. */
export type Late = number | { readonly ms: number };

/** A change of a table, as a rule for its revision sees it. */
export interface TableChange {
  readonly by: 'app' | 'person';
  readonly what: 'add' | 'edit' | 'remove' | 'fields' | 'view' | 'permissions';
  /** Records that were added, edited or removed. */
  readonly records: number;
}

/**
 * How revisions move. Feishu's page names adding and deleting records and renaming the table as what moves them, by one,
 * and says nothing of edits, so tests try other rules too.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table/list
 */
export interface RevisionRule {
  /** By how much a change moves the revision; default 1 for each call, whatever it changes. */
  readonly step?: (change: TableChange) => number;
  /** How late lists of tables show the revision; default 0. */
  readonly late?: Late;
}

/** A call of the app to a base, before it is looked at. */
export interface BaseCall {
  /** Counts the calls to the base, from 1. */
  readonly nth: number;
  /** The short name of its route, such as `records.search`. */
  readonly route: string;
  /** True where it changes records or fields. */
  readonly write: boolean;
  /** The id of the table that it names. */
  readonly table: string | undefined;
  /** The body as JSON; throws where it is none. */
  body(): unknown;
}

/** Awaited before a call is looked at. */
export type BaseListener = (call: BaseCall) => void | Promise<void>;

/** What the app may do in a base. */
export type Access = 'manage' | 'edit' | 'read' | 'none';

/** An uploaded file that an attachment cell may name. */
export interface FileState {
  readonly token: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** A file that was uploaded to be sent in messages. */
export interface UploadState {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

/** One base (多维表格). */
export interface BaseState {
  readonly appToken: string;
  readonly name: string;
  readonly timeZone: string;
  revision: number;
  advanced: boolean;
  access: Access;
  revisionRule: RevisionRule;
  /** How late totals of whole tables are. */
  totalsLate: Late;
  readonly now: () => number;
  /** Counts the calls of the app. */
  calls: number;
  readonly listeners: Set<BaseListener>;
  readonly tables: Map<string, TableState>;
  readonly files: Map<string, FileState>;
}

/** A person of the tenant. */
export interface Person {
  readonly openId: string;
  readonly unionId: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  /** With `+` and the country's code, or a number of mainland China without. */
  readonly mobile?: string;
  /** The address of the tenant's own mail service, by which nobody can be looked up. */
  readonly enterpriseEmail?: string;
  /** False when the person is outside the app's contact range. */
  readonly inRange?: boolean;
  readonly resigned?: boolean;
}

/** A one-to-one chat with the bot, or a group. */
export interface ChatState {
  readonly id: string;
  readonly kind: 'p2p' | 'group';
  readonly name: string;
  readonly members: Set<string>;
  botInside: boolean;
  /** Whether it has members of other companies. */
  outside: boolean;
}

/** The content of a message after it was sent or changed. */
export interface VersionState {
  /** Grows over all messages of the server. */
  readonly seq: number;
  readonly at: number;
  readonly content: string;
  readonly card: Readonly<Record<string, unknown>> | undefined;
  /** What brought this content. */
  readonly by: 'sent' | 'patched' | 'click';
}

/** One message of a person or of the bot. */
export interface MessageState {
  readonly id: string;
  readonly chatId: string;
  readonly sender: { readonly kind: 'bot' } | { readonly kind: 'user'; readonly openId: string };
  readonly type: string;
  readonly createdAt: number;
  readonly rootId: string | undefined;
  readonly parentId: string | undefined;
  threadId: string | undefined;
  recalled: boolean;
  /** Clicks that wait for an answer; the card cannot be patched meanwhile. */
  openClicks: number;
  readonly versions: VersionState[];
}

/** What a watcher is told. */
export type Happening =
  | { readonly kind: 'call'; readonly call: Call }
  | {
      readonly kind: 'table';
      readonly appToken: string;
      readonly tableId: string;
      readonly by: 'app' | 'person';
      /** The id of the request that wrote records; not there for what people do, and for changes of fields. */
      readonly call?: number;
      readonly added: readonly string[];
      readonly edited: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'message'; readonly message: MessageState; readonly version: VersionState }
  | { readonly kind: 'recalled'; readonly message: MessageState }
  /** The app was sent an event or a callback; `ack` is what became of it. */
  | {
      readonly kind: 'event';
      readonly at: number;
      readonly type: string;
      readonly ack: 'ok' | 'failed' | 'silent' | 'nobody';
      readonly ms: number;
    }
  | { readonly kind: 'click'; readonly messageId: string; readonly name: string; readonly openId: string }
  /** A long connection was opened and can be sent to, or is gone; `count` is how many there are now. */
  | { readonly kind: 'connections'; readonly count: number }
  | { readonly kind: 'unknown'; readonly method: string; readonly path: string };

/** One answered call. */
export interface Call {
  /** Counts calls in the order of their arrival, from 1. */
  readonly id: number;
  /** When the request was fully received, ms since epoch. */
  readonly at: number;
  /** From the request fully received to the answer handed to the socket. */
  readonly ms: number;
  readonly method: string;
  /** The short name of the route, such as `records.search`; `unknown` for a path that does not exist. */
  readonly route: string;
  readonly path: string;
  /** 0 when the connection was cut instead of an answer. */
  readonly status: number;
  /** The `code` of the body; -1 when the body was no JSON or nothing was answered. */
  readonly code: number;
  readonly rows: number;
  /** True for calls that change records. */
  readonly write: boolean;
  /** True for everything that needs a token. */
  readonly business: boolean;
}

/** Limits and habits of the service that differ from place to place; all can be set. */
export interface Limits {
  /** Records in one batch_create, batch_update, batch_delete and batch_get. */
  batchCreate: number;
  batchUpdate: number;
  batchDelete: number;
  batchGet: number;
  /** Records in one table; above: 1254103. */
  rows: number;
  /** Characters in one text cell; above: 1254130. */
  cellChars: number;
  /** Fields of one table; above: 1254105. */
  fields: number;
  /** Formula fields of one table; above: 1254105. */
  formulas: number;
  /** Tables of one base; above: 1254100. */
  tables: number;
  /** Options of one select field. */
  options: number;
  /** Blank records in a table that the app makes: without a list of fields, and with one. */
  blankRows: { readonly bare: number; readonly withFields: number };
  /** What happens to digits of a number after the 15th. */
  digits: 'truncate' | 'round' | 'none';
  /** How long a `client_token` is remembered, ms. */
  clientTokenMs: number;
  /** How long a tenant token lives, ms. */
  tokenMs: number;
  /** Calls a second to one base before 1254290; `undefined` is no limit. */
  baseCallsPerSecond: number | undefined;
  /** Whether messages keep to 5 a second per chat and per message. */
  messageRates: boolean;
  /** Bytes of a card's content. */
  cardBytes: number;
  /** How long an event or a click may stay unanswered, ms. */
  ackMs: number;
  /** Waiting times before an unanswered event is sent again, ms. */
  redelivery: readonly number[];
  /** Open long connections of the app. */
  connections: number;
  /** Bytes of one frame's payload; longer payloads are split. */
  frameBytes: number;
  /** Whether the parts of a split payload arrive in a random order. */
  shuffleParts: boolean;
  /** What the long connection tells its clients, seconds. */
  pingSeconds: number;
  reconnectSeconds: number;
  reconnectNonceSeconds: number;
}

/** The plain state of the server and the few things all parts need. */
export interface World {
  readonly now: () => number;
  readonly random: Random;
  readonly limits: Limits;
  readonly appId: string;
  readonly appSecret: string;
  readonly tenantKey: string;
  readonly bot: Person;
  appEnabled: boolean;
  readonly people: Map<string, Person>;
  readonly bases: Map<string, BaseState>;
  /** Wiki node token → app token of the base it holds. */
  readonly wiki: Map<string, string>;
  readonly chats: Map<string, ChatState>;
  readonly messages: Map<string, MessageState>;
  /** By file key. */
  readonly uploads: Map<string, UploadState>;
  /** Scopes that the app does not hold. */
  readonly scopesMissing: Set<string>;
  /** Counts versions of messages. */
  seq: number;
  readonly watchers: Set<(happening: Happening) => void>;
}

/** Tells everybody who watches. */
export function tell(world: World, happening: Happening): void {
  for (const watcher of world.watchers) watcher(happening);
}

/** The limits of Feishu's own pages. */
export const defaultLimits: Readonly<Limits> = {
  batchCreate: 1000,
  batchUpdate: 1000,
  batchDelete: 500,
  batchGet: 100,
  rows: Number.POSITIVE_INFINITY,
  cellChars: 100_000,
  fields: 300,
  formulas: 100,
  tables: 100,
  options: 5000,
  blankRows: { bare: 5, withFields: 0 },
  digits: 'truncate',
  clientTokenMs: 600_000,
  tokenMs: 7_200_000,
  baseCallsPerSecond: undefined,
  messageRates: true,
  cardBytes: 30 * 1024,
  ackMs: 3000,
  redelivery: [15_000, 300_000, 3_600_000, 21_600_000],
  connections: 50,
  frameBytes: 512 * 1024,
  shuffleParts: false,
  pingSeconds: 120,
  reconnectSeconds: 1,
  reconnectNonceSeconds: 0,
};
