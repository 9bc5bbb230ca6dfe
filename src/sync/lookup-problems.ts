import { isPersonWord, personWords } from './lookup.ts';
import { nearest } from './nearest.ts';
import type { Pair } from './pairing.ts';
import type { Problem } from './problem.ts';
import { text } from './text.ts';

/** What is wrong with a column's `by`, before anything is looked up. */
export function lookupProblems({ column, field, rule: { by } }: Pair): readonly Problem[] {
  if (by === undefined) return [];
  if (field.kind === 'person') {
    return by === 'open_id' || isPersonWord(by) ? [] : [noPersonWord(column.name, by)];
  }
  if (field.kind === 'link') return field.linkTable === undefined ? [noLinkedTable(field.name)] : [];
  return [
    {
      code: 'no-look-up',
      where: column.name,
      message: text(
        `字段「${field.name}」（${field.look}）不能用 by 查找`,
        `nothing is looked up for the field "${field.name}" (${field.look})`,
      ),
      cure: text(
        '只有人员和关联字段可以写 by，请删掉它。',
        'Only person and link fields take by: leave it out.',
      ),
    },
  ];
}

function noPersonWord(column: string, by: string): Problem {
  const [near] = nearest(by, [...personWords, 'open_id']);
  const hint = near === undefined ? '' : `by: ${near}`;
  return {
    code: 'no-look-up',
    where: column,
    message: text(`不能按「${by}」找人`, `people cannot be looked up by "${by}"`),
    cure: text(
      `可以写 open_id、${personWords.join('、')}。${hint && `是不是 ${hint}？`}`,
      `It can be open_id, ${personWords.join(', ')}.${hint && ` Did you mean ${hint}?`}`,
    ),
  };
}

const noLinkedTable = (field: string): Problem => ({
  code: 'no-linked-table',
  message: text(
    `飞书没有说明关联字段「${field}」连到哪个数据表`,
    `Feishu does not say which table the link field "${field}" points at`,
  ),
  cure: text(
    '确认应用能看到关联的数据表；或去掉 by，在查询里直接给出记录 ID。',
    'See that the app may see the linked table; or leave by out and let the query answer record IDs.',
  ),
});
