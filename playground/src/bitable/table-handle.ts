import type { BaseState, FieldState, RowState, TableState, ViewState, World } from '../world.ts';
import { tell } from '../world.ts';
import { addField, defaultProperty, type FieldSpec, fieldJson, renameField, setOptions } from './fields.ts';
import {
  columnsOf,
  newRow,
  plainFields,
  putRow,
  recordsChange,
  removeRows,
  searchFields,
  setCell,
  touched,
} from './records.ts';
import { readField } from './schema/draft.ts';
import { overwrite, removeField, schemaChanged } from './schema/field-calls.ts';
import { tieByName } from './schema/links.ts';
import { newView } from './tables.ts';
import { typeOf } from './values/kinds.ts';

/** Values by field name, in the shape in which the API writes them. Read-only fields may be seeded too. */
export type Fields = Readonly<Record<string, unknown>>;

/** A saved view of a table. */
export interface ViewHandle {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  /** Sets which records the view shows from now on, by their fields in search shape. */
  setShows(shows: (fields: Fields) => boolean): void;
}

/** A table as tests and demos see it. Changes made here are a person's, not the app's. */
export interface TableHandle {
  readonly id: string;
  readonly name: string;
  /** The address of the table on the tenant's site. */
  readonly url: string;
  readonly views: readonly ViewHandle[];
  revision(): number;
  /** How many records there are. */
  size(): number;
  /** The fields as the field list shows them. */
  fields(): Fields[];
  /** The records with their values in the shape in which they are written; empty cells are left out. */
  records(): { readonly record_id: string; readonly fields: Fields }[];
  /** The fields of all records, as a search shows them. */
  rows(): Fields[];
  /** Adds a record at the end, or at a position; answers its id. */
  add(fields: Fields, position?: number): string;
  /** Changes some cells; `null` empties one. */
  edit(recordId: string, fields: Fields): void;
  remove(...recordIds: readonly string[]): void;
  /** Hides records from the app: searches leave them out, batch_get calls them forbidden. Turns advanced permissions on. */
  hideRecords(...recordIds: readonly string[]): void;
  /** Hides a field from the app. Turns advanced permissions on. */
  hideField(name: string): void;
  /** Adds a view that shows all records, or some of them by their fields in search shape. */
  addView(name: string, shows?: (fields: Fields) => boolean): ViewHandle;
  /** Adds a field, as a person would; answers its id. */
  addField(spec: FieldSpec): string;
  /** Gives a field another name. */
  renameField(name: string, newName: string): void;
  /** Gives a field another type; values that the new type cannot hold are lost. Throws where the app would be refused. */
  retypeField(name: string, type: number | string, property?: Fields): void;
  /** Removes a field. Throws for the index column. */
  deleteField(name: string): void;
  /** The options of a select field, in their order. */
  options(name: string): { readonly id: string; readonly name: string; readonly color: number }[];
  /** Gives an option of a select field another name; cells that hold it follow. */
  renameOption(field: string, name: string, newName: string): void;
}

/** Adds fields that a table has not yet; the tables that they link to must be there. */
export function addFields(
  world: World,
  base: BaseState,
  table: TableState,
  specs: readonly FieldSpec[],
): FieldState[] {
  return specs.map((spec) => {
    const other = [...base.tables.values()].find((one) => one.name === spec.linksTo);
    if (spec.linksTo !== undefined && !other)
      throw new Error(`There is no table ${spec.linksTo} to link to.`);
    return addField(world, table, spec, other?.id);
  });
}

/** Ties the two-way links among fields that were added to their other sides. */
export function tieLinks(
  world: World,
  base: BaseState,
  table: TableState,
  specs: readonly FieldSpec[],
): void {
  for (const { name, back } of specs) {
    const field = table.fieldByName.get(name);
    const tied = field?.type !== 21 || field.backField !== undefined;
    if (field && back !== undefined && !tied) tieByName(world, base, table, field, back);
  }
}

/** Where the tenant's pages are. */
export const site = 'https://example.feishu.cn';

/** The address of a table on the tenant's site. */
export const tableUrl = (base: BaseState, table: TableState): string =>
  `${site}/base/${base.appToken}?table=${table.id}`;

function fieldNamed(table: TableState, name: string): FieldState {
  const field = table.fieldByName.get(name);
  if (!field) throw new Error(`The table ${table.name} has no field ${name}.`);
  return field;
}

/** A writer that works like a person in the table: it may also fill read-only fields. */
export function filler(
  world: World,
  base: BaseState,
  table: TableState,
): (row: RowState, fields: Fields) => void {
  const columns = new Map(
    columnsOf(world, base, table, table.fields, 'open_id').map((column) => [column.field.name, column]),
  );
  return (row, fields) => {
    for (const name in fields) {
      const column = columns.get(name);
      if (!column) throw new Error(`The table ${table.name} has no field ${name}.`);
      const value = fields[name];
      if (column.kind.writable && value !== null && value !== undefined) column.kind.check(value, column.at);
      setCell(row, column, value);
    }
  };
}

type Schema = Pick<
  TableHandle,
  'addField' | 'renameField' | 'retypeField' | 'deleteField' | 'options' | 'renameOption' | 'hideField'
>;

const isSelect = (type: number): boolean => type === 3 || type === 4;

/** What a person does to the columns. */
function schemaHandle(world: World, base: BaseState, table: TableState): Schema {
  const job = { base, table };
  const changed = (): void => schemaChanged(world, job, 'person');
  return {
    addField: (spec) => {
      const [field] = addFields(world, base, table, [spec]);
      tieLinks(world, base, table, [spec]);
      changed();
      return field?.id ?? '';
    },
    renameField: (name, newName) => {
      renameField(table, fieldNamed(table, name), newName);
      changed();
    },
    retypeField: (name, type, property) => {
      const field = fieldNamed(table, name);
      const { type: number, uiType } = typeOf(type);
      const body = { field_name: name, type: number, ui_type: uiType };
      const kept = isSelect(number) && isSelect(field.type) ? { options: field.options } : undefined;
      const wanted = property ?? kept ?? defaultProperty(number, uiType);
      overwrite(world, job, field, readField(world, base, { ...body, property: wanted }, field));
      changed();
    },
    deleteField: (name) => {
      const field = fieldNamed(table, name);
      if (field.primary) throw new Error('The index column cannot be removed.');
      removeField(job, field);
      changed();
    },
    options: (name) => fieldNamed(table, name).options.map((option) => ({ ...option })),
    renameOption: (name, option, newName) => {
      const field = fieldNamed(table, name);
      if (!field.optionByName.has(option)) throw new Error(`The field ${name} has no option ${option}.`);
      setOptions(
        field,
        field.options.map((one) => (one.name === option ? { ...one, name: newName } : one)),
      );
      changed();
    },
    hideField: (name) => {
      base.advanced = true;
      table.hiddenFields.add(fieldNamed(table, name).id);
      touched(base, table, { by: 'person', what: 'permissions', records: 0 });
    },
  };
}

/** A {@link TableHandle} for a table; `author` is the open_id of the person who works with it. */
export function tableHandle(world: World, base: BaseState, table: TableState, author: string): TableHandle {
  const url = tableUrl(base, table);
  const viewHandle = (view: ViewState): ViewHandle => ({
    id: view.id,
    name: view.name,
    url: `${url}&view=${view.id}`,
    setShows: (shows) => {
      view.shows = shows;
      touched(base, table, { by: 'person', what: 'view', records: 0 });
    },
  });
  const changed = (what: { added?: string[]; edited?: string[]; removed?: string[] }): void => {
    const { added = [], edited = [], removed = [] } = what;
    touched(base, table, recordsChange('person', { added, edited, removed }));
    tell(world, {
      kind: 'table',
      appToken: base.appToken,
      tableId: table.id,
      by: 'person',
      added,
      edited,
      removed,
    });
  };
  const columns = () => columnsOf(world, base, table, table.fields, 'open_id');
  return {
    id: table.id,
    name: table.name,
    url,
    get views() {
      return table.views.map(viewHandle);
    },
    revision: () => table.revision,
    size: () => table.rows.length,
    fields: () => table.fields.map((field) => fieldJson(field, base)),
    records: () => {
      const all = columns();
      return table.rows.map((row) => ({ record_id: row.id, fields: plainFields(row, all) }));
    },
    rows: () => {
      const all = columns();
      return table.rows.map((row) => searchFields(row, all));
    },
    add: (fields, position) => {
      const row = newRow(world, table, author);
      filler(world, base, table)(row, fields);
      putRow(table, row, position);
      changed({ added: [row.id] });
      return row.id;
    },
    edit: (recordId, fields) => {
      const row = table.byId.get(recordId);
      if (!row) throw new Error(`There is no record ${recordId}.`);
      filler(world, base, table)(row, fields);
      row.modifiedAt = world.now();
      row.modifiedBy = author;
      changed({ edited: [recordId] });
    },
    remove: (...recordIds) => {
      removeRows(base, table, new Set(recordIds));
      changed({ removed: [...recordIds] });
    },
    hideRecords: (...recordIds) => {
      base.advanced = true;
      for (const id of recordIds) table.hiddenRows.add(id);
      touched(base, table, { by: 'person', what: 'permissions', records: 0 });
    },
    addView: (name, shows) => {
      const view = newView(world, table, name, shows);
      touched(base, table, { by: 'person', what: 'view', records: 0 });
      return viewHandle(view);
    },
    ...schemaHandle(world, base, table),
  };
}
