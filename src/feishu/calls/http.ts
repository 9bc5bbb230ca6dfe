import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { HttpInstance, HttpRequestOptions } from '@larksuiteoapi/node-sdk';
import { type Agents, agents, type Tunneling } from './tunnel.ts';

/** One HTTP request, already encoded. */
export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Milliseconds from the start to the last byte of the answer. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Asked once the connection stands, right before the request goes out on it: where it says no, nothing is sent. */
  readonly mayGo?: (() => boolean) | undefined;
}

/** An answer with any HTTP status. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The JSON that it held. */
  readonly json?: unknown;
  /** What it held instead, for eyes. */
  readonly instead?: string;
}

/** Why no answer came. */
type Silence = 'timeout' | 'network' | 'too-large' | 'aborted' | 'held-up';

/** Thrown when a request got no whole answer. Holds no header, body or query. */
export class NoAnswer extends Error {
  readonly why: Silence;
  /** Whether the request may have reached the other side: true from the moment the connection stood. */
  readonly sent: boolean;

  constructor(why: Silence, sent: boolean, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'NoAnswer';
    this.why = why;
    this.sent = sent;
  }
}

/** Sends HTTP requests over connections that are kept for the next one. */
export interface Http {
  /** Resolves with the answer whatever its status; rejects with {@link NoAnswer}. */
  send(call: HttpCall): Promise<Answer>;
  /** Closes all connections; calls in flight are rejected. */
  stop(): void;
}

/** A connection that lay idle for so long is not used again: the other side may be closing it at that very moment. */
const idleMs = 4000;
/** No answer of a call that we make comes near this size. */
const defaultMaxBytes = 64 * 1024 * 1024;

/**
 * Makes an {@link Http} on `node:http(s)`: keep-alive, a deadline on every call, a bound on the size of answers.
 * It follows no redirect, and uses a proxy only when it is given one, whatever the environment says.
 * @param maxBytes the largest answer that is taken, after unpacking
 */
export function http(tunneling?: Tunneling, maxBytes: number = defaultMaxBytes): Http {
  const connections = agents({ keepAlive: true, timeout: idleMs }, tunneling);
  return {
    send: (call) => exchange(call, connections, maxBytes),
    stop: () => {
      connections.plain.destroy();
      connections.secure.destroy();
    },
  };
}

const exchange = (call: HttpCall, { plain, secure }: Agents, maxBytes: number): Promise<Answer> =>
  new Promise((resolve, reject) => {
    let sent = false;
    const url = new URL(call.url);
    const tls = url.protocol === 'https:';
    const headers: Record<string, string | number> = { 'accept-encoding': 'gzip', ...call.headers };
    if (call.body) headers['content-length'] = call.body.length;
    const options = { method: call.method, headers, agent: tls ? secure : plain };
    const request: ClientRequest = (tls ? httpsRequest : httpRequest)(url, options);

    const fail = (why: Silence, message: string, cause?: unknown): void => {
      settle();
      request.destroy();
      reject(new NoAnswer(why, sent, message, cause));
    };
    const late = `no answer within ${call.timeout / 1000} s`;
    const timer = setTimeout(() => fail('timeout', late), call.timeout);
    const abort = (): void => fail('aborted', 'given up', call.signal?.reason);
    const settle = (): void => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
    };
    call.signal?.addEventListener('abort', abort, { once: true });

    const go = (): void => {
      if (call.mayGo?.() === false) fail('held-up', 'held up before it was sent');
      else {
        sent = true;
        request.end(call.body);
      }
    };
    request.on('socket', (socket) => {
      if (!socket.connecting) go();
      else socket.once(tls ? 'secureConnect' : 'connect', go);
    });
    request.on('error', (error: NodeJS.ErrnoException) => fail('network', nameOf(error), error));
    request.on('response', (response) => {
      collect(response, maxBytes).then(
        (bytes) => {
          settle();
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, ...contentOf(bytes.toString('utf8'), headers['content-type']) });
        },
        (error: Error) => fail(error instanceof TooLarge ? 'too-large' : 'network', nameOf(error), error),
      );
    });
    if (call.signal?.aborted) abort();
  });

function contentOf(text: string, type = ''): Pick<Answer, 'json' | 'instead'> {
  if (text.trim() === '') return { instead: 'an empty answer' };
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    if (/^\s*</.test(text)) return { instead: 'a web page instead of JSON' };
    const isCut = type.includes('json') || /^\s*[[{]/.test(text);
    return { instead: isCut ? 'broken JSON' : 'plain text instead of JSON' };
  }
}

class TooLarge extends Error {}

/** The system's own word for a fault; its message could name addresses of an inner network. */
const nameOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message;

function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const packed = response.headers['content-encoding'] === 'gzip';
  const stream: Readable = packed ? response.pipe(createGunzip()) : response;
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    if (packed) response.once('error', reject);
    stream.once('error', reject);
    stream.once('end', () => resolve(Buffer.concat(parts)));
    stream.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= maxBytes) parts.push(part);
      else reject(new TooLarge(`the answer is larger than ${maxBytes} bytes`));
    });
  });
}

/**
 * Feishu's SDK, loaded as the CommonJS file that it is. An `import` would first search all of its six megabytes for
 * the names that it exports, which takes half a second of CPU and 30 MB of memory at each start.
 */
const sdk = createRequire(import.meta.url)(
  '@larksuiteoapi/node-sdk',
) as typeof import('@larksuiteoapi/node-sdk');

export const { Client, EventDispatcher, LoggerLevel, WSClient } = sdk;

const ignore = (): void => undefined;
/** A logger for the SDK: its own one writes whole requests and answers, customer data included. */
export const silent = { error: ignore, warn: ignore, info: ignore, debug: ignore, trace: ignore };

/** One call's own wishes, and what became of it: the SDK itself hands neither status nor headers back. */
export interface Passage extends Pick<HttpCall, 'timeout' | 'mayGo'> {
  readonly signal?: AbortSignal | undefined;
  /** JSON that is encoded already and sent in place of what the SDK hands over. */
  readonly body?: Buffer | undefined;
  /** Whether a request went out. */
  started?: boolean;
  answer?: Answer | undefined;
  /** Why there was no answer. */
  silence?: NoAnswer;
}

/** What an SDK method takes as its second argument. */
export interface CallOptions {
  readonly headers: Record<string, string>;
}

// The SDK copies the headers of a call with Object.assign, which keeps symbols: the one way to tell a call from
// another without a store that follows every promise of the process.
const passageKey = Symbol('passage');

/** Makes the options that carry a passage and a token through an SDK method. */
export function callOptions(passage: Passage, token: string | undefined): CallOptions {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return { headers: Object.assign(headers, { [passageKey]: passage }) };
}

type SdkRequest = (options: HttpRequestOptions<unknown>) => Promise<unknown>;

/** Makes a transport for the SDK, which calls no other method of one than `request`. */
export const transport = (request: SdkRequest): HttpInstance => ({ request }) as HttpInstance;

/** Sends what SDK methods ask for through our own {@link Http}; rejects what was not given {@link callOptions}. */
export const sdkHttp = (http: Http): HttpInstance =>
  transport(async (options) => {
    const given = (options.headers ?? {}) as { readonly [passageKey]?: Passage };
    const way = given[passageKey];
    if (!way) throw new Error('A call to Feishu was made without its options.');
    return carry(way, options, http);
  });

/** Sends one request of the SDK; answers the JSON. Rejects with `NoAnswer`, or with the words `HTTP 403` and the like. */
export async function carry(
  way: Passage,
  options: HttpRequestOptions<unknown>,
  http: Http,
): Promise<unknown> {
  const { timeout, signal, mayGo } = way;
  const method = (options.method ?? 'GET').toUpperCase();
  const call = { method, url: address(options), timeout, signal, mayGo };
  const content = await encoded({ ...options, method }, way.body);
  way.started = true;
  try {
    way.answer = await http.send({ ...call, ...content });
  } catch (error) {
    if (error instanceof NoAnswer) way.silence = error;
    throw error;
  }
  const { status, json } = way.answer;
  if (status < 200 || status > 299) throw new Error(`HTTP ${status}`);
  return json;
}

/** The address with its query. Arrays are written by repetition, as Feishu reads them. */
function address({ url = '', params = {} }: HttpRequestOptions<unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params as Record<string, unknown>))
    for (const one of [value].flat()) if (one !== undefined && one !== null) query.append(name, String(one));
  return query.size === 0 ? url : `${url}?${query.toString()}`;
}

async function encoded(
  { method = 'GET', headers = {}, data = {} }: HttpRequestOptions<unknown>,
  given: Buffer | undefined,
): Promise<Pick<HttpCall, 'headers' | 'body'>> {
  const words = Object.entries(headers).filter(([, value]) => typeof value === 'string');
  const own = Object.fromEntries(words.map(([name, value]) => [name.toLowerCase(), String(value)]));
  if (method === 'GET') return { headers: own, body: undefined };
  const isForm = own['content-type'] === 'multipart/form-data';
  const form = isForm ? new Response(formOf(data)) : undefined;
  const type = form?.headers.get('content-type') ?? 'application/json; charset=utf-8';
  const body = form ? Buffer.from(await form.arrayBuffer()) : (given ?? Buffer.from(JSON.stringify(data)));
  return { headers: { ...own, 'content-type': type }, body };
}

/** The members of an upload: buffers as files, the rest as text. */
function formOf(data: unknown): FormData {
  const members = shape(data) ?? {};
  const form = new FormData();
  for (const [key, value] of Object.entries(members)) {
    if (Buffer.isBuffer(value))
      form.append(key, new Blob([new Uint8Array(value)]), String(members['file_name']));
    else form.append(key, String(value));
  }
  return form;
}

/** A JSON object whose members are not known yet. */
export type Shape = Readonly<Record<string, unknown>>;

/** Answers the value as an object, or undefined when it is none (arrays and null are none). */
export const shape = (value: unknown): Shape | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Shape) : undefined;

/** Answers the value as a list, or undefined when it is none. */
export const list = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? (value as readonly unknown[]) : undefined;

/** Answers a non-empty string, or undefined. */
export const words = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Parses JSON; undefined when it is none. */
export function parsed(json: unknown): unknown {
  try {
    return typeof json === 'string' ? (JSON.parse(json) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
