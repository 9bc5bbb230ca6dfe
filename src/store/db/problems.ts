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
      '请检查数据库服务器是否重启或中断了连接',
      'check the server: it may have restarted or ended the connection',
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
      'let STORE_URL name the primary, or switch read_only off',
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
    text('存储数据库里的行或表被别人锁住了', "someone keeps rows or tables of the store's database locked"),
    text(
      '放开之后会自动继续；一直不放，请结束占用的会话（SHOW PROCESSLIST）',
      'work continues once they are free; if they never are, end that session (SHOW PROCESSLIST)',
    ),
  ],
  [
    'ER_LOCK_DEADLOCK',
    'store-busy',
    text(
      '别的会话一再占用存储数据库里的行（{code}）',
      "other sessions keep taking the store's rows ({code})",
    ),
    text('请再试一次；总是这样，请给机器人单独用一个库', 'try again, or give the bot its own database'),
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
    'check the server and the network; work continues when it answers',
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

/** Why the store's file cannot be used: what is wrong, and what to do. */
const reasons: ReadonlyMap<string, readonly [what: Text, cure: Text]> = new Map(
  Object.entries({
    'EACCES EPERM SQLITE_PERM SQLITE_AUTH': [
      text('没有写权限', 'this program may not write there'),
      text(
        '给运行程序的用户该文件夹和文件的写权限，或修改 STORE_URL',
        "let the program's user write to the file and its folder, or change STORE_URL",
      ),
    ],
    'EROFS SQLITE_READONLY': [
      text('那里是只读的', 'it is read-only'),
      text(
        '换一个可以写的位置：修改 STORE_URL；在容器里挂载一个可写的卷',
        'change STORE_URL to a writable place; in a container, mount a volume',
      ),
    ],
    ENOENT: [
      text('那里不能新建文件夹或文件', 'no folder or file can be made there'),
      text('修改 STORE_URL，换一个普通的文件夹', 'let STORE_URL name a file in an ordinary folder'),
    ],
    'ENOTDIR EEXIST': [
      text('路径中间有一段是文件，不是文件夹', 'a part of the path is a file and no folder'),
      text('修改 STORE_URL 里的路径', 'change the path in STORE_URL'),
    ],
    EISDIR: [
      text('它不是普通文件', 'it is not an ordinary file'),
      text(
        '在 STORE_URL 里写文件的路径，例如 sqlite:./data/bitable-sync.db',
        'let STORE_URL name a file, such as sqlite:./data/bitable-sync.db',
      ),
    ],
    'ENOSPC EDQUOT SQLITE_FULL': [
      text('磁盘满了', 'the disk is full'),
      text('腾出磁盘空间后重试', 'free some space on the disk, then try again'),
    ],
    'ENAMETOOLONG ELOOP EINVAL': [
      text('路径不对', 'that is not the path of a file'),
      text('修改 STORE_URL 里的路径', 'change the path in STORE_URL'),
    ],
    'SQLITE_CORRUPT SQLITE_FORMAT': [
      text('文件已损坏', 'the file is damaged'),
      text(
        '从备份恢复，或移走它重新开始：定义不会丢，但机器人会忘记以前写过什么',
        'restore a backup, or move the file away to start over: definitions stay, what was written is forgotten',
      ),
    ],
    'SQLITE_IOERR SQLITE_CANTOPEN SQLITE_PROTOCOL': [
      text('磁盘出错', 'the disk failed'),
      text(
        '检查磁盘空间、文件权限，以及文件是否还在；网络盘上的 SQLite 不可靠，请放在本机磁盘上',
        'check disk space, rights, and that the file is still there; keep it on a local disk',
      ),
    ],
  } as const).flatMap(([codes, told]) => codes.split(' ').map((code) => [code, told] as const)),
);

/** What a person must put right about the store's file, by the system's code or SQLite's; undefined for what no person can. */
export function fileProblem(path: string, code: string): Problem | undefined {
  const where = 'STORE_URL';
  if (code === 'SQLITE_NOTADB') {
    return {
      code: 'store-not-a-database',
      message: text(`${path} 不是 SQLite 数据库`, `${path} is not a SQLite database`),
      cure: text('请移走该文件，或修改 STORE_URL', 'move the file away, or let STORE_URL name another one'),
      where,
    };
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return {
      code: 'store-busy',
      message: text(`${path} 一直被另一个程序占用`, `another program keeps ${path} locked`),
      cure: text(
        '放开之后会自动继续；一直不放，请结束那个程序',
        'work continues once it lets go; if it never does, end it',
      ),
      where,
    };
  }
  // SQLite's finer codes begin with those of their group: SQLITE_IOERR_WRITE.
  const group = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
  const [what, cure] = reasons.get(group) ?? [];
  if (!what || !cure) return undefined;
  const message = text(
    `无法使用 ${path}：${what.zh}（${code}）`,
    `${path} cannot be used: ${what.en} (${code})`,
  );
  return { code: 'store-unusable', message, cure, where };
}
