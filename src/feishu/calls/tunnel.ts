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
import { isProxied, proxyHost, type WebProxy } from '../../sync/words/proxy.ts';
import { type Text, text } from '../../sync/words/text.ts';

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
function through(agent: HttpAgent, tunneling: Tunneling, dig: Dig): void {
  const { proxy, within = 9000, onFault } = tunneling;
  const under = new Set<AbortController>();
  const straight = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  agent.createConnection = (options, opened?: Opened) => {
    if (!isProxied(proxy, options.host ?? '', Number(options.port))) return straight(options, opened);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(hangs(proxy, within / 1000)), within);
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

/** Thrown when a proxy lets no connection through. Its message is short and holds no address of the proxy. */
export class ProxyFault extends Error {
  /** What is wrong, for a headline. */
  readonly what: Text;
  readonly cure: Text;
  /** Whether trying again is useless until a person has changed something. */
  readonly final: boolean;

  constructor(
    what: Text,
    cure: Text,
    message: string,
    more: ErrorOptions & { readonly final?: boolean } = {},
  ) {
    super(message, more);
    this.name = 'ProxyFault';
    this.what = what;
    this.cure = cure;
    this.final = more.final ?? false;
  }
}

/** Says that nothing answers at the address of the proxy. */
export const unreached = (proxy: WebProxy, error: NodeJS.ErrnoException): ProxyFault => {
  const host = proxyHost(proxy);
  const what = text(`连不上代理 ${host}`, `The proxy ${host} cannot be reached`);
  return new ProxyFault(what, address(proxy), error.code ?? error.message, { cause: error });
};

/** Says that the proxy is silent. @param seconds for how long it was waited for */
export const hangs = (proxy: WebProxy, seconds: number): ProxyFault => {
  const host = proxyHost(proxy);
  const what = text(`代理 ${host} 没有应答`, `The proxy ${host} does not answer`);
  return new ProxyFault(what, address(proxy), `no connection within ${seconds} s`);
};

/** Says that what answers there is a web server, a login page or the like. @param status of its answer */
export const noProxy = (proxy: WebProxy, status: number): ProxyFault => {
  const host = proxyHost(proxy);
  const what = text(
    `${host} 返回了网页，不像是 HTTP 代理`,
    `${host} answers with a web page, not as an HTTP proxy does`,
  );
  return new ProxyFault(what, address(proxy), `HTTP ${status}`, { final: true });
};

/** Says that the proxy refuses a connection. @param to host and port that were asked for */
export function refusal(proxy: WebProxy, to: string, status: number): ProxyFault {
  const host = proxyHost(proxy);
  const { setting } = proxy;
  if (status === 407) {
    const what = new URL(proxy.url).username
      ? text(`代理 ${host} 不接受用户名或密码`, `The proxy ${host} does not accept the user name or password`)
      : text(`代理 ${host} 要求用户名和密码`, `The proxy ${host} wants a user name and password`);
    const cure = text(
      `在 ${setting} 里写上代理的用户名和密码：http://用户:密码@主机:端口（特殊字符用 % 编码）。`,
      `Write the user name and password of the proxy into ${setting}: http://user:password@host:port (special characters as % codes).`,
    );
    return new ProxyFault(what, cure, 'HTTP 407', { final: true });
  }
  if (status >= 300 && status < 400) return noProxy(proxy, status);
  const what = text(`代理 ${host} 没有连通 ${to}`, `The proxy ${host} makes no connection to ${to}`);
  const cure = text(
    `请代理的管理员放行 ${to}；不该走代理时，把这个域名写进 NO_PROXY，或删掉 ${setting}。`,
    `Ask the administrator of the proxy to allow ${to}. If it is to be reached without the proxy, put the host into NO_PROXY or remove ${setting}.`,
  );
  return new ProxyFault(what, cure, `HTTP ${status}`, { final: status < 500 });
}

/** Says that the connection to Feishu broke off behind the proxy, before anything was sent. */
export const brokenOff = (proxy: WebProxy, to: string, error: NodeJS.ErrnoException): ProxyFault => {
  const host = proxyHost(proxy);
  const what = text(
    `经代理 ${host} 到 ${to} 的连接断开了`,
    `The connection to ${to} through the proxy ${host} broke off`,
  );
  return new ProxyFault(what, address(proxy), error.code ?? error.message, { cause: error });
};

/** Says that the certificate behind the proxy is none that Node trusts: many proxies open TLS and use their own. */
export const foreignCertificate = (proxy: WebProxy, to: string, error: NodeJS.ErrnoException): ProxyFault => {
  const host = proxyHost(proxy);
  const what = text(
    `经代理 ${host} 看到的 ${to} 的证书不受信任`,
    `The certificate of ${to} as seen through the proxy ${host} is not trusted`,
  );
  const cure = text(
    `如果代理会解开 TLS，请把公司的根证书写进 NODE_EXTRA_CA_CERTS=/路径/ca.pem；否则核对 ${proxy.setting}。`,
    `If the proxy opens TLS, name the root certificate of your organisation: NODE_EXTRA_CA_CERTS=/path/ca.pem. Otherwise check ${proxy.setting}.`,
  );
  return new ProxyFault(what, cure, error.code ?? 'TLS', { cause: error, final: true });
};

const address = ({ setting }: WebProxy): Text =>
  text(
    `核对 ${setting} 里的地址，以及代理是否正常；不该走代理时删掉它，或把飞书的域名写进 NO_PROXY。`,
    `Check the address in ${setting} and whether the proxy works. If none is to be used, remove it or put Feishu’s hosts into NO_PROXY.`,
  );
