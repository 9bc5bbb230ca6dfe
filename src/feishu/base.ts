import type { Base, CallMeter } from '../run/ports.ts';
import { CallError } from '../sync/failure.ts';
import type { CallSpec, FeishuClient } from './client.ts';
import { oddAnswer } from './failure.ts';
import { newField } from './new-field.ts';
import { wholeList } from './pages.ts';
import { readLimits } from './patience.ts';
import { shape, words } from './shape.ts';
import { table } from './table.ts';

/** Tables of one page: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table/list */
const listPage = 100;

/** The base `token`, its calls counted by `meter`. */
export function base(client: FeishuClient, token: string, meter: CallMeter): Base {
  const path = { app_token: token };
  const specOf = (kind: CallSpec['kind'], signal: AbortSignal): CallSpec => ({ kind, meter, signal });
  return {
    token,

    tables: async (signal) => {
      const items = await wholeList(idOf, async (next) => {
        const answer = await client.patient(readLimits, signal, () =>
          client.call(specOf('read', signal), (sdk, options) =>
            sdk.bitable.appTable.list(
              { path, params: { page_size: listPage, ...(next === undefined ? {} : { page_token: next }) } },
              options,
            ),
          ),
        );
        return answer.data;
      });
      return items.map((item) => {
        const id = idOf(item);
        if (id === undefined) throw new CallError(oddAnswer('a table without ID', 'unknown', false));
        return { id, name: words(shape(item)?.['name']) ?? '' };
      });
    },

    createTable: async (name, fields, signal) => {
      const sent = { name, fields: fields.map(newField) };
      // Its name is unique in the base, so that a call made again cannot create it twice.
      const answer = await client.patient(readLimits, signal, () =>
        client.call(specOf('write', signal), (sdk, options) =>
          sdk.bitable.appTable.create({ path, data: { table: sent } }, options),
        ),
      );
      const id = words(answer.data?.table_id);
      if (id === undefined) throw new CallError(oddAnswer('a new table without ID', 'unknown', true));
      return id;
    },

    table: (id) => table(client, token, { table: id }, meter),
  };
}

const idOf = (item: unknown): string | undefined => words(shape(item)?.['table_id']);
