import type { Value } from '../value.ts';
import { type Bad, type Cell, type Kind, type Place, unfit } from './kind.ts';

/** Characters that one text cell holds. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
export const textLimit = 100_000;

/** Text, barcode and e-mail fields. Feishu returns text in segments; their texts joined are the cell. */
export const textKind: Kind = {
  wanted: (place) => (value) => textOf(place, value),
  held: heldText,
  written: (cell) => (cell === '' ? null : cell),
};

function textOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'string') {
    return value.length <= textLimit
      ? value
      : unfit(place, value, `最多 ${textLimit} 个字符`, `is longer than ${textLimit} characters, too long`);
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  return unfit(place, value, '不能存放二进制数据', 'is bytes, not text,');
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
