import type { Handlers } from '../endpoints.ts';
import { ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Handle, Request } from '../gateway/router.ts';
import type { BaseState, TableState, World } from '../world.ts';
import { baseFor, pageSize, tableFor } from './access.ts';
import { fieldJson, visibleFields } from './fields.ts';
import { shown } from './late.ts';
import { getRecord } from './legacy.ts';
import type { FieldCalls } from './schema/field-calls.ts';
import { batchGet, newSearch } from './search.ts';
import type { Writes } from './write.ts';

function getApp(world: World, request: Request): Reply {
  const { appToken, name, revision, advanced, timeZone } = baseFor(world, request, 'read');
  const shown = { app_token: appToken, name, revision, is_advanced: advanced, time_zone: timeZone };
  return ok({ app: shown });
}

/** One page of a list whose page token is the id of its first item. The token is there even at the end. */
function page<T>(
  items: readonly T[],
  request: Request,
  idOf: (item: T) => string,
  jsonOf: (item: T) => unknown,
): Reply {
  const size = pageSize(request.query, 100);
  const token = request.query.get('page_token') ?? '';
  const start = token === '' ? 0 : items.findIndex((item) => idOf(item) === token);
  if (start < 0) throw new Refusal(1254002, { msg: 'Fail: invalid page_token' });
  const shown = items.slice(start, start + size);
  const next = items[start + size];
  const last = shown.at(-1);
  const following = next ?? last;
  return ok({
    has_more: next !== undefined,
    page_token: following === undefined ? '' : idOf(following),
    total: items.length,
    items: shown.map(jsonOf),
  });
}

/** The revision as a list of tables shows it, which may be late. */
const revisionShown = (
  { revisionRule: { late = 0 }, now }: BaseState,
  { revision, revisions }: TableState,
): number => shown(revisions, revision, late, now());

function listTables(world: World, request: Request): Reply {
  const base = baseFor(world, request, 'read');
  return page(
    [...base.tables.values()],
    request,
    (one) => one.id,
    (one) => ({ table_id: one.id, revision: revisionShown(base, one), name: one.name }),
  );
}

function listFields(world: World, request: Request): Reply {
  const base = baseFor(world, request, 'read');
  const fields = visibleFields(base, tableFor(base, request));
  return page(
    fields,
    request,
    (field) => field.id,
    (field) => fieldJson(field, base),
  );
}

/** https://open.feishu.cn/document/server-docs/docs/wiki-v2/space-node/get_node */
function getNode(world: World, request: Request): Reply {
  const token = request.query.get('token') ?? '';
  if (token === '') throw new Refusal(131002, { msg: 'param err: token is required' });
  const appToken = world.wiki.get(token);
  const base = world.bases.get(appToken ?? '');
  if (!base) throw new Refusal(131005, { msg: 'not found' });
  if (base.access === 'none') throw new Refusal(131006, { msg: 'permission denied: node permission denied' });
  return ok({
    node: {
      space_id: '7000000000000000001',
      node_token: token,
      obj_token: base.appToken,
      obj_type: 'bitable',
      parent_node_token: '',
      node_type: 'origin',
      origin_node_token: token,
      origin_space_id: '7000000000000000001',
      has_child: false,
      title: base.name,
      obj_create_time: '1700000000',
      obj_edit_time: '1700000000',
      node_create_time: '1700000000',
      creator: '',
      owner: '',
      node_creator: '',
    },
  });
}

/**
 * Says whether the app may do something with a base, whatever its roles say besides.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/drive-v1/permission-member/auth
 */
function permissionOf(world: World, { params, query }: Request): Reply {
  const base = world.bases.get(params['token'] ?? '');
  const action = query.get('action') ?? '';
  if (!base || query.get('type') !== 'bitable' || !actions.has(action)) throw new Refusal(1063001);
  if (base.access === 'none') throw new Refusal(1063002);
  const may = base.access !== 'read' || !changing.has(action);
  return ok({ auth_result: may && (action !== 'manage_public' || base.access === 'manage') });
}

const changing: ReadonlySet<string> = new Set(['edit', 'share', 'manage_public']);
const actions: ReadonlySet<string> = new Set([...changing, 'view', 'comment', 'export', 'copy', 'print']);

/** What answers the calls that change something. */
export interface Changes {
  readonly records: Writes;
  readonly fields: FieldCalls;
  readonly createTable: Handle;
}

/** Answers base, table, field, record and wiki calls. */
export const bitableHandlers = (world: World, { records, fields, createTable }: Changes) =>
  ({
    'apps.get': (request) => getApp(world, request),
    'tables.list': (request) => listTables(world, request),
    'tables.create': createTable,
    'fields.list': (request) => listFields(world, request),
    'fields.create': fields.create,
    'fields.update': fields.update,
    'fields.delete': fields.remove,
    'records.search': newSearch(world),
    'records.batch_get': (request) => batchGet(world, request),
    'records.batch_create': records.batchCreate,
    'records.batch_update': records.batchUpdate,
    'records.batch_delete': records.batchDelete,
    'records.create': records.create,
    'records.get': (request) => getRecord(world, request),
    'records.update': records.update,
    'records.delete': records.remove,
    'wiki.get_node': (request) => getNode(world, request),
    'permissions.auth': (request) => permissionOf(world, request),
  }) satisfies Partial<Handlers>;
