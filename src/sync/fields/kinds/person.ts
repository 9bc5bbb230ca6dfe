import { text } from '../../words/text.ts';
import { idIn, looking, setKind } from '../set.ts';

/** People in one cell. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
const peoplePerCell = 1_000;

const openId = looking(
  /^ou_\w+$/,
  '需要 open_id（ou_…）',
  'is no open_id (ou_…)',
  text(
    '用邮箱、手机号等找人时，在定义里写 by: email（或 mobile、user_id、union_id）。',
    'To find people by something else, say by: email (or mobile, user_id, union_id) in the definition.',
  ),
);

/**
 * Person fields. Canonical: the people as a set, by what the column's `by` says: open_ids, or words that are
 * looked up before they are compared; e-mail addresses in small letters.
 */
export const personKind = setKind({
  most: peoplePerCell,
  noun: text('人员', 'people'),
  member(place) {
    const { by = 'open_id' } = place.rule;
    if (by === 'open_id') return openId(place);
    return by === 'email' ? (word) => word.trim().toLowerCase() : (word) => word.trim();
  },
  held: (item) => idIn(item, 'id'),
  name: (item) => idIn(item, 'name'),
  written: (id) => ({ id }),
});
