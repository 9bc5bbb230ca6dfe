import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject } from '../bitable/values/kind.ts';
import { bare, type Reply } from '../gateway/reply.ts';
import { shuffled } from '../random.ts';
import { tell, type World } from '../world.ts';
import { newFrameCodec } from './frames.ts';

/** How a payload was taken by a client. */
export type Ack =
  /** `data` is what the handler answered, `undefined` when it answered nothing. */
  | { readonly kind: 'ok'; readonly data: unknown }
  /** The client said that its handler failed. */
  | { readonly kind: 'failed'; readonly code: number }
  /** Nothing came in time, or the connection broke. */
  | { readonly kind: 'silent' }
  /** Nobody is connected. */
  | { readonly kind: 'nobody' };

/** The long connections of the app. */
export interface Connections {
  /** Answers `POST /callback/ws/endpoint`. */
  discover(body: unknown): Reply;
  /** Sends one payload to a connection picked at random and waits for the acknowledgement. */
  send(payload: string, messageId: string): Promise<Ack>;
  /** Resolves when so many clients (default 1) are connected and have pinged. */
  ready(clients?: number): Promise<void>;
  /** Clients that can be sent to. */
  count(): number;
  /** Closes all connections, or one of them, as a server that goes away: 1001, or without a word (1006). */
  disconnect(how?: { readonly code?: 1001 | 1006; readonly one?: boolean }): void;
  /** Throws the next `n` acknowledgements away, as if they had been lost. */
  loseAcks(n: number): void;
  stop(): void;
}

interface Client {
  readonly socket: WebSocket;
  readonly deviceId: string;
  ready: boolean;
}

interface Pending {
  readonly client: Client;
  readonly settle: (ack: Ack) => void;
}

const service = 33554678;

/** Reads an acknowledgement: `{code, data: base64(JSON)}`. */
function readAck(payload: Uint8Array): Ack {
  try {
    const body: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    const code = isObject(body) ? body['code'] : undefined;
    if (!isObject(body) || code !== 200) return { kind: 'failed', code: typeof code === 'number' ? code : 0 };
    const { data } = body;
    if (typeof data !== 'string') return { kind: 'ok', data: undefined };
    return { kind: 'ok', data: JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as unknown };
  } catch {
    return { kind: 'failed', code: 0 };
  }
}

function cut(payload: Uint8Array, size: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) parts.push(payload.subarray(at, at + size));
  return parts.length === 0 ? [payload] : parts;
}

/**
 * Takes over the server's upgrades to WebSocket.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case
 */
export function newConnections(world: World, server: Server, address: () => string): Connections {
  const codec = newFrameCodec();
  const sockets = new WebSocketServer({ noServer: true });
  const tickets = new Map<string, string>();
  const clients = new Set<Client>();
  const pending = new Map<string, Pending>();
  const waiting = new Set<() => void>();
  let sequence = 0;
  let acksToLose = 0;

  const clientConfig = () => ({
    ReconnectCount: -1,
    ReconnectInterval: world.limits.reconnectSeconds,
    ReconnectNonce: world.limits.reconnectNonceSeconds,
    PingInterval: world.limits.pingSeconds,
  });

  const able = (): Client[] =>
    [...clients].filter((client) => client.ready && client.socket.readyState === client.socket.OPEN);
  const count = (): number => able().length;

  const pong = (client: Client): void => {
    const payload = Buffer.from(JSON.stringify(clientConfig()));
    client.socket.send(
      codec.encode({ SeqID: 0, LogID: 0, service, method: 0, headers: { type: 'pong' }, payload }),
    );
    if (!client.ready) {
      client.ready = true;
      tell(world, { kind: 'connections', count: count() });
    }
    for (const wake of [...waiting]) wake();
  };

  const gone = (client: Client): void => {
    clients.delete(client);
    tell(world, { kind: 'connections', count: count() });
    for (const { client: taker, settle } of [...pending.values()])
      if (taker === client) settle({ kind: 'silent' });
  };

  const accept = (socket: WebSocket, deviceId: string): void => {
    const client: Client = { socket, deviceId, ready: false };
    clients.add(client);
    socket.on('message', (bytes: Buffer) => {
      const frame = codec.decode(bytes);
      if (!frame) return;
      if (frame.method === 0 && frame.headers['type'] === 'ping') pong(client);
      if (frame.method !== 1) return;
      if (acksToLose > 0) acksToLose -= 1;
      else pending.get(frame.headers['message_id'] ?? '')?.settle(readAck(frame.payload));
    });
    socket.on('close', () => gone(client));
    socket.on('error', () => socket.terminate());
  };

  const upgrade = (message: IncomingMessage, duplex: Duplex, head: Buffer): void => {
    const { pathname, searchParams } = new URL(message.url ?? '/', 'http://127.0.0.1');
    const deviceId = searchParams.get('device_id') ?? '';
    if (pathname !== '/ws/v2' || tickets.get(deviceId) !== searchParams.get('ticket')) {
      duplex.end('HTTP/1.1 403 Forbidden\r\nHandshake-Status: 403\r\nHandshake-Msg: forbidden\r\n\r\n');
      return;
    }
    tickets.delete(deviceId);
    sockets.handleUpgrade(message, duplex, head, (socket) => accept(socket, deviceId));
  };
  server.on('upgrade', upgrade);

  const discover = (body: unknown): Reply => {
    const { AppID: id, AppSecret: secret } = isObject(body) ? body : {};
    const no = (code: number, msg: string): Reply => bare({ code, msg, data: {} });
    if (id !== world.appId || secret !== world.appSecret) return no(514, 'app_id or app_secret is invalid');
    if (!world.appEnabled) return no(403, 'forbidden');
    if (clients.size >= world.limits.connections)
      return no(1000040350, 'the number of connections exceeded the limit');
    const deviceId = `7${String(world.random.below(1e9)).padStart(9, '0')}${String(world.random.below(1e9)).padStart(9, '0')}`;
    const ticket = world.random.hex(32);
    tickets.set(deviceId, ticket);
    const query = `fpid=493&aid=552564&device_id=${deviceId}&access_key=${world.random.hex(32)}&service_id=${service}&ticket=${ticket}`;
    return bare({
      code: 0,
      msg: '',
      data: { URL: `${address()}/ws/v2?${query}`, ClientConfig: clientConfig() },
    });
  };

  const transmit = (client: Client, payload: string, messageId: string): void => {
    const { limits, random } = world;
    const parts = cut(Buffer.from(payload, 'utf8'), limits.frameBytes).map((part, at) => ({ part, at }));
    const traceId = random.hex(32);
    for (const { part, at } of limits.shuffleParts ? shuffled(parts, random) : parts) {
      const headers = {
        type: 'event',
        message_id: messageId,
        sum: String(parts.length),
        seq: String(at),
        trace_id: traceId,
      };
      sequence += 1;
      const LogID = random.below(2 ** 45);
      client.socket.send(
        codec.encode({ SeqID: sequence, LogID, service, method: 1, headers, payload: part }),
      );
    }
  };

  const send = (payload: string, messageId: string): Promise<Ack> => {
    const takers = able();
    const client = takers[world.random.below(Math.max(1, takers.length))];
    if (!client) return Promise.resolve({ kind: 'nobody' });
    return new Promise((resolve) => {
      const settle = (ack: Ack): void => {
        clearTimeout(timer);
        pending.delete(messageId);
        resolve(ack);
      };
      const timer = setTimeout(() => settle({ kind: 'silent' }), world.limits.ackMs);
      pending.set(messageId, { client, settle });
      transmit(client, payload, messageId);
    });
  };

  return {
    discover,
    send,
    ready: (wanted = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (count() < wanted) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    count,
    disconnect: ({ code = 1001, one = false } = {}) => {
      for (const { socket } of one ? [...clients].slice(0, 1) : clients) {
        if (code === 1001) socket.close(1001, 'going away');
        else socket.terminate();
      }
    },
    loseAcks: (n) => {
      acksToLose += n;
    },
    stop: () => {
      server.off('upgrade', upgrade);
      for (const { settle } of [...pending.values()]) settle({ kind: 'silent' });
      for (const { socket } of clients) socket.terminate();
      sockets.close();
      waiting.clear();
    },
  };
}
