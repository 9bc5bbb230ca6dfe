import { createHash } from 'node:crypto';
import { invalid, okJson, Refusal, type Reply } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import type { BaseState, RowState, TableState, World } from '../world.ts';
import { baseFor, idTypeOf, pageSize, tableFor } from './access.ts';
import { recordFor, unconcealed } from './concealing.ts';
import { visibleFields } from './fields.ts';
import { readFilter, type Test } from './filter.ts';
import { shown } from './late.ts';
import { type Column, cellOf, columnsOf, rowEncoder, searchFields, visibleRows } from './records.ts';
import { type IdType, isObject, isStrings } from './values/kind.ts';
import { personJson } from './values/references.ts';

/** The last selections, so that paging through a filtered table does not filter it again for each page. */
type Selections = Map<string, readonly RowState[]>;

const maxPage = 500;

function readToken(token: string | null, bound: string): number {
  if (token === null || token === '') return 0;
  const [offset, mark] = Buffer.from(token, 'base64url').toString('latin1').split('.');
  const wrong = mark !== bound || !/^\d+$/.test(offset ?? '');
  if (wrong) throw new Refusal(1254002, { msg: 'Fail: invalid page_token' });
  return Number(offset);
}

const writeToken = (offset: number, bound: string): string =>
  Buffer.from(`${offset}.${bound}`, 'latin1').toString('base64url');

/** Numbers by size, everything else by its text; empty cells first. */
function compareCells(a: RowState, b: RowState, column: Column): number {
  const x = cellOf(a, column);
  const y = cellOf(b, column);
  if (x === y) return 0;
  if (x === undefined) return -1;
  if (y === undefined) return 1;
  if (typeof x === 'number' && typeof y === 'number') return x - y;
  const left = JSON.stringify(column.kind.plain(x, column.at));
  const right = JSON.stringify(column.kind.plain(y, column.at));
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function readSort(
  raw: unknown,
  columns: ReadonlyMap<string, Column>,
): ((a: RowState, b: RowState) => number) | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (!Array.isArray(raw)) throw invalid('sort', 'must be a list');
  if (raw.length === 0) return undefined;
  if (raw.length > 100) throw new Refusal(1254016);
  if (JSON.stringify(raw).length > 1000) throw new Refusal(1254108);
  const keys = raw.map((item: unknown) => {
    const name = isObject(item) ? item['field_name'] : undefined;
    const column = typeof name === 'string' ? columns.get(name) : undefined;
    if (!column) throw new Refusal(1254045);
    return { column, sign: isObject(item) && item['desc'] === true ? -1 : 1 };
  });
  return (a, b) => {
    for (const { column, sign } of keys) {
      const order = compareCells(a, b, column);
      if (order !== 0) return order * sign;
    }
    return 0;
  };
}

/** The records of a view. */
function viewTest(table: TableState, viewId: unknown, columns: readonly Column[]): Test | undefined {
  if (viewId === undefined || viewId === null || viewId === '') return undefined;
  const view = table.views.find((one) => one.id === viewId);
  if (!view) throw new Refusal(typeof viewId === 'string' && viewId.startsWith('vew') ? 1254042 : 1254005);
  return (row) => view.shows(searchFields(row, columns));
}

function select(
  base: BaseState,
  table: TableState,
  body: Record<string, unknown>,
  columns: readonly Column[],
) {
  const byName = new Map(columns.map((column) => [column.field.name, column]));
  const test = readFilter(body['filter'], byName);
  const order = readSort(body['sort'], byName);
  const shows = test ?? (order ? undefined : viewTest(table, body['view_id'], columns));
  const rows = visibleRows(base, table);
  if (!shows && !order) return rows;
  const wanted = shows ? rows.filter(shows) : [...rows];
  return order ? [...wanted].sort(order) : wanted;
}

function wantedColumns(body: Record<string, unknown>, columns: readonly Column[]): readonly Column[] {
  const names = body['field_names'];
  if (names === undefined || names === null) return columns;
  if (!isStrings(names) || names.length > 200) throw invalid('field_names', 'at most 200 names');
  if (names.length === 0) return columns;
  const byName = new Map(columns.map((column) => [column.field.name, column]));
  return names.map((name) => {
    const column = byName.get(name);
    if (!column) throw new Refusal(1254045, { error: { message: `Invalid request parameter: '${name}'` } });
    return column;
  });
}

/** The four members that `automatic_fields` adds, as JSON text with a leading comma. */
function automaticJson(row: RowState, world: World, idType: IdType): string {
  const made = {
    created_by: personJson(world, row.createdBy, idType),
    created_time: row.createdAt,
    last_modified_by: personJson(world, row.modifiedBy, idType),
    last_modified_time: row.modifiedAt,
  };
  return `,${JSON.stringify(made).slice(1, -1)}`;
}

/** Encodes records in search shape. */
export function encodeRows(
  rows: readonly RowState[],
  columns: readonly Column[],
  automatic: boolean,
  world: World,
  idType: IdType,
): string {
  const encode = rowEncoder(columns);
  const items = rows.map((row) => `${encode(row)}${automatic ? automaticJson(row, world, idType) : ''}}`);
  return `[${items.join(',')}]`;
}

function remember(selections: Selections, key: string, make: () => readonly RowState[]): readonly RowState[] {
  const known = selections.get(key);
  if (known) return known;
  const made = make();
  if (selections.size >= 4) selections.delete(selections.keys().next().value ?? '');
  selections.set(key, made);
  return made;
}

/**
 * Answers `POST …/records/search`. Paging parameters count in the query string only; pages are cut from the table as it
 * is at that moment. https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search
 */
export function newSearch(world: World): (request: Request) => Reply {
  const selections: Selections = new Map();
  return (request) => {
    const base = baseFor(world, request, 'read');
    const table = tableFor(base, request);
    const size = pageSize(request.query, maxPage);
    const body = request.body();
    if (!isObject(body)) throw new Refusal(1254000);
    const idType = idTypeOf(request.query.get('user_id_type'));
    const all = columnsOf(world, base, table, visibleFields(base, table), idType);
    const columns = wantedColumns(body, all);
    const { page_size: _size, page_token: _token, ...asked } = body;
    const bound = createHash('sha1')
      .update(`${table.id} ${JSON.stringify(asked)}`)
      .digest('hex')
      .slice(0, 12);
    const offset = readToken(request.query.get('page_token'), bound);
    const plain = !body['filter'] && !body['sort'] && !body['view_id'];
    const key = `${bound} ${table.changes} ${base.revision} ${idType} ${base.access} ${Math.floor(world.now() / 60_000)}`;
    const found = plain
      ? visibleRows(base, table)
      : remember(selections, key, () => select(base, table, body, all));
    const { listed, total } = unconcealed(base, table, found);
    const behind = plain
      ? shown(table.sizes, table.rows.length, base.totalsLate, base.now()) - table.rows.length
      : 0;
    const page = listed.slice(offset, offset + size);
    const more = offset + size < listed.length;
    const items = encodeRows(page, columns, body['automatic_fields'] === true, world, idType);
    const token = more ? `,"page_token":"${writeToken(offset + size, bound)}"` : '';
    return okJson(
      `{"has_more":${more},"items":${items}${token},"total":${Math.max(0, total + behind)}}`,
      page.length,
    );
  };
}

/**
 * Answers `POST …/records/batch_get`: the only read that tells vanished and forbidden ids apart.
 * https://open.feishu.cn/document/docs/bitable-v1/app-table-record/batch_get
 */
export function batchGet(world: World, request: Request): Reply {
  const base = baseFor(world, request, 'read');
  const table = tableFor(base, request);
  const body = request.body();
  const ids = isObject(body) ? body['record_ids'] : undefined;
  if (!isObject(body) || !isStrings(ids) || ids.length === 0)
    throw invalid('record_ids', 'record_ids is required');
  if (ids.length > world.limits.batchGet)
    throw invalid('record_ids', `the max len is ${world.limits.batchGet}`);
  const idType = idTypeOf(body['user_id_type']);
  const columns = columnsOf(world, base, table, visibleFields(base, table), idType);
  const seen: RowState[] = [];
  const forbidden: string[] = [];
  const absent: string[] = [];
  for (const id of ids) {
    const row = recordFor(base, table, id);
    if (row === 'absent') absent.push(id);
    else if (row === 'forbidden') forbidden.push(id);
    else seen.push(row);
  }
  const records = encodeRows(seen, columns, body['automatic_fields'] === true, world, idType);
  const rest = `"forbidden_record_ids":${JSON.stringify(forbidden)},"absent_record_ids":${JSON.stringify(absent)}`;
  return okJson(`{"records":${records},${rest}}`, seen.length);
}
