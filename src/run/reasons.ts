import type { Definition } from '../sync/definition.ts';
import { reasonsToWait } from '../sync/policy.ts';
import type { WaitReason } from '../sync/state.ts';
import { text } from '../sync/text.ts';
import type { Comparison } from './compare.ts';
import type { History } from './history.ts';
import type { SourceRead } from './read-source.ts';
import type { TableRead } from './read-table.ts';

/** Why a plan must wait for a person; nothing when it may be carried out at once. */
export function whyWait(seen: {
  readonly definition: Definition;
  readonly about: { readonly advanced: boolean };
  readonly rows: SourceRead;
  readonly records: TableRead;
  readonly found: Comparison;
  readonly before: History;
}): readonly WaitReason[] {
  const { definition, about, rows, records, found, before } = seen;
  const reasons = reasonsToWait({
    ...before,
    mode: definition.mode,
    sourceRows: rows.rows,
    records: records.index.size,
    creates: found.creates,
    updates: found.updates,
    deletes: found.deletes,
    handMade: found.handMade,
    newOptions: found.newOptions.size,
    policy: definition.deletes,
    brake: definition.brake,
    advanced: about.advanced,
  });
  return records.moving && found.deletes > 0 ? [...reasons, moving] : reasons;
}

/** A plan that was made again needs no second yes when it is the same. */
export function stillToAsk(
  approved: string | undefined,
  { hash }: Comparison,
  reasons: readonly WaitReason[],
): readonly WaitReason[] {
  if (approved === undefined) return reasons;
  return approved === hash ? [] : [...reasons, moved];
}

const moved: WaitReason = {
  code: 'moved',
  message: text(
    '表格或数据在你确认之前变了，这是新的计划，请再确认一次。',
    'The table or the data moved before the approval: this is the new plan, please approve it again.',
  ),
};

const moving: WaitReason = {
  code: 'moved',
  message: text(
    '读取三次期间表格一直在变，删除要等人确认。',
    'The table kept changing through three reads, so its deletes wait for a person.',
  ),
};
