import type { FieldKind, WritableKind } from '../../definition/field.ts';
import { type Text, text } from '../../words/text.ts';
import type { Filled } from '../column.ts';
import { checkboxKind, multiKind, selectKind } from './choices.ts';
import { dateKind } from './date.ts';
import { filledKind } from './formula.ts';
import type { Kind } from './kind.ts';
import { locationKind } from './location.ts';
import { numberKind } from './number.ts';
import { attachmentKind, groupKind, linkKind, personKind } from './sets.ts';
import { phoneKind, textKind, urlKind } from './text.ts';

/** The kinds of field that a sync writes, each with its reading and writing. */
export const kinds: ReadonlyMap<FieldKind, Kind> = new Map<WritableKind, Kind>([
  ['text', textKind],
  ['number', numberKind],
  ['select', selectKind],
  ['multi', multiKind],
  ['date', dateKind],
  ['checkbox', checkboxKind],
  ['phone', phoneKind],
  ['url', urlKind],
  ['person', personKind],
  ['group', groupKind],
  ['location', locationKind],
  ['link', linkKind],
  ['attachment', attachmentKind],
]);

export const keyKinds: ReadonlySet<FieldKind> = new Set<FieldKind>([
  'text',
  'number',
  'phone',
  'date',
  'select',
]);

/** Kinds that only Feishu fills, and whose values can name a row where no row is created: in mode `update`. */
export const filledKeyKinds: ReadonlySet<FieldKind> = new Set<FieldKind>(['auto-number', 'formula']);

/** How a field's cells are read and compared, whether or not a sync may write them. */
export const kindOf = (kind: FieldKind, filled?: Filled): Kind | undefined =>
  kinds.get(kind) ?? (filledKeyKinds.has(kind) ? filledKind(filled) : undefined);

/** What each kind of field takes, by the names that people know. The READMEs show it. */
export const takes: Readonly<Record<WritableKind, { readonly fields: Text; readonly values: Text }>> = {
  text: {
    fields: text('文本、条码、邮箱', 'Text, Barcode, Email'),
    values: text(
      '最多 100,000 个字符（一个 4 字节字符算两个）；`truncate` 可截断',
      'at most 100,000 characters (a 4-byte one counts as two); `truncate` cuts',
    ),
  },
  number: {
    fields: text('数字、货币、进度、评分', 'Number, Currency, Progress, Rating'),
    values: text(
      '最多 15 位有效数字，更多时拒绝，写 `round: true` 则舍入；评分是字段范围内的整数',
      'at most 15 significant digits; more are refused, or rounded with `round: true`; a rating is whole and within its field’s range',
    ),
  },
  date: {
    fields: text('日期', 'Date'),
    values: text(
      '精确到毫秒，更细时拒绝，写 `round: true` 则舍去；数字是毫秒，`unit: s` 时是秒',
      'to the millisecond; what is finer is refused, or cut with `round: true`; numbers are milliseconds, or seconds with `unit: s`',
    ),
  },
  checkbox: {
    fields: text('复选框', 'Checkbox'),
    values: text(
      '0、1、true、false；空即 false；其他写法用 `map`',
      '0, 1, true, false; empty is false; `map` other words',
    ),
  },
  select: {
    fields: text('单选', 'Single select'),
    values: text(
      '选项名；没有的选项会新建，除非 `options: reject`',
      'the option’s name; new ones are created unless `options: reject`',
    ),
  },
  multi: {
    fields: text('多选', 'Multiple select'),
    values: text(
      '一个选项名、JSON 数组、SET，或用 `split` 拆开；不计顺序；最多 1,000 个',
      'one name, a JSON array, a SET, or several with `split`; order does not count; at most 1,000',
    ),
  },
  phone: {
    fields: text('电话号码', 'Phone'),
    values: text(
      '数字，前面可有 +，最多 64 个字符',
      'digits with a + before them at most, up to 64 characters',
    ),
  },
  url: {
    fields: text('超链接', 'URL'),
    values: text('网址；第二行是显示的文字', 'the address; a second line is the words shown'),
  },
  person: {
    fields: text('人员', 'Person'),
    values: text(
      'open_id（ou_…），或 `by: email`、`mobile`、`user_id`、`union_id`；同多选；最多 1,000 人',
      'open_ids (ou_…), or `by: email`, `mobile`, `user_id`, `union_id`; several as multi; at most 1,000',
    ),
  },
  group: {
    fields: text('群组', 'Group'),
    values: text('群 ID（oc_…）；同多选；最多 10 个', 'chat IDs (oc_…); several as multi; at most 10'),
  },
  location: {
    fields: text('地理位置', 'Location'),
    values: text(
      '“经度,纬度”，6 位小数（11 厘米）；更多时拒绝，写 `round: true` 则舍入',
      '`longitude,latitude` at 6 decimal places (11 cm); more are refused, or rounded with `round: true`',
    ),
  },
  link: {
    fields: text('单向关联、双向关联', 'Link, two-way link'),
    values: text(
      '记录 ID（rec…），或 `by: 对方表的字段`；同多选；最多 500 条',
      'record IDs (rec…), or `by: FIELD` of the linked table; several as multi; at most 500',
    ),
  },
  attachment: {
    fields: text('附件', 'Attachment'),
    values: text(
      '已上传到这个多维表格的文件的 file_token；同多选；最多 100 个',
      'tokens of files that are in the Base already; several as multi; at most 100',
    ),
  },
};
