import type { TableIndex } from '../../sync/plan/table-index.ts';
import { problem } from '../../sync/words/problem.ts';
import { count, text } from '../../sync/words/text.ts';
import type { Table } from '../ports.ts';
import type { Witness } from './witness.ts';

/**
 * Looks up records by ID that were confirmed once and are missing from the read, before rows are created anew: a
 * record that is really gone is absent, one that we may not see is forbidden. One call, only when there are any.
 * Rejects with a `ProblemError` when the read is not to be trusted.
 * https://open.feishu.cn/document/docs/bitable-v1/app-table-record/batch_get
 */
export async function trustRead(
  table: Pick<Table, 'look'>,
  { index, moved }: { readonly index: Pick<TableIndex, 'has'>; readonly moved: boolean },
  missing: ReturnType<Witness['missing']>,
  signal: AbortSignal,
): Promise<void> {
  // One that was read under another key is there: somebody changed its key.
  const ids = missing.some.map(({ record }) => record).filter((id) => !index.has(id));
  if (ids.length === 0) return;
  const { forbidden, present } = await table.look(ids, signal);
  if (forbidden.length > 0) throw problem(hidden(forbidden.length, ids.length, missing.rows));
  // A table that moves while it is read hands out some records twice and others not at all: creates are confirmed by
  // key then.
  if (present.length > 0 && !moved) throw problem(overlooked(present.length));
}

/** What to do where records are hidden from the app. */
export const seeAll = text(
  '在多维表格的“高级权限”里，给应用一个可以查看和编辑全部记录的角色（或“可管理”权限），再同步一次。',
  'In the Base’s advanced permissions (高级权限), give the app a role that sees and edits all records (or the right to manage), then run the sync again.',
);

const hidden = (forbidden: number, looked: number, rows: number) => ({
  code: 'records-hidden',
  message: text(
    `有 ${count(rows)} 行以前写入过、这次却读不到；抽查 ${count(looked)} 条，其中 ${count(forbidden)} 条还在表里，只是应用没有权限看到。为免重复新增，什么都没有写入。`,
    `${count(rows)} rows were written before and are missing from the read; of ${count(looked)} looked up, ${count(forbidden)} are still there and the app may not see them. Nothing was written, so that nothing is created twice.`,
  ),
  cure: seeAll,
});

const overlooked = (present: number) => ({
  code: 'records-overlooked',
  message: text(
    `飞书的列表里少了至少 ${count(present)} 条实际存在的记录，这次读取不完整，什么都没有写入。`,
    `Feishu’s list left out at least ${count(present)} records that exist: the read is not whole, and nothing was written.`,
  ),
  cure: text('请过几分钟再同步一次。', 'Run the sync again in a few minutes.'),
});
