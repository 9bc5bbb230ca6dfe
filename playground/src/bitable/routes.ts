import type { Rates } from '../gateway/rates.ts';
import { ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Request, Route } from '../gateway/router.ts';
import type { World } from '../world.ts';
import { baseFor, pageSize, tableFor } from './access.ts';
import { fieldJson, visibleFields } from './fields.ts';
import { getRecord } from './legacy.ts';
import type { FieldCalls } from './schema/field-calls.ts';
import { batchGet, newSearch } from './search.ts';
import type { Writes } from './write.ts';

const app = '/open-apis/bitable/v1/apps/:app_token';
const table = `${app}/tables/:table_id`;
const records = `${table}/records`;
const perSecond = (calls: number) => ({ calls, perMs: 1000 });

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

function listTables(world: World, request: Request): Reply {
  const base = baseFor(world, request, 'read');
  return page(
    [...base.tables.values()],
    request,
    (one) => one.id,
    (one) => ({ table_id: one.id, revision: one.revision, name: one.name }),
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

/** Lets calls to one base pass at its own rate only; above: 1254290 with HTTP 200. */
function atBaseRate(world: World, rates: Rates, handle: Route['handle']): Route['handle'] {
  return (request, pace) => {
    const calls = world.limits.baseCallsPerSecond;
    const key = `base ${request.params['app_token'] ?? ''}`;
    if (calls !== undefined && rates.take(key, perSecond(calls)) !== undefined) throw new Refusal(1254290);
    return handle(request, pace);
  };
}

/** What answers the calls that change something. */
export interface Changes {
  readonly records: Writes;
  readonly fields: FieldCalls;
  readonly createTable: Route['handle'];
}

/** Base, table, field, record and wiki calls. */
export function bitableRoutes(world: World, changes: Changes, rates: Rates): Route[] {
  const { records: writes, fields: fieldCalls, createTable } = changes;
  const read = (
    name: string,
    method: 'GET' | 'POST',
    path: string,
    scope: string,
    handle: Route['handle'],
  ): Route => ({
    name,
    method,
    path,
    business: true,
    write: false,
    rate: perSecond(20),
    scopes: ['bitable:app', 'bitable:app:readonly', scope],
    handle: atBaseRate(world, rates, handle),
  });
  const write = (
    name: string,
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    scope: string,
    handle: Route['handle'],
  ): Route => ({
    name,
    method,
    path,
    business: true,
    write: true,
    rate: perSecond(50),
    scopes: ['bitable:app', scope],
    handle: atBaseRate(world, rates, handle),
  });
  const schema = (...route: Parameters<typeof write>): Route => ({ ...write(...route), rate: perSecond(10) });
  const fields = `${table}/fields`;
  const search = newSearch(world);
  const node: Route = {
    ...read('wiki.get_node', 'GET', '/open-apis/wiki/v2/spaces/get_node', 'wiki:node:read', (request) =>
      getNode(world, request),
    ),
    rate: { calls: 100, perMs: 60_000 },
    scopes: ['wiki:wiki', 'wiki:wiki:readonly', 'wiki:node:read'],
  };
  const permissions = '/open-apis/drive/v1/permissions/:token/members/auth';
  const permission: Route = {
    ...read('permissions.auth', 'GET', permissions, 'docs:permission.member:auth', (request) =>
      permissionOf(world, request),
    ),
    rate: { calls: 100, perMs: 60_000 },
    scopes: ['bitable:app', 'docs:permission.member:auth', 'drive:drive', 'wiki:wiki'],
  };
  return [
    permission,
    read('apps.get', 'GET', app, 'base:app:read', (request) => getApp(world, request)),
    read('tables.list', 'GET', `${app}/tables`, 'base:table:read', (request) => listTables(world, request)),
    schema('tables.create', 'POST', `${app}/tables`, 'base:table:create', createTable),
    read('fields.list', 'GET', fields, 'base:field:read', (request) => listFields(world, request)),
    schema('fields.create', 'POST', fields, 'base:field:create', fieldCalls.create),
    schema('fields.update', 'PUT', `${fields}/:field_id`, 'base:field:update', fieldCalls.update),
    schema('fields.delete', 'DELETE', `${fields}/:field_id`, 'base:field:delete', fieldCalls.remove),
    read('records.search', 'POST', `${records}/search`, 'base:record:retrieve', search),
    read('records.batch_get', 'POST', `${records}/batch_get`, 'base:record:retrieve', (request) =>
      batchGet(world, request),
    ),
    write(
      'records.batch_create',
      'POST',
      `${records}/batch_create`,
      'base:record:create',
      writes.batchCreate,
    ),
    write(
      'records.batch_update',
      'POST',
      `${records}/batch_update`,
      'base:record:update',
      writes.batchUpdate,
    ),
    write(
      'records.batch_delete',
      'POST',
      `${records}/batch_delete`,
      'base:record:delete',
      writes.batchDelete,
    ),
    write('records.create', 'POST', records, 'base:record:create', writes.create),
    read('records.get', 'GET', `${records}/:record_id`, 'base:record:retrieve', (request) =>
      getRecord(world, request),
    ),
    write('records.update', 'PUT', `${records}/:record_id`, 'base:record:update', writes.update),
    write('records.delete', 'DELETE', `${records}/:record_id`, 'base:record:delete', writes.remove),
    node,
  ];
}
