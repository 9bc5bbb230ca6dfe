import { type Text, text } from '../../words/text.ts';
import type { ColumnType, Value } from '../column.ts';
import { type Bad, type Cell, type Kind, type Place, unfit } from './kind.ts';

const number = /^([+-]?)(\d+)(?:\.(\d*))?$/;
const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
/** A day of MySQL's that no calendar has: 0000-00-00, 2026-00-00, 2026-01-00. */
const zeroDate = /^\d{4}-(?:00-\d{2}|\d{2}-00)/;
/** Digits that people mean as 20260131 or 20260131080000, not as milliseconds. */
const runTogether = /^(?:\d{8}|(?:19|20)\d{12})$/;
/** Columns whose numbers are no time, even where a `map` makes dates of some of them. */
const counts: ReadonlySet<ColumnType> = new Set(['year', 'bit']);
/** As far as a JavaScript date goes, in ms: the years from -271821 to 275760. */
const latest = 8.64e15;

/**
 * Date fields. Canonical: whole milliseconds since the epoch; what has no zone is meant in the sync's, a number is
 * milliseconds, or seconds with `unit: s`. What is finer is refused, or cut with `round: true`.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
export const dateKind: Kind = {
  title: text('日期', 'date'),
  fields: text('日期', 'Date'),
  values: text(
    '精确到毫秒，更细时拒绝，写 `round: true` 则舍去；数字是毫秒，`unit: s` 时是秒',
    'to the millisecond; what is finer is refused, or cut with `round: true`; numbers are milliseconds, or seconds with `unit: s`',
  ),
  takes: ['integer', 'decimal', 'float', 'date', 'datetime', 'timestamp'],
  heeds: ['unit', 'round'],
  canBeKey: true,
  alike: text('日期按时刻比较，不看写法', 'dates are compared as moments, however they are written'),
  canBeIndex: true,
  feishu: { types: [5], look: 'DateTime' },
  wanted: (place) => (value) => dateOf(place, value),
  held: heldDate,
  written: (cell) => (cell === '' ? null : Number(cell)),
};

function dateOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  if (typeof value === 'object') return unfit(place, value, { zh: '不是日期', en: 'is bytes, not a date,' });
  const written = String(value).trim();
  if (written === '') return '';
  const digits = counts.has(place.column.type) ? null : number.exec(written);
  if (digits) {
    const doubtful = typeof value === 'string' && place.rule.unit === undefined && runTogether.test(written);
    return doubtful ? noDate(place, value, asDate) : fromNumber(place, written, digits);
  }
  if (zeroDate.test(written)) return noDate(place, value, nullIf(place, written));
  const match = dateTime.exec(written);
  return match ? fromWords(place, written, match) : noDate(place, value, otherForm(place, written));
}

/** Moves the point in the digits themselves: 1.001 s times 1000 is not 1001 ms among floats. */
function fromNumber(
  place: Place,
  written: string,
  [, sign, whole, fraction = '']: RegExpExecArray,
): Cell | Bad {
  const shift = place.rule.unit === 's' ? 3 : 0;
  const finer = /[1-9]/.test(fraction.slice(shift));
  if (finer && !place.rule.round) return tooFine(place, written);
  const ms = Number(`${sign}${whole}${fraction.slice(0, shift).padEnd(shift, '0')}`);
  if (Math.abs(ms) > latest) return noDate(place, written);
  return String((finer && sign === '-' ? ms - 1 : ms) + 0);
}

function fromWords(place: Place, written: string, parts: RegExpExecArray): Cell | Bad {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = parts;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // What the calendar or the clock does not have: 30 February, 25 o'clock.
  const exists = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return noDate(place, written, noSuchDay);
  }
  if (/[1-9]/.test(fraction.slice(3)) && !place.rule.round) return tooFine(place, written);
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const local = date.setUTCHours(Number(hour), Number(minute), Number(second), ms);
  if (offset !== undefined) return String(local - offsetMs(offset));
  // A TIMESTAMP is one instant. Which one, only its server knows, and it has not said.
  const unclear = place.column.type === 'timestamp' && place.zone.isDoubled(local);
  return unclear ? twice(place, written) : String(place.zone.instant(local));
}

const twice = (place: Place, written: string): Bad =>
  unfit(place, written, {
    zh: `的时刻在 ${place.zone.name} 出现两次（夏令时结束），无法确定是哪一次`,
    en: `comes twice in ${place.zone.name} (the end of summer time), so nobody knows which one is meant`,
    advice: text(
      `请在查询里写 UNIX_TIMESTAMP(${place.column.name})，并在定义里写 as: date, unit: s。`,
      `Use UNIX_TIMESTAMP(${place.column.name}) in the query, and say as: date and unit: s in the definition.`,
    ),
  });

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0;
  const sign = offset.startsWith('-') ? -1 : 1;
  return sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))) * 60_000;
}

const noDate = (place: Place, value: unknown, advice?: Text): Bad =>
  unfit(place, value, { zh: '不是日期', en: 'is not a date', advice });

/** MySQL takes the full zero date for the number 0, but not one with only its month or day missing. */
function nullIf({ column }: Place, written: string) {
  const sql = written.startsWith('0000-00-00')
    ? `NULLIF(${column.name}, 0)`
    : `IF(MONTH(${column.name}) * DAY(${column.name}) = 0, NULL, ${column.name})`;
  return text(
    `零日期请在查询里写 ${sql}，或改用文本字段。`,
    `Use ${sql} in the query for a zero date, or a text field.`,
  );
}

const noSuchDay = text(
  '日历上没有这一天或这个时刻：请改数据，或改用文本字段。',
  'The calendar or the clock has no such day or time: correct the data, or use a text field.',
);

const yearFirst = /^\d{4}(\D)\d{1,2}(\D)\d{1,2}(\D?)( \d{1,2}:\d{2}(:\d{2})?)?$/;
const yearLast = /^(\d{1,2})([./-])(\d{1,2})\2\d{4}( \d{1,2}:\d{2}(:\d{2})?)?$/;

/** How to make a date of a text that people read as one: `2026/01/31`, `31.1.2026`, `2026年1月31日`. */
function otherForm({ column }: Place, written: string) {
  const first = yearFirst.exec(written);
  const last = yearLast.exec(written);
  const time = first ? first[4] : last?.[4];
  const seconds = first ? first[5] : last?.[5];
  let day: string;
  if (first) day = `%Y${first[1]}%m${first[2]}%d${first[3]}`;
  else if (last) {
    const dayFirst = Number(last[1]) > 12 || last[2] === '.';
    day = (dayFirst ? ['%d', '%m', '%Y'] : ['%m', '%d', '%Y']).join(last[2]);
  } else return undefined;
  const format = `${day}${time === undefined ? '' : ' %H:%i'}${seconds === undefined ? '' : ':%s'}`;
  const swap = /^\d{4}([/.])\d{2}\1\d{2}( \d{2}|$)/.exec(written)?.[1];
  const lite = swap === undefined ? undefined : `REPLACE(${column.name}, '${swap}', '-')`;
  const sql = `STR_TO_DATE(${column.name}, '${format}')`;
  return text(
    `日期写成 2026-01-31 或 2026-01-31 08:00:00：请在查询里写 ${sql}${lite ? `（SQLite：${lite}）` : ''}，或改用文本字段。`,
    `A date is written like 2026-01-31 or 2026-01-31 08:00:00: use ${sql} in the query${lite ? ` (SQLite: ${lite})` : ''}, or a text field.`,
  );
}

const asDate = text(
  "请在查询里写 STR_TO_DATE(列, '%Y%m%d')；若确是毫秒或秒，在定义里写 unit: ms 或 s。",
  "Use STR_TO_DATE(column, '%Y%m%d') in the query; where it is a number of milliseconds or seconds, say unit: ms or s in the definition.",
);

const tooFine = (place: Place, value: unknown): Bad =>
  unfit(place, value, {
    zh: '的日期只保留到毫秒',
    en: 'is finer than a millisecond, which is all that a date keeps,',
    advice: text(
      '在定义里写 round: true 即可舍去更细的部分。',
      'Say round: true in the definition to cut what is finer.',
    ),
  });

function heldDate(raw: unknown): Cell {
  if (typeof raw === 'number') return String(raw);
  return typeof raw === 'string' ? raw : '';
}

/** A column of numbers that a date field reads as milliseconds only because its rule does not say `unit`. */
export interface Unsaid {
  readonly column: string;
  readonly field: string;
  readonly at: number;
}

/** Columns that may hold numbers: all that are no dates by their own type. */
export const mayBeNumbers: ReadonlySet<ColumnType> = new Set(['integer', 'decimal', 'float', 'text', 'any']);

/**
 * Notices columns whose every value is a day of early 1970 as milliseconds and one of 2001 to 2096 as seconds. Only
 * says so: which one is meant is nobody's guess.
 */
export function secondsWatch(columns: readonly Unsaid[]) {
  let watched = columns.map((column) => ({ ...column, seen: false }));
  return {
    take(cells: readonly Cell[]): void {
      if (watched.length === 0) return;
      for (const one of watched) {
        const cell = cells[one.at] ?? '';
        if (cell === '') continue;
        if (looksLikeSeconds(cell)) one.seen = true;
        else watched = watched.filter((other) => other !== one);
      }
    },
    notes: (): readonly Text[] => watched.filter(({ seen }) => seen).map(tell),
  };
}

const looksLikeSeconds = (cell: Cell): boolean =>
  cell.length === 10 && cell >= '1000000000' && cell <= '4000000000';

const tell = ({ column, field }: Unsaid): Text =>
  text(
    `「${field}」的数字全都像秒（10 位），按毫秒读就都是 1970 年初。若是秒，请在定义的 fields 里写 { ${column}: { unit: s } }；确是毫秒，写 unit: ms 就不再提醒。`,
    `All numbers for ${field} look like seconds (10 digits); read as milliseconds they are days of early 1970. For seconds say fields: { ${column}: { unit: s } } in the definition; unit: ms says that they are right and ends this note.`,
  );

/** Notes which columns have a value anywhere. */
export function filled(columns: number) {
  const found = new Array<boolean>(columns).fill(false);
  return {
    see(cells: readonly Cell[]): void {
      for (const [at, cell] of cells.entries()) if (cell !== '') found[at] = true;
    },
    all: (): readonly boolean[] => found,
  };
}
