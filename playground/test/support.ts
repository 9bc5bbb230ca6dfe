import { Client, EventDispatcher, WSClient } from '@larksuiteoapi/node-sdk';
import { afterEach } from 'vitest';
import { type Playground, type PlaygroundOptions, startPlayground } from '../src/index.ts';

/** One raw HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly code: number;
  readonly msg: string;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

type Call = (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;

const parse = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** Sends one request as it stands; a string is sent as the raw body. */
export async function send(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: raw }),
  });
  const text = await response.text();
  const parsed = parse(text);
  return {
    status: response.status,
    code: Number(parsed['code']),
    msg: String(parsed['msg']),
    headers: response.headers,
    text,
    body: parsed,
    data: (parsed['data'] ?? {}) as Record<string, unknown>,
  };
}

/** Fetches a tenant token. */
export async function tokenOf(playground: Playground): Promise<string> {
  const { appId: app_id, appSecret: app_secret, url } = playground;
  const path = '/open-apis/auth/v3/tenant_access_token/internal';
  const answer = await send(url, 'POST', path, { app_id, app_secret });
  return String(answer.body['tenant_access_token']);
}

/** Calls with a good token. */
export async function caller(playground: Playground): Promise<Call> {
  const own = await tokenOf(playground);
  return (method, path, body, token = own) =>
    send(playground.url, method, path, body, { authorization: `Bearer ${token}` });
}

/** The path of a table's records. */
export const recordsPath = (base: { appToken: string; table(at?: number): { id: string } }, at = 0): string =>
  `/open-apis/bitable/v1/apps/${base.appToken}/tables/${base.table(at).id}/records`;

const quiet = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

/** The real SDK's client, with a token cache of its own. */
export function sdkClient(playground: Playground): Client {
  const held = new Map<unknown, unknown>();
  return new Client({
    appId: playground.appId,
    appSecret: playground.appSecret,
    domain: playground.url,
    logger: quiet,
    cache: {
      get: (key) => Promise.resolve(held.get(key)),
      set: (key, value) => {
        held.set(key, value);
        return Promise.resolve(true);
      },
    },
  });
}

/** Event handlers by event type. */
export type Handlers = Record<string, (data: Record<string, unknown>) => unknown>;

/** What a test file needs; everything opened through it is closed after each test. */
export interface Bench {
  start(options?: PlaygroundOptions): Promise<Playground>;
  /** Connects the real SDK's long-connection client and waits until it can be sent to. */
  connect(playground: Playground, handlers: Handlers): Promise<WSClient>;
}

/** Opens playgrounds and connections for the tests of one file. */
export function newBench(): Bench {
  const open: Playground[] = [];
  const clients: WSClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close({ force: true });
    for (const playground of open.splice(0)) await playground.stop();
  });
  return {
    start: async (options = {}) => {
      const playground = await startPlayground({ seed: 1, ...options });
      open.push(playground);
      return playground;
    },
    connect: async (playground, handlers) => {
      const { appId, appSecret, url: domain } = playground;
      const client = new WSClient({ appId, appSecret, domain, logger: quiet });
      clients.push(client);
      const before = playground.connections.count();
      await client.start({ eventDispatcher: new EventDispatcher({ logger: quiet }).register(handlers) });
      await playground.connections.ready(before + 1);
      return client;
    },
  };
}
