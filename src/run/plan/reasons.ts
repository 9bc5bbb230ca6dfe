import type { Definition } from '../../sync/definition/definition.ts';
import { reasonsToWait } from '../../sync/plan/policy.ts';
import type { State, WaitReason } from '../../sync/state/state.ts';
import { count, text } from '../../sync/words/text.ts';
import type { Comparison, Read } from './compare.ts';
import type { Approved } from './left.ts';

/** Why a plan must wait for a person; nothing when it may be carried out at once. */
export function whyWait(
  { mode, deletes, brake }: Definition,
  { sides, both: { rows, records }, before }: Read,
  found: Comparison,
): readonly WaitReason[] {
  const reasons = reasonsToWait({
    ...before,
    ...{ mode, brake, policy: deletes },
    handMadeAllowed: before.handMade !== undefined,
    sourceRows: rows.rows,
    records: records.index.size,
    ...{ creates: found.creates, updates: found.updates, deletes: found.deletes },
    handMade: found.handMade,
    newOptions: found.newOptions.size,
    advanced: sides.target.about.advanced,
    // Fields that had values after the last success, have some in the query, and read as empty in every record.
    emptied: sides.mapping.targets.flatMap(({ id, name }, at) =>
      before.filled.has(id) && rows.filled[at] && !records.filled[at] ? [name] : [],
    ),
  });
  return records.moving && found.deletes > 0 ? [...reasons, moving] : reasons;
}

/** A plan that was made again needs no second yes when it is the same; of another one it says what has changed. */
export function stillToAsk(
  approved: Approved | undefined,
  found: Pick<Comparison, 'hash' | 'creates' | 'updates' | 'deletes'>,
  reasons: readonly WaitReason[],
): readonly WaitReason[] {
  if (approved === undefined) return reasons;
  if (approved.hash === found.hash) return [];
  return [...reasons, approved.fieldsToBe ? fieldsMade : moved(approved.planned, found)];
}

function moved(
  before: State['planned'],
  now: Pick<Comparison, 'creates' | 'updates' | 'deletes'>,
): WaitReason {
  const parts = [
    ['新增', 'creates', before.creates, now.creates],
    ['更新', 'updates', before.updates, now.updates],
    ['删除', 'deletes', before.deletes, now.deletes],
  ] as const;
  const other = parts.filter(([, , then, after]) => then !== after);
  const zh = other.map(([name, , then, after]) => `${name} ${count(then)} → ${count(after)}`).join('，');
  const en = other.map(([, name, then, after]) => `${count(then)} → ${count(after)} ${name}`).join(', ');
  return {
    code: 'moved',
    message: text(
      `确认之前数据或表格又变了（${zh || '数目没变，内容变了'}）。什么都没有写入；这是新的计划，请再确认一次。`,
      `The data or the table moved before the approval (${en || 'the same numbers, other content'}). Nothing was written; this is the new plan, please approve it again.`,
    ),
  };
}

const fieldsMade: WaitReason = {
  code: 'moved',
  message: text(
    '缺少的字段刚刚建好，计划按新的字段重新做了一遍，还没有写入任何行。请看过后再确认一次。',
    'The missing fields were created, and the plan was made anew with them; no row was written yet. Please look at it and approve it again.',
  ),
};

const moving: WaitReason = {
  code: 'moved',
  message: text(
    '读取三次期间表格一直在变，删除要等人确认。',
    'The table kept changing through three reads, so its deletes wait for a person.',
  ),
};
