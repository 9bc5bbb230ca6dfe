import { judgeQuery } from '../sync/definition/query.ts';
import { type Dialect, tokens } from '../sync/definition/sql.ts';
import { type Problem, ProblemError, problem } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';

/** Throws what the query rule has against a query. @param where where the query stands @throws ProblemError */
export const refuse = (sql: string, where: string, dialect?: Dialect): void =>
  refuseJudged(judged(sql, where, dialect));

/** Throws problems that were found before, if there are any. @throws ProblemError */
export function refuseJudged([first, ...rest]: readonly Problem[]): void {
  if (first) throw new ProblemError([first, ...rest]);
}

/** What the query rule has against a query, and placeholders in it. */
export const judged = (sql: string, where: string, dialect?: Dialect): Problem[] => [
  ...judgeQuery(sql, dialect).map((one) => ({ ...one, where })),
  ...placeholders(sql, where, dialect ?? 'mysql'),
];

/** What people write where another tool fills values in. In MySQL `@name` is a variable and `$name` a name. */
const fillIns = {
  mysql: /^(?:\?|:[a-z_]\w*|\$?\{\{?[^{}'"]*\}\}?)/i,
  sqlite: /^(?:\?\d*|[:@$]\w+|\$?\{\{?[^{}'"]*\}\}?)/i,
};

/** The first placeholder, such as `?` or `:name`: nothing fills it in, and SQLite takes it for null without a word. */
function placeholders(sql: string, where: string, dialect: Dialect): Problem[] {
  const fillIn = dialect === 'sqlite' ? fillIns.sqlite : fillIns.mysql;
  for (const { kind, start, line } of tokens(sql, dialect)) {
    const found = kind === 'quoted' ? null : fillIn.exec(sql.slice(start, start + 60));
    if (found && sql[start - 1] === ':') return [cast(`:${found[0]}`, line, where)];
    if (found) return [placeholder(found[0], line, where)];
  }
  return [];
}

/** The query ran longer than it may. @param timeout its limit in ms */
export function tooLong(timeout: number, where: string): ProblemError {
  const seconds = Math.round(timeout / 100) / 10;
  return problem({
    code: 'query-too-long',
    where,
    message: text(
      `查询超过了 ${seconds} 秒，已中止。`,
      `The query took longer than ${seconds} s and was ended.`,
    ),
    cure: text(
      '加索引或缩小查询范围，或在定义里调大 source.timeout（秒）。',
      'Add an index or narrow the query, or raise source.timeout (seconds) in the definition.',
    ),
  });
}

/** Why a query with a placeholder cannot run. @param where where the query stands */
const placeholder = (found: string, line: number, where: string): Problem => ({
  code: 'query-placeholder',
  where,
  message: text(
    `查询第 ${line} 行有占位符 ${found}，没有值可以填进去。`,
    `Line ${line} of the query has the placeholder ${found}, and nothing fills it in.`,
  ),
  cure: text(
    `把 ${found} 换成要用的值；如果它是文字，请放进单引号里。`,
    `Write the value itself instead of ${found}; where it is meant as text, put it into single quotes.`,
  ),
});

/** What PostgreSQL writes as `id::text`. */
const cast = (found: string, line: number, where: string): Problem => ({
  code: 'query-cast',
  where,
  message: text(
    `查询第 ${line} 行的 ${found} 是 PostgreSQL 的写法，这个数据库不认识。`,
    `Line ${line} of the query has ${found}, which only PostgreSQL understands.`,
  ),
  cure: text(
    '写成 CAST(… AS CHAR)（SQLite：CAST(… AS TEXT)）。',
    'Write CAST(… AS CHAR), or CAST(… AS TEXT) in SQLite.',
  ),
});

/** The program stops while a read goes on. */
export const stopped = (where: string): ProblemError =>
  problem({
    code: 'stopped',
    where,
    message: text('程序正在退出，读取已中止。', 'The program is stopping; the read was ended.'),
    cure: text('程序启动后再同步。', 'Run again once the program is up.'),
  });

/** Two columns of an answer must not have the same name: no field could be told apart. @throws ProblemError */
export function refuseDoubled(names: readonly string[], where: string): void {
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
  if (twice.length === 0) return;
  throw problem({
    code: 'query-doubled-columns',
    where,
    message: text(
      `查询结果有重名的列：${twice.join('、')}。`,
      `The query answers with doubled column names: ${twice.join(', ')}.`,
    ),
    cure: text('用 AS 给它们不同的名字。', 'Give them different names with AS.'),
  });
}
