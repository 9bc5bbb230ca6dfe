import { Refusal } from '../../gateway/reply.ts';
import type { Cell, RowState } from '../../world.ts';
import { shownDate } from './days.ts';
import { isObject, type Place, type ValueKind } from './kind.ts';
import { personJson } from './references.ts';

const refuse = (): void => {
  throw new Refusal(1254015);
};

const same = (cell: NonNullable<Cell>): unknown => cell;

const derived = (
  derive: (row: RowState, at: Place) => Cell,
  read: ValueKind['read'] = same,
  json?: ValueKind['json'],
): ValueKind => ({
  writable: false,
  check: refuse,
  store: () => undefined,
  read,
  plain: read,
  derive,
  ...(json ? { json } : {}),
});

const persons: ValueKind['read'] = (cell, { world, idType }) => [personJson(world, String(cell), idType)];

/** Time of creation (1001) and of the last change (1002), ms. */
export const createdTime = derived((row) => row.createdAt);
export const modifiedTime = derived((row) => row.modifiedAt);

/** Who created (1003) and who changed last (1004). */
export const createdUser = derived((row) => row.createdBy, persons);
export const modifiedUser = derived((row) => row.modifiedBy, persons);

function ruleText(rule: unknown, row: RowState, { base }: Place): string {
  if (!isObject(rule)) return '';
  const { type, value } = rule;
  if (type === 'system_number') return String(row.serial).padStart(Number(value), '0');
  return type === 'created_time' ? shownDate(row.createdAt, String(value), base.timeZone) : String(value);
}

/** Auto number (1005), a string: the rules of a custom one in their order, or the counter alone. */
export const autoNumber = derived((row, at) => {
  const serial = at.field.property?.['auto_serial'];
  const rules: unknown = isObject(serial) && serial['type'] === 'custom' ? serial['options'] : undefined;
  if (!Array.isArray(rules)) return String(row.serial).padStart(3, '0');
  return rules.map((rule: unknown) => ruleText(rule, row, at)).join('');
});

/** The `{type, value}` of a formula or lookup; a bare seeded value is wrapped by what it is. */
function computed(value: unknown): Cell {
  if (isObject(value) && Array.isArray(value['value'])) return value;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const numbers = list.every((item) => typeof item === 'number');
  if (numbers) return { type: 2, ui_type: 'Number', value: list };
  return { type: 1, ui_type: 'Text', value: list.map((item) => ({ text: String(item), type: 'text' })) };
}

/** Formula (20) and lookup (19): only seeded values are known, nothing is calculated. */
export const formula: ValueKind = {
  writable: false,
  check: refuse,
  store: computed,
  read: same,
  plain: same,
};

/** Stage (24): a seeded string. */
export const stage: ValueKind = {
  writable: false,
  check: refuse,
  store: (value) => String(value),
  read: same,
  plain: same,
};

/** Button (3001): never has a value. */
export const button = derived(() => undefined);
