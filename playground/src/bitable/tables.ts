import type { BaseState, TableState, ViewState, World } from '../world.ts';
import { newHistory } from './late.ts';

/** Puts a table without fields into a base. */
export function newTable(world: World, base: BaseState, name: string): TableState {
  const table: TableState = {
    id: `tbl${world.random.text(13)}`,
    name,
    revision: 1,
    revisions: newHistory(1),
    sizes: newHistory(0),
    changes: 0,
    serial: 0,
    fields: [],
    nextSlot: 0,
    fieldByName: new Map(),
    rows: [],
    byId: new Map(),
    views: [],
    hiddenRows: new Set(),
    hiddenFields: new Set(),
    concealed: new Set(),
  };
  base.tables.set(table.id, table);
  return table;
}

/** Adds a view to a table; at first it shows all records. */
export function newView(
  world: World,
  table: TableState,
  name: string,
  shows: ViewState['shows'] = () => true,
): ViewState {
  const view: ViewState = { id: `vew${world.random.text(10)}`, name, shows };
  table.views.push(view);
  return view;
}
