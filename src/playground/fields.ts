import { typeOf } from './values/kinds.ts';
import type { BaseState, FieldState, OptionState, TableState, World } from './world.ts';

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

const defaultProperty = (type: number, uiType: string): Readonly<Record<string, unknown>> | null => {
  if (uiType === 'Currency') return { formatter: '0.00', currency_code: 'CNY' };
  if (uiType === 'Progress') return { formatter: '0%', range_customize: false, min: 0, max: 1 };
  if (uiType === 'Rating') return { formatter: '0', min: 1, max: 5, rating: { symbol: 'star' } };
  if (uiType === 'Barcode') return { allowed_edit_modes: { manual: true, scan: true } };
  if (type === 2) return { formatter: '0.0' };
  if (type === 5) return { auto_fill: false, date_formatter: 'yyyy/MM/dd' };
  if (type === 1001 || type === 1002) return { date_formatter: 'yyyy/MM/dd' };
  if (type === 11 || type === 23) return { multiple: true };
  if (type === 22) return { location: { input_type: 'not_limit' } };
  if (type === 20) return { formatter: '', formula_expression: '' };
  if (type === 1005) return { auto_serial: { type: 'auto_increment_number', options: [] } };
  return null;
};

/** Adds a field at the end of a table. The first one is the index column. */
export function addField(world: World, table: TableState, spec: FieldSpec, linkTable?: string): FieldState {
  if (table.fieldByName.has(spec.name)) throw new Error(`The table has two fields named ${spec.name}.`);
  const { type, uiType } = typeOf(spec.uiType ?? spec.type);
  const options = (spec.options ?? []).map(
    (name, at): OptionState => ({ id: `opt${world.random.text(10)}`, name, color: at % 55 }),
  );
  const field: FieldState = {
    id: `fld${world.random.text(10)}`,
    name: spec.name,
    type,
    uiType,
    property: spec.property ?? defaultProperty(type, uiType),
    primary: table.fields.length === 0,
    slot: table.fields.length,
    options,
    optionById: new Map(options.map((option) => [option.id, option])),
    optionByName: new Map([...options].reverse().map((option) => [option.name, option])),
    optionsLocked: spec.optionsLocked ?? false,
    linkTable,
    backField: spec.back,
  };
  table.fields.push(field);
  table.fieldByName.set(field.name, field);
  return field;
}

function propertyJson(field: FieldState, base: BaseState): Readonly<Record<string, unknown>> | null {
  if (field.type === 3 || field.type === 4) {
    const options = field.options.map(({ id, name, color }) => ({ color, id, name }));
    return { ...field.property, options };
  }
  if (field.type === 18 || field.type === 21) {
    const other = base.tables.get(field.linkTable ?? '');
    const back = field.backField === undefined ? undefined : other?.fieldByName.get(field.backField);
    return {
      ...field.property,
      multiple: true,
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
});

/** The fields that the app may see. */
export const visibleFields = (base: BaseState, table: TableState): readonly FieldState[] =>
  base.advanced && table.hiddenFields.size > 0
    ? table.fields.filter((field) => !table.hiddenFields.has(field.name))
    : table.fields;
