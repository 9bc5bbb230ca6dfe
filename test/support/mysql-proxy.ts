import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What happens to a command on its way: `undefined` lets it pass. */
export type Ruling =
  | { readonly errno: number; readonly message: string }
  /** Goes on with other words. */
  | { readonly sql: string }
  /** Is prepared, without a word of its columns. */
  | 'no-columns'
  | undefined;

/** What a server of the family does otherwise than the one behind the proxy. */
export interface Otherwise {
  /** Called for each statement, also for those to be prepared. */
  readonly rule?: (sql: string, how: 'query' | 'prepare') => Ruling;
  /** Run on each connection before its first statement, as `init_connect` is. */
  readonly first?: readonly string[];
}

/** A wire proxy before the tests' server. */
export interface MysqlProxy {
  /** The URL of the server, by way of the proxy. */
  readonly url: string;
  /** Every statement that came, in order. */
  readonly heard: readonly string[];
  stop(): Promise<void>;
}

// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
const query = 0x03;
const prepare = 0x16;

/** Starts one on a free port. @param url of the server behind it */
export async function startMysqlProxy(url: string, otherwise: Otherwise): Promise<MysqlProxy> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const behind = new URL(url);
  const proxy = createServer((client) => {
    const server = connect(Number(behind.port), behind.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        for (const other of [client, server]) other.destroySoon();
      });
    }
    relay(client, server, otherwise, heard);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  const through = new URL(url);
  through.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    url: through.href,
    heard,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        proxy.close(resolve);
      });
    },
  };
}

function relay(client: Socket, server: Socket, { rule, first = [] }: Otherwise, heard: string[]): void {
  const owed = [...first];
  const waiting: Buffer[] = [];
  let own = false;

  /** Sends the next statement of our own, or what the client sent meanwhile. */
  function next(): void {
    const sql = owed.shift();
    own = sql !== undefined;
    if (sql !== undefined) server.write(packet(0, Buffer.from(`\x03${sql}`)));
    else for (const command of waiting.splice(0)) server.write(command);
  }

  server.on('data', (data) => {
    // The answer to a statement of our own is one packet: they only set something.
    if (own) next();
    else client.write(data);
  });
  eachPacket(client, (whole) => {
    const [kind, sql] = [whole[4], whole.subarray(5).toString()];
    if (whole[3] !== 0 || (kind !== query && kind !== prepare)) return void server.write(whole);
    heard.push(sql);
    const ruling = rule?.(sql, kind === query ? 'query' : 'prepare');
    if (ruling === 'no-columns')
      return void client.write(packet(1, Buffer.from('000100000000000000000000', 'hex')));
    if (ruling && 'errno' in ruling) return void client.write(packet(1, failure(ruling)));
    const body = ruling ? Buffer.concat([whole.subarray(4, 5), Buffer.from(ruling.sql)]) : whole.subarray(4);
    waiting.push(packet(0, body));
    if (!own) next();
  });
}

/** Cuts what comes into packets, each with its header. */
function eachPacket(socket: Socket, take: (whole: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUIntLE(0, 3)) {
      const end = 4 + rest.readUIntLE(0, 3);
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}

function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

function failure({ errno, message }: { readonly errno: number; readonly message: string }): Buffer {
  const number = Buffer.alloc(2);
  number.writeUInt16LE(errno);
  return Buffer.concat([Buffer.from([0xff]), number, Buffer.from(`#HY000${message}`)]);
}
