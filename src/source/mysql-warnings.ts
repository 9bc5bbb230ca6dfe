import { type Problem, ProblemError } from '../sync/problem.ts';
import { type Text, text } from '../sync/text.ts';

/**
 * Warnings that mean a query's answer is not what it says; a server gives them in place of an error.
 * https://mariadb.com/kb/en/mariadb-error-codes/
 */
const cutShort = 1931;
/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const cutGroup = 1260;

/**
 * Judges what `show warnings` answers for a query: level, code and words. Their words can quote values, so only the
 * codes are looked at.
 * @throws ProblemError when rows are missing: what they would be compared with would be deleted
 */
export function judgeWarnings(warnings: readonly (readonly unknown[])[], where: string): readonly Text[] {
  const codes = warnings.map(([, code]) => Number(code));
  if (codes.includes(cutShort)) throw new ProblemError([halfAnswer(where)]);
  return codes.includes(cutGroup) ? [cutTexts] : [];
}

const halfAnswer = (where: string): Problem => ({
  code: 'query-cut-short',
  where,
  message: text(
    '数据库提前结束了查询，只返回了一部分行（递归层数或 LIMIT ROWS EXAMINED 的上限）。',
    'The database ended the query early and answered only some of its rows: a limit of recursion or of LIMIT ROWS EXAMINED.',
  ),
  cure: text(
    '修改查询；递归查询请数据库管理员提高 max_recursive_iterations。',
    'Change the query; for a recursive one ask the database administrator for a larger max_recursive_iterations.',
  ),
});

const cutTexts = text(
  '数据库截断了 GROUP_CONCAT 的结果（超过 group_concat_max_len），写入的内容不完整。请数据库管理员提高它；MySQL 8 也可以在查询里写 SELECT /*+ SET_VAR(group_concat_max_len=1000000) */ …',
  'The database cut what GROUP_CONCAT made (above group_concat_max_len), so not all of it is written. Ask the administrator to raise that; on MySQL 8 the query may say SELECT /*+ SET_VAR(group_concat_max_len=1000000) */ …',
);
