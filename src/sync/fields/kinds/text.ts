import { type Text, text } from '../../words/text.ts';
import type { Value } from '../value.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';

/**
 * Characters that one text cell holds. Feishu does not say how it counts a 4-byte character: it is two here, the
 * stricter way.
 * https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules
 */
export const textLimit = 100_000;

/** Text, barcode and e-mail fields. Feishu returns text in segments; their texts joined are the cell. */
export const textKind: Kind = {
  wanted: (place) => (value) => textOf(place, value),
  held: heldText,
  written: (cell) => (cell === '' ? null : cell),
};

function textOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const whole = plainText(place, value);
  return isBad(whole) || whole.length <= textLimit ? whole : tooLong(place, value, shorten);
}

const shorten = text(
  `请在查询里缩短，或在定义里写 truncate: ${textLimit}。`,
  `Shorten it in the query, or say truncate: ${textLimit} in the definition.`,
);

/** Says that a value is longer than {@link textLimit}. */
export const tooLong = (place: Place, value: unknown, advice?: Text): Bad =>
  unfit(
    place,
    value,
    `最多 ${textLimit} 个字符（一个表情算两个）`,
    `is longer than ${textLimit} characters (an emoji is two), too long`,
    advice,
  );

/** A value as text, however long; bytes not at all. */
export function plainText(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  return unfit(
    place,
    value,
    '不能存放二进制数据',
    'is bytes, not text,',
    text(
      '请在查询里用 HEX(列)；字节是文字时用 CONVERT(列 USING utf8mb4)（SQLite：CAST(列 AS TEXT)）。',
      'Use HEX(column) in the query, or CONVERT(column USING utf8mb4) where the bytes are text (SQLite: CAST(column AS TEXT)).',
    ),
  );
}

/** Joins what a text cell was read as; other shapes give their plain text. */
export function heldText(raw: unknown): Cell {
  if (typeof raw === 'string') return raw;
  if (raw === null || raw === undefined) return '';
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  if (Array.isArray(raw)) {
    const parts: readonly unknown[] = raw;
    return parts.length === 1 ? segment(parts[0]) : parts.map(segment).join('');
  }
  return segment(raw);
}

function segment(part: unknown): string {
  if (typeof part === 'string') return part;
  if (typeof part === 'object' && part !== null) {
    const { text } = part as { text?: unknown };
    if (typeof text === 'string') return text;
  }
  return part === null || part === undefined || typeof part === 'object'
    ? ''
    : String(part as number | boolean);
}
