import { type Text, text } from '../../sync/words/text.ts';
import { type Fault, ofQuery, writes, wrongFunction, wrongName, wrongSyntax } from '../problems.ts';

/** The numbers of a server's errors, or the system's or driver's words, and what they say. */
type Row = readonly [on: string, code: string, message: Text, cure: Text];

/** What is wrong with the connection, the account or the server. */
const serverFaults: readonly Row[] = [
  [
    'ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOENT EACCES',
    'cannot-connect',
    text('连不上数据库 {place}（{said}）。', 'The database at {place} cannot be reached ({said}).'),
    text(
      '检查 {where} 里的主机和端口、数据库是否在运行、防火墙是否放行。{container}',
      'Check host and port in {where}, that the database runs, and that no firewall is in between.{container}',
    ),
  ],
  [
    'ENOTFOUND EAI_AGAIN',
    'cannot-connect',
    text('连不上数据库 {place}（{said}）。', 'The database at {place} cannot be reached ({said}).'),
    text(
      '检查 {where} 里的主机名和本机的 DNS。',
      "Check the host's spelling in {where}, and this machine's DNS.",
    ),
  ],
  [
    'HANDSHAKE_NO_SSL_SUPPORT',
    'no-tls',
    text('数据库 {place} 不支持加密连接。', 'The database at {place} offers no TLS.'),
    text(
      '请数据库管理员打开 TLS；数据库就在本机时，也可以去掉 {where} 里的 ssl=true。',
      'Ask the database administrator to turn TLS on; where the database runs on this machine, take ssl=true out of {where}.',
    ),
  ],
  [
    'HANDSHAKE_SSL_ERROR',
    'bad-certificate',
    text(
      '无法验证数据库 {place} 的证书（{said}）。',
      'The certificate of {place} cannot be verified ({said}).',
    ),
    text(
      '把签发它的 CA 证书文件写进环境变量 NODE_EXTRA_CA_CERTS；只在可信的内网，可在 {where} 里写 ssl=skip-verify。',
      'Name the file of its CA in the environment variable NODE_EXTRA_CA_CERTS; in a network that you trust, write ssl=skip-verify in {where}.',
    ),
  ],
  [
    '1053 1927 ECONNRESET EPIPE PROTOCOL_CONNECTION_LOST',
    'connection-lost',
    text(
      '与数据库 {place} 的连接断开（{said}），什么也没有写入。',
      'The connection to {place} broke ({said}); nothing was written.',
    ),
    text(
      '再同步一次；反复出现则检查网络和数据库日志。',
      "Run again; if it recurs, check the network and the server's log.",
    ),
  ],
  [
    '1040 1203 1226',
    'database-busy',
    text('数据库暂时不接受更多连接：{said}', 'The database takes no more connections now: {said}'),
    text('稍后再同步，或提高数据库的连接数上限。', 'Run again later, or raise max_connections.'),
  ],
  [
    '1184',
    'init-connect-failed',
    text(
      '数据库断开了连接，init_connect 出错：{said}',
      'The database hung up because its init_connect fails: {said}',
    ),
    text(
      '请数据库管理员检查系统变量 init_connect，以及该用户是否有权执行其中的语句。',
      'Ask the database administrator to look at the system variable init_connect, and whether the user may run what it says.',
    ),
  ],
  [
    '1045 1130 1251 1698',
    'access-denied',
    text('数据库拒绝登录：{said}', 'The database refuses the login: {said}'),
    text(
      '检查 {where} 里的用户名和密码，以及该用户是否允许从本机登录。',
      'Check user and password in {where}, and that the user may log in from this host.',
    ),
  ],
  [
    '1129',
    'host-blocked',
    text('数据库不让本机连接：{said}', 'The database does not let this host connect: {said}'),
    text(
      '失败的连接太多时服务器会拒绝这台主机：请数据库管理员执行 FLUSH HOSTS，并查明是什么在反复连接失败。',
      'A server refuses a host after too many failed connections: ask the database administrator to run FLUSH HOSTS, and find out what keeps failing.',
    ),
  ],
  [
    '1046 1049',
    'no-database',
    text('数据库不存在：{said}', 'There is no such database: {said}'),
    text('检查 {where}。', 'Check {where}.'),
  ],
  [
    '1044 1142 1143 1345',
    'no-right',
    text('数据库用户没有权限：{said}', 'The database user lacks a right: {said}'),
    text('请数据库管理员授予这个权限：{grant}。', 'Ask the database administrator for the right: {grant}.'),
  ],
  [
    '1370',
    'no-right',
    text('函数不存在，或数据库用户不能调用它：{said}', 'No such function, or no right to call it: {said}'),
    text(
      '先核对函数名的拼写；若是数据库里自建的函数，请管理员执行 {grant}。',
      'Check how the function is spelt; where it is one stored in the database, ask its administrator for {grant}.',
    ),
  ],
  [
    '1227',
    'no-right',
    text('数据库用户没有权限：{said}', 'The database user lacks a right: {said}'),
    text(
      '只读的查询一般用不到这个权限：去掉查询里需要它的部分，或请数据库管理员授予它。',
      'A query that only reads hardly needs it: take out what does, or ask the administrator for it.',
    ),
  ],
  [
    '1205 1213',
    'database-busy',
    text('表正被锁住：{said}', 'The table is locked: {said}'),
    text(
      '有别的程序长时间锁着表（例如 ALTER TABLE 或未提交的事务）：等它结束再同步。',
      'Something such as an ALTER TABLE or an open transaction holds the table: run again when it is done.',
    ),
  ],
  [
    '3 1021 1038 1114',
    'database-no-room',
    text('数据库的临时空间或内存不够：{said}', 'The database ran out of room: {said}'),
    text(
      '缩小查询（少选列、去掉 ORDER BY 或 DISTINCT），或请数据库管理员增加临时空间。',
      'Make the query smaller (fewer columns, no ORDER BY or DISTINCT), or ask the database administrator for more temporary room.',
    ),
  ],
  [
    '1317',
    'query-killed',
    text('查询在数据库上被中止了。', 'The query was ended on the server.'),
    text(
      '问管理员是否有工具会中止长查询，再同步。',
      'Ask the administrator whether a tool kills long queries, then run again.',
    ),
  ],
  [
    '8175',
    'query-memory',
    text('查询用的内存超过了数据库的限制：{said}', 'The query needs more memory than allowed: {said}'),
    text(
      '缩小查询范围，或请数据库管理员提高限制（TiDB：tidb_mem_quota_query）。',
      'Narrow the query, or ask the database administrator to raise the limit (TiDB: tidb_mem_quota_query).',
    ),
  ],
];

const queryFaults: readonly Row[] = [
  [
    '1356 1449',
    'broken-view',
    text('查询用到的视图不能用', 'A view that the query uses does not work'),
    text(
      '视图引用的表、列或函数已不存在，或视图的定义者（DEFINER）没有权限：请数据库管理员修好它，或在查询里直接写表。',
      'A table, column or function of the view is gone, or its DEFINER lacks the rights: ask the database administrator to repair it, or name the tables themselves in the query.',
    ),
  ],
  [
    '1055 1140',
    'query-grouping',
    text('查询的 GROUP BY 不完整', 'The query’s GROUP BY is not complete'),
    text(
      '把这一列加进 GROUP BY，或用 MAX(列) 等函数。',
      'Add the column to GROUP BY, or use a function such as MAX(column).',
    ),
  ],
  [
    '1052',
    'query-ambiguous-name',
    text('查询里的列名不明确', 'The query has a name that may mean several columns'),
    text('在列名前写表名：表.列。', 'Write the table before the column: table.column.'),
  ],
  [
    '1060 1066',
    'query-doubled-name',
    text('查询里有重复的名字', 'The query gives the same name twice'),
    text('用 AS 给它们不同的名字。', 'Give them different names with AS.'),
  ],
  [
    '1248',
    'query-syntax',
    text('子查询没有名字', 'A subquery has no name'),
    text('在括号后面写 AS 名字。', 'Write AS and a name behind its bracket.'),
  ],
  [
    '1242',
    'query-several-rows',
    text('子查询返回了多行', 'A subquery answers more than one row'),
    text('加 LIMIT 1、MAX(列)，或改成 JOIN。', 'Add LIMIT 1 or MAX(column) to it, or make it a JOIN.'),
  ],
  [
    '1253 1267 1270 1271',
    'query-collations',
    text('查询比较的两个文字排序规则不同', 'The query compares texts of different collations'),
    text(
      '在比较的一边写 COLLATE，例如 a.code = b.code COLLATE utf8mb4_bin。',
      'Say COLLATE on one side of the comparison, such as a.code = b.code COLLATE utf8mb4_bin.',
    ),
  ],
  [
    '1264 1690',
    'query-out-of-range',
    text('查询算出的数超出范围', 'The query computes a number that is out of range'),
    text(
      '无符号列相减可能小于零：写 CAST(列 AS SIGNED) - …，或 CAST(列 AS DECIMAL(30))。',
      'Unsigned columns may fall below zero when subtracted: use CAST(column AS SIGNED) - …, or CAST(column AS DECIMAL(30)).',
    ),
  ],
  [
    '1582',
    'query-wrong-call',
    text('函数的参数不对', 'A function is called with the wrong arguments'),
    text('核对这个函数在此数据库里的参数。', 'Look up which arguments this function takes in this database.'),
  ],
];

/**
 * Faults by what a server, the system or the driver calls them.
 * https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 * https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
export const faults: ReadonlyMap<string, Fault> = new Map(
  [
    ...serverFaults.map(([on, code, message, cure]) => [on, { code, message, cure }] as const),
    ...queryFaults.map(([on, code, what, cure]) => [on, ofQuery(code, what, cure)] as const),
    ['1051 1054 1109 1146', wrongName] as const,
    ['1128 1305 1630', wrongFunction] as const,
    ['1064 1149', wrongSyntax] as const,
    ['1290 1792', writes] as const,
  ].flatMap(([on, fault]) => on.split(' ').map((one) => [one, fault] as const)),
);

export const otherFailure = ofQuery(
  'query-failed',
  text('查询失败', 'The query failed'),
  text('在数据库客户端里运行该查询，查明原因。', 'Run the query in a database client to find out why.'),
);
