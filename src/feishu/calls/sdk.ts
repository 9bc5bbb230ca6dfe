import { createRequire } from 'node:module';
import type { HttpInstance, HttpRequestOptions } from '@larksuiteoapi/node-sdk';
import { type Answer, type Http, type HttpCall, NoAnswer } from './http.ts';
import { shape } from './shape.ts';

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
