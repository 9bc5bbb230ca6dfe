import { invalid, okJson, Refusal } from '../gateway/reply.ts';
import type { Request, Route } from '../gateway/router.ts';
import { type OptionState, type RowState, tell, type World } from '../world.ts';
import { baseFor, idTypeOf } from './access.ts';
import type { ClientTokens, TokenUse } from './client-tokens.ts';
import { foundRecord } from './concealing.ts';
import { visibleFields } from './fields.ts';
import { holding, type Job as Place } from './holding.ts';
import type { Lock } from './lock.ts';
import {
  type Column,
  columnsOf,
  newRow,
  putRow,
  recordsChange,
  removeRows,
  setCell,
  touched,
} from './records.ts';
import { type IdType, isObject, isStrings } from './values/kind.ts';
import { newNames } from './values/select.ts';

type Handle = Route['handle'];
type Fields = Readonly<Record<string, unknown>>;
type Columns = ReadonlyMap<string, Column>;

/** The six calls that change records. */
export interface Writes {
  readonly create: Handle;
  readonly update: Handle;
  readonly remove: Handle;
  readonly batchCreate: Handle;
  readonly batchUpdate: Handle;
  readonly batchDelete: Handle;
}

/** One write: where it goes, and what it may name. */
interface Job extends Place {
  /** The request that does it. */
  readonly call: number;
  readonly columns: Columns;
}

interface Change {
  readonly id: string;
  readonly fields: Fields;
}

const noTokens: TokenUse = { replay: undefined, done: () => undefined, failed: () => undefined };

/** Checks the sent fields of one record; `place` is how error messages point at it. */
function checkFields(fields: Fields, columns: Columns, place: string): void {
  for (const name in fields) {
    const column = columns.get(name);
    if (!column) {
      const message = `Invalid request parameter: '${place}fields.${name}'. Correct format : field name`;
      throw new Refusal(1254045, { error: { message } });
    }
    if (!column.kind.writable) throw new Refusal(1254015);
    const value = fields[name];
    if (value === null || value === undefined) continue;
    try {
      column.kind.check(value, column.at);
    } catch (error) {
      throw withPointer(error, value, name, place);
    }
  }
}

/** Dates are the one conversion whose message is known to say where the value stands. */
function withPointer(error: unknown, value: unknown, name: string, place: string): unknown {
  if (!(error instanceof Refusal) || error.code !== 1254064) return error;
  const shown = typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value;
  const message = `Invalid request parameter: '${place}fields.date.fieldValue.${shown}.fieldName.${name}'`;
  return new Refusal(1254064, { error: { message } });
}

/** Refuses a write after which a select field would have too many options. */
function checkOptions(world: World, list: readonly Fields[], columns: Columns): void {
  for (const [name, { field, at }] of columns) {
    if (field.type !== 3 && field.type !== 4) continue;
    const known = new Set<string>();
    let count = field.options.length;
    for (const fields of list) count += newNames(fields[name], at, known);
    if (known.size > 0 && count > world.limits.options)
      throw new Refusal(field.type === 3 ? 1254062 : 1254063);
  }
}

/**
 * The options of select fields as they are now. A call looks names up in what there was when it came in, so that two calls
 * at the same time may both make an option of the same name.
 */
const optionsNow = ({ table }: Place): ReadonlyMap<string, Map<string, OptionState>> =>
  new Map(
    table.fields
      .filter(({ type }) => type === 3 || type === 4)
      .map((field) => [field.id, new Map(field.optionByName)]),
  );

function columnsFor(
  world: World,
  { base, table }: Place,
  idType: IdType,
  options: ReadonlyMap<string, Map<string, OptionState>>,
): Columns {
  const columns = columnsOf(world, base, table, visibleFields(base, table), idType);
  return new Map(
    columns.map((column) => {
      const seen = options.get(column.field.id);
      return [column.field.name, seen ? { ...column, at: { ...column.at, options: seen } } : column];
    }),
  );
}

function setFields(row: RowState, fields: Fields, columns: Columns): void {
  for (const name in fields) {
    const column = columns.get(name);
    if (column) setCell(row, column, fields[name]);
  }
}

const echo = (id: string, fields: Fields): string =>
  `{"fields":${JSON.stringify(fields)},"id":"${id}","record_id":"${id}"}`;

function fieldsOf(item: unknown, name: string): Fields {
  const fields = isObject(item) ? item['fields'] : undefined;
  if (!isObject(fields)) throw invalid(`${name}fields`, 'fields is required');
  return fields;
}

function listIn(request: Request, most: number): readonly unknown[] {
  const body = request.body();
  const list = isObject(body) ? body['records'] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw invalid('records', 'records is required');
  if (list.length > most) throw new Refusal(1254104);
  return list;
}

function report(
  world: World,
  { base, table, call }: Job,
  ids: Partial<Record<'added' | 'edited' | 'removed', string[]>>,
): void {
  const { added = [], edited = [], removed = [] } = ids;
  touched(base, table, recordsChange('app', { added, edited, removed }));
  if (world.watchers.size === 0) return;
  const where = { kind: 'table', appToken: base.appToken, tableId: table.id, by: 'app', call } as const;
  tell(world, { ...where, added, edited, removed });
}

/** Creates all records or none; answers their ids. */
function createAll(world: World, job: Job, list: readonly Fields[], single: boolean): string[] {
  const { table, columns } = job;
  for (const [at, fields] of list.entries()) checkFields(fields, columns, single ? '' : `records[${at}].`);
  checkOptions(world, list, columns);
  if (table.rows.length + list.length > world.limits.rows) throw new Refusal(1254103);
  const rows = list.map((fields) => {
    const row = newRow(world, table, world.bot.openId);
    putRow(table, row);
    setFields(row, fields, columns);
    return row.id;
  });
  report(world, job, { added: rows });
  return rows;
}

/** Updates all records or none. The same record twice: the later one wins. */
function updateAll(world: World, job: Job, list: readonly Change[], single: boolean): void {
  const { base, table, columns } = job;
  const rows = list.map(({ id, fields }, at) => {
    const row = foundRecord(base, table, id);
    checkFields(fields, columns, single ? '' : `records[${at}].`);
    return row;
  });
  checkOptions(
    world,
    list.map(({ fields }) => fields),
    columns,
  );
  for (const [at, row] of rows.entries()) {
    setFields(row, list[at]?.fields ?? {}, columns);
    row.modifiedAt = world.now();
    row.modifiedBy = world.bot.openId;
  }
  report(world, job, { edited: list.map(({ id }) => id) });
}

function deleteAll(world: World, job: Job, ids: readonly string[]): void {
  for (const id of ids) foundRecord(job.base, job.table, id);
  removeRows(job.base, job.table, new Set(ids));
  report(world, job, { removed: [...ids] });
}

/**
 * The writing calls. Each changes everything it carries or nothing, holds a place in the {@link Lock} while it runs, and
 * answers in the order of the request. https://open.feishu.cn/document/server-docs/docs/bitable-v1/bitable-overview
 */
export function newWrites(world: World, lock: Lock, tokens: ClientTokens): Writes {
  /** Takes the lock (1254291 when taken), waits out the latency, then lets `apply` do its work at once. */
  const locked = <T>(
    request: Request,
    pace: (rows: number) => Promise<void>,
    rows: number,
    apply: (job: Job) => T,
  ): Promise<T> => {
    const idType = idTypeOf(request.query.get('user_id_type'));
    return holding(world, lock, request, async (place) => {
      const options = optionsNow(place);
      await pace(rows);
      return apply({ ...place, call: request.id, columns: columnsFor(world, place, idType, options) });
    });
  };

  const useToken = (request: Request): TokenUse => {
    const token = request.query.get('client_token');
    return token ? tokens.use(request.path, token, request.raw) : noTokens;
  };

  const creating = async (
    request: Request,
    pace: (rows: number) => Promise<void>,
    list: readonly Fields[],
    single: boolean,
  ): Promise<readonly string[]> => {
    baseFor(world, request, 'write');
    const use = useToken(request);
    if (use.replay) return use.replay;
    try {
      const ids = await locked(request, pace, list.length, (job) => createAll(world, job, list, single));
      use.done(ids);
      return ids;
    } catch (error) {
      use.failed();
      throw error;
    }
  };

  const create: Handle = async (request, pace) => {
    const fields = fieldsOf(request.body(), '');
    const [id = ''] = await creating(request, pace, [fields], true);
    return okJson(`{"record":${echo(id, fields)}}`, 1);
  };

  const batchCreate: Handle = async (request, pace) => {
    const list = listIn(request, world.limits.batchCreate).map((item, at) =>
      fieldsOf(item, `records[${at}].`),
    );
    const ids = await creating(request, pace, list, false);
    const records = list.map((fields, at) => echo(ids[at] ?? '', fields));
    return okJson(`{"records":[${records.join(',')}]}`, list.length);
  };

  const update: Handle = async (request, pace) => {
    const id = request.params['record_id'] ?? '';
    const fields = fieldsOf(request.body(), '');
    await locked(request, pace, 1, (job) => updateAll(world, job, [{ id, fields }], true));
    return okJson(`{"record":${echo(id, fields)}}`, 1);
  };

  const batchUpdate: Handle = async (request, pace) => {
    const list = listIn(request, world.limits.batchUpdate).map((item, at): Change => {
      const id = isObject(item) ? item['record_id'] : undefined;
      if (typeof id !== 'string' || id === '')
        throw invalid(`records[${at}].record_id`, 'record_id is required');
      return { id, fields: fieldsOf(item, `records[${at}].`) };
    });
    await locked(request, pace, list.length, (job) => updateAll(world, job, list, false));
    return okJson(`{"records":[${list.map(({ id, fields }) => echo(id, fields)).join(',')}]}`, list.length);
  };

  const remove: Handle = async (request, pace) => {
    const id = request.params['record_id'] ?? '';
    await locked(request, pace, 1, (job) => deleteAll(world, job, [id]));
    return okJson(JSON.stringify({ deleted: true, record_id: id }), 1);
  };

  const batchDelete: Handle = async (request, pace) => {
    const ids = listIn(request, world.limits.batchDelete);
    if (!isStrings(ids)) throw invalid('records', 'records holds record ids');
    await locked(request, pace, ids.length, (job) => deleteAll(world, job, ids));
    const records = ids.map((id) => ({ deleted: true, record_id: id }));
    return okJson(JSON.stringify({ records }), ids.length);
  };

  return { create, update, remove, batchCreate, batchUpdate, batchDelete };
}
