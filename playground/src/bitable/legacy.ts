import { ok, type Reply } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import type { Cell, World } from '../world.ts';
import { baseFor, idTypeOf, tableFor } from './access.ts';
import { foundRecord } from './concealing.ts';
import { visibleFields } from './fields.ts';
import { type Column, cellOf, columnsOf } from './records.ts';

/** Numbers as strings, text as plain strings, links with their table, persons of the system as one object. */
function legacyValue(cell: NonNullable<Cell>, { field, kind, at }: Column, textArray: boolean): unknown {
  const shown = kind.read(cell, at);
  if (field.type === 1 && !textArray) return cell;
  if (field.type === 2) return String(cell);
  if (field.type === 18 || field.type === 21) {
    return [{ record_ids: cell, table_id: field.linkTable, text: '', text_arr: [], type: 'text' }];
  }
  if (field.type === 1003 || field.type === 1004)
    return Array.isArray(shown) ? (shown as unknown[])[0] : shown;
  return shown;
}

/**
 * Answers `GET …/records/:record_id`, an older reader with value shapes of its own; empty cells are `null`.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/get
 */
export function getRecord(world: World, request: Request): Reply {
  const base = baseFor(world, request, 'read');
  const table = tableFor(base, request);
  const id = request.params['record_id'] ?? '';
  const row = foundRecord(base, table, id);
  const idType = idTypeOf(request.query.get('user_id_type'));
  const textArray = request.query.get('text_field_as_array') === 'true';
  const fields: Record<string, unknown> = {};
  for (const column of columnsOf(world, base, table, visibleFields(base, table), idType)) {
    const cell = cellOf(row, column);
    fields[column.field.name] = cell === undefined ? null : legacyValue(cell, column, textArray);
  }
  return ok({ record: { fields, id, record_id: id } }, 1);
}
