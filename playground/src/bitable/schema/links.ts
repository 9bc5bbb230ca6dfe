import type { BaseState, FieldState, TableState, World } from '../../world.ts';
import { addField, fieldById, putField, takeField } from '../fields.ts';
import { touched } from '../records.ts';

const duplex = 21;

/** Lets two sides of a two-way link know each other. */
export function tie(field: FieldState, back: FieldState): void {
  field.backField = back.id;
  back.backField = field.id;
}

/**
 * Makes the field that mirrors a two-way link in the linked table, and ties the two. The usual name is that of the table and
 * the field (https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide).
 */
export function addBack(
  world: World,
  base: BaseState,
  table: TableState,
  field: FieldState,
  name: string,
): void {
  const other = base.tables.get(field.linkTable ?? '');
  if (!other) return;
  const back = putField(world, other, {
    name,
    type: duplex,
    uiType: 'DuplexLink',
    property: { multiple: true },
    options: [],
    optionsLocked: false,
    linkTable: table.id,
    description: undefined,
  });
  tie(field, back);
  if (other !== table) renewed(base, other);
}

/** Ties a two-way link to the field of that name, which is made when the other table has none. */
export function tieByName(
  world: World,
  base: BaseState,
  table: TableState,
  field: FieldState,
  name: string,
): void {
  const other = base.tables.get(field.linkTable ?? '');
  const back = other?.fieldByName.get(name);
  if (other && !back) tie(field, addField(world, other, { name, type: duplex }, table.id));
  else if (back?.type === duplex) tie(field, back);
}

/** Removes the field that mirrors a two-way link, before the link itself goes. */
export function dropBack(base: BaseState, field: FieldState): void {
  const other = base.tables.get(field.linkTable ?? '');
  const back = fieldById(other, field.backField);
  if (!other || !back || field.type !== duplex) return;
  field.backField = undefined;
  if (back.primary) back.backField = undefined;
  else takeField(other, back);
  renewed(base, other);
}

/** Notes that the fields of another table changed along. */
const renewed = (base: BaseState, table: TableState): void =>
  touched(base, table, { by: 'app', what: 'fields', records: 0 });
