import { oddCharacter } from '../../sync/definition/sql.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { type Text, text, visible } from '../../sync/words/text.ts';
import { type Kind as KindOf, ofQuery } from '../kinds.ts';
import { tooLong } from '../problems.ts';
import { queryFaults } from './query-faults.ts';

/** What problems say about the read that they happened to. */
export interface Asked {
  /** The setting's name. */
  readonly where: string;
  /** Where the query stands in its definition. */
  readonly at: string;
  readonly sql: string;
  /** The account as the server's grants spell it, where that was asked. */
  readonly account?: string | undefined;
  /** `host:port`. */
  readonly place: string;
  /** Time limit in ms. */
  readonly timeout: number;
  readonly timeZone: string;
  readonly keepCut?: true;
}

type Kind = KindOf<Asked>;

const setting = ({ where }: Asked): Text => text(`检查 ${where}。`, `Check ${where}.`);

const unreachable: Kind = {
  code: 'cannot-connect',
  message: ({ place }, said) =>
    text(`连不上数据库 ${place}（${said}）。`, `The database at ${place} cannot be reached (${said}).`),
  cure: ({ where, place }) => {
    const inside = /^(localhost|127\.|\[?::1)/.test(place);
    return text(
      `检查 ${where} 里的主机和端口、数据库是否在运行、防火墙是否放行。${inside ? '在容器里，localhost 指容器自己：请写数据库的主机名。' : ''}`,
      `Check host and port in ${where}, that the database runs, and that no firewall is in between.${inside ? ' In a container, localhost is the container itself: give the database’s host name.' : ''}`,
    );
  },
};
const unknownHost: Kind = {
  ...unreachable,
  cure: ({ where }) =>
    text(
      `检查 ${where} 里的主机名是否拼对，以及本机的 DNS 能否解析它。`,
      `Check how the host is spelt in ${where}, and that this machine’s DNS knows it.`,
    ),
};
const noTls: Kind = {
  code: 'no-tls',
  message: ({ place }) => text(`数据库 ${place} 不支持加密连接。`, `The database at ${place} offers no TLS.`),
  cure: ({ where }) =>
    text(
      `请数据库管理员打开 TLS；数据库就在本机时，也可以去掉 ${where} 里的 ssl=true。`,
      `Ask the database administrator to turn TLS on; where the database is on this very machine, take ssl=true out of ${where}.`,
    ),
};
const badCertificate: Kind = {
  code: 'bad-certificate',
  message: ({ place }, said) =>
    text(
      `无法验证数据库 ${place} 的证书（${said}）。`,
      `The certificate of the database at ${place} cannot be verified (${said}).`,
    ),
  cure: ({ where }) =>
    text(
      `把签发它的 CA 证书文件写进环境变量 NODE_EXTRA_CA_CERTS；只在可信的内网，可在 ${where} 里写 ssl=skip-verify。`,
      `Name the file of its CA in the environment variable NODE_EXTRA_CA_CERTS; in a network that you trust, write ssl=skip-verify in ${where}.`,
    ),
};
const busy: Kind = {
  code: 'database-busy',
  message: (_, said) =>
    text(`数据库暂时不接受更多连接：${said}`, `The database takes no more connections now: ${said}`),
  cure: () =>
    text(
      '稍后再同步，或提高数据库的连接数上限。',
      "Run again later, or raise the server's connection limit.",
    ),
};
const brokenLogin: Kind = {
  code: 'init-connect-failed',
  message: (_, said) =>
    text(
      `数据库断开了连接，因为它的 init_connect 语句出错：${said}`,
      `The database closed the connection because its init_connect statement fails: ${said}`,
    ),
  cure: () =>
    text(
      '请数据库管理员检查系统变量 init_connect，以及该用户是否有权执行其中的语句。',
      'Ask the database administrator to look at the system variable init_connect, and whether the user may run what it says.',
    ),
};
const denied: Kind = {
  code: 'access-denied',
  message: (_, said) => text(`数据库拒绝登录：${said}`, `The database refuses the login: ${said}`),
  cure: ({ where }) =>
    text(
      `检查 ${where} 里的用户名和密码，以及该用户是否允许从本机登录。`,
      `Check user and password in ${where}, and that the user may log in from this host.`,
    ),
};
const hostBlocked: Kind = {
  code: 'host-blocked',
  message: (_, said) =>
    text(`数据库不让本机连接：${said}`, `The database does not let this host connect: ${said}`),
  cure: () =>
    text(
      '失败的连接太多时服务器会拒绝这台主机：请数据库管理员执行 FLUSH HOSTS，并查明是什么在反复连接失败。',
      'A server refuses a host after too many failed connections: ask the database administrator to run FLUSH HOSTS, and find out what keeps failing.',
    ),
};
/** Who lacks which right on what, in the server's words. */
const refusedRight =
  /\b(?<right>[a-z]+(?: [a-z]+){0,3}?) (?:command )?denied (?:to|for) user '(?<user>[^']*)'@'[^']*'(?: for column '(?<column>[^']*)' in table| for (?:table|routine)| to database)? ?['`](?<name>.+?)['`]$/i;
const noRight: Kind = {
  code: 'no-right',
  message: (_, said) => text(`数据库用户没有权限：${said}`, `The database user lacks a right: ${said}`),
  cure: (asked, said) => {
    const grant = grantOf(said, asked);
    return text(
      `请数据库管理员授予这个权限：${grant}。`,
      `Ask the database administrator for the right: ${grant}.`,
    );
  },
};
const noExecute: Kind = {
  code: 'no-right',
  message: (_, said) =>
    text(
      `函数不存在，或数据库用户不能调用它：${said}`,
      `A function does not exist, or the user may not call it: ${said}`,
    ),
  cure: (asked, said) => {
    const grant = grantOf(said, asked);
    return text(
      `先核对函数名的拼写；若是数据库里自建的函数，请管理员执行 ${grant}。`,
      `Check how the function is spelt; where it is one stored in the database, ask its administrator for ${grant}.`,
    );
  },
};
const otherRight: Kind = {
  ...noRight,
  cure: () =>
    text(
      '只读的查询一般用不到这个权限：去掉查询里需要它的部分，或请数据库管理员授予它。',
      'A query that only reads hardly needs it: take out what does, or ask the database administrator for that right.',
    ),
};

/**
 * The statement that grants what a server says is lacking; with words for names where it does not tell them. It tells
 * where the user comes from, not which of its accounts that made it.
 */
function grantOf(said: string, { account }: Asked): string {
  const { right = '', user, column, name = '' } = refusedRight.exec(said)?.groups ?? {};
  const parts = name.split(/['`]?\.['`]?/).filter(Boolean);
  const to = `TO ${account ?? (user === undefined ? 'user' : `'${user}'@'%'`)}`;
  if (/execute/i.test(right))
    return `GRANT EXECUTE ON FUNCTION ${quoted(parts) || 'database.function'} ${to}`;
  if (/^access$/i.test(right)) return `GRANT SELECT ON ${quoted(parts) || 'database'}.* ${to}`;
  const what = /show view/i.test(right) ? 'SHOW VIEW' : 'SELECT';
  const columns = column === undefined ? '' : ` (${quoted([column])})`;
  return `GRANT ${what}${columns} ON ${quoted(parts) || 'database.*'} ${to}`;
}

const quoted = (parts: readonly string[]): string => parts.map((part) => `\`${part}\``).join('.');

const locked: Kind = {
  code: 'database-busy',
  message: (_, said) => text(`表正被锁住：${said}`, `The table is locked: ${said}`),
  cure: () =>
    text(
      '有别的程序长时间锁着表（例如 ALTER TABLE 或未提交的事务）：等它结束再同步。',
      'Another program holds the table, such as an ALTER TABLE or an open transaction: run again when it is done.',
    ),
};
const noRoom: Kind = {
  code: 'database-no-room',
  message: (_, said) => text(`数据库的临时空间或内存不够：${said}`, `The database ran out of room: ${said}`),
  cure: () =>
    text(
      '缩小查询（少选列、去掉 ORDER BY 或 DISTINCT），或请数据库管理员增加临时空间。',
      'Make the query smaller (fewer columns, no ORDER BY or DISTINCT), or ask the database administrator for more temporary room.',
    ),
};
const noDatabase: Kind = {
  code: 'no-database',
  message: (_, said) => text(`数据库不存在：${said}`, `There is no such database: ${said}`),
  cure: setting,
};
const killed: Kind = {
  code: 'query-killed',
  message: () => text('查询在数据库上被中止了。', 'The query was ended on the server.'),
  cure: () =>
    text(
      '问数据库管理员是否有工具会中止长查询，然后再同步。',
      'Ask the database administrator whether a tool kills long queries, then run again.',
    ),
};
const noMemory: Kind = {
  code: 'query-memory',
  message: (_, said) =>
    text(
      `查询用的内存超过了数据库的限制：${said}`,
      `The query takes more memory than the database allows: ${said}`,
    ),
  cure: () =>
    text(
      '缩小查询范围，或请数据库管理员提高限制（TiDB：tidb_mem_quota_query）。',
      'Narrow the query, or ask the database administrator to raise the limit (TiDB: tidb_mem_quota_query).',
    ),
};
const lost: Kind = {
  code: 'connection-lost',
  message: ({ place }, said) =>
    text(
      `与数据库 ${place} 的连接断开（${said}），什么也没有写入。`,
      `The connection to ${place} broke (${said}); nothing was written.`,
    ),
  cure: () =>
    text(
      '再同步一次；若反复出现，检查网络和数据库日志。',
      "Run again; if it happens again, look at the network and the server's log.",
    ),
};
const otherFailure: Kind = ofQuery(
  'query-failed',
  text('查询失败', 'The query failed'),
  text('在数据库客户端里运行该查询，查明原因。', 'Run the query in a database client to find out why.'),
);

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
// https://mariadb.com/kb/en/mariadb-error-code-reference/
const byNumber: ReadonlyMap<number, Kind> = new Map([
  ...queryFaults,
  [1040, busy],
  [1203, busy],
  [1226, busy],
  [1045, denied],
  [1129, hostBlocked],
  [1130, denied],
  [1184, brokenLogin],
  [1251, denied],
  [1698, denied],
  [1044, noRight],
  [1142, noRight],
  [1143, noRight],
  [1227, otherRight],
  [1345, noRight],
  [1370, noExecute],
  [1049, noDatabase],
  [1046, noDatabase],
  [1205, locked],
  [1213, locked],
  [3, noRoom],
  [1021, noRoom],
  [1038, noRoom],
  [1114, noRoom],
  [1317, killed],
  [8175, noMemory],
  [1053, lost],
  [1927, lost],
]);

const byCode: ReadonlyMap<string, Kind> = new Map([
  ['ECONNREFUSED', unreachable],
  ['ENOTFOUND', unknownHost],
  ['EAI_AGAIN', unknownHost],
  ['ETIMEDOUT', unreachable],
  ['EHOSTUNREACH', unreachable],
  ['ENETUNREACH', unreachable],
  ['ENOENT', unreachable],
  ['EACCES', unreachable],
  ['HANDSHAKE_NO_SSL_SUPPORT', noTls],
  ['HANDSHAKE_SSL_ERROR', badCertificate],
  ['ECONNRESET', lost],
  ['EPIPE', lost],
  ['PROTOCOL_CONNECTION_LOST', lost],
]);

/** What a server says when its own time limit ended the query: MariaDB, MySQL. */
const timeLimits: ReadonlySet<number> = new Set([1969, 3024]);
/** What OceanBase and TiDB say then, under numbers that mean something else on other servers. */
const timeWords: ReadonlyMap<number, RegExp> = new Map([
  [4012, /timeout/i],
  [1105, /maximum statement execution time exceeded/i],
]);

/** Says in words what the driver's or server's error means. A `ProblemError` stays as it is. */
export function toProblem(error: unknown, asked: Asked): ProblemError {
  if (error instanceof ProblemError) return error;
  const { errno, code, message } = facts(error);
  if (timeLimits.has(errno) || timeWords.get(errno)?.test(message)) return tooLong(asked.timeout, asked.at);
  const kind = byNumber.get(errno) ?? byCode.get(code) ?? otherFailure;
  // A server's own words say more than its number; a system's code says more than its words.
  return problem(describe(kind, asked, errno > 0 ? message : code || message), { cause: error });
}

/** The server has no zone tables, and no offset can stand in for the zone. */
export const zoneProblem = ({ where, timeZone }: Asked): ProblemError =>
  problem({
    code: 'no-zone-tables',
    where,
    message: text(
      `数据库不认识时区 ${timeZone}，而该时区的时差会变化。`,
      `The database does not know the zone ${timeZone}, whose offset changes.`,
    ),
    cure: loadZones,
  });

/** How a server learns about zones. https://dev.mysql.com/doc/refman/8.4/en/time-zone-support.html */
export const loadZones = text(
  '请数据库管理员导入时区表：mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql（MariaDB 11 起两个命令是 mariadb-tzinfo-to-sql 和 mariadb）。',
  'Ask the database administrator to load the zone tables: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql (from MariaDB 11 on the two are mariadb-tzinfo-to-sql and mariadb).',
);

function describe(kind: Kind, asked: Asked, said: string): Problem {
  const words = visible(said.length > 300 ? `${said.slice(0, 300)}…` : said);
  return {
    code: kind.code,
    where: kind.inQuery ? asked.at : asked.where,
    message: kind.message(asked, words),
    cure: (kind.inQuery ? oddCharacter(asked.sql, 'mysql') : undefined) ?? kind.cure(asked, words),
  };
}

function facts(error: unknown): { errno: number; code: string; message: string } {
  if (!(error instanceof Error)) return { errno: 0, code: '', message: String(error) };
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { errno, code, message: error.message };
}
