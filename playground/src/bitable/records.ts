import type { BaseState, Cell, FieldState, RowState, TableChange, TableState, World } from '../world.ts';
import { fieldById } from './fields.ts';
import { changed } from './late.ts';
import { type IdType, isStrings, type Place, type ValueKind } from './values/kind.ts';
import { kindOf } from './values/kinds.ts';

/** A field of a table together with what is done with its values. */
export interface Column {
  readonly field: FieldState;
  readonly kind: ValueKind;
  readonly at: Place;
}

/** Columns for some fields of a table. */
export const columnsOf = (
  world: World,
  base: BaseState,
  table: TableState,
  fields: readonly FieldState[],
  idType: IdType,
): Column[] =>
  fields.map((field) => ({ field, kind: kindOf(field.type), at: { world, base, table, field, idType } }));

/** What a record holds in a column. */
export const cellOf = (row: RowState, { field, kind, at }: Column): Cell =>
  row.cells[field.slot] ?? kind.derive?.(row, at);

/** Makes an empty record without putting it into the table. */
export function newRow(world: World, table: TableState, by: string): RowState {
  table.serial += 1;
  const at = world.now();
  return {
    id: `rec${world.random.text(8)}${table.serial.toString(36)}`,
    cells: [],
    serial: table.serial,
    createdAt: at,
    createdBy: by,
    modifiedAt: at,
    modifiedBy: by,
  };
}

/** Puts a record into the table: at the end, or at a position. */
export function putRow(table: TableState, row: RowState, position = table.rows.length): void {
  if (position >= table.rows.length) table.rows.push(row);
  else table.rows.splice(position, 0, row);
  table.byId.set(row.id, row);
}

const listOf = (cell: Cell): readonly string[] => (isStrings(cell) ? cell : []);

/** Lets the mirror field of a two-way link follow a change of one cell. */
function mirror(row: RowState, before: Cell, after: Cell, { field, at }: Column): void {
  const other = at.base.tables.get(field.linkTable ?? '');
  const back = fieldById(other, field.backField);
  if (!other || !back) return;
  const was = new Set(listOf(before));
  const is = new Set(listOf(after));
  for (const id of new Set([...was, ...is])) {
    const far = other.byId.get(id);
    if (!far || was.has(id) === is.has(id)) continue;
    const links = listOf(far.cells[back.slot]).filter((one) => one !== row.id);
    if (is.has(id)) links.push(row.id);
    far.cells[back.slot] = links.length === 0 ? undefined : links;
  }
}

/** Sets one cell to a checked value; `null` empties it. */
export function setCell(row: RowState, column: Column, value: unknown): void {
  const { field, kind, at } = column;
  const after = value === null || value === undefined ? undefined : kind.store(value, at);
  const before = row.cells[field.slot];
  while (row.cells.length < field.slot) row.cells.push(undefined);
  row.cells[field.slot] = after;
  if (field.type === 21) mirror(row, before, after, column);
}

/** Removes links of other tables to records that are gone. */
function dropLinks(base: BaseState, table: TableState, gone: ReadonlySet<string>): void {
  for (const other of base.tables.values()) {
    for (const field of other.fields) {
      if (field.linkTable !== table.id) continue;
      for (const row of other.rows) {
        const links = listOf(row.cells[field.slot]);
        const left = links.filter((id) => !gone.has(id));
        if (left.length !== links.length) row.cells[field.slot] = left.length === 0 ? undefined : left;
      }
    }
  }
}

/** Removes records; ids that do not exist are passed over. */
export function removeRows(base: BaseState, table: TableState, ids: ReadonlySet<string>): void {
  const gone = new Set<RowState>();
  for (const id of ids) {
    const row = table.byId.get(id);
    if (row) gone.add(row);
    table.byId.delete(id);
  }
  table.rows = table.rows.filter((row) => !gone.has(row));
  dropLinks(base, table, ids);
}

/** Notes one change of the table in its revision and the base's. */
export function touched(base: BaseState, table: TableState, change: TableChange): void {
  table.changes += 1;
  table.revision += base.revisionRule.step?.(change) ?? 1;
  changed(table.revisions, table.revision, base.now());
  changed(table.sizes, table.rows.length, base.now());
  base.revision += 1;
}

/** What a change of records is for {@link touched}. */
export function recordsChange(
  by: TableChange['by'],
  { added, edited, removed }: Readonly<Record<'added' | 'edited' | 'removed', readonly string[]>>,
): TableChange {
  if (added.length > 0) return { by, what: 'add', records: added.length };
  if (removed.length > 0) return { by, what: 'remove', records: removed.length };
  return { by, what: 'edit', records: edited.length };
}

/** The records that the app may see, in the table's order. */
export function visibleRows(base: BaseState, table: TableState): readonly RowState[] {
  if (!base.advanced) return table.rows;
  if (base.access !== 'manage') return [];
  return table.hiddenRows.size === 0 ? table.rows : table.rows.filter((row) => !table.hiddenRows.has(row.id));
}

/** A record's values in search shape, by field name; empty cells are left out. */
export function searchFields(row: RowState, columns: readonly Column[]): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const column of columns) {
    const cell = cellOf(row, column);
    if (cell !== undefined) shown[column.field.name] = column.kind.read(cell, column.at);
  }
  return shown;
}

/** A record's values in the shape in which they are written, by field name; empty cells are left out. */
export function plainFields(row: RowState, columns: readonly Column[]): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const column of columns) {
    const cell = cellOf(row, column);
    if (cell !== undefined) shown[column.field.name] = column.kind.plain(cell, column.at);
  }
  return shown;
}

/** Builds the JSON text of records in search shape, without an object per record. */
export function rowEncoder(columns: readonly Column[]): (row: RowState) => string {
  const keyed = columns.map((column) => ({ column, key: `${JSON.stringify(column.field.name)}:` }));
  return (row) => {
    let fields = '';
    for (const { column, key } of keyed) {
      const cell = cellOf(row, column);
      if (cell === undefined) continue;
      const { kind, at } = column;
      const value = kind.json ? kind.json(cell, at) : JSON.stringify(kind.read(cell, at));
      fields += fields === '' ? key + value : `,${key}${value}`;
    }
    return `{"fields":{${fields}},"record_id":"${row.id}"`;
  };
}
