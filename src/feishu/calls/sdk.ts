import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { HttpInstance, HttpRequestOptions } from '@larksuiteoapi/node-sdk';
import { type Answer, type Http, type HttpCall, NoAnswer } from './http.ts';
import { shape } from './shape.ts';

/** One call's own wishes, and what became of it: the SDK itself hands neither status nor headers back. */
export interface Passage {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** See {@link HttpCall}. */
  readonly mayGo: HttpCall['mayGo'];
  /** JSON that is encoded already and sent in place of what the SDK hands over. */
  readonly body: Buffer | undefined;
  /** Whether a request went out. */
  started: boolean;
  answer: Answer | undefined;
  /** Why there was no answer. */
  silence: NoAnswer | undefined;
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

/** Starts the record of one call. */
export const passage = (
  timeout: number,
  signal?: AbortSignal,
  { body, mayGo }: Partial<Pick<Passage, 'body' | 'mayGo'>> = {},
): Passage => ({
  timeout,
  signal,
  mayGo,
  body,
  started: false,
  answer: undefined,
  silence: undefined,
});

/** Thrown into the SDK for an HTTP status other than 2xx, as its own transport does. */
class HttpStatusError extends Error {
  readonly response: { readonly status: number; readonly data: unknown; readonly headers: Answer['headers'] };

  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`);
    this.name = 'HttpStatusError';
    this.response = { status: answer.status, data: jsonOf(answer), headers: answer.headers };
  }
}

const jsonOf = (answer: Answer): unknown => (answer.body.kind === 'json' ? answer.body.value : '');

/**
 * The HTTP side of the SDK: its requests go out through our own {@link Http}.
 * @param fallback makes the passage of requests that carry none; without it such a request is a bug and rejects
 */
export function sdkHttp(http: Http, fallback?: () => Passage): HttpInstance {
  const request = async (options: HttpRequestOptions<unknown>): Promise<unknown> => {
    const given = (options.headers ?? {}) as Record<string | symbol, unknown>;
    const way = (given[passageKey] as Passage | undefined) ?? fallback?.();
    if (!way) throw new Error('A call to Feishu was made without its options.');
    const { headers, body } = await encode(options, way.body);
    way.started = true;
    try {
      way.answer = await http.send({
        method: (options.method ?? 'GET').toUpperCase(),
        url: address(options),
        headers,
        body,
        timeout: options.timeout ?? way.timeout,
        signal: way.signal,
        mayGo: way.mayGo,
      });
    } catch (error) {
      if (error instanceof NoAnswer) way.silence = error;
      throw error;
    }
    if (way.answer.status < 200 || way.answer.status > 299) throw new HttpStatusError(way.answer);
    const value = jsonOf(way.answer);
    return options.$return_headers ? { data: value, headers: way.answer.headers } : value;
  };
  const bare =
    (method: string) =>
    (url: string, options: HttpRequestOptions<unknown> = {}) =>
      request({ ...options, url, method });
  const full =
    (method: string) =>
    (url: string, data?: unknown, options: HttpRequestOptions<unknown> = {}) =>
      request({ ...options, url, method, data });
  return {
    request,
    get: bare('GET'),
    delete: bare('DELETE'),
    head: bare('HEAD'),
    options: bare('OPTIONS'),
    post: full('POST'),
    put: full('PUT'),
    patch: full('PATCH'),
  } as HttpInstance;
}

/** The address with its query. Arrays are written by repetition, as Feishu reads them. */
function address(options: HttpRequestOptions<unknown>): string {
  const url = options.url ?? '';
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.params ?? {})) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  return text === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${text}`;
}

interface Encoded {
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

async function encode(options: HttpRequestOptions<unknown>, given: Buffer | undefined): Promise<Encoded> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value;
  }
  const method = (options.method ?? 'GET').toUpperCase();
  const empty =
    options.data === undefined || (shape(options.data) && Object.keys(options.data ?? {}).length === 0);
  if (method === 'GET' || method === 'HEAD' || (method === 'DELETE' && empty))
    return { headers, body: undefined };
  if (headers['content-type'] === 'multipart/form-data') {
    const form = await multipart(options.data);
    return { headers: { ...headers, 'content-type': form.type }, body: form.body };
  }
  headers['content-type'] = 'application/json; charset=utf-8';
  return { headers, body: given ?? Buffer.from(JSON.stringify(options.data ?? {}), 'utf8') };
}

/**
 * Feishu's SDK, loaded as the CommonJS file that it is. An `import` would first search all of its six megabytes for
 * the names that it exports, which takes half a second of CPU and 30 MB of memory at each start.
 */
const sdk = createRequire(import.meta.url)(
  '@larksuiteoapi/node-sdk',
) as typeof import('@larksuiteoapi/node-sdk');

export const { Client, EventDispatcher, LoggerLevel, WSClient } = sdk;

/** An encoded form and the content type that names its boundary. */
export interface Form {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Encodes the members of an upload as `multipart/form-data`: buffers and streams as files, the rest as text.
 * Files are held in memory; Feishu takes 30 MB at most. https://open.feishu.cn/document/server-docs/im-v1/file/create
 * @param fields what the SDK's upload method was given as `data`
 */
export async function multipart(fields: unknown): Promise<Form> {
  const members = shape(fields) ?? {};
  const form = new FormData();
  const name = typeof members['file_name'] === 'string' ? members['file_name'] : 'file';
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || value === null) continue;
    if (Buffer.isBuffer(value) || value instanceof Readable) {
      form.append(key, new Blob([await bytes(value)]), name);
    } else form.append(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const encoded = new Response(form);
  return {
    type: encoded.headers.get('content-type') ?? 'multipart/form-data',
    body: Buffer.from(await encoded.arrayBuffer()),
  };
}

async function bytes(value: Buffer | Readable): Promise<Uint8Array<ArrayBuffer>> {
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  const parts: Buffer[] = [];
  for await (const part of value) parts.push(Buffer.from(part as Uint8Array));
  return new Uint8Array(Buffer.concat(parts));
}
