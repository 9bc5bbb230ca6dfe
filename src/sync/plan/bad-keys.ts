import type { FieldKind } from '../definition/field.ts';
import { type Text, text } from '../words/text.ts';
import type { Why } from './diff.ts';

/** What is not told apart in keys of a kind of field, as the rest of a sentence. */
const alike: ReadonlyMap<FieldKind, Text> = new Map([
  ['number', text('数字按大小比较：1 和 1.0 是同一个', 'numbers are compared by value: 1 and 1.0 are one')],
  ['date', text('日期按时刻比较，不看写法', 'dates are compared as moments, however they are written')],
]);

const blanksAndForms = text(
  '首尾空白（包括不换行空格）和字母的组合形式（NFC、NFD）不作区分',
  'blanks at the ends, no-break ones too, and composed or decomposed letters (NFC, NFD) are not told apart',
);

/**
 * Says why a row or record with this key is left alone, and what is not told apart where that may be the reason.
 * @param kinds of the key's fields
 * @param loose whether keys were written otherwise than they are compared
 */
export function whyBadKey(why: Why, kinds: readonly FieldKind[], loose: boolean): Text {
  const reason = whys[why];
  if (!loose) return reason;
  if (why === 'empty') return text(`${reason.zh}：只有空白`, `${reason.en}: there is nothing but blanks`);
  const rules = new Set(kinds.map((kind) => alike.get(kind) ?? blanksAndForms));
  const zh = [...rules].map((rule) => rule.zh).join('；');
  const en = [...rules].map((rule) => rule.en).join('; ');
  return text(`${reason.zh}（${zh}）`, `${reason.en} (${en})`);
}

const whys: Readonly<Record<Why, Text>> = {
  empty: text('主键为空', 'the key is empty'),
  'doubled-source': text('查询里这个主键不止一行', 'the query has this key more than once'),
  'doubled-table': text('表格里这个主键不止一条记录', 'the table has this key more than once'),
};
