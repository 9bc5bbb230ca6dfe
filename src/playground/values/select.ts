import { Refusal } from '../reply.ts';
import type { FieldState, OptionState } from '../world.ts';
import { isStrings, type Place, type ValueKind } from './kind.ts';

/** Options in one multiple-select cell. */
const mostInCell = 1000;

const addOption = (name: string, { world, field }: Place): OptionState => {
  const option = { id: `opt${world.random.text(10)}`, name, color: field.options.length % 55 };
  field.options.push(option);
  field.optionById.set(option.id, option);
  if (!field.optionByName.has(name)) field.optionByName.set(name, option);
  return option;
};

const known = (field: FieldState, name: string): boolean =>
  !field.optionsLocked || field.optionByName.has(name);

const nameOf = (id: string, field: FieldState): string => field.optionById.get(id)?.name ?? '';

/** Single select (type 3). A name that is no option yet becomes one. */
export const single: ValueKind = {
  writable: true,
  check: (value, { field }) => {
    if (typeof value !== 'string' || !known(field, value)) throw new Refusal(1254062);
  },
  store: (value, at) => {
    const name = value as string;
    if (name === '') return undefined;
    return (at.field.optionByName.get(name) ?? addOption(name, at)).id;
  },
  read: (cell, { field }) => nameOf(cell as string, field),
  json: (cell, { field }) => JSON.stringify(nameOf(cell as string, field)),
  plain: (cell, { field }) => nameOf(cell as string, field),
};

/**
 * Multiple select (type 4). New names become options; the same new name twice in one value becomes two options
 * (https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create).
 */
export const multiple: ValueKind = {
  writable: true,
  check: (value, { field }) => {
    if (!isStrings(value) || value.length > mostInCell) throw new Refusal(1254063);
    if (!value.every((name) => known(field, name))) throw new Refusal(1254063);
  },
  store: (value, at) => {
    const before = new Map(at.field.optionByName);
    const ids = new Set<string>();
    for (const name of value as string[]) {
      if (name !== '') ids.add((before.get(name) ?? addOption(name, at)).id);
    }
    return ids.size === 0 ? undefined : [...ids];
  },
  read: (cell, { field }) => (cell as readonly string[]).map((id) => nameOf(id, field)),
  plain: (cell, at) => multiple.read(cell, at),
};
