import { type Problem, ProblemError, problem } from '../sync/problem.ts';
import { judgeQuery } from '../sync/query.ts';
import type { Dialect } from '../sync/sql.ts';
import { text } from '../sync/text.ts';

/** Throws what the query rule has against a query. @throws ProblemError */
export function refuse(sql: string, where: string, dialect?: Dialect): void {
  const [first, ...rest] = judged(sql, where, dialect);
  if (first) throw new ProblemError([first, ...rest]);
}

/** What the query rule has against a query. */
export const judged = (sql: string, where: string, dialect?: Dialect): Problem[] =>
  judgeQuery(sql, dialect).map((one) => ({ ...one, where }));

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
