import { addField, type FieldSpec, fieldJson } from './fields.ts';
import {
  columnsOf,
  newRow,
  plainFields,
  putRow,
  removeRows,
  searchFields,
  setCell,
  touched,
} from './records.ts';
import type { Access, BaseState, RowState, TableState, ViewState, World } from './world.ts';
import { tell } from './world.ts';

/** Values by field name, in the shape in which the API writes them. Read-only fields may be seeded too. */
export type Fields = Readonly<Record<string, unknown>>;

/** A table to be made. */
export interface TableSpec {
  readonly name: string;
  /** The first one is the index column. */
  readonly fields: readonly FieldSpec[];
  readonly records?: Iterable<Fields>;
  readonly views?: readonly {
    readonly name: string;
    /** Which records the view shows, by their fields in search shape. */
    readonly shows: (fields: Fields) => boolean;
  }[];
}

/** A base to be made. */
export interface BaseSpec {
  readonly name?: string;
  readonly tables: readonly TableSpec[];
  /** Advanced permissions; default off. */
  readonly advanced?: boolean;
  /** What the app may do; default `manage`. */
  readonly access?: Access;
  /** Default Asia/Shanghai. */
  readonly timeZone?: string;
}

/** A table as tests and demos see it. Changes made here are a person's, not the app's. */
export interface TableHandle {
  readonly id: string;
  readonly name: string;
  /** The address of the table on the tenant's site. */
  readonly url: string;
  readonly views: readonly { readonly id: string; readonly name: string; readonly url: string }[];
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
  /** Adds a field, as a person would. */
  addField(spec: FieldSpec): void;
  /** Gives a field another name. */
  renameField(name: string, newName: string): void;
}

/** A base as tests and demos see it. */
export interface BaseHandle {
  readonly appToken: string;
  readonly tables: readonly TableHandle[];
  /** The table at a position; throws when there is none. */
  table(at?: number): TableHandle;
  /** What the app may do from now on. `edit` with advanced permissions on reads as empty. */
  setAccess(access: Access): void;
  setAdvanced(on: boolean): void;
  /** Makes the file known to this base; answers its token for attachment cells. */
  file(name: string, size?: number, type?: string): string;
}

const site = 'https://example.feishu.cn';

function addTable(world: World, base: BaseState, spec: TableSpec): TableState {
  const table: TableState = {
    id: `tbl${world.random.text(13)}`,
    name: spec.name,
    revision: 1,
    serial: 0,
    fields: [],
    fieldByName: new Map(),
    rows: [],
    byId: new Map(),
    views: (spec.views ?? []).map(
      ({ name, shows }): ViewState => ({ id: `vew${world.random.text(10)}`, name, shows }),
    ),
    hiddenRows: new Set(),
    hiddenFields: new Set(),
  };
  base.tables.set(table.id, table);
  return table;
}

function addFields(world: World, base: BaseState, table: TableState, specs: readonly FieldSpec[]): void {
  for (const spec of specs) {
    const other = [...base.tables.values()].find((one) => one.name === spec.linksTo);
    if (spec.linksTo !== undefined && !other)
      throw new Error(`There is no table ${spec.linksTo} to link to.`);
    if (!table.fieldByName.has(spec.name)) addField(world, table, spec, other?.id);
    if (other && spec.back !== undefined && !other.fieldByName.has(spec.back)) {
      addField(world, other, { name: spec.back, type: 21, back: spec.name }, table.id);
    }
  }
}

/** A writer that works like a person in the table: it may also fill read-only fields. */
function filler(world: World, base: BaseState, table: TableState): (row: RowState, fields: Fields) => void {
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

function tableHandle(world: World, base: BaseState, table: TableState, author: string): TableHandle {
  const url = `${site}/base/${base.appToken}?table=${table.id}`;
  const changed = (what: { added?: string[]; edited?: string[]; removed?: string[] }): void => {
    touched(base, table);
    const { added = [], edited = [], removed = [] } = what;
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
    views: table.views.map(({ id, name }) => ({ id, name, url: `${url}&view=${id}` })),
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
      touched(base, table);
    },
    hideField: (name) => {
      base.advanced = true;
      table.hiddenFields.add(name);
      touched(base, table);
    },
    addField: (spec) => {
      addFields(world, base, table, [spec]);
      changed({});
    },
    renameField: (name, newName) => {
      const field = table.fieldByName.get(name);
      if (!field) throw new Error(`The table ${table.name} has no field ${name}.`);
      table.fieldByName.delete(name);
      field.name = newName;
      table.fieldByName.set(newName, field);
      changed({});
    },
  };
}

function seed(
  world: World,
  base: BaseState,
  table: TableState,
  records: Iterable<Fields>,
  author: string,
): void {
  const fill = filler(world, base, table);
  for (const fields of records) {
    const row = newRow(world, table, author);
    fill(row, fields);
    putRow(table, row);
  }
}

/** Makes a base with its tables and records. `author` is the open_id of the person who seems to have typed them. */
export function addBase(world: World, spec: BaseSpec, author: string): BaseHandle {
  const base: BaseState = {
    appToken: `${world.random.text(23)}n${world.random.text(3)}`,
    name: spec.name ?? 'Playground',
    timeZone: spec.timeZone ?? 'Asia/Shanghai',
    revision: 1,
    advanced: spec.advanced ?? false,
    access: spec.access ?? 'manage',
    tables: new Map(),
    files: new Map(),
  };
  const made = spec.tables.map((one) => ({ one, table: addTable(world, base, one) }));
  for (const { one, table } of made) addFields(world, base, table, one.fields);
  for (const { one, table } of made) seed(world, base, table, one.records ?? [], author);
  world.bases.set(base.appToken, base);
  const tables = made.map(({ table }) => tableHandle(world, base, table, author));
  return {
    appToken: base.appToken,
    tables,
    table: (at = 0) => {
      const table = tables[at];
      if (!table) throw new Error(`The base has no table ${at}.`);
      return table;
    },
    setAccess: (access) => {
      base.access = access;
      base.revision += 1;
    },
    setAdvanced: (on) => {
      base.advanced = on;
      base.revision += 1;
    },
    file: (name, size = 1, type = 'application/octet-stream') => {
      const token = `box${world.random.text(20)}`;
      base.files.set(token, { token, name, size, type });
      return token;
    },
  };
}

/** Puts a base into a wiki; answers the address of its page, with the first table. */
export function addWikiNode(world: World, base: BaseHandle): string {
  const token = `wik${world.random.text(20)}`;
  world.wiki.set(token, base.appToken);
  return `${site}/wiki/${token}?table=${base.table().id}`;
}
