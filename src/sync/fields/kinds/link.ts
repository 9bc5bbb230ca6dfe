import { text } from '../../words/text.ts';
import { looking, setKind } from '../set.ts';

/** Records that one link cell holds. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
const linksPerCell = 500;

const recordId = looking(
  /^rec\w+$/,
  '需要记录 ID（rec…）',
  'is no record ID (rec…)',
  text(
    '用对方表的主键找记录时，在定义里写 by: 字段名。',
    'To find records by a field of the linked table, say by: FIELD in the definition.',
  ),
);

/**
 * Link fields, one-way and two-way. Canonical: the linked records as a set: their IDs, or with `by` words of
 * the linked table that are looked up before they are compared.
 */
export const linkKind = setKind({
  most: linksPerCell,
  noun: text('条关联记录', 'records'),
  member: (place) => (place.rule.by === undefined ? recordId(place) : (word) => word.trim()),
  // What is empty may be read as {}.
  items: (raw) =>
    typeof raw === 'object' && raw !== null && 'link_record_ids' in raw ? raw.link_record_ids : raw,
  held: (item) => (typeof item === 'string' ? item : ''),
  written: (id) => id,
});
