import type { Field } from '../../definition/field.ts';
import { zoneOf } from '../../words/zone.ts';
import type { ColumnType, Filled, Value } from '../column.ts';
import { dateKind } from './date.ts';
import { type Cell, type CellRules, isBad } from './kind.ts';
import { heldNumber, withoutEndingZeros } from './number.ts';
import { heldText, textKind } from './text.ts';

/** How a column's values are compared with a field that only Feishu fills. */
export const filledAs = (type: ColumnType): Filled['as'] => meant.get(type) ?? 'text';

const meant: ReadonlyMap<ColumnType, Filled['as']> = new Map([
  ['integer', 'number'],
  ['decimal', 'number'],
  ['float', 'number'],
  ['bit', 'number'],
  ['year', 'number'],
  ['date', 'date'],
  ['datetime', 'date'],
  ['timestamp', 'date'],
]);

/**
 * Formulas and automatic numbers, read only. A formula's value is a list even when it is one number or text, and
 * nothing says which; a date is milliseconds.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/bitable-record-data-structure-overview
 */
export function filledKind(filled: Filled | undefined): CellRules {
  const alike = spellings[filled?.as ?? 'text'](filled?.zone ?? 'UTC');
  return {
    wanted: (place) => {
      const read = textKind.wanted(place);
      return (value) => {
        const cell = read(shortest(value));
        return isBad(cell) ? cell : alike(cell);
      };
    },
    held(raw) {
      const value = typeof raw === 'object' && raw !== null && 'value' in raw ? raw.value : raw;
      const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
      const cell = parts
        .map((part) => (typeof part === 'number' ? heldNumber(part) : heldText(part)))
        .join('');
      return alike(cell);
    },
    written: () => null,
  };
}

/** A float at the digits at which a formula's number is read. */
const shortest = (value: Exclude<Value, null>): Exclude<Value, null> =>
  typeof value === 'number' && !Number.isInteger(value) ? heldNumber(value) : value;

/** Makes, for each way of comparing, what brings all spellings of a value into one; other texts stay as they are. */
const spellings: Readonly<Record<Filled['as'], (zone: string) => (cell: Cell) => Cell>> = {
  text: () => (cell) => cell,
  number: () => exact,
  date(zone) {
    const field: Field = { id: '', name: '', kind: 'date', look: '', primary: false };
    const column = { name: '', type: 'datetime' as const };
    const read = dateKind.wanted({ column, field, rule: { round: true }, zone: zoneOf(zone), hidden: true });
    return (cell) => {
      const moment = cell === '' ? '' : read(cell);
      return isBad(moment) ? cell : moment;
    };
  },
};

/** Digits of a number that are looked at; MySQL's longest DECIMAL has 65. */
const longest = 100;
const decimal = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** A decimal number of any length without zeros and signs that say nothing: 012.50 is 12.5. */
function exact(cell: Cell): Cell {
  const trimmed = cell.length > longest ? '' : cell.trim();
  const [, sign, whole = '', fraction = ''] = decimal.exec(trimmed) ?? [];
  if (whole + fraction === '') return cell;
  const digits = whole.replace(/^0+(?=.)/, '') || '0';
  const rest = withoutEndingZeros(fraction);
  const number = rest === '' ? digits : `${digits}.${rest}`;
  return sign === '-' && number !== '0' ? `-${number}` : number;
}
