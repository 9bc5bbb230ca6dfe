import type { EventEmitter } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import mysql from 'mysql2';

/** What the fake answers to one statement. */
export type Reply =
  | 'ok'
  | {
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | null)[])[];
      /** Whether the connection is reset as soon as the answer is out. */
      readonly thenReset?: boolean;
    }
  | { readonly errno: number; readonly message: string }
  | { readonly columns: readonly string[]; readonly rowsThenCut: readonly (readonly (string | null)[])[] };

/** A server without prepared statements that says what a test wants, for the servers that we do not have. */
export interface FakeMysql {
  readonly url: string;
  /** Every statement that came, in order. */
  readonly heard: readonly string[];
  stop(): Promise<void>;
}

/** The driver's own server side, of which its types know nothing. */
interface ServerSide extends EventEmitter {
  readonly stream: Socket;
  sequenceId: number;
  serverHandshake(hello: object): void;
  writeOk(): void;
  writeError(error: { message: string; code: number }): void;
  writeColumns(columns: object[]): void;
  writeTextRow(row: readonly (string | null)[]): void;
  writeEof(): void;
}

/** Starts one on a free port. @param reply called for each statement */
export async function startFakeMysql(version: string, reply: (sql: string) => Reply): Promise<FakeMysql> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    const side = mysql.createConnection({ stream: socket, isServer: true }) as unknown as ServerSide;
    side.on('error', () => {});
    const answer = (sql: string): void => {
      heard.push(sql);
      send(side, reply(sql));
      side.sequenceId = 0;
    };
    side.on('query', answer);
    // The driver's server takes every SET for the preparation of a statement, and cannot prepare any.
    side.on('stmt_prepare', (sql: string) => {
      if (sql.startsWith('set ')) return answer(sql);
      side.writeError({ message: 'Unknown command', code: 1047 });
      side.sequenceId = 0;
    });
    side.serverHandshake({
      protocolVersion: 10,
      serverVersion: version,
      connectionId: 7,
      statusFlags: 2,
      characterSet: 45,
      // All that is old and plain: neither TLS (0x800) nor compression (0x20).
      capabilityFlags: 0xffffff & ~0x820,
      authCallback(_login: unknown, done: (error: null) => void) {
        done(null);
        side.sequenceId = 0;
      },
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `mysql://reader:secret@127.0.0.1:${(server.address() as AddressInfo).port}/shop`,
    heard,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** What a server of this version answers while a session is set up, which it remembers; `undefined` for the rest. */
export function setUp(
  version: string,
  { zones = true, sqlMode = '' } = {},
): (sql: string) => Reply | undefined {
  const settings = new Map([
    ['sql_mode', sqlMode],
    ['time_zone', 'SYSTEM'],
    /mariadb/i.test(version) ? ['max_statement_time', '0.000000'] : ['max_execution_time', '0'],
  ]);
  return (sql) => {
    if (sql.startsWith('set ')) {
      for (const [, name = '', quoted, bare = ''] of sql.matchAll(/session (\w+) = (?:'([^']*)'|([^,]*))/g)) {
        settings.set(name, quoted ?? bare);
      }
      return 'ok';
    }
    if (sql.startsWith('select version()')) {
      return { columns: ['v', 'z', 'l', 'e', 'c'], rows: [[version, zones ? '1' : '0', '1', '😀', '7']] };
    }
    return sql.startsWith('show session variables')
      ? { columns: ['n', 'v'], rows: [...settings] }
      : undefined;
  };
}

function send(side: ServerSide, reply: Reply): void {
  if (reply === 'ok') {
    side.writeOk();
    return;
  }
  if ('errno' in reply) {
    side.writeError({ message: reply.message, code: reply.errno });
    return;
  }
  side.writeColumns(reply.columns.map(column));
  for (const row of 'rows' in reply ? reply.rows : reply.rowsThenCut) side.writeTextRow(row);
  if (!('rows' in reply)) return void side.stream.end();
  side.writeEof();
  if (reply.thenReset) side.stream.resetAndDestroy();
}

const column = (name: string): object => ({
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  name,
  orgName: '',
  characterSet: 45,
  columnLength: 1000,
  columnType: 253,
  flags: 0,
  decimals: 0,
});
