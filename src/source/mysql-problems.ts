import { type Problem, ProblemError, problem } from '../sync/problem.ts';
import { type Text, text } from '../sync/text.ts';
import { type Kind as KindOf, writes, wrongName, wrongSyntax } from './kinds.ts';
import { tooLong } from './problems.ts';

/** What problems say about the read that they happened to. */
export interface Asked {
  /** The setting's name. */
  readonly where: string;
  /** `host:port`. */
  readonly place: string;
  /** Time limit in ms. */
  readonly timeout: number;
  readonly timeZone: string;
}

type Kind = KindOf<Asked>;

const setting = ({ where }: Asked): Text => text(`检查 ${where}。`, `Check ${where}.`);

const unreachable: Kind = {
  code: 'cannot-connect',
  message: ({ place }, said) =>
    text(`连不上数据库 ${place}（${said}）。`, `The database at ${place} cannot be reached (${said}).`),
  cure: ({ where }) =>
    text(
      `检查 ${where} 里的主机和端口、数据库是否在运行、防火墙是否放行。`,
      `Check host and port in ${where}, that the database runs, and that no firewall is in between.`,
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
const denied: Kind = {
  code: 'access-denied',
  message: (_, said) => text(`数据库拒绝登录：${said}`, `The database refuses the login: ${said}`),
  cure: ({ where }) =>
    text(
      `检查 ${where} 里的用户名和密码，以及该用户是否允许从本机登录。`,
      `Check user and password in ${where}, and that the user may log in from this host.`,
    ),
};
const noRight: Kind = {
  code: 'no-right',
  message: (_, said) => text(`数据库用户没有权限：${said}`, `The database user lacks a right: ${said}`),
  cure: () =>
    text(
      '让数据库管理员授予这些表的 SELECT 权限：GRANT SELECT ON 库.* TO 用户。',
      'Ask the database administrator for SELECT on these tables: GRANT SELECT ON database.* TO user.',
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
const otherFailure: Kind = {
  code: 'query-failed',
  message: (_, said) => text(`查询失败：${said}`, `The query failed: ${said}`),
  cure: () =>
    text('在数据库客户端里运行该查询，查明原因。', 'Run the query in a database client to find out why.'),
};

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
// https://mariadb.com/kb/en/mariadb-error-code-reference/
const byNumber: ReadonlyMap<number, Kind> = new Map([
  [1040, busy],
  [1203, busy],
  [1226, busy],
  [1045, denied],
  [1129, denied],
  [1130, denied],
  [1251, denied],
  [1698, denied],
  [1044, noRight],
  [1142, noRight],
  [1143, noRight],
  [1227, noRight],
  [1370, noRight],
  [1049, noDatabase],
  [1046, noDatabase],
  [1051, wrongName],
  [1054, wrongName],
  [1109, wrongName],
  [1146, wrongName],
  [1305, wrongName],
  [1064, wrongSyntax],
  [1149, wrongSyntax],
  [1317, killed],
  [1053, lost],
  [1927, lost],
  [1290, writes],
  [1792, writes],
]);

const byCode: ReadonlyMap<string, Kind> = new Map([
  ['ECONNREFUSED', unreachable],
  ['ENOTFOUND', unreachable],
  ['EAI_AGAIN', unreachable],
  ['ETIMEDOUT', unreachable],
  ['EHOSTUNREACH', unreachable],
  ['ENETUNREACH', unreachable],
  ['ENOENT', unreachable],
  ['EACCES', unreachable],
  ['HANDSHAKE_NO_SSL_SUPPORT', unreachable],
  ['HANDSHAKE_SSL_ERROR', unreachable],
  ['ECONNRESET', lost],
  ['EPIPE', lost],
  ['PROTOCOL_CONNECTION_LOST', lost],
]);

/** What a server says when its own time limit ended the query: MariaDB, MySQL. */
const timeLimits: ReadonlySet<number> = new Set([1969, 3024]);

/** Says in words what the driver's or server's error means. A `ProblemError` stays as it is. */
export function toProblem(error: unknown, asked: Asked): ProblemError {
  if (error instanceof ProblemError) return error;
  const { errno, code, message } = facts(error);
  if (timeLimits.has(errno)) return tooLong(asked.timeout, asked.where);
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
  '请数据库管理员导入时区表：mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql。',
  'Ask the database administrator to load the zone tables: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql.',
);

/** Why a query with `?` cannot run: nothing fills it in. */
export const placeholder = (asked: Asked): ProblemError => problem(describe(wrongSyntax, asked, '?'));

const describe = (kind: Kind, asked: Asked, said: string): Problem => ({
  code: kind.code,
  where: asked.where,
  message: kind.message(asked, said.length > 300 ? `${said.slice(0, 300)}…` : said),
  cure: kind.cure(asked),
});

function facts(error: unknown): { errno: number; code: string; message: string } {
  if (!(error instanceof Error)) return { errno: 0, code: '', message: String(error) };
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { errno, code, message: error.message };
}
