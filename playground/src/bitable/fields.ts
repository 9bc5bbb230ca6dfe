import type { BaseState, FieldState, OptionState, TableState, World } from '../world.ts';
import { typeOf } from './values/kinds.ts';
import { newOption } from './values/options.ts';

/** A field to be made. */
export interface FieldSpec {
  readonly name: string;
  /** A type number (1, 2, 5 …) or a `ui_type` (`Text`, `Currency`, `DateTime` …). */
  readonly type: number | string;
  /** A narrower `ui_type` when `type` is a number, such as `Currency` for 2. */
  readonly uiType?: string;
  /** Options of a select field. */
  readonly options?: readonly string[];
  /** True: a write with an option that does not exist is refused. */
  readonly optionsLocked?: boolean;
  /** The name of the linked table (link fields). */
  readonly linksTo?: string;
  /** The name of the field in the linked table that mirrors this one (two-way links); it is made if missing. */
  readonly back?: string;
  readonly property?: Readonly<Record<string, unknown>>;
}

/** The property of a field about which nothing more is said. */
export const defaultProperty = (type: number, uiType: string): Readonly<Record<string, unknown>> | null => {
  if (uiType === 'Currency') return { formatter: '0.00', currency_code: 'CNY' };
  if (uiType === 'Progress') return { formatter: '0%', range_customize: false, min: 0, max: 1 };
  if (uiType === 'Rating') return { formatter: '0', min: 1, max: 5, rating: { symbol: 'star' } };
  if (uiType === 'Barcode') return { allowed_edit_modes: { manual: true, scan: true } };
  if (type === 2) return { formatter: '0.0' };
  if (type === 5) return { auto_fill: false, date_formatter: 'yyyy/MM/dd' };
  if (type === 1001 || type === 1002) return { date_formatter: 'yyyy/MM/dd' };
  if (type === 11 || type === 18 || type === 21 || type === 23) return { multiple: true };
  if (type === 22) return { location: { input_type: 'not_limit' } };
  if (type === 20) return { formatter: '', formula_expression: '' };
  if (type === 1005) return { auto_serial: { type: 'auto_increment_number', options: [] } };
  return null;
};

/** Everything about a field but its place in a table. */
export interface FieldDraft {
  readonly name: string;
  readonly type: number;
  readonly uiType: string;
  readonly property: Readonly<Record<string, unknown>> | null;
  readonly options: readonly OptionState[];
  readonly optionsLocked: boolean;
  readonly linkTable: string | undefined;
  readonly description: Readonly<Record<string, unknown>> | undefined;
}

/** Sets the options of a select field. Of options with the same name the first one is found by that name. */
export function setOptions(field: FieldState, options: readonly OptionState[]): void {
  field.options.splice(0, Number.POSITIVE_INFINITY, ...options);
  field.optionById.clear();
  field.optionByName.clear();
  for (const option of options) {
    field.optionById.set(option.id, option);
    if (!field.optionByName.has(option.name)) field.optionByName.set(option.name, option);
  }
}

/** Puts a field at the end of a table. The first one is the index column. */
export function putField(world: World, table: TableState, draft: FieldDraft): FieldState {
  const { options, ...rest } = draft;
  const field: FieldState = {
    ...rest,
    id: `fld${world.random.text(10)}`,
    primary: table.fields.length === 0,
    slot: table.nextSlot,
    options: [],
    optionById: new Map(),
    optionByName: new Map(),
    backField: undefined,
  };
  setOptions(field, options);
  table.nextSlot += 1;
  table.fields.push(field);
  table.fieldByName.set(field.name, field);
  return field;
}

/** Adds a field as a person does; two-way links are tied to their other side elsewhere. */
export function addField(world: World, table: TableState, spec: FieldSpec, linkTable?: string): FieldState {
  if (table.fieldByName.has(spec.name)) throw new Error(`The table has two fields named ${spec.name}.`);
  const { type, uiType } = typeOf(spec.uiType ?? spec.type);
  return putField(world, table, {
    name: spec.name,
    type,
    uiType,
    property: spec.property ?? defaultProperty(type, uiType),
    options: (spec.options ?? []).map((name, at) => newOption(world, name, at)),
    optionsLocked: spec.optionsLocked ?? false,
    linkTable,
    description: undefined,
  });
}

/** Gives a field another name. */
export function renameField(table: TableState, field: FieldState, name: string): void {
  table.fieldByName.delete(field.name);
  field.name = name;
  table.fieldByName.set(name, field);
}

/** Takes a field out of its table. Its values are never read again. */
export function takeField(table: TableState, field: FieldState): void {
  const at = table.fields.indexOf(field);
  if (at >= 0) table.fields.splice(at, 1);
  table.fieldByName.delete(field.name);
  table.hiddenFields.delete(field.id);
}

/** Finds a field by its id. */
export const fieldById = (table: TableState | undefined, id: string | undefined): FieldState | undefined =>
  table?.fields.find((field) => field.id === id);

function propertyJson(field: FieldState, base: BaseState): Readonly<Record<string, unknown>> | null {
  if (field.type === 3 || field.type === 4) {
    const options = field.options.map(({ id, name, color }) => ({ color, id, name }));
    return { ...field.property, options };
  }
  if (field.type === 18 || field.type === 21) {
    const other = base.tables.get(field.linkTable ?? '');
    const back = fieldById(other, field.backField);
    return {
      multiple: true,
      ...field.property,
      table_id: field.linkTable ?? '',
      table_name: other?.name ?? '',
      ...(back ? { back_field_id: back.id, back_field_name: back.name } : {}),
    };
  }
  return field.property;
}

/** A field as the field list shows it. */
export const fieldJson = (field: FieldState, base: BaseState): Readonly<Record<string, unknown>> => ({
  field_id: field.id,
  field_name: field.name,
  type: field.type,
  ui_type: field.uiType,
  is_primary: field.primary,
  is_hidden: false,
  property: propertyJson(field, base),
  ...(field.description ? { description: field.description } : {}),
});

/** The fields that the app may see. */
export const visibleFields = (base: BaseState, table: TableState): readonly FieldState[] =>
  base.advanced && table.hiddenFields.size > 0
    ? table.fields.filter((field) => !table.hiddenFields.has(field.id))
    : table.fields;
