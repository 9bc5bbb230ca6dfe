import { spelt } from '../../definition/databases.ts';
import { type Text, text } from '../../words/text.ts';
import type { Value } from '../column.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';

/**
 * Characters that one text cell holds; a 4-byte one counts as two here, the stricter of two readings.
 * https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules
 */
export const textLimit = 100_000;

/** Text, barcode and e-mail fields. Feishu returns text in segments; their texts joined are the cell. */
export const textKind: Kind = {
  title: text('文本', 'text'),
  fields: text('文本、条码、邮箱', 'Text, Barcode, Email'),
  values: text(
    '最多 100,000 个字符（一个 4 字节字符算两个）；`truncate` 可截断',
    'at most 100,000 characters (a 4-byte one counts as two); `truncate` cuts',
  ),
  takes: [
    'integer',
    'decimal',
    'float',
    'bit',
    'set',
    'json',
    'date',
    'datetime',
    'timestamp',
    'time',
    'year',
  ],
  canBeKey: true,
  canBeIndex: true,
  feishu: { types: [1], look: 'Text' },
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
  unfit(place, value, {
    zh: `最多 ${textLimit} 个字符（一个表情算两个）`,
    en: `is longer than ${textLimit} characters (an emoji is two), too long`,
    advice,
  });

const bytes = spelt()('bytesAsText');

/** A value as text, however long; bytes not at all. */
export function plainText(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  return unfit(place, value, {
    zh: '不能存放二进制数据',
    en: 'is bytes, not text,',
    advice: text(
      `请在查询里用 HEX(列)；字节是文字时用 ${bytes.own.zh}${bytes.others.zh}。`,
      `Use HEX(column) in the query, or ${bytes.own.en} where the bytes are text${bytes.others.en}.`,
    ),
  });
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

/**
 * What Feishu takes as a phone number: digits with a plus before them at most, up to 64 characters.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
const phone = /^(?=.{0,64}$)\+?\d*$/;

/** Phone fields. Canonical: the number as it stands; nothing is guessed about blanks or dashes. */
export const phoneKind: Kind = {
  title: text('电话', 'phone'),
  fields: text('电话号码', 'Phone'),
  values: text(
    '数字，前面可有 +，最多 64 个字符',
    'digits with a + before them at most, up to 64 characters',
  ),
  takes: ['integer', 'decimal'],
  canBeKey: true,
  canBeIndex: true,
  feishu: { types: [13], look: 'Phone' },
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
    : unfit(place, value, {
        zh: '电话只接受数字和开头的加号',
        en: 'is not a phone number (at most 64 digits, a plus before them)',
        advice: text(
          `请在查询里写 REPLACE(REPLACE(${place.column.name}, ' ', ''), '-', '')，或改用文本字段。`,
          `Use REPLACE(REPLACE(${place.column.name}, ' ', ''), '-', '') in the query, or a text field.`,
        ),
      });
}

/** Addresses that run something or show what they hold, instead of leading somewhere. */
const running = /^(?:javascript|vbscript|data):/i;
/** Browsers pass over these at the beginning of an address, and tabs and line breaks anywhere. */
const ignored = /[\0-\x20]/g;

/**
 * Link fields. Canonical: the link, and on a second line the words shown for it where they differ. Both are always
 * written: a plain string is refused with 1254068.
 */
export const urlKind: Kind = {
  title: text('超链接', 'link to a page'),
  fields: text('超链接', 'URL'),
  values: text('网址；第二行是显示的文字', 'the address; a second line is the words shown'),
  takes: [],
  canBeIndex: true,
  feishu: { types: [15], look: 'Url' },
  wanted: (place) => (value) => linkOf(place, value),
  held: heldLink,
  written: (cell) => {
    if (cell === '') return null;
    const [link, words] = parts(cell);
    return { link, text: words || link };
  },
};

function linkOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const whole = plainText(place, value);
  if (isBad(whole)) return whole;
  const [first, second] = parts(whole);
  const link = first.trim();
  const words = second.trim();
  if (link === '') return words === '' ? '' : unfit(place, value, noLink);
  if (running.test(link.replace(ignored, ''))) {
    return unfit(place, value, {
      zh: '不接受会运行脚本或自带内容的网址',
      en: 'runs or shows what it holds instead of leading somewhere, so it is refused',
    });
  }
  return whole.length > textLimit ? tooLong(place, value) : canonical(link, words);
}

const noLink = {
  zh: '的第一行应是网址，现在是空的',
  en: 'has no address on its first line',
  advice: text(
    "没有网址的行请在查询里写空值，如 CONCAT(NULLIF(网址, ''), CHAR(10), 文字)。",
    "Let the query answer NULL where there is no address, such as CONCAT(NULLIF(address, ''), CHAR(10), words).",
  ),
};

/** The link, and what stands after the first line break: the words shown for it. */
function parts(cell: string): readonly [link: string, words: string] {
  const at = cell.indexOf('\n');
  return at < 0 ? [cell, ''] : [cell.slice(0, at), cell.slice(at + 1)];
}

/** Words that say nothing new are left out, as they are when a cell is read. */
const canonical = (link: string, words: string): Cell =>
  words === link || words === '' ? link : `${link}\n${words}`;

function heldLink(raw: unknown): Cell {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return heldText(raw);
  const { link, text } = raw as { link?: unknown; text?: unknown };
  const to = typeof link === 'string' ? link : '';
  const words = typeof text === 'string' ? text : to;
  return canonical(to, words);
}
