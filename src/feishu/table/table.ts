import type { Client } from '@larksuiteoapi/node-sdk';
import type { BaseInfo, CallMeter, RecordPage, Table } from '../../run/ports.ts';
import type { Address } from '../../sync/address.ts';
import { CallError } from '../../sync/failure.ts';
import type { Fields, TableRecord } from '../../sync/field.ts';
import { problem } from '../../sync/problem.ts';
import { listed, text } from '../../sync/text.ts';
import type { CallSpec, FeishuClient } from '../calls/client.ts';
import { oddAnswer } from '../calls/failure.ts';
import { readLimits } from '../calls/patience.ts';
import type { CallOptions } from '../calls/sdk.ts';
import { list, shape, words } from '../calls/shape.ts';
import { fieldOf, newField } from './fields.ts';
import { readPages, recordId, wholeList } from './pages.ts';

/** Field names that one search takes: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search */
const namesMax = 200;
/** Fields or tables of one page: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/list */
const listPage = 100;
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

type RecordApi = Client['bitable']['appTableRecord'];

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
  const path = { app_token: base, table_id: id };
  type Made<T> = (sdk: Client, options: CallOptions) => Promise<T>;

  const read = <T>(signal: AbortSignal, fn: Made<T>): Promise<T> =>
    client.patient(readLimits, signal, () => client.call({ kind: 'read', meter, signal }, fn));
  const write = <T>(
    signal: AbortSignal,
    fn: Made<T>,
    how: Pick<CallSpec, 'body' | 'mayGo'> = {},
  ): Promise<T> => client.call({ kind: 'write', meter, signal, ...how }, fn);

  const search = (signal: AbortSignal, more: SearchBody): AsyncGenerator<RecordPage, void> =>
    readPages(async (size, token, inner) => {
      const answer = await read(inner, (sdk, options) =>
        sdk.bitable.appTableRecord.search(
          { path, params: { page_size: size, ...paging(token) }, data: more },
          options,
        ),
      );
      return answer.data;
    }, signal);

  return {
    base,
    id,
    chunkSize: chunkSizes[client.line],

    about: async (signal) => {
      const answer = await read(signal, (sdk, options) =>
        sdk.bitable.app.get({ path: { app_token: base } }, options),
      );
      return infoOf(answer.data?.app);
    },

    revision: async (signal) => {
      const tables = await wholeList(tableId, async (token) => {
        const answer = await read(signal, (sdk, options) =>
          sdk.bitable.appTable.list(
            { path: { app_token: base }, params: { page_size: listPage, ...paging(token) } },
            options,
          ),
        );
        return answer.data;
      });
      const own = tables.find((one) => tableId(one) === id);
      if (own === undefined) throw noSuchTable(id, tables);
      const revision = shape(own)?.['revision'];
      if (typeof revision !== 'number')
        throw new CallError(oddAnswer('a table without revision', 'unknown', false));
      return revision;
    },

    fields: async (signal) => {
      const items = await wholeList(fieldId, async (token) => {
        const answer = await read(signal, (sdk, options) =>
          sdk.bitable.appTableField.list(
            { path, params: { page_size: listPage, ...paging(token) } },
            options,
          ),
        );
        return answer.data;
      });
      return items.map(fieldOf);
    },

    createField: async (field, token, signal) => {
      // Its name is unique in the table, so that a call made again cannot create it twice.
      const answer = await client.patient(readLimits, signal, () =>
        write(signal, (sdk, options) =>
          sdk.bitable.appTableField.create(
            { path, params: { client_token: token }, data: newField(field) },
            options,
          ),
        ),
      );
      return fieldOf(answer.data?.field);
    },

    records: (fieldNames, signal) => search(signal, named(fieldNames)),

    inView: async (fieldNames, signal) => {
      let ids = new Set<string>();
      const body = { ...named(fieldNames), ...(view === undefined ? {} : { view_id: view }) };
      for await (const page of search(signal, body)) {
        if (page.restarted) ids = new Set();
        for (const record of page.records) ids.add(record.id);
      }
      return ids;
    },

    filters: (field, values) => filters(field, values).length,

    matching: async (field, values, fieldNames, signal) => {
      const found = new Map<string, TableRecord>();
      const matching = async (group: Filter): Promise<readonly TableRecord[]> => {
        let records: TableRecord[] = [];
        for await (const page of search(signal, { ...named(fieldNames), filter: group })) {
          if (page.restarted) records = [];
          records.push(...page.records);
        }
        return records;
      };
      const groups = filters(field, values);
      for (let at = 0; at < groups.length; at += filtersAtOnce) {
        const some = await Promise.all(groups.slice(at, at + filtersAtOnce).map(matching));
        for (const record of some.flat()) found.set(record.id, record);
      }
      return [...found.values()];
    },

    look: async (ids, signal) => {
      const seen = { present: [] as TableRecord[], forbidden: [] as string[], absent: [] as string[] };
      for (let at = 0; at < ids.length; at += lookMax) {
        const group = ids.slice(at, at + lookMax);
        const answer = await read(signal, (sdk, options) =>
          sdk.bitable.appTableRecord.batchGet({ path, data: { record_ids: [...group] } }, options),
        );
        const present = (list(answer.data?.records) ?? []).flatMap((item): TableRecord[] => {
          const id = recordId(item);
          return id === undefined ? [] : [{ id, fields: shape(shape(item)?.['fields']) ?? {} }];
        });
        const forbidden = answer.data?.forbidden_record_ids ?? [];
        const absent = answer.data?.absent_record_ids ?? [];
        const told = new Set([...present.map(({ id }) => id), ...forbidden, ...absent]);
        if (group.some((one) => !told.has(one))) {
          throw new CallError(oddAnswer('a look-up says nothing about some records', 'unknown', false));
        }
        seen.present.push(...present);
        seen.forbidden.push(...forbidden);
        seen.absent.push(...absent);
      }
      return seen;
    },

    create: (records) => {
      const body = bodyOf(records.map((fields: Fields) => ({ fields })));
      return async (token, signal, mayGo) => {
        const params = { client_token: token };
        const answer = await write(
          signal,
          (sdk, options) => sdk.bitable.appTableRecord.batchCreate({ path, params, data: inBody }, options),
          { body, mayGo },
        );
        return writtenIds(answer.data?.records, records.length);
      };
    },

    update: (records) => {
      const body = bodyOf(records.map(({ id, fields }) => ({ record_id: id, fields })));
      return async (signal, mayGo) => {
        const answer = await write(
          signal,
          (sdk, options) => sdk.bitable.appTableRecord.batchUpdate({ path, data: inBody }, options),
          { body, mayGo },
        );
        writtenIds(answer.data?.records, records.length);
      };
    },

    delete: async (ids, signal, mayGo) => {
      const data = { records: [...ids] };
      const answer = await write(
        signal,
        (sdk, options) => sdk.bitable.appTableRecord.batchDelete({ path, data }, options),
        { mayGo },
      );
      writtenIds(answer.data?.records, ids.length);
      if (answer.data?.records?.some((one) => one.deleted === false)) {
        throw new CallError(oddAnswer('some records were not deleted', 'round', true));
      }
    },

    linked: (other) => table(client, base, { table: other }, meter),
  };
}

type SearchBody = NonNullable<NonNullable<Parameters<RecordApi['search']>[0]>['data']>;

const paging = (token: string | undefined) => (token === undefined ? {} : { page_token: token });

const named = (names: readonly string[]): SearchBody =>
  names.length === 0 || names.length > namesMax ? {} : { field_names: [...names] };

const tableId = (item: unknown): string | undefined => words(shape(item)?.['table_id']);
const fieldId = (item: unknown): string | undefined => words(shape(item)?.['field_id']);

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
  const ids = (list(records) ?? []).map(recordId);
  const whole = ids.filter((id) => id !== undefined);
  if (whole.length !== sent) {
    throw new CallError(oddAnswer(`${sent} records were sent, ${whole.length} came back`, 'round', true));
  }
  return whole;
}

function infoOf(app: unknown): BaseInfo {
  const one = shape(app);
  const timeZone = words(one?.['time_zone']);
  return {
    name: words(one?.['name']) ?? '',
    advanced: one?.['is_advanced'] === true,
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

function noSuchTable(id: string, tables: readonly unknown[]) {
  const all = tables.map((one) => `${words(shape(one)?.['name']) ?? ''} (${tableId(one)})`);
  const some = listed(all.slice(0, 20));
  const more = all.length > 20 ? ' …' : '';
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
