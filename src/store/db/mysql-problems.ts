import type { Problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';

/** The server has not answered in time; its connection is given up. */
export const silentCode = 'STORE_SILENT';

/** The server's or the driver's own word for an error. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** In its words `{code}` is the server's or the driver's own. */
type Told = readonly [code: string, message: Text, cure: Text];

/**
 * What a person can do about the store's server, by the codes that show it.
 * https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 * https://mariadb.com/docs/server/reference/error-codes
 */
const known: readonly (readonly [codes: string, ...told: Told])[] = [
  [
    'ER_ACCESS_DENIED_ERROR ER_ACCESS_DENIED_NO_PASSWORD_ERROR ER_DBACCESS_DENIED_ERROR ER_TABLEACCESS_DENIED_ERROR',
    'store-refused',
    text('存储数据库拒绝访问（{code}）', "the store's server refuses access ({code})"),
    text(
      '请检查 STORE_URL 中的用户名和密码；该用户需要在该库上 SELECT、INSERT、UPDATE、DELETE、CREATE、ALTER、INDEX 的权限（从 0.1.0 升级时还要 DROP）',
      'check user and password in STORE_URL; the user needs SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and INDEX on that database (and DROP once, to upgrade from 0.1.0)',
    ),
  ],
  [
    'ER_BAD_DB_ERROR ER_NO_DB_ERROR',
    'store-no-database',
    text('STORE_URL 中的数据库不存在', 'the database named in STORE_URL does not exist'),
    text(
      '请先创建：CREATE DATABASE … CHARACTER SET utf8mb4，并写在 STORE_URL 中',
      'create it: CREATE DATABASE … CHARACTER SET utf8mb4, and name it in STORE_URL',
    ),
  ],
  [
    'ECONNREFUSED ECONNRESET EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ETIMEDOUT EPIPE ENOENT HANDSHAKE_NO_SSL_SUPPORT HANDSHAKE_SSL_ERROR',
    'store-unreachable',
    text('连不上存储数据库（{code}）', "the store's server cannot be reached ({code})"),
    text('请检查 STORE_URL 中的地址、端口和网络', 'check host, port and network of STORE_URL'),
  ],
  [
    'PROTOCOL_CONNECTION_LOST ER_SERVER_SHUTDOWN ER_NORMAL_SHUTDOWN ER_CONNECTION_KILLED ER_QUERY_INTERRUPTED ER_NEW_ABORTING_CONNECTION ER_CLIENT_INTERACTION_TIMEOUT',
    'store-unreachable',
    text('存储数据库断开了连接（{code}）', "the store's server closed the connection ({code})"),
    text(
      '请检查数据库服务器是否正常，有没有重启或中断连接',
      'see whether the server is well: it may have been restarted, or somebody ended the connection',
    ),
  ],
  [
    'ER_CON_COUNT_ERROR ER_TOO_MANY_USER_CONNECTIONS ER_USER_LIMIT_REACHED',
    'store-unreachable',
    text('存储数据库的连接数已满（{code}）', "the store's server takes no more connections ({code})"),
    text('请调大 max_connections，或减少其他连接', 'raise max_connections, or close other connections'),
  ],
  [
    'ER_OPTION_PREVENTS_STATEMENT ER_READ_ONLY_MODE ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION ER_OPEN_AS_READONLY',
    'store-read-only',
    text('存储数据库是只读的（{code}）', "the store's server is read-only ({code})"),
    text(
      '请让 STORE_URL 指向主库，或取消服务器的 read_only',
      'let STORE_URL name the primary server, or switch read_only off',
    ),
  ],
  [
    'ER_DISK_FULL ER_DISK_FULL_NOWAIT ER_RECORD_FILE_FULL ER_ERROR_ON_WRITE ER_TEMP_FILE_WRITE_FAILURE ER_ENGINE_OUT_OF_MEMORY',
    'store-full',
    text('存储数据库的磁盘满了（{code}）', "the disk of the store's server is full ({code})"),
    text('请在数据库服务器上腾出空间', 'free some space on the server'),
  ],
  [
    'ER_LOCK_WAIT_TIMEOUT',
    'store-busy',
    text('存储数据库里的行或表被别人锁住了', "somebody keeps rows or tables of the store's database locked"),
    text(
      '放开之后会自动继续；一直不放，请结束占用的会话（SHOW PROCESSLIST）',
      'everything goes on by itself once they are free; if they never are, end that session (SHOW PROCESSLIST)',
    ),
  ],
  [
    'ER_LOCK_DEADLOCK',
    'store-busy',
    text(
      '别的会话一再占用存储数据库里的行（{code}）',
      "other sessions keep taking rows of the store's database ({code})",
    ),
    text(
      '请再试一次；总是这样，请给机器人单独用一个库',
      'try again; if this goes on, give the bot a database of its own',
    ),
  ],
];

const byCode: ReadonlyMap<string, Told> = new Map(
  known.flatMap(([codes, ...told]) => codes.split(' ').map((code) => [code, told] as const)),
);

/** These say something of our own statements, and nothing that a person can mend. */
const ours: ReadonlySet<string> = new Set([
  'ER_DUP_ENTRY',
  'ER_PARSE_ERROR',
  'ER_BAD_FIELD_ERROR',
  'ER_DUP_FIELDNAME',
  'ER_DUP_KEYNAME',
  'ER_TABLE_EXISTS_ERROR',
]);

const failed: Told = [
  'store-failed',
  text('存储数据库报错（{code}）', "the store's server answered with an error ({code})"),
  text('请查看数据库服务器的日志', 'see the log of the server'),
];

/** What to say when the store does not answer. */
export const silent: Problem = {
  code: 'store-silent',
  message: text('存储数据库没有应答', "the store's server does not answer"),
  cure: text(
    '请检查存储数据库和到它的网络；恢复后会自动继续',
    'check the server, and the network between; work goes on when it answers again',
  ),
  where: 'STORE_URL',
};

/** Returns what a person must put right about the store's server; undefined for what no person can. */
export function mysqlProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  // The driver has no code for a statement on a connection that has been closed meanwhile.
  const closed = 'fatal' in error && error.fatal === true ? 'PROTOCOL_CONNECTION_LOST' : undefined;
  const code = codeOf(error) ?? closed;
  if (code === undefined || ours.has(code)) return undefined;
  const isServers = 'sqlState' in error || closed !== undefined;
  if (code === silentCode) return silent;
  const told = byCode.get(code) ?? (isServers ? failed : undefined);
  if (!told) return undefined;
  const [word, { zh, en }, cure] = told;
  const message = text(zh.replace('{code}', code), en.replace('{code}', code));
  return { code: word, message, cure, where: 'STORE_URL' };
}
