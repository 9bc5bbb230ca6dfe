import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What a proxy does with those who want a connection; one that works lets them through. */
export interface Manner {
  /** `user:password` that it wants. */
  readonly login?: string;
  /** Answers everybody with this status, or this page, or not at all. */
  readonly answers?: number | 'page' | 'nothing';
}

/** A proxy that makes connections when it is asked to with CONNECT, and does nothing else. */
export interface HttpProxy {
  /** Its address, with the login. */
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  /** Where connections were wanted, `host:port`, in order. */
  readonly asked: readonly string[];
  /** Those that were let through. */
  readonly opened: readonly string[];
  stop(): Promise<void>;
}

const page = '<!doctype html><title>Sign in</title>';

/** Starts one on a free port. */
export async function startHttpProxy({ login, answers }: Manner = {}): Promise<HttpProxy> {
  const asked: string[] = [];
  const opened: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((_, response) => response.writeHead(400).end());
  server.on('connection', keep);
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    asked.push(url);
    const refuse = (status: number): unknown =>
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${page.length}\r\n\r\n${page}`);
    if (answers === 'nothing') return;
    if (answers === 'page') return refuse(200);
    if (answers !== undefined) return refuse(answers);
    const given = Buffer.from(
      headers['proxy-authorization']?.replace('Basic ', '') ?? '',
      'base64',
    ).toString();
    if (login !== undefined && given !== login) return refuse(407);
    const { hostname, port } = new URL(`http://${url}`);
    const target = connect(Number(port), hostname);
    keep(target);
    target.once('connect', () => {
      opened.push(url);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.once('error', () => refuse(502));
    target.once('close', () => client.destroy());
    return client.once('close', () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [user = '', password = ''] = (login ?? '').split(':');
  return {
    url: `http://${login === undefined ? '' : `${user}:${encodeURIComponent(password)}@`}${host}`,
    host,
    asked,
    opened,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
