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
import { type Text, text } from '../../sync/words/text.ts';
import { isProxied, proxyHost, type WebProxy } from '../../sync/words/web-address.ts';

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
  const [plain, secure] = [new HttpAgent(options), new HttpsAgent(options)];
  if (!tunneling) return { plain, secure };
  const { proxy } = tunneling;
  const tls = secure.createConnection.bind(secure);
  through(plain, tunneling, (options, signal) => tunnel(proxy, options, signal));
  through(secure, tunneling, (options, signal) =>
    tunnel(proxy, options, signal, (socket) => tls({ ...options, socket } as RequestOptions)),
  );
  return { plain, secure };
}

/** Opens a tunnel. */
type Dig = (options: ClientRequestArgs, signal: AbortSignal) => Promise<Duplex>;

/** Lets an agent's connections go through tunnels, where the proxy is for their host. */
function through(agent: HttpAgent, { proxy, within = 9000, onFault }: Tunneling, dig: Dig): void {
  const under = new Set<AbortController>();
  const straight = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  agent.createConnection = (options, opened?: Opened) => {
    if (!isProxied(proxy, options.host ?? '', Number(options.port))) return straight(options, opened);
    const over = new AbortController();
    const late = `no connection within ${within / 1000} s`;
    const timer = setTimeout(() => over.abort(new ProxyFault('silent', proxy, { message: late })), within);
    under.add(over);
    dig(options, over.signal)
      .then(
        (socket) => opened?.(null, socket),
        (error: Error) => {
          if (error instanceof ProxyFault) onFault?.(error);
          opened?.(error, new Socket());
        },
      )
      .finally(() => {
        clearTimeout(timer);
        under.delete(over);
      });
    return undefined;
  };
  agent.destroy = () => {
    for (const over of under) over.abort(new Error('The connections were closed.'));
    destroy();
  };
}

async function tunnel(
  proxy: WebProxy,
  { host, port }: ClientRequestArgs,
  signal: AbortSignal,
  wrap?: Wrap,
): Promise<Duplex> {
  const name = host ?? '';
  const socket = await connected(proxy, `${name.includes(':') ? `[${name}]` : name}:${port}`, signal);
  const secure = wrap?.(socket);
  if (!secure) return socket;
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      secure.destroy();
      const kind = /CERT|ISSUER/.test(error.code ?? '') ? 'certificate' : 'brokenOff';
      reject(new ProxyFault(kind, proxy, { to: name, cause: error }));
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
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? httpsRequest : httpRequest)({
      method: 'CONNECT',
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path: to,
      agent: false,
      signal,
      headers: { host: to, 'proxy-connection': 'keep-alive', ...(login !== ':' && authorization) },
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        signal.aborted ? (signal.reason as Error) : new ProxyFault('unreached', proxy, { cause: error }),
      );
    });
    request.once('connect', (answer, socket, head) => {
      const fault = faultOf(proxy, to, answer);
      if (fault) {
        socket.destroy();
        reject(fault);
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

/** What is wrong with an answer to CONNECT: one that opens a tunnel has no body. */
function faultOf(
  proxy: WebProxy,
  to: string,
  { statusCode: status = 0, headers }: IncomingMessage,
): ProxyFault | undefined {
  const message = `HTTP ${status}`;
  if (status === 407)
    return new ProxyFault(new URL(proxy.url).username ? 'wrongLogin' : 'noLogin', proxy, { message });
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
  const isPage = status >= 200 && status < 300 && (hasBody || headers['content-type']?.includes('html'));
  if (isPage || (status >= 300 && status < 400)) return new ProxyFault('webPage', proxy, { message });
  return status >= 200 && status < 300
    ? undefined
    : new ProxyFault('refused', proxy, { to, message, final: status < 500 });
}

/** Thrown when a proxy lets no connection through. Its message is short and holds no address of the proxy. */
export class ProxyFault extends Error {
  /** What is wrong, for a headline. */
  readonly what: Text;
  readonly cure: Text;
  /** Whether trying again is useless until a person has changed something. */
  readonly final: boolean;

  constructor(kind: keyof typeof faults, proxy: WebProxy, { to = '', message, cause, final }: Found) {
    super(message ?? cause?.code ?? cause?.message, { cause });
    const fault: Fault = faults[kind];
    this.name = 'ProxyFault';
    this.what = fault.what(proxyHost(proxy), to);
    this.cure = (fault.cure ?? checkAddress)(proxy.setting, to);
    this.final = final ?? fault.final ?? false;
  }
}

interface Found {
  /** The host, or host and port, that was asked for. */
  readonly to?: string;
  readonly message?: string;
  readonly cause?: NodeJS.ErrnoException;
  readonly final?: boolean;
}

interface Fault {
  what(host: string, to: string): Text;
  /** {@link checkAddress} when not given. */
  cure?(setting: string, to: string): Text;
  readonly final?: true;
}

const checkAddress = (setting: string): Text =>
  text(
    `核对 ${setting} 里的地址，以及代理是否正常；不该走代理时删掉它，或把飞书的域名写进 NO_PROXY。`,
    `Check the address in ${setting} and whether the proxy works. If none is to be used, remove it or put Feishu’s hosts into NO_PROXY.`,
  );

const writeLogin = (setting: string): Text =>
  text(
    `在 ${setting} 里写上代理的用户名和密码：http://用户:密码@主机:端口（特殊字符用 % 编码）。`,
    `Write the user name and password of the proxy into ${setting}: http://user:password@host:port (special characters as % codes).`,
  );

/** Everything that can be wrong with a proxy. */
const faults = {
  unreached: { what: (host) => text(`连不上代理 ${host}`, `The proxy ${host} cannot be reached`) },
  silent: { what: (host) => text(`代理 ${host} 没有应答`, `The proxy ${host} does not answer`) },
  webPage: {
    what: (host) =>
      text(
        `${host} 返回了网页，不像是 HTTP 代理`,
        `${host} answers with a web page, not as an HTTP proxy does`,
      ),
    final: true,
  },
  noLogin: {
    what: (host) => text(`代理 ${host} 要求用户名和密码`, `The proxy ${host} wants a user name and password`),
    cure: writeLogin,
    final: true,
  },
  wrongLogin: {
    what: (host) =>
      text(`代理 ${host} 不接受用户名或密码`, `The proxy ${host} does not accept the user name or password`),
    cure: writeLogin,
    final: true,
  },
  refused: {
    what: (host, to) => text(`代理 ${host} 没有连通 ${to}`, `The proxy ${host} makes no connection to ${to}`),
    cure: (setting, to) =>
      text(
        `请代理的管理员放行 ${to}；不该走代理时，把这个域名写进 NO_PROXY，或删掉 ${setting}。`,
        `Ask the administrator of the proxy to allow ${to}. If it is to be reached without the proxy, put the host into NO_PROXY or remove ${setting}.`,
      ),
  },
  /** Before anything was sent. */
  brokenOff: {
    what: (host, to) =>
      text(
        `经代理 ${host} 到 ${to} 的连接断开了`,
        `The connection to ${to} through the proxy ${host} broke off`,
      ),
  },
  /** Many proxies open TLS and use a certificate of their own. */
  certificate: {
    what: (host, to) =>
      text(
        `经代理 ${host} 看到的 ${to} 的证书不受信任`,
        `The certificate of ${to} as seen through the proxy ${host} is not trusted`,
      ),
    cure: (setting) =>
      text(
        `如果代理会解开 TLS，请把公司的根证书写进 NODE_EXTRA_CA_CERTS=/路径/ca.pem；否则核对 ${setting}。`,
        `If the proxy opens TLS, name the root certificate of your organisation: NODE_EXTRA_CA_CERTS=/path/ca.pem. Otherwise check ${setting}.`,
      ),
    final: true,
  },
} as const satisfies Readonly<Record<string, Fault>>;
