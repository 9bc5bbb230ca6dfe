import { type Text, text } from '../../words/text.ts';
import type { Value } from '../column.ts';
import { type Bad, type Cell, isBad, isJsonNull, type Kind, type Place, unfit } from './kind.ts';

/**
 * Significant digits that a number cell keeps; what is longer is cut without a word, so it is refused here.
 * https://open.larksuite.com/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
export const significantDigits = 15;

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;
const scientific = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+$/;
/** Characters that a text may have to be looked at as a number; those of databases have fewer than a hundred. */
const longest = 1_000;
const safeWhole = 1e15;
/** What is larger has no number to be rounded up to. */
const largest = 1.79769313486231e308;

/** Number, currency, progress and rating fields. Canonical: the shortest decimal text of the number. */
export const numberKind: Kind = {
  title: text('数字', 'number'),
  fields: text('数字、货币、进度、评分', 'Number, Currency, Progress, Rating'),
  values: text(
    '最多 15 位有效数字，更多时拒绝，写 `round: true` 则舍入；评分是字段范围内的整数',
    'at most 15 significant digits; more are refused, or rounded with `round: true`; a rating is whole and within its field’s range',
  ),
  takes: ['integer', 'decimal', 'float', 'bit', 'json', 'year'],
  heeds: ['round'],
  canBeKey: true,
  alike: text('数字按大小比较：1 和 1.0 是同一个', 'numbers are compared by value: 1 and 1.0 are one'),
  canBeIndex: true,
  feishu: { types: [2], look: 'Number' },
  wanted: (place) => {
    if (place.field.look !== 'Rating') return (value) => numberOf(place, value);
    return (value) => {
      const cell = numberOf(place, value);
      return isBad(cell) ? cell : stars(place, cell);
    };
  },
  held: heldNumber,
  written: (cell) => (cell === '' ? null : Number(cell)),
};

function numberOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'number') return fromFloat(place, value);
  if (typeof value === 'string') return plainDecimal(value) ?? fromText(place, value);
  return unfit(place, value, { zh: '不能存放二进制数据', en: 'is bytes, not a number,' });
}

/** A whole number keeps all its digits or is refused; a float is the float it is, at 15 digits. */
function fromFloat(place: Place, value: number): Cell | Bad {
  if (Number.isInteger(value)) {
    if (value < safeWhole && value > -safeWhole) return String(value);
    if (place.column.type !== 'float') return fromText(place, String(BigInt(value)));
  }
  if (!Number.isFinite(value)) return unfit(place, value, notANumber);
  return Math.abs(value) <= largest ? cut(value) : unfit(place, value, tooLarge);
}

function fromText(place: Place, value: string): Cell | Bad {
  if (value.length > longest)
    return unfit(place, value, { zh: '太长，不是数字', en: 'is too long for a number' });
  const trimmed = value.trim();
  if (trimmed === '' || isJsonNull(place, trimmed)) return '';
  if (!decimal.test(trimmed) && !scientific.test(trimmed)) {
    return unfit(place, value, { ...notANumber, advice: advice(place, trimmed) });
  }
  if (trimmed.length > significantDigits && digitsOf(trimmed) > significantDigits && !place.rule.round) {
    return unfit(place, trimmed, tooManyDigits);
  }
  // More digits than any number has room for: 10^400, say, or 10^-400.
  const number = Number(trimmed);
  if (number === 0 && digitsOf(trimmed) > 0) return unfit(place, trimmed, tooSmall);
  return Math.abs(number) <= largest ? cut(number) : unfit(place, trimmed, tooLarge);
}

const notANumber = text('不是数字', 'is not a number');
const tooSmall = text('太小', 'is too small');
const tooLarge = text('太大', 'is too large');
const tooManyDigits = {
  zh: `多维表格的数字只保留 ${significantDigits} 位有效数字，再多会丢失`,
  en: `has more than ${significantDigits} significant digits and would lose some, so it does not fit`,
  advice: text(
    '编号请用文本字段（定义里写 as: text）；数量可以写 round: true 舍入。',
    'Use a text field for a number that names something (as: text in the definition), or say round: true to round it.',
  ),
};

/** What people put around or between the digits of a number, that a query can take out. */
const trimmings = /[,，’ \u00a0¥￥$€£%元]/g;

/** How to make a number of a text that people read as one: `1,234`, `¥12.50`, `1.234,56`, `12%`. */
function advice({ column }: Place, written: string): Text | undefined {
  if (written.length > 60) return undefined;
  const dot = written.indexOf('.');
  const decimalComma =
    /^[^,]*,(?!\d{3}(?!\d))\d+\D*$/.test(written) || (dot >= 0 && written.indexOf(',', dot) >= 0);
  const bare = decimalComma ? written.replaceAll('.', '').replace(',', '.') : written;
  if (!decimal.test(bare.replaceAll(trimmings, ''))) return undefined;
  const without = (sql: string, one: string): string => `REPLACE(${sql}, '${one}', '')`;
  const found = [...new Set(written.match(trimmings) ?? [])].filter((one) => one !== ',' || !decimalComma);
  const whole = written.includes('.') ? without(column.name, '.') : column.name;
  const sql = found.reduce(without, decimalComma ? `REPLACE(${whole}, ',', '.')` : column.name);
  const share = found.includes('%') ? ' / 100' : '';
  return text(
    `只接受 1234.5 这样的写法：请在查询里写 ${sql}${share}，或改用文本字段。`,
    `A number is written like 1234.5: use ${sql}${share} in the query, or a text field.`,
  );
}

/**
 * A rating is a whole number of stars within its field's range.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide
 */
function stars(place: Place, cell: Cell): Cell | Bad {
  const { min = 0, max = 10 } = place.field;
  const number = Number(cell);
  return cell === '' || (Number.isInteger(number) && number >= min && number <= max)
    ? cell
    : unfit(place, cell, {
        zh: `只接受 ${min} 到 ${max} 的整数`,
        en: `is not a whole number from ${min} to ${max}, as a rating is,`,
      });
}

/** The number at the digits that a cell keeps; zero has no sign. */
function cut(value: number): Cell {
  const whole = String(value);
  return whole.length <= significantDigits ? whole : String(Number(value.toPrecision(significantDigits)));
}

/** Significant digits of a number as written; zeros at the end of a whole number are none. */
function digitsOf(value: string): number {
  const [mantissa = ''] = value.split(/[eE]/);
  return withoutEndingZeros(mantissa.replaceAll(/\D/g, '').replace(/^0+/, '')).length;
}

/** A number as read; the legacy reader gives digits as text. */
export function heldNumber(raw: unknown): Cell {
  if (typeof raw === 'number') return cut(raw);
  if (typeof raw === 'string') {
    const value = Number(raw);
    return raw.trim() === '' || Number.isNaN(value) ? raw : heldNumber(value);
  }
  return '';
}

/** A number as databases write it, in fewer than 100 characters: no plus, no zeros in front, a digit after the point. */
const plain = /^(?=.{1,99}$)(0|-?[1-9]\d*)(?:\.(\d+))?$/;

/** The canonical number in a plain decimal text; undefined where that takes a closer look than at its digits. */
export function plainDecimal(text: string): string | undefined {
  const [, whole, places = ''] = plain.exec(text) ?? [];
  const fraction = withoutEndingZeros(places);
  if (whole === undefined || whole.replace('-', '').length + fraction.length > significantDigits)
    return undefined;
  if (fraction === '') return whole;
  // What begins with zeros may be so small that it is written with an exponent.
  return whole === '0' && fraction.startsWith('0') ? undefined : `${whole}.${fraction}`;
}

/** The digits without the zeros at their end. A pattern would look at each zero again and again. */
export function withoutEndingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
