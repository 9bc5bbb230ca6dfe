import type { Client } from '@larksuiteoapi/node-sdk';
import type { CallMeter, RecordPage, Table } from '../../run/ports.ts';
import { type Address, lineOf, type ProductLine } from '../../sync/definition/address.ts';
import type { Fields, TableRecord } from '../../sync/definition/field.ts';
import { problem } from '../../sync/words/problem.ts';
import { listed, text } from '../../sync/words/text.ts';
import type { CallFn, CallSpec, FeishuClient } from '../calls/client.ts';
import { odd } from '../calls/failure.ts';
import { list, shape, words } from '../calls/http.ts';
import { fieldOf, newField } from './fields.ts';
import { type Paging, pageSize, readPages, recordId, totalOf, wholeList } from './pages.ts';

/** Field names that one search takes: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search */
const namesMax = 200;
/** Conditions and characters of one filter: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/record-filter-guide */
const conditionsMax = 50;
const filterMax = 2000;
/** Filters that are asked for side by side: somebody waits for all of them, and Feishu takes 20 reads a second. */
const filtersAtOnce = 3;
/** IDs of one look-up: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/batch_get */
const lookMax = 100;
/**
 * Rows of one write. Feishu's pages say 1,000, Lark's say 500.
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create
 * https://open.larksuite.com/document/server-docs/docs/bitable-v1/app-table-record/batch_update
 */
const chunkSizes = { feishu: 1000, local: 1000, lark: 500 } as const;

/** Which of the two products the client speaks to. */
export const lineAt = ({ domain }: FeishuClient): ProductLine => lineOf(new URL(domain).hostname) ?? 'feishu';

/** Writes the body of a call beforehand: whatever waits for the answer of the call before does not wait for that. */
const bodyOf = (records: readonly object[]): Buffer => Buffer.from(JSON.stringify({ records }));
/** What the SDK is given of a body that is written already. */
const inBody = { records: [] };

/** The data table of an address in the base `base`, its calls counted by `meter`. */
export function table(
  client: FeishuClient,
  base: string,
  { table: id, view }: Pick<Address, 'table' | 'view'>,
  meter: CallMeter,
): Table {
  const at: Place = { client, meter, path: { app_token: base, table_id: id } };
  return {
    ...{ base, id, chunkSize: chunkSizes[lineAt(client)], pageSize, lookSize: lookMax },
    ...about(at),
    ...reading(at, view),
    ...writing(at),
    linked: (other) => table(client, base, { table: other }, meter),
  };
}

/** Where the calls of a table go. */
interface Place {
  readonly client: FeishuClient;
  readonly meter: CallMeter;
  readonly path: { readonly app_token: string; readonly table_id: string };
}

/** Reads, and answers the `data` of the answer. */
const readAt = async <T>(
  { client, meter }: Place,
  signal: AbortSignal,
  fn: CallFn<{ data?: T | undefined }>,
): Promise<T | undefined> => (await client.again({ kind: 'read', meter, signal }, fn)).data;

/** The tables of a base as the list of them says. */
export async function tablesOf(
  client: FeishuClient,
  base: string,
  spec: CallSpec,
): Promise<readonly { readonly id: string; readonly name: string; readonly revision: unknown }[]> {
  const path = { app_token: base };
  const fetch = async (params: Paging) =>
    (await client.again(spec, (sdk, options) => sdk.bitable.appTable.list({ path, params }, options))).data;
  const items = await wholeList('table_id', fetch, { clock: client.clock, signal: spec.signal });
  return items.map((item) => {
    const { table_id, name, revision } = shape(item) ?? {};
    const id = words(table_id);
    if (id === undefined) throw odd('a table without ID');
    return { id, name: words(name) ?? '', revision };
  });
}

/** What the base and the table are, and the fields. */
function about(at: Place): Pick<Table, 'about' | 'revision' | 'fields' | 'createField'> {
  const { client, meter, path } = at;
  return {
    about: async (signal) => {
      const base = { app_token: path.app_token };
      const data = await readAt(at, signal, (sdk, options) => sdk.bitable.app.get({ path: base }, options));
      const app = shape(data?.app);
      const timeZone = words(app?.['time_zone']);
      return {
        name: words(app?.['name']) ?? '',
        advanced: app?.['is_advanced'] === true,
        ...(timeZone !== undefined && { timeZone }),
      };
    },

    revision: async (signal) => {
      const tables = await tablesOf(client, path.app_token, { kind: 'read', meter, signal });
      const own = tables.find(({ id }) => id === path.table_id);
      if (!own) throw noSuchTable(path.table_id, tables);
      if (typeof own.revision !== 'number') throw odd('a table without revision');
      return own.revision;
    },

    fields: async (signal) => {
      const fetch = (params: Paging) =>
        readAt(at, signal, (sdk, options) => sdk.bitable.appTableField.list({ path, params }, options));
      const items = await wholeList('field_id', fetch, { clock: client.clock, signal });
      return items.map(fieldOf);
    },

    createField: async (field, token, signal) => {
      const params = { client_token: token };
      // Its name is unique in the table, so that a call made again cannot create it twice.
      const answer = await client.again({ kind: 'write', meter, signal }, (sdk, options) =>
        sdk.bitable.appTableField.create({ path, params, data: newField(field) }, options),
      );
      return fieldOf(answer.data?.field);
    },
  };
}

/** The records, all or some. */
function reading(
  at: Place,
  view: string | undefined,
): Pick<Table, 'total' | 'records' | 'inView' | 'filters' | 'matching' | 'look'> {
  const { client, path } = at;
  const search = (signal: AbortSignal, data: SearchBody): AsyncGenerator<RecordPage, void> =>
    readPages(
      (params, inner) =>
        readAt(at, inner, (sdk, options) =>
          sdk.bitable.appTableRecord.search({ path, params, data }, options),
        ),
      { clock: client.clock, signal },
    );
  /** The records of a search, as they are at its end: it may have begun again. */
  const all = async (signal: AbortSignal, data: SearchBody): Promise<readonly TableRecord[]> => {
    let records: TableRecord[] = [];
    for await (const page of search(signal, data)) {
      if (page.restarted) records = [];
      records.push(...page.records);
    }
    return records;
  };
  return {
    total: async (signal) => {
      const params = { page_size: 1 };
      const page = await readAt(at, signal, (sdk, options) =>
        sdk.bitable.appTableRecord.search({ path, params, data: {} }, options),
      );
      return totalOf(page);
    },

    records: (fieldNames, signal) => search(signal, named(fieldNames)),

    inView: async (fieldNames, signal, least = Number.POSITIVE_INFINITY) => {
      let ids = new Set<string>();
      const body = { ...named(fieldNames), ...(view !== undefined && { view_id: view }) };
      for await (const page of search(signal, body)) {
        if (page.restarted) ids = new Set();
        for (const record of page.records) ids.add(record.id);
        if (ids.size >= least) break;
      }
      return ids;
    },

    filters: (field, values) => filters(field, values).length,

    matching: async (field, values, fieldNames, signal) => {
      const found = new Map<string, TableRecord>();
      const groups = filters(field, values);
      for (let from = 0; from < groups.length; from += filtersAtOnce) {
        const some = await Promise.all(
          groups
            .slice(from, from + filtersAtOnce)
            .map((filter) => all(signal, { ...named(fieldNames), filter })),
        );
        for (const record of some.flat()) found.set(record.id, record);
      }
      return [...found.values()];
    },

    look: (ids, signal) => look(at, ids, signal),
  };
}

async function look(at: Place, ids: readonly string[], signal: AbortSignal) {
  const seen = { present: [] as TableRecord[], forbidden: [] as string[], absent: [] as string[] };
  for (let from = 0; from < ids.length; from += lookMax) {
    const group = ids.slice(from, from + lookMax);
    const data = { record_ids: [...group] };
    const said = await readAt(at, signal, (sdk, options) =>
      sdk.bitable.appTableRecord.batchGet({ path: at.path, data }, options),
    );
    const present = (list(said?.records) ?? []).flatMap((item): TableRecord[] => {
      const id = recordId(item);
      return id === undefined ? [] : [{ id, fields: shape(shape(item)?.['fields']) ?? {} }];
    });
    const { forbidden_record_ids: forbidden = [], absent_record_ids: absent = [] } = said ?? {};
    const told = new Set([...present.map(({ id }) => id), ...forbidden, ...absent]);
    if (group.some((one) => !told.has(one))) throw odd('a look-up says nothing about some records');
    seen.present.push(...present);
    seen.forbidden.push(...forbidden);
    seen.absent.push(...absent);
  }
  return seen;
}

/** Writes of records: one call each, never repeated here. */
function writing({ client, meter, path }: Place): Pick<Table, 'create' | 'update' | 'delete'> {
  const write = <T>(how: Omit<CallSpec, 'kind' | 'meter'>, fn: CallFn<T>): Promise<T> =>
    client.call({ kind: 'write', meter, ...how }, fn);
  return {
    create: (records) => {
      const body = bodyOf(records.map((fields: Fields) => ({ fields })));
      return async (token, signal, mayGo) => {
        const params = { client_token: token };
        const answer = await write({ signal, body, mayGo }, (sdk, options) =>
          sdk.bitable.appTableRecord.batchCreate({ path, params, data: inBody }, options),
        );
        return writtenIds(answer.data?.records, records.length);
      };
    },

    update: (records) => {
      const body = bodyOf(records.map(({ id, fields }) => ({ record_id: id, fields })));
      return async (signal, mayGo) => {
        const answer = await write({ signal, body, mayGo }, (sdk, options) =>
          sdk.bitable.appTableRecord.batchUpdate({ path, data: inBody }, options),
        );
        writtenIds(answer.data?.records, records.length);
      };
    },

    delete: async (ids, signal, mayGo) => {
      const data = { records: [...ids] };
      const answer = await write({ signal, mayGo }, (sdk, options) =>
        sdk.bitable.appTableRecord.batchDelete({ path, data }, options),
      );
      writtenIds(answer.data?.records, ids.length);
      if (answer.data?.records?.some((one) => one.deleted === false))
        throw odd('some records were not deleted', 'round', true);
    },
  };
}

type Search = Client['bitable']['appTableRecord']['search'];
type SearchBody = NonNullable<NonNullable<Parameters<Search>[0]>['data']>;

const named = (names: readonly string[]): SearchBody =>
  names.length === 0 || names.length > namesMax ? {} : { field_names: [...names] };

type Filter = NonNullable<SearchBody['filter']>;

/** Splits an "equals one of" into filters of the size that Feishu takes. */
function filters(field: string, values: readonly string[]): readonly Filter[] {
  const all: Filter[] = [];
  let conditions: NonNullable<Filter['conditions']> = [];
  let length = 0;
  const close = (): void => {
    if (conditions.length > 0) all.push({ conjunction: 'or', conditions });
    conditions = [];
    length = '{"conjunction":"or","conditions":[]}'.length;
  };
  close();
  for (const value of new Set(values)) {
    const condition = { field_name: field, operator: 'is' as const, value: [value] };
    const size = JSON.stringify(condition).length + 1;
    if (conditions.length === conditionsMax || length + size > filterMax) close();
    conditions.push(condition);
    length += size;
  }
  close();
  return all;
}

/** The IDs in the answer's order, which is that of the request; fewer than sent is no success. */
function writtenIds(records: unknown, sent: number): readonly string[] {
  const ids = (list(records) ?? []).flatMap((one) => recordId(one) ?? []);
  if (ids.length !== sent) throw odd(`${sent} records were sent, ${ids.length} came back`, 'round', true);
  return ids;
}

function noSuchTable(id: string, tables: Awaited<ReturnType<typeof tablesOf>>) {
  const some = listed(tables.slice(0, 20).map((one) => `${one.name} (${one.id})`));
  const more = tables.length > 20 ? ' …' : '';
  return problem({
    code: 'no-such-table',
    where: 'target',
    message: text(`多维表格里没有数据表 ${id}。`, `The base has no table ${id}.`),
    cure: text(
      `请打开要写的数据表，重新复制地址。这个多维表格里有：${some.zh || '（没有应用能看到的数据表）'}${more}`,
      `Open the table to write to and copy its address again. The base has: ${some.en || '(no table that the app can see)'}${more}`,
    ),
  });
}
