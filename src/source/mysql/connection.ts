import { connect, type NetConnectOpts, type Socket } from 'node:net';
import mysql, { type Connection, type ConnectionOptions, type FieldPacket, type RowDataPacket } from 'mysql2';
import { type Problem, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';

/** Where a MySQL server is and who we are there. Holds the password: never show it. */
export interface MysqlAddress {
  readonly socket: NetConnectOpts;
  /** `host:port` or the socket's path, for messages. */
  readonly place: string;
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
  readonly tls: 'no' | 'checked' | 'unchecked';
}

/** A connection with the socket under it: the driver itself only ever says goodbye and goes on reading. */
export interface Wire {
  readonly connection: Connection;
  readonly socket: Socket;
}

const tlsWords: ReadonlyMap<string | null, MysqlAddress['tls']> = new Map([
  [null, 'no'],
  ['false', 'no'],
  ['true', 'checked'],
  ['skip-verify', 'unchecked'],
]);

/**
 * Reads `mysql://user:password@host:3306/database`; `?ssl=true` or `?ssl=skip-verify` encrypts, `?socket=/path`
 * goes through a socket file. Driver options cannot be set by URL: some of them would undo our safety.
 * @param where the setting's name, for the problem
 * @throws ProblemError without the URL in it
 */
export function parseMysqlUrl(url: string, where: string): MysqlAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const tls = tlsWords.get(parsed?.searchParams.get('ssl') ?? null);
  const unknown = [...(parsed?.searchParams.keys() ?? [])].filter((key) => key !== 'ssl' && key !== 'socket');
  const scheme = parsed?.protocol === 'mysql:' || parsed?.protocol === 'mariadb:';
  if (!parsed || !scheme || !parsed.hostname || !tls || unknown.length > 0) throw badUrl(where, unknown);
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = parsed.port === '' ? 3306 : Number(parsed.port);
  const path = parsed.searchParams.get('socket');
  try {
    return {
      socket: path === null ? { host: decodeURIComponent(host), port } : { path },
      place: path ?? `${parsed.hostname}:${port}`,
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: decodeURIComponent(parsed.pathname.slice(1)) || undefined,
      tls,
    };
  } catch {
    throw badUrl(where, []);
  }
}

const badUrl = (where: string, unknown: readonly string[]) =>
  problem({
    code: 'wrong-connection-url',
    where,
    message: unknown.length
      ? text(
          `${where} 的地址里有不支持的参数：${unknown.join(', ')}。`,
          `${where} has unknown parameters: ${unknown.join(', ')}.`,
        )
      : text(`${where} 不是有效的 MySQL 地址。`, `${where} is not a valid MySQL URL.`),
    cure: text(
      '写成 mysql://用户:密码@主机:3306/库（密码里的特殊字符用 % 编码，如 @ 写 %40），需要加密时加 ?ssl=true 或 ?ssl=skip-verify。',
      'Write mysql://user:password@host:3306/database (special characters in the password as % codes: @ is %40); add ?ssl=true or ?ssl=skip-verify to encrypt.',
    ),
  });

/** Warns of a password and rows that go to another machine as they are, to whoever answers there. */
export function unencrypted({ socket, tls }: MysqlAddress, where: string): Problem[] {
  const host = 'host' in socket ? (socket.host ?? '') : 'localhost';
  if (tls !== 'no' || /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host)) return [];
  return [
    {
      code: 'warn-no-tls',
      where,
      message: text(
        `${where} 连接另一台主机时没有加密：密码和数据可能被截获，也无法确认对方就是你的数据库。`,
        `${where} is not encrypted on its way to another host: password and rows can be read, and nobody checks who answers.`,
      ),
      cure: text(
        '在地址后面加 ?ssl=true（证书不受信任时用 ?ssl=skip-verify）。',
        'Add ?ssl=true to the address (?ssl=skip-verify where the certificate is not trusted).',
      ),
    },
  ];
}

/** Whether {@link unencrypted} has something to say; what is wrong with an address is said where it is used. */
export function isUnencrypted(url: string, where: string): boolean {
  try {
    return unencrypted(parseMysqlUrl(url, where), where).length > 0;
  } catch {
    return false;
  }
}

/** Starts to connect. @param connectTimeout ms for the connection and the login together */
export function dial(address: MysqlAddress, connectTimeout: number): Wire {
  const socket = connect(address.socket);
  socket.setNoDelay(true);
  // So that a query of half an hour does not look dead to a firewall in between.
  socket.setKeepAlive(true, 30_000);
  const options: ConnectionOptions = {
    stream: () => socket,
    user: address.user,
    password: address.password,
    ...(address.database === undefined ? {} : { database: address.database }),
    // Only for the name in the server's certificate.
    ...('host' in address.socket && address.socket.host !== undefined ? { host: address.socket.host } : {}),
    ...(address.tls === 'no'
      ? {}
      : {
          ssl: { rejectUnauthorized: address.tls === 'checked', verifyIdentity: address.tls === 'checked' },
        }),
    charset: 'utf8mb4',
    connectTimeout,
    multipleStatements: false,
    // IGNORE_SPACE would make column names such as "count" reserved words; LOCAL_FILES would let a server ask for our files.
    flags: ['-IGNORE_SPACE', '-LOCAL_FILES', '-FOUND_ROWS', '-ODBC'],
    rowsAsArray: true,
    supportBigNumbers: true,
    dateStrings: true,
    jsonStrings: true,
  };
  const connection = mysql.createConnection(options);
  // An error that comes when nobody waits any more must not end the process.
  connection.on('error', () => {});
  socket.on('error', () => {});
  return { connection, socket };
}

/** Runs a statement of our own and answers its rows. */
export const ask = async (wire: Wire, sql: string, values: string[] = []): Promise<unknown[][]> =>
  (await askWithFields(wire, sql, values)).rows;

/** Runs a statement and answers its rows and what the server tells of their columns. */
export const askWithFields = (
  { connection }: Wire,
  sql: string,
  values: string[] = [],
): Promise<{ readonly rows: unknown[][]; readonly fields: readonly FieldPacket[] }> =>
  new Promise((resolve, reject) => {
    connection.query<RowDataPacket[][]>({ sql, values, rowsAsArray: true }, (error, rows, fields) => {
      if (error) reject(error);
      else resolve({ rows: Array.isArray(rows) ? rows.map((row) => [...row]) : [], fields });
    });
  });

/** The columns that a query will answer with. The server parses and resolves it, but does not run it. */
export const prepare = ({ connection }: Wire, sql: string): Promise<readonly FieldPacket[]> =>
  new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement: unknown) => {
      if (error) return reject(error);
      // The driver's types leave out what it knows of a statement.
      return resolve((statement as { columns: FieldPacket[] }).columns);
    });
  });
