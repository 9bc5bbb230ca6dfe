import { type Problem, ProblemError } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Asked } from './problems.ts';

/**
 * Warnings that mean a query's answer is not what it says; a server gives them in place of an error.
 * https://mariadb.com/kb/en/mariadb-error-codes/
 */
const cutShort = 1931;
/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const cutGroup = 1260;

/** A function's result that would be longer than a packet: NULL stands in its place. */
const tooLongResult = 1301;

/**
 * Judges what `show warnings` answers for a query: level, code and words. Their words can quote values, so only the
 * codes are looked at.
 * @param cuts how many texts of the answer were seen to be cut; their rows are rejected one by one
 * @throws ProblemError when rows are missing (what they would be compared with would be deleted), or when values are
 *   wrong and nobody can tell which ones
 */
export function judgeWarnings(
  warnings: readonly (readonly unknown[])[],
  cuts: number,
  { at, keepCut }: Pick<Asked, 'at' | 'keepCut'>,
): readonly Text[] {
  const codes = warnings.map(([, code]) => Number(code));
  if (codes.includes(cutShort)) throw new ProblemError([halfAnswer(at)]);
  const cut = codes.filter((code) => code === cutGroup).length;
  const lost = codes.includes(tooLongResult);
  if ((cut > cuts || lost) && !keepCut) throw new ProblemError([cutSomewhere(at)]);
  return cut > 0 || lost ? [cutTexts] : [];
}

const cutSomewhere = (where: string): Problem => ({
  code: 'query-cut-values',
  where,
  message: text(
    '数据库截断了查询拼接的内容（如 GROUP_CONCAT），无法得知是哪些行。',
    'The database cut texts that the query puts together (GROUP_CONCAT or the like), and does not tell which rows that is.',
  ),
  cure: text(
    '让查询少拼接一些，或请数据库管理员提高 max_allowed_packet 和 group_concat_max_len；若可以写入不完整的内容，在定义里写 source: cut: keep。',
    'Have the query put less together, or ask the administrator to raise max_allowed_packet and group_concat_max_len; where cut texts will do, say cut: keep under source in the definition.',
  ),
});

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
  '数据库截断了查询拼接的内容（如 GROUP_CONCAT，超过 group_concat_max_len 或 max_allowed_packet）。',
  'The database cut texts that the query puts together (GROUP_CONCAT or the like, above group_concat_max_len or max_allowed_packet).',
);
