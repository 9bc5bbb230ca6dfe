import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
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
