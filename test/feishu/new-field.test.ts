import { type Playground, startPlayground } from 'bitable-playground';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FeishuClient } from '../../src/feishu/calls/client.ts';
import { newField } from '../../src/feishu/table/fields.ts';
import { openBase, openTable } from '../../src/feishu/table/open.ts';
import type { NewField } from '../../src/sync/fields/schema.ts';
import { failureFrom, forever, newClient, newMeter, problemFrom, quickClock } from './parts.ts';

let feishu: Playground;
let client: FeishuClient;

beforeEach(async () => {
  feishu = await startPlayground({ rates: false, seed: 7 });
  client = newClient(feishu.url, {
    app: { id: feishu.appId, secret: feishu.appSecret },
    clock: quickClock(),
  });
});

afterEach(async () => {
  client.stop();
  await feishu.stop();
});

const token = (at: number): string => `4c5b0b4e-6f4e-4c2e-9d3e-01234567${String(at).padStart(4, '0')}`;

const every: [NewField, number, unknown][] = [
  [{ name: 'text', kind: 'text' }, 1, undefined],
  [{ name: 'n0', kind: 'number', digits: 0 }, 2, { formatter: '0' }],
  [{ name: 'n1', kind: 'number', digits: 1 }, 2, { formatter: '0.0' }],
  [{ name: 'n4', kind: 'number', digits: 4 }, 2, { formatter: '0.0000' }],
  [{ name: 'n9', kind: 'number', digits: 9 }, 2, { formatter: '0.0000' }],
  [{ name: 'one', kind: 'select', options: ['新'] }, 3, { options: [{ name: '新' }] }],
  [{ name: 'many', kind: 'multi', options: [] }, 4, { options: [] }],
  [{ name: 'day', kind: 'date', time: false }, 5, { date_formatter: 'yyyy-MM-dd', auto_fill: false }],
  [{ name: 'time', kind: 'date', time: true }, 5, { date_formatter: 'yyyy-MM-dd HH:mm', auto_fill: false }],
  [{ name: 'flag', kind: 'checkbox' }, 7, undefined],
  [{ name: 'who', kind: 'person' }, 11, { multiple: true }],
  [{ name: 'tel', kind: 'phone' }, 13, undefined],
  [{ name: 'page', kind: 'url' }, 15, undefined],
  [{ name: 'file', kind: 'attachment' }, 17, undefined],
  [{ name: 'where', kind: 'location' }, 22, { location: { input_type: 'not_limit' } }],
  [{ name: 'chat', kind: 'group' }, 23, { multiple: true }],
];

it.each(every)('a field is sent as Feishu takes it: %j', (field, type, property) => {
  expect(newField(field)).toMatchObject({ field_name: field.name, type });
  expect(newField(field).property).toEqual(property);
});

it('every kind of field is created, and counted as a write', async () => {
  const base = feishu.base({ tables: [{ name: '订单', fields: [{ name: 'id', type: 'Text' }] }] });
  const meter = newMeter();
  const table = await openTable(client)(base.table().url, meter, forever);

  for (const [at, [field]] of every.entries()) {
    const made = await table.createField(field, token(at), forever);
    expect(made).toMatchObject({ name: field.name, kind: field.kind, primary: false });
  }

  expect(meter.counts.write).toBe(every.length);
  const fields = await table.fields(forever);
  expect(fields.map(({ name }) => name)).toEqual(['id', ...every.map(([{ name }]) => name)]);
  expect(fields.find(({ name }) => name === 'one')?.options).toEqual(['新']);
});

it('a field waits through conflicts and throttling, and is created once where answers get lost', async () => {
  const base = feishu.base({ tables: [{ name: '订单', fields: [{ name: 'id', type: 'Text' }] }] });
  const table = await openTable(client)(base.table().url, newMeter(), forever);
  const when = { route: 'fields.create' } as const;
  feishu.faults.add({ when, fault: { kind: 'code', code: 1254291 } });
  feishu.faults.add({ when: { ...when, nth: 2 }, fault: { kind: 'throttle', seconds: 1 } });
  feishu.faults.add({ when: { ...when, nth: 3 }, fault: { kind: 'reset', applied: true } });

  expect(await table.createField({ name: 'x', kind: 'text' }, token(1), forever)).toMatchObject({
    name: 'x',
  });
  expect(base.table().fields()).toHaveLength(2);

  const again = table.createField({ name: 'x', kind: 'text' }, token(2), forever);
  expect((await failureFrom(again)).code).toBe(1254014);
});

it('a table is created in a base, with its first field as the index', async () => {
  const handle = feishu.base({ tables: [{ name: '订单', fields: [{ name: 'id', type: 'Text' }] }] });
  const meter = newMeter();
  const address = `https://example.feishu.cn/base/${handle.appToken}`;
  const base = await openBase(client)(address, meter, forever);
  expect(await base.tables(forever)).toEqual([{ id: handle.table().id, name: '订单' }]);

  const id = await base.createTable(
    '商品',
    [{ name: 'sku', kind: 'text' }, ...every.map(([one]) => one)],
    forever,
  );

  expect(handle.table('商品').id).toBe(id);
  expect(meter.counts.write).toBe(1);
  const [first] = await base.table(id).fields(forever);
  expect(first).toMatchObject({ name: 'sku', primary: true });
  const twice = base.createTable('商品', [{ name: 'sku', kind: 'text' }], forever);
  expect((await failureFrom(twice)).code).toBe(1254013);
});

it('a base is opened by its wiki page too, and only on its own side', async () => {
  const handle = feishu.base({ tables: [{ name: '订单', fields: [{ name: 'id', type: 'Text' }] }] });
  const page = feishu.wikiNode(handle);
  const address = page.replace(/\?.*/, '');
  expect((await openBase(client)(address, newMeter(), forever)).token).toBe(handle.appToken);
  expect(await problemFrom(openBase(client)('https://example.com/x', newMeter(), forever))).toMatchObject({
    code: 'not-feishu',
  });
});
