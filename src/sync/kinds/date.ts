import type { Value } from '../value.ts';
import { type Bad, type Cell, type Kind, type Place, unfit } from './kind.ts';

const wholeNumber = /^[+-]?\d+(?:\.0*)?$/;
const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Date fields. Canonical: milliseconds since the epoch as a whole number; a date or time without a zone is
 * meant in the sync's zone, a number is milliseconds (or seconds with `unit: s`).
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
export const dateKind: Kind = {
  wanted: (place) => (value) => dateOf(place, value),
  held: heldDate,
  written: (cell) => (cell === '' ? null : Number(cell)),
};

function dateOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'number') return fromNumber(place, value);
  if (typeof value !== 'string') return unfit(place, value, '不是日期', 'is bytes, not a date,');
  const trimmed = value.trim();
  if (trimmed === '') return '';
  if (wholeNumber.test(trimmed) && place.column.type !== 'year') return fromNumber(place, Number(trimmed));
  const match = dateTime.exec(trimmed);
  const instant = match ? instantOf(place, match) : undefined;
  return instant === undefined ? unfit(place, value, '不是日期', 'is not a date') : String(instant);
}

function fromNumber(place: Place, value: number): Cell | Bad {
  const ms = place.rule.unit === 's' ? value * 1000 : value;
  // 8.64e15 is as far as a JavaScript date goes: the years from -271821 to 275760.
  return Math.abs(ms) <= 8.64e15
    ? String(Math.trunc(ms) + 0)
    : unfit(place, value, '不是日期', 'is not a date');
}

function instantOf(place: Place, parts: RegExpExecArray): number | undefined {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = parts;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // What the calendar or the clock does not have: month 0, 30 February, 25 o'clock, MySQL's zero dates.
  if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const local = date.setUTCHours(Number(hour), Number(minute), Number(second), ms);
  return offset === undefined ? place.zone.instant(local) : local - offsetMs(offset);
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0;
  const sign = offset.startsWith('-') ? -1 : 1;
  return sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))) * 60_000;
}

function heldDate(raw: unknown): Cell {
  if (typeof raw === 'number') return String(raw);
  return typeof raw === 'string' ? raw : '';
}
