import {
  type ClientRequestArgs,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import {
  type AgentOptions,
  Agent as HttpsAgent,
  request as httpsRequest,
  type RequestOptions,
} from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isProxied, type WebProxy } from '../sync/proxy.ts';
import {
  brokenOff,
  foreignCertificate,
  hangs,
  noProxy,
  ProxyFault,
  refusal,
  unreached,
} from './proxy-fault.ts';

/** The agents that open connections, for `http:` and for `https:`. */
export interface Agents {
  readonly plain: HttpAgent;
  readonly secure: HttpsAgent;
}

/** How connections go through a proxy. */
export interface Tunneling {
  readonly proxy: WebProxy;
  /** Milliseconds until a connection must stand; 9 s when not given, less than what waits for it. */
  readonly within?: number;
  /** Told of each connection that the proxy did not let through. */
  readonly onFault?: (fault: ProxyFault) => void;
}

type Opened = (error: Error | null, stream: Duplex) => void;
/** Makes a connection through a tunnel speak TLS. */
type Wrap = (tunnel: Socket) => Duplex | null | undefined;

/**
 * Makes agents whose connections lead through the proxy, in a tunnel each (CONNECT), unless `NO_PROXY` names their host.
 * A connection that fails rejects its request with {@link ProxyFault}, before any of it was sent.
 * https://www.rfc-editor.org/rfc/rfc9110#name-connect
 */
export function agents(options: AgentOptions, tunneling?: Tunneling): Agents {
  if (!tunneling) return { plain: new HttpAgent(options), secure: new HttpsAgent(options) };
  return { plain: new PlainAgent(options, tunneling), secure: new SecureAgent(options, tunneling) };
}

class PlainAgent extends HttpAgent {
  readonly #digger: Digger;

  constructor(options: AgentOptions, tunneling: Tunneling) {
    super(options);
    this.#digger = new Digger(tunneling);
  }

  override createConnection(options: ClientRequestArgs, opened?: Opened): Duplex | null | undefined {
    if (!this.#digger.isFor(options)) return super.createConnection(options);
    return this.#digger.dig(options, opened);
  }

  override destroy(): void {
    this.#digger.stop();
    super.destroy();
  }
}

class SecureAgent extends HttpsAgent {
  readonly #digger: Digger;

  constructor(options: AgentOptions, tunneling: Tunneling) {
    super(options);
    this.#digger = new Digger(tunneling);
  }

  override createConnection(options: RequestOptions, opened?: Opened): Duplex | null | undefined {
    if (!this.#digger.isFor(options)) return super.createConnection(options);
    return this.#digger.dig(options, opened, (socket) => {
      const inside = { ...options, socket };
      return super.createConnection(inside);
    });
  }

  override destroy(): void {
    this.#digger.stop();
    super.destroy();
  }
}

/** Opens tunnels through one proxy. */
class Digger {
  readonly #tunneling: Tunneling;
  readonly #under = new Set<AbortController>();

  constructor(tunneling: Tunneling) {
    this.#tunneling = tunneling;
  }

  isFor({ host, port }: ClientRequestArgs): boolean {
    return isProxied(this.#tunneling.proxy, host ?? '', Number(port));
  }

  dig(options: ClientRequestArgs, opened: Opened | undefined, wrap?: Wrap): undefined {
    const { proxy, within = 9000, onFault } = this.#tunneling;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(hangs(proxy, within / 1000)), within);
    this.#under.add(over);
    tunnel(proxy, options, over.signal, wrap)
      .then(
        (socket) => opened?.(null, socket),
        (error: Error) => {
          if (error instanceof ProxyFault) onFault?.(error);
          opened?.(error, new Socket());
        },
      )
      .finally(() => {
        clearTimeout(timer);
        this.#under.delete(over);
      });
  }

  stop(): void {
    for (const over of this.#under) over.abort(new Error('The connections were closed.'));
  }
}

async function tunnel(
  proxy: WebProxy,
  { host, port }: ClientRequestArgs,
  signal: AbortSignal,
  wrap: Wrap | undefined,
): Promise<Duplex> {
  const name = host ?? '';
  const socket = await connected(proxy, `${name.includes(':') ? `[${name}]` : name}:${port}`, signal);
  const secure = wrap?.(socket);
  if (!secure) return socket;
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      secure.destroy();
      const isCertificate = /CERT|ISSUER/.test(error.code ?? '');
      reject(isCertificate ? foreignCertificate(proxy, name, error) : brokenOff(proxy, name, error));
    };
    const abort = (): void => {
      secure.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    secure.once('error', fail);
    secure.once('secureConnect', () => {
      signal.removeEventListener('abort', abort);
      secure.off('error', fail);
      resolve(secure);
    });
  });
}

/** Asks the proxy for a connection to `to` (host and port). */
function connected(proxy: WebProxy, to: string, signal: AbortSignal): Promise<Socket> {
  const { protocol, hostname, port, username, password } = new URL(proxy.url);
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? httpsRequest : httpRequest)({
      method: 'CONNECT',
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path: to,
      agent: false,
      signal,
      headers: {
        host: to,
        'proxy-connection': 'keep-alive',
        ...(login === 'Og==' ? {} : { 'proxy-authorization': `Basic ${login}` }),
      },
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      reject(signal.aborted ? (signal.reason as Error) : unreached(proxy, error));
    });
    request.once('connect', (answer, socket, head) => {
      const fault = faultOf(proxy, to, answer);
      if (!fault) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(fault);
    });
    request.end();
  });
}

/** What is wrong with an answer to CONNECT: one that opens a tunnel has no body. */
function faultOf(
  proxy: WebProxy,
  to: string,
  { statusCode = 0, headers }: IncomingMessage,
): ProxyFault | undefined {
  if (statusCode < 200 || statusCode > 299) return refusal(proxy, to, statusCode);
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
  return hasBody || headers['content-type']?.includes('html') ? noProxy(proxy, statusCode) : undefined;
}
