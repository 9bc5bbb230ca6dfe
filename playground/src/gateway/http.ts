import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { PageHandler } from '../view/host.ts';
import { type BaseCall, type Call, tell, type World } from '../world.ts';
import { type FaultBook, type Outcome, play, throttled } from './faults.ts';
import type { Rates } from './rates.ts';
import { Refusal, type Reply, refused } from './reply.ts';
import type { Match, Request, Route } from './router.ts';
import type { Tokens } from './tokens.ts';

/** Awaited before a request is looked at, so that a test can change the world between two calls. */
export type RequestListener = (request: Request) => void | Promise<void>;

/** What the HTTP side needs from the rest. */
export interface HttpParts {
  readonly world: World;
  readonly find: (method: string, path: string) => Match | undefined;
  readonly tokens: Tokens;
  readonly rates: Rates;
  readonly ratesOn: () => boolean;
  readonly faults: FaultBook;
  readonly listeners: ReadonlySet<RequestListener>;
  readonly latency: (route: string, rows: number) => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onCall: (call: Call) => void;
  readonly onUnknown: (method: string, path: string) => void;
  /** Takes what is for the page people look at, when there is one. */
  readonly page: () => PageHandler | undefined;
}

const mostBody = 40 * 1024 * 1024;

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= mostBody) parts.push(part);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

function lazyJson(raw: Buffer): () => unknown {
  let parsed: { readonly value: unknown } | undefined;
  return () => {
    if (!parsed) {
      try {
        parsed = { value: raw.length === 0 ? {} : JSON.parse(raw.toString('utf8')) };
      } catch {
        throw new Refusal(1254000);
      }
    }
    return parsed.value;
  };
}

/** The checks of the gateway, before a call reaches its service. */
function gateway(parts: HttpParts, request: Request, logId: string): Reply | undefined {
  const { route } = request;
  if (!route.business) return undefined;
  parts.tokens.check(request.headers['authorization'] as string | undefined);
  const { scopesMissing } = parts.world;
  if (route.scopes.length > 0 && route.scopes.every((scope) => scopesMissing.has(scope))) {
    throw scopeRefusal(parts.world.appId, route);
  }
  const wait = route.rate && parts.ratesOn() ? parts.rates.take(route.name, route.rate) : undefined;
  if (route.rate && wait !== undefined)
    return throttled(route.rate.calls, Math.max(1, Math.ceil(wait / 1000)), logId);
  const base = request.params['app_token'];
  const calls = parts.world.limits.baseCallsPerSecond;
  if (base !== undefined && calls !== undefined) {
    if (parts.rates.take(`base ${base}`, { calls, perMs: 1000 }) !== undefined) throw new Refusal(1254290);
  }
  return undefined;
}

/** https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
function scopeRefusal(appId: string, { scopes }: Route): Refusal {
  const msg = `Access denied. One of the following scopes is required: [${scopes.join(', ')}].`;
  const url = `https://open.feishu.cn/app/${appId}/auth?q=${scopes.join(',')}`;
  return new Refusal(99991672, {
    msg,
    error: {
      permission_violations: scopes.map((subject) => ({ type: 'action_scope_required', subject })),
      helps: [{ url, description: 'Apply for one of the scopes, then publish a version of the app.' }],
    },
  });
}

async function work(parts: HttpParts, request: Request, logId: string): Promise<Reply> {
  let paced: Promise<void> | undefined;
  const pace = (rows: number): Promise<void> => {
    paced ??= parts.sleep(parts.latency(request.route.name, rows));
    return paced;
  };
  try {
    const stopped = gateway(parts, request, logId);
    if (stopped) return stopped;
    const reply = await request.route.handle(request, pace);
    if (request.route.business) await pace(reply.rows);
    return reply;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (request.route.business) await pace(0);
    return refused(error, logId);
  }
}

/** Tells those who wait for calls to a base. */
async function announce({ bases }: World, { params, route, body }: Request): Promise<void> {
  const base = bases.get(params['app_token'] ?? params['token'] ?? '');
  if (!base) return;
  base.calls += 1;
  const { name, write } = route;
  const call: BaseCall = { nth: base.calls, route: name, write, table: params['table_id'], body };
  for (const listener of base.listeners) await listener(call);
}

async function answer(parts: HttpParts, request: Request, logId: string): Promise<Outcome> {
  for (const listener of parts.listeners) await listener(request);
  await announce(parts.world, request);
  const fault = parts.faults.pick(request);
  if (fault) return play(fault, () => work(parts, request, logId), logId, parts.sleep);
  return { kind: 'reply', reply: await work(parts, request, logId) };
}

function write(response: ServerResponse, reply: Reply, logId: string): void {
  const body = Buffer.from(reply.body, 'utf8');
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'x-tt-logid': logId,
    ...reply.headers,
  });
  response.end(body);
}

const notFound: Reply = {
  status: 404,
  code: -1,
  body: '404 page not found',
  headers: { 'content-type': 'text/plain' },
  rows: 0,
};

const broken = (error: unknown): Reply => ({
  status: 500,
  code: -1,
  body: `The playground failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  headers: { 'content-type': 'text/plain' },
  rows: 0,
});

/** Makes the HTTP server; it does not listen yet. */
export function newServer(parts: HttpParts): Server {
  const { world } = parts;
  let counter = 0;

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (parts.page()?.(message, response)) return;
    // A call takes from the first of its bytes to its answer: a body of a megabyte is a part of that.
    const start = performance.now();
    const at = world.now();
    const raw = await readBody(message);
    counter += 1;
    const id = counter;
    const method = message.method ?? 'GET';
    const { pathname: path, searchParams: query } = new URL(message.url ?? '/', 'http://127.0.0.1');
    const logId = `${new Date(at).toISOString().replace(/\D/g, '').slice(0, 14)}${world.random.hex(20).toUpperCase()}`;
    const match = parts.find(method, path);
    const log = (status: number, code: number, rows: number): void => {
      const { name = 'unknown', write = false, business = false } = match?.route ?? {};
      const ms = performance.now() - start;
      parts.onCall({ id, at, ms, method, route: name, path, status, code, rows, write, business });
    };
    if (!match) {
      parts.onUnknown(method, path);
      tell(world, { kind: 'unknown', method, path });
      write(response, notFound, logId);
      log(404, -1, 0);
      return;
    }
    const { headers } = message;
    const request: Request = { id, ...match, method, path, query, headers, raw, body: lazyJson(raw) };
    const outcome = await answer(parts, request, logId).catch(
      (error: unknown): Outcome => ({ kind: 'reply', reply: broken(error) }),
    );
    if (outcome.kind === 'reply') {
      const { reply } = outcome;
      write(response, reply, logId);
      log(reply.status, reply.code, reply.rows);
    } else {
      log(0, -1, 0);
      if (outcome.kind === 'reset') message.socket.destroy();
    }
  };

  const server = createServer((message, response) => {
    serve(message, response).catch(() => message.socket.destroy());
  });
  server.keepAliveTimeout = 120_000;
  return server;
}
