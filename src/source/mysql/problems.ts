import { ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { type AskedQuery, tooLong, worded } from '../problems.ts';
import { faults, otherFailure } from './faults.ts';

/** What problems say about the read that they happened to. */
export interface Asked extends AskedQuery {
  /** The account as the server's grants spell it, where that was asked. */
  readonly account?: string | undefined;
  /** `host:port`. */
  readonly place: string;
  readonly timeout: number;
  readonly timeZone: string;
  readonly keepCut?: true;
}

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
  // A server's own words say more than its number; a system's code says more than its words.
  const said = errno > 0 ? message : code || message;
  const container = /^(localhost|127\.|\[?::1)/.test(asked.place) ? inContainer : '';
  const words = { said, place: asked.place, container, grant: grantOf(said, asked) };
  const fault = faults.get(String(errno)) ?? faults.get(code) ?? otherFailure;
  return problem(worded(fault, asked, 'mysql', words), { cause: error });
}

const inContainer = text(
  '在容器里，localhost 指容器自己：请写数据库的主机名。',
  ' In a container, localhost is the container itself: give the database’s host name.',
);

function facts(error: unknown): { errno: number; code: string; message: string } {
  if (!(error instanceof Error)) return { errno: 0, code: '', message: String(error) };
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { errno, code, message: error.message };
}

/** Who lacks which right on what, in the server's words. */
const refusedRight =
  /\b(?<right>[a-z]+(?: [a-z]+){0,3}?) (?:command )?denied (?:to|for) user '(?<user>[^']*)'@'[^']*'(?: for column '(?<column>[^']*)' in table| for (?:table|routine)| to database)? ?['`](?<name>.+?)['`]$/i;

/**
 * The statement that grants what a server says is lacking; with words for names where it does not tell them. It tells
 * where the user comes from, not which of its accounts that made it.
 */
function grantOf(said: string, { account }: Asked): string {
  const { right = '', user, column, name = '' } = refusedRight.exec(said.slice(0, 300))?.groups ?? {};
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
