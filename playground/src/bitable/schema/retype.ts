import { Refusal } from '../../gateway/reply.ts';
import type { BaseState, Cell, FieldState, RowState, TableState, World } from '../../world.ts';
import { cellOf, columnsOf, setCell } from '../records.ts';
import { instant, shownDate } from '../values/days.ts';
import { isObject, isStrings } from '../values/kind.ts';

type At = { readonly world: World; readonly base: BaseState; readonly field: FieldState };

const dateText = (ms: number, { base, field }: At): string =>
  shownDate(ms, String(field.property?.['date_formatter'] ?? 'yyyy/MM/dd'), base.timeZone);

const formulaText = (cell: NonNullable<Cell>): string => {
  const list: unknown = isObject(cell) ? cell['value'] : undefined;
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items.map((item) => String(isObject(item) ? item['text'] : item)).join(',');
};

/** What a person sees in a cell. */
function shownText(cell: NonNullable<Cell>, at: At): string {
  const { field, world } = at;
  const list = isStrings(cell) ? cell : [String(cell)];
  switch (field.type) {
    case 3:
    case 4:
      return list.map((id) => field.optionById.get(id)?.name ?? '').join(',');
    case 5:
    case 1001:
    case 1002:
      return dateText(Number(cell), at);
    case 11:
    case 1003:
    case 1004:
      return list.map((id) => world.people.get(id)?.name ?? '').join(',');
    case 15:
      return isObject(cell) ? String(cell['text']) : '';
    case 19:
    case 20:
      return formulaText(cell);
    case 17:
    case 18:
    case 21:
    case 23:
      return '';
    default:
      return String(cell);
  }
}

const dateForm = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2}))?$/;

function dateIn(text: string, { base }: At): number | undefined {
  const [, year, month, day, hour = '0', minute = '0'] = dateForm.exec(text) ?? [];
  if (year === undefined) return undefined;
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  return instant(wall, base.timeZone);
}

const ticks = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** A text as a value to be written into a field of another type; `undefined` where it cannot be one. */
function valueIn(text: string, at: At): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (at.field.type) {
    case 1:
      return text;
    case 2:
      return Number(trimmed);
    case 3:
      return trimmed;
    case 4:
      return [...new Set(trimmed.split(',').filter((name) => name !== ''))];
    case 5:
      return dateIn(trimmed, at);
    case 7:
      return ticks.get(trimmed.toLowerCase());
    case 13:
    case 22:
      return trimmed;
    case 15:
      return /^https?:\/\//.test(trimmed) ? { text: trimmed, link: trimmed } : undefined;
    default:
      return undefined;
  }
}

const isSelect = (type: number): boolean => type === 3 || type === 4;
const isLink = (type: number): boolean => type === 18 || type === 21;

/** A select's cell after its options were replaced: options that are gone leave the cell. */
function keptOptions(cell: Cell, field: FieldState): Cell {
  const ids = (isStrings(cell) ? cell : [String(cell)]).filter((id) => field.optionById.has(id));
  if (ids.length === 0) return undefined;
  return field.type === 3 ? ids[0] : ids;
}

interface Held {
  readonly row: RowState;
  readonly cell: NonNullable<Cell>;
  readonly text: string;
}

/**
 * Changes a field by `change`, and lets the values of its records follow. What no page tells is decided so: a value goes over
 * as the text that people see where the new type can hold that text, and is lost otherwise.
 */
export function retyped(
  world: World,
  base: BaseState,
  table: TableState,
  field: FieldState,
  change: () => void,
): void {
  const before = { type: field.type, linkTable: field.linkTable };
  const [column] = columnsOf(world, base, table, [field], 'open_id');
  if (!column) return;
  const held = table.rows.flatMap((row): Held[] => {
    const cell = cellOf(row, column);
    return cell === undefined ? [] : [{ row, cell, text: shownText(cell, { world, base, field }) }];
  });
  change();
  const same = field.type === before.type && field.linkTable === before.linkTable;
  if (same && !isSelect(field.type)) return;
  const [after] = columnsOf(world, base, table, [field], 'open_id');
  const linked = isLink(field.type) && isLink(before.type) && field.linkTable === before.linkTable;
  for (const row of table.rows) row.cells[field.slot] = undefined;
  for (const { row, cell, text } of held) {
    if (isSelect(field.type) && isSelect(before.type)) row.cells[field.slot] = keptOptions(cell, field);
    else if (after?.kind.writable) {
      const value = linked ? cell : valueIn(text, { world, base, field });
      if (value !== undefined)
        writeIfFit(
          () => after.kind.check(value, after.at),
          () => setCell(row, after, value),
        );
    }
  }
}

function writeIfFit(check: () => void, write: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof Refusal) return;
    throw error;
  }
  write();
}
