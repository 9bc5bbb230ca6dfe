import { Refusal } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import type { BaseState, TableState, World } from '../world.ts';
import type { IdType } from './values/kind.ts';

/** Finds the base of a call and checks what the app may do there. Throws 1254003, 91402 or 91403. */
export function baseFor(world: World, request: Request, need: 'read' | 'write'): BaseState {
  const appToken = request.params['app_token'] ?? '';
  if (appToken.length > 100) throw new Refusal(1254003);
  const base = world.bases.get(appToken);
  if (!base) throw new Refusal(91402);
  if (base.access === 'none' || (need === 'write' && base.access === 'read')) throw new Refusal(91403);
  // With advanced permissions an app needs "can manage" to see or change rows.
  if (need === 'write' && base.advanced && base.access !== 'manage') throw new Refusal(1254302);
  return base;
}

/** The table of a call. Throws 1254004 or 1254041. */
export function tableFor(base: BaseState, request: Request): TableState {
  const tableId = request.params['table_id'] ?? '';
  if (!tableId.startsWith('tbl') || tableId.length > 50) throw new Refusal(1254004);
  const table = base.tables.get(tableId);
  if (!table) throw new Refusal(1254041);
  return table;
}

/** The kind of person ids that a call speaks. Throws 99992402. */
export function idTypeOf(value: unknown): IdType {
  if (value === undefined || value === null || value === '' || value === 'open_id') return 'open_id';
  if (value === 'union_id' || value === 'user_id') return value;
  throw new Refusal(99992402, {
    error: {
      field_violations: [{ field: 'user_id_type', description: 'the value is not an option', value }],
    },
  });
}

/** The page size in the query. Throws 99992402 for no number or too much, 1254011 below 1. */
export function pageSize(query: URLSearchParams, most: number): number {
  const text = query.get('page_size');
  if (text === null || text === '') return 20;
  const size = Number(text);
  if (!Number.isInteger(size) || size > most) {
    const description = `the max value is ${most}`;
    throw new Refusal(99992402, {
      error: { field_violations: [{ field: 'page_size', description, value: text }] },
    });
  }
  if (size <= 0) throw new Refusal(1254011);
  return size;
}
