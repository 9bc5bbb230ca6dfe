import { type Column, cellOf, plainFields } from '../bitable/records.ts';
import { isObject, isStrings } from '../bitable/values/kind.ts';
import type { CellWire } from '../page/wire.ts';
import type { FieldState, RowState } from '../world.ts';

/** Fields whose cells a person may type on the page; the others are only shown there. */
const typed = new Set([1, 2, 3, 4, 5, 7, 13, 15]);

/** Whether a person may type into cells of the field. */
export const isTyped = (field: FieldState): boolean => typed.has(field.type);

/** What stands in a record's cells, column by column; dates in a zone. */
export function shownCells(row: RowState, columns: readonly Column[], zone: string): CellWire[] {
  const plain = plainFields(row, columns);
  return columns.map((column) =>
    cellOf(row, column) === undefined ? { text: '' } : shown(plain[column.field.name], column, zone),
  );
}

function shown(value: unknown, { field, at }: Column, zone: string): CellWire {
  switch (field.type) {
    case 2:
      return { text: figure(Number(value), String(field.property?.['formatter'] ?? '')) };
    case 3:
    case 4: {
      const names = isStrings(value) ? value : [String(value)];
      const tags = names.map((text) => ({ text, color: field.optionByName.get(text)?.color ?? 0 }));
      return { text: names.join(', '), tags };
    }
    case 5:
    case 1001:
    case 1002:
      return { text: moment(Number(value), zone, dateOnly(field)) };
    case 7:
      return { text: value === true ? '✓' : '' };
    case 15:
      return { text: isObject(value) ? String(value['text'] ?? value['link']) : String(value) };
    default:
      return { text: words(value, (id) => at.world.people.get(id)?.name ?? id) };
  }
}

const dateOnly = ({ property }: FieldState): boolean =>
  !String(property?.['date_formatter'] ?? '').includes('HH');

/** A number as its field shows it: decimals, thousands and per cents. */
function figure(value: number, formatter: string): string {
  const [, decimals = ''] = /\.(0+)/.exec(formatter) ?? [];
  const percent = formatter.includes('%');
  const options = {
    minimumFractionDigits: decimals.length,
    maximumFractionDigits: formatter === '' ? 15 : decimals.length,
    useGrouping: formatter.includes(','),
  };
  return `${(percent ? value * 100 : value).toLocaleString('en-US', options)}${percent ? '%' : ''}`;
}

/** Lists, people, files and whatever else, as words. */
function words(value: unknown, nameOf: (id: string) => string): string {
  if (Array.isArray(value)) return value.map((one: unknown) => words(one, nameOf)).join(', ');
  if (!isObject(value)) return value === undefined || value === null ? '' : String(value);
  if (typeof value['id'] === 'string') return nameOf(value['id']);
  return words(value['text'] ?? value['name'] ?? value['file_token'] ?? value['location'] ?? '', nameOf);
}

/** `2026/01/05 09:00` in a time zone. */
export function moment(ms: number, timeZone: string, day: boolean): string {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const written = clock.format(ms).replaceAll('-', '/');
  return day ? written.slice(0, 10) : written;
}

/**
 * What a person meant by what they typed, in the shape in which cells are written; `null` empties the cell.
 * Throws a sentence for the person when it does not fit.
 */
export function readTyped(text: string, field: FieldState, timeZone: string): unknown {
  const said = text.trim();
  if (said === '') return null;
  switch (field.type) {
    case 2: {
      const value = Number(said.replaceAll(',', '').replace(/%$/, ''));
      if (!Number.isFinite(value)) throw new Error(`“${said}” is no number.`);
      return said.endsWith('%') ? value / 100 : value;
    }
    case 4:
      return said.split(/[,，]/).map((one) => one.trim());
    case 5:
      return instant(said, timeZone);
    case 7:
      return !/^(0|no|false|否|✗)$/i.test(said);
    case 15:
      return { text: said, link: said };
    default:
      return text;
  }
}

/** Reads `2026/01/05` or `2026/01/05 09:00` as a moment in a time zone. */
function instant(said: string, timeZone: string): number {
  const [, year, month, day, hour = '0', minute = '0'] =
    /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2}))?$/.exec(said) ?? [];
  if (year === undefined) throw new Error(`“${said}” is no date such as 2026/01/05 09:00.`);
  const wanted = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  const seen = Date.parse(`${moment(wanted, timeZone, false).replaceAll('/', '-').replace(' ', 'T')}:00Z`);
  return wanted - (seen - wanted);
}
