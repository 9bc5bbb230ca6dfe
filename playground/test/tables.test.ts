import { expect, it } from 'vitest';
import type { PlaygroundOptions } from '../src/index.ts';
import { caller, newBench, sdkClient } from './support.ts';

const bench = newBench();

const start = async (options: PlaygroundOptions = {}) => {
  const playground = await bench.start({ rates: false, ...options });
  const base = playground.base({ tables: [{ name: 'orders', fields: [{ name: 'key', type: 'Text' }] }] });
  const call = await caller(playground);
  const make = (table: unknown) =>
    call('POST', `/open-apis/bitable/v1/apps/${base.appToken}/tables`, { table });
  return { playground, base, make };
};

it('makes a table with its fields through the real SDK, and writes into it', async () => {
  const { playground, base } = await start();
  const client = sdkClient(playground);
  const made = await client.bitable.appTable.create({
    path: { app_token: base.appToken },
    data: {
      table: {
        name: ' 客户 ',
        default_view_name: '全部',
        fields: [
          { field_name: '编号', type: 1 },
          { field_name: '等级', type: 3, property: { options: [{ name: 'A' }] } },
          { field_name: '订单', type: 21, property: { table_id: base.table().id } },
        ],
      },
    },
  });
  const table = base.table('客户');
  const { table_id, default_view_id, field_id_list } = made.data ?? {};
  expect(table_id).toBe(table.id);
  expect(default_view_id).toBe(table.views[0]?.id);
  expect(table.views[0]?.name).toBe('全部');
  expect(field_id_list).toEqual(table.fields().map((field) => field['field_id']));
  expect(table.fields()).toMatchObject([
    { field_name: '编号', is_primary: true, ui_type: 'Text' },
    { field_name: '等级', property: { options: [{ name: 'A', color: 0 }] } },
    { field_name: '订单', property: { back_field_name: '客户-订单' } },
  ]);
  expect(table.size()).toBe(0);
  const path = { app_token: base.appToken, table_id: table.id };
  const data = { records: [{ fields: { 编号: '1', 等级: 'A' } }] };
  expect((await client.bitable.appTableRecord.batchCreate({ path, data })).code).toBe(0);
  const listed = await client.bitable.appTable.list({ path: { app_token: base.appToken } });
  expect(listed.data?.items).toMatchObject([{ name: 'orders' }, { name: '客户', table_id }]);
});

it('without fields has one text column and blank records, and no ids but its own', async () => {
  const { base, make } = await start();
  const { code, data } = await make({ name: 'fresh' });
  expect(code).toBe(0);
  expect(data).toEqual({ table_id: base.table('fresh').id });
  expect(base.table('fresh').fields()).toMatchObject([{ type: 1, is_primary: true }]);
  expect(base.table('fresh').rows()).toEqual([{}, {}, {}, {}, {}]);
});

it('can have blank records in every new table', async () => {
  const { base, make } = await start({ limits: { blankRows: { bare: 5, withFields: 3 } } });
  await make({ name: 'fresh', fields: [{ field_name: 'key', type: 1 }] });
  expect(base.table('fresh').rows()).toEqual([{}, {}, {}]);
});

const field = { field_name: 'key', type: 1 };

it.each([
  ['without a name', {}, 99992402],
  ['with a blank name', { name: ' ' }, 99992402],
  ['with a slash in its name', { name: 'a/b' }, 1254038],
  ['with the name of another one', { name: 'orders ' }, 1254013],
  ['with a view but no fields', { name: 'a', default_view_name: 'v' }, 1254001],
  ['with a nameless view', { name: 'a', default_view_name: '', fields: [field] }, 1254021],
  ['with a bracket in its view', { name: 'a', default_view_name: '[v', fields: [field] }, 1254022],
  ['with no fields in the list', { name: 'a', fields: [] }, 99992402],
  ['with a select as its index column', { name: 'a', fields: [{ ...field, type: 3 }] }, 1254012],
  ['with a name twice', { name: 'a', fields: [field, field] }, 1254014],
  ['with a wrong property', { name: 'a', fields: [{ ...field, type: 15, property: {} }] }, 1254087],
])('makes no table %s', async (_name, table, code) => {
  const { base, make } = await start();
  expect((await make(table)).code).toBe(code);
  expect(base.tables).toHaveLength(1);
});

it('leaves nothing behind when the other side of a link cannot be made', async () => {
  const { base, make } = await start();
  const table_id = base.table().id;
  const link = (name: string, back: string) => ({
    field_name: name,
    type: 21,
    property: { table_id, back_field_name: back },
  });
  const fields = [field, link('one', 'new'), link('two', 'key')];
  expect((await make({ name: 'a', fields })).code).toBe(1254014);
  expect(base.tables).toHaveLength(1);
  expect(base.table().fields()).toHaveLength(1);
});

it('ends at the most tables, and makes them one at a time', async () => {
  const { playground, make } = await start({ limits: { tables: 3 }, latency: 20 });
  const both = await Promise.all([make({ name: 'a' }), make({ name: 'b' })]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1254291]);
  playground.setLatency(0);
  expect((await make({ name: 'c' })).code).toBe(0);
  expect((await make({ name: 'd' })).code).toBe(1254100);
});
