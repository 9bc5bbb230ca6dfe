import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ClientSettings,
  type FeishuApp,
  type FeishuClient,
  feishuClient,
} from '../../src/feishu/calls/client.ts';
import type { CallMeter, Clock, Log } from '../../src/run/ports.ts';
import type { CallCounts } from '../../src/sync/state/state.ts';
import { CallError, type Failure } from '../../src/sync/words/failure.ts';
import { ProblemError } from '../../src/sync/words/problem.ts';

/** A clock on which every wait is over at once; `slept` says how long they would have been. */
export function quickClock(): Clock & { readonly slept: number[] } {
  let now = 1_767_225_600_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

/** The real clock, for parts that speak with a real server in real time. */
export const wallClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', give);
        resolve();
      }, ms);
      if (signal?.aborted) give();
      else signal?.addEventListener('abort', give, { once: true });
    }),
};

/** Counts calls. */
export function newMeter(): CallMeter & { readonly counts: Record<keyof CallCounts, number> } {
  const counts = { read: 0, write: 0, refused: 0, chat: 0 };
  return {
    counts,
    count: (kind) => {
      counts[kind] += 1;
    },
  };
}

/** Keeps what was logged. */
export function newLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
    lines.push(`${event} ${JSON.stringify(facts ?? {})}`);
  };
  return { lines, debug: note, info: note, warn: note, error: note };
}

export const appId = 'cli_a1b2c3d4e5f60718';
export const appSecret = 'a-secret-that-must-not-show';
/** Never aborted. */
export const forever: AbortSignal = new AbortController().signal;

/** One request as the server below saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

/** What the server does: an answer, a cut connection, or silence. */
export type Script = (
  seen: Seen,
  respond: ServerResponse,
) => Scripted | 'cut' | 'silence' | 'own' | undefined;

export interface Server {
  readonly url: string;
  readonly seen: Seen[];
  /** Requests for anything but a token. */
  business(): Seen[];
  stop(): Promise<void>;
}

const token: Scripted = { body: { code: 0, msg: 'ok', tenant_access_token: 't-1', expire: 7200 } };

/** A server on a free port that answers as told; a token unless the script answers that too. */
export async function startServer(script: Script): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const one: Seen = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      };
      seen.push(one);
      const told = script(one, response) ?? (one.path.endsWith('/internal') ? token : {});
      if (told === 'cut') request.socket.destroy();
      if (typeof told === 'string') return;
      const body =
        typeof told.body === 'string' ? told.body : JSON.stringify(told.body ?? { code: 0, msg: 'success' });
      response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    business: () => seen.filter((one) => !one.path.endsWith('/internal')),
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A client of the app at this address. */
export function newClient(
  domain: string,
  { app, ...more }: Omit<Partial<ClientSettings>, 'app'> & { readonly app?: Partial<FeishuApp> } = {},
): FeishuClient {
  return feishuClient({
    app: { id: appId, secret: appSecret, domain, ...app },
    log: newLog(),
    clock: quickClock(),
    chance: { random: () => 0.5 },
    ...more,
  });
}

/** The failure that a promise is rejected with; anything else fails the test. */
export async function failureFrom(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => new Error('It was not rejected.'),
    (reason: unknown) => reason,
  );
  if (error instanceof CallError) return error.failure;
  throw error;
}

/** The problem that a promise is rejected with. */
export async function problemFrom(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => new Error('It was not rejected.'),
    (reason: unknown) => reason,
  );
  if (error instanceof ProblemError) return error.problems[0];
  throw error;
}
