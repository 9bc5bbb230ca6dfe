import type { BaseHandle, BaseSpec } from './bitable/base-handle.ts';
import type { Writers } from './bitable/lock.ts';
import type { BotMessage, ChatHandle } from './chat/chat-handle.ts';
import type { ClickResult, ClickTarget } from './chat/clicks.ts';
import type { Delivery } from './events/events.ts';
import type { Subscription } from './events/webhook.ts';
import type { Faults } from './gateway/faults.ts';
import type { RequestListener } from './gateway/http.ts';
import type { PersonChange, PersonSpec } from './tenant/people.ts';
import type { Page, PageOptions } from './view/host.ts';
import type { Call, Happening, Limits, Person } from './world.ts';

/** How a playground is started. */
export interface PlaygroundOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** `cli_` and 16 hex digits; default random. */
  readonly appId?: string;
  readonly appSecret?: string;
  /** The clock, ms since epoch; default `Date.now`. Waiting is always real. */
  readonly now?: () => number;
  /** ms added to each business call, by the route's short name and the number of records; default 0. */
  readonly latency?: number | ((route: string, rows: number) => number);
  /** Whether calls a second are limited (20 reads, 50 writes, messages and look-ups of people, 10 changes of fields and tables, per API); default true. */
  readonly rates?: boolean;
  /** Default: one write at a time in a base. */
  readonly writers?: Writers;
  readonly limits?: Partial<Limits>;
  /** `lark` takes 500 records where Feishu takes 1,000. */
  readonly profile?: 'feishu' | 'lark';
  /** Ids and choices repeat for the same seed; the app's own id never does. Default: random. */
  readonly seed?: number;
}

/** A chat to be made; without members a new person is in it. */
export interface ChatOptions {
  readonly kind: 'p2p' | 'group';
  readonly name?: string;
  readonly members?: readonly Person[];
}

/** What has gone wrong or may be looked at, and everything that a person could do. */
export interface Playground {
  /** The origin to give the SDK as `domain`. */
  readonly url: string;
  /** Best left random: the SDK keeps tokens per process by app id. */
  readonly appId: string;
  readonly appSecret: string;
  readonly tenantKey: string;
  readonly bot: { readonly openId: string; readonly name: string };
  readonly seed: number;
  readonly limits: Limits;
  base(spec: BaseSpec): BaseHandle;
  /** Puts a base into a wiki; answers the page's address. */
  wikiNode(base: BaseHandle): string;
  /** Puts somebody into the tenant; everything that is not given is invented. */
  person(spec?: string | PersonSpec): Person;
  /** Changes what the tenant knows of somebody, for instance that they left or are outside the app's contact range. */
  changePerson(person: Person, change: PersonChange): Person;
  chat(options: ChatOptions): ChatHandle;
  /** A message of the bot in its latest version. */
  message(messageId: string): BotMessage | undefined;
  /** The file that a message of the bot carries. */
  file(messageId: string): { readonly name: string; readonly content: Buffer } | undefined;
  /** Presses a button or acts on another element of the card's latest version. Throws when there is none, or a disabled one. */
  click(
    messageId: string,
    target: string | ClickTarget,
    options?: { readonly from?: Person },
  ): Promise<ClickResult>;
  /** Sends an event that went out before once more, with the same ids. */
  redeliver(eventId: string): Promise<Delivery>;
  /** Sends any event to the app. */
  event(type: string, event: Readonly<Record<string, unknown>>): Promise<Delivery>;
  readonly faults: Faults;
  /** The answered calls, in the order of their answers. */
  calls(): readonly Call[];
  clearCalls(): void;
  /** Calls to paths that do not exist here. */
  readonly unknown: readonly { readonly method: string; readonly path: string }[];
  /** Awaited before each request is looked at; answers how to take it back. */
  onRequest(listener: RequestListener): () => void;
  onCall(listener: (call: Call) => void): () => void;
  /** Everything that happens: calls, changes of tables, messages, clicks. */
  watch(listener: (happening: Happening) => void): () => void;
  /** The most writes that ran at the same time. */
  writesAtOnceMax(): number;
  setWriters(writers: Writers): void;
  setRates(on: boolean): void;
  setLatency(latency: NonNullable<PlaygroundOptions['latency']>): void;
  readonly connections: {
    count(): number;
    /** Resolves when so many clients (default 1) are connected and can be sent to. */
    ready(clients?: number): Promise<void>;
    disconnect(how?: { readonly code?: 1001 | 1006; readonly one?: boolean }): void;
    loseAcks(n: number): void;
  };
  /** Sends events and callbacks to an address from now on. Rejects when that does not answer the challenge. */
  subscribe(to: Subscription): Promise<void>;
  readonly app: {
    /** Takes scopes from the app; calls that have none of theirs left answer 99991672. */
    revokeScopes(...scopes: readonly string[]): void;
    /** Gives scopes back; without names all of them. */
    grantScopes(...scopes: readonly string[]): void;
    /** Ends all tokens at once. */
    revokeTokens(): void;
    setEnabled(on: boolean): void;
  };
  /** Opens a page on which people see chats and tables and act in them; one at a time. */
  openPage(options: PageOptions): Page;
  /** Forgets bases, chats, messages, calls, faults and tokens; app, bot and connections stay. */
  reset(): void;
  stop(): Promise<void>;
}
