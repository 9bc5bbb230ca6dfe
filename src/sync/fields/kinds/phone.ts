import { text } from '../../words/text.ts';
import type { Value } from '../value.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';
import { heldText, plainText } from './text.ts';

/**
 * What Feishu takes as a phone number: digits with a plus before them at most, up to 64 characters.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
const phone = /^(?=.{0,64}$)\+?\d*$/;

/** Phone fields. Canonical: the number as it stands; nothing is guessed about blanks or dashes. */
export const phoneKind: Kind = {
  wanted: (place) => (value) => phoneOf(place, value),
  held: heldText,
  written: (cell) => (cell === '' ? null : cell),
};

function phoneOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const whole = plainText(place, value);
  if (isBad(whole)) return whole;
  const trimmed = whole.trim();
  return phone.test(trimmed)
    ? trimmed
    : unfit(
        place,
        value,
        '电话只接受数字和开头的加号',
        'is not a phone number (at most 64 digits, a plus before them)',
        text(
          `请在查询里写 REPLACE(REPLACE(${place.column.name}, ' ', ''), '-', '')，或改用文本字段。`,
          `Use REPLACE(REPLACE(${place.column.name}, ' ', ''), '-', '') in the query, or a text field.`,
        ),
      );
}
