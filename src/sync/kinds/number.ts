import type { Value } from '../value.ts';
import { type Bad, type Cell, type Kind, type Place, unfit } from './kind.ts';

/**
 * Significant digits that a number cell keeps; what is longer is cut without a word, so it is refused here.
 * https://open.larksuite.com/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
export const significantDigits = 15;

const decimal = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/;
const scientific = /^[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+$/;
const safeWhole = 1e15;

/** Number, currency, progress and rating fields. Canonical: the shortest decimal text of the number. */
export const numberKind: Kind = {
  wanted: (place) => (value) => numberOf(place, value),
  held: heldNumber,
  written: (cell) => (cell === '' ? null : Number(cell)),
};

function numberOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'number') return fromFloat(place, value);
  if (typeof value === 'string') return fromText(place, value);
  return place.column.type === 'bit'
    ? fromText(place, bitsToInteger(value).toString())
    : unfit(place, value, '不能存放二进制数据', 'is bytes, not a number,');
}

/** A whole number keeps all its digits or is refused; a float is the float it is, at 15 digits. */
function fromFloat(place: Place, value: number): Cell | Bad {
  if (Number.isInteger(value)) {
    if (value < safeWhole && value > -safeWhole) return value === 0 ? '0' : String(value);
    if (place.column.type !== 'float') return fromText(place, String(BigInt(value)));
  }
  if (!Number.isFinite(value)) return unfit(place, value, '不是数字', 'is not a number');
  return cut(value);
}

function fromText(place: Place, value: string): Cell | Bad {
  const trimmed = value.trim();
  if (trimmed === '') return '';
  if (decimal.test(trimmed)) {
    if (trimmed.length > significantDigits && digitsOf(trimmed) > significantDigits && !place.rule.round) {
      return unfit(
        place,
        trimmed,
        `多维表格的数字只保留 ${significantDigits} 位有效数字，请改用文本字段`,
        `has more than ${significantDigits} significant digits: use a text field, it would lose digits`,
      );
    }
    // More digits than any number has room for: 10^400, say.
    const number = Number(trimmed);
    return Number.isFinite(number) ? cut(number) : unfit(place, trimmed, '太大', 'is too large');
  }
  if (scientific.test(trimmed)) {
    const value = Number(trimmed);
    if (Number.isFinite(value)) return cut(value);
  }
  return unfit(place, value, '不是数字', 'is not a number');
}

/** The number at the digits that a cell keeps; zero has no sign. */
function cut(value: number): Cell {
  const whole = String(value + 0);
  return whole.length <= significantDigits ? whole : String(Number(value.toPrecision(significantDigits)));
}

function digitsOf(value: string): number {
  const digits = value.replace(/[^\d]/g, '').replace(/^0+/, '');
  return (value.includes('.') ? digits : digits.replace(/0+$/, '')).replace(/0+$/, '').length;
}

/** Reads a BIT column, most significant byte first. */
export function bitsToInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** A number as read; the legacy reader gives digits as text. */
export function heldNumber(raw: unknown): Cell {
  if (typeof raw === 'number') {
    if (Number.isInteger(raw) && raw < safeWhole && raw > -safeWhole) return raw === 0 ? '0' : String(raw);
    return cut(raw);
  }
  if (typeof raw === 'string') {
    const value = Number(raw);
    return raw.trim() === '' || Number.isNaN(value) ? raw : heldNumber(value);
  }
  return '';
}
