import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Call, FieldSpec } from 'bitable-playground';

/** What the process of the local Feishu can be asked. */
export type Asked =
  | { readonly kind: 'app' }
  /** Forgets everything and makes a base with so many empty tables, of the narrow fields when none are given. */
  | { readonly kind: 'base'; readonly tables: number; readonly fields?: readonly FieldSpec[] }
  /** How long calls take, and writes that a base takes at once. */
  | { readonly kind: 'pace'; readonly latency: Latency; readonly writers: number }
  /** Lets people say something to the bot, each in a chat of their own. */
  | { readonly kind: 'say'; readonly words: readonly string[] }
  /** How many of the messages were answered. */
  | { readonly kind: 'replies'; readonly to: readonly string[] }
  /** Answers once so many calls of the route have come in from now on. */
  | { readonly kind: 'arrival'; readonly route: string; readonly nth: number }
  | { readonly kind: 'calls' };

/** Milliseconds that each call takes, or each read and each write of records. */
export type Latency = number | { readonly read: number; readonly write: number };

/** What it answers. */
export interface Answers {
  readonly app: { readonly url: string; readonly id: string; readonly secret: string };
  /** The tables' addresses. */
  readonly base: readonly string[];
  readonly pace: null;
  /** When it came in (ms since the epoch). */
  readonly arrival: number;
  readonly say: {
    readonly messages: readonly string[];
    /** What Feishu sends for each of them, without the token. */
    readonly events: readonly string[];
    /** The same for a message in a group that is none of the bot's business. */
    readonly chatter: string;
  };
  readonly replies: number;
  /** The calls since the last time. */
  readonly calls: readonly Call[];
}

/** The local Feishu in its own process. */
export interface Feishu {
  ask<K extends keyof Answers>(ask: Extract<Asked, { kind: K }>): Promise<Answers[K]>;
  stop(): Promise<void>;
}

/** Starts it. It ends with us, however we end. */
export function startFeishu(): Feishu {
  const file = fileURLToPath(new URL('./feishu-process.ts', import.meta.url));
  const child = fork(file, { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  return {
    async ask(ask) {
      const answered = once(child, 'message');
      child.send(ask);
      const [answer] = await Promise.race([answered, ended.then(gone)]);
      return answer;
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

function gone(): never {
  throw new Error('the local Feishu ended');
}
