import { text } from '../../words/text.ts';
import { idIn, looking, setKind } from '../set.ts';

/** Groups in one cell. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
const groupsPerCell = 10;

/** Group fields. Canonical: the chats' IDs as a set. */
export const groupKind = setKind({
  most: groupsPerCell,
  noun: text('群组', 'groups'),
  member: looking(/^oc_\w+$/, '需要群 ID（oc_…）', 'is no chat ID (oc_…)'),
  held: (item) => idIn(item, 'id'),
  name: (item) => idIn(item, 'name'),
  written: (id) => ({ id }),
});
