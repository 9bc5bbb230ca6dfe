import { Refusal } from '../../gateway/reply.ts';
import type { FieldState, OptionState } from '../../world.ts';
import { isStrings, type Place, type ValueKind } from './kind.ts';
import { newOption } from './options.ts';

/** Options in one multiple-select cell. */
const mostInCell = 1000;

/** Makes an option for a name that the call does not know, even when another call made one meanwhile. */
function addOption(name: string, { world, field, options }: Place): OptionState {
  const option = newOption(world, name, field.options.length);
  field.options.push(option);
  field.optionById.set(option.id, option);
  if (!field.optionByName.has(name)) field.optionByName.set(name, option);
  if (options && !options.has(name)) options.set(name, option);
  return option;
}

/** The option of a name, as far as the call knows it. */
function find(name: string, { field, options }: Place): OptionState | undefined {
  const option = (options ?? field.optionByName).get(name);
  return option && field.optionById.has(option.id) ? option : undefined;
}

/** How many options a value would add to its field. */
export function newNames(value: unknown, at: Place, known: Set<string>): number {
  const names = (isStrings(value) ? value : [value]).filter(
    (name): name is string => typeof name === 'string' && name !== '' && !find(name, at) && !known.has(name),
  );
  for (const name of names) known.add(name);
  return names.length;
}

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
    return (find(name, at) ?? addOption(name, at)).id;
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
    const names = (value as string[]).filter((name) => name !== '');
    const known = names.map((name) => find(name, at));
    const ids = new Set(names.map((name, place) => (known[place] ?? addOption(name, at)).id));
    return ids.size === 0 ? undefined : [...ids];
  },
  read: (cell, { field }) => (cell as readonly string[]).map((id) => nameOf(id, field)),
  plain: (cell, at) => multiple.read(cell, at),
};
