import { describe, expect, it } from 'vitest';
import type { Playground } from '../src/index.ts';
import { caller, newBench, recordsPath, sdkClient } from './support.ts';

const bench = newBench();

const orders = (playground: Playground) =>
  playground.base({
    tables: [
      {
        name: 'orders',
        fields: [
          { name: 'key', type: 'Text' },
          { name: 'n', type: 'Number' },
          { name: 'tags', type: 'MultiSelect', options: ['old'] },
          { name: 'sum', type: 'Formula' },
        ],
      },
    ],
  });

it('creates, updates and deletes through the real SDK, answering in the order and form of the request', async () => {
  const playground = await bench.start();
  const base = orders(playground);
  const path = { app_token: base.appToken, table_id: base.table().id };
  const { appTableRecord } = sdkClient(playground).bitable;
  const sent = [{ fields: { key: 'a', n: 1 } }, { fields: { key: 'b' } }];
  const created = await appTableRecord.batchCreate({ path, data: { records: sent } });
  const ids = created.data?.records?.map((record) => record.record_id ?? '') ?? [];
  expect(created.data?.records).toEqual(
    sent.map(({ fields }, at) => ({ fields, id: ids[at], record_id: ids[at] })),
  );
  const [a = '', b = ''] = ids;
  const updated = await appTableRecord.batchUpdate({
    path,
    data: {
      records: [
        { record_id: b, fields: { n: 2 } },
        { record_id: a, fields: { key: null as unknown as string } },
        { record_id: b, fields: { n: 3 } },
      ],
    },
  });
  expect(updated.data?.records?.map(({ record_id, fields }) => [record_id, fields])).toEqual([
    [b, { n: 2 }],
    [a, { key: null }],
    [b, { n: 3 }],
  ]);
  expect(base.table().records()).toEqual([
    { record_id: a, fields: { n: 1 } },
    { record_id: b, fields: { key: 'b', n: 3 } },
  ]);
  const deleted = await appTableRecord.batchDelete({ path, data: { records: [b] } });
  expect(deleted.data?.records).toEqual([{ deleted: true, record_id: b }]);
  expect(base.table().size()).toBe(1);
});

it('does the same one record at a time', async () => {
  const playground = await bench.start();
  const base = orders(playground);
  const path = { app_token: base.appToken, table_id: base.table().id };
  const { appTableRecord } = sdkClient(playground).bitable;
  const created = await appTableRecord.create({ path, data: { fields: { key: 'a', n: 1 } } });
  const record_id = created.data?.record?.record_id ?? '';
  await appTableRecord.update({ path: { ...path, record_id }, data: { fields: { n: 2 } } });
  const got = await appTableRecord.get({ path: { ...path, record_id } });
  expect(got.data?.record?.fields).toEqual({ key: 'a', n: '2', tags: null, sum: null });
  const deleted = await appTableRecord.delete({ path: { ...path, record_id } });
  expect(deleted.data).toEqual({ deleted: true, record_id });
  expect(base.table().records()).toEqual([]);
});

describe('a call with one bad record', () => {
  it.each([
    ['an unknown field', { nope: 1 }, 200, 1254045],
    ['a number as text', { n: '1' }, 200, 1254061],
    ['a text as number', { key: 1 }, 200, 1254060],
    ['a field that is calculated', { sum: 1 }, 400, 1254015],
    ['too much text', { key: 'x'.repeat(100_001) }, 200, 1254130],
  ])('changes nothing: %s', async (_name, fields, status, code) => {
    const playground = await bench.start();
    const base = orders(playground);
    const id = base.table().add({ key: 'there' });
    const before = base.table().records();
    const call = await caller(playground);
    const good = { fields: { key: 'good', tags: ['new'] } };
    const created = await call('POST', `${recordsPath(base)}/batch_create`, { records: [good, { fields }] });
    const updated = await call('POST', `${recordsPath(base)}/batch_update`, {
      records: [
        { record_id: id, ...good },
        { record_id: id, fields },
      ],
    });
    expect([created, updated]).toMatchObject([
      { status, code },
      { status, code },
    ]);
    expect(base.table().records()).toEqual(before);
    expect(base.table().fields()[2]).toMatchObject({ property: { options: [{ name: 'old' }] } });
  });

  it('names the record and the field of an unknown field name', async () => {
    const playground = await bench.start();
    const base = orders(playground);
    const call = await caller(playground);
    const records = [{ fields: {} }, { fields: { nope: 1 } }];
    const answer = await call('POST', `${recordsPath(base)}/batch_create`, { records });
    expect(answer.body['error']).toMatchObject({
      message: expect.stringContaining("'records[1].fields.nope'"),
    });
  });

  it.each(['batch_update', 'batch_delete'])('names the vanished record of a %s', async (route) => {
    const playground = await bench.start();
    const base = orders(playground);
    const id = base.table().add({ key: 'there' });
    const call = await caller(playground);
    const ids = [id, 'recGone'];
    const records =
      route === 'batch_delete' ? ids : ids.map((record_id) => ({ record_id, fields: { n: 1 } }));
    const answer = await call('POST', `${recordsPath(base)}/${route}`, { records });
    expect(answer).toMatchObject({ status: 200, code: 1254043, msg: 'record not found,id = recGone' });
    expect(base.table().records()).toEqual([{ record_id: id, fields: { key: 'there' } }]);
  });
});

it.each([
  ['feishu', 'batch_create', 1000],
  ['lark', 'batch_create', 500],
  ['feishu', 'batch_delete', 500],
  ['lark', 'batch_update', 500],
] as const)('takes on %s in one %s at most %i records', async (profile, route, most) => {
  const playground = await bench.start({ profile });
  const base = orders(playground);
  const ids = Array.from({ length: most + 1 }, () => base.table().add({}));
  const call = await caller(playground);
  const records = ids.map((record_id) =>
    route === 'batch_delete' ? record_id : { record_id, fields: { n: 1 } },
  );
  const path = `${recordsPath(base)}/${route}`;
  expect(await call('POST', path, { records })).toMatchObject({ status: 200, code: 1254104 });
  expect((await call('POST', path, { records: records.slice(1) })).code).toBe(0);
});

it('refuses all records of a call that would pass the row limit', async () => {
  const playground = await bench.start({ limits: { rows: 2 } });
  const base = orders(playground);
  const call = await caller(playground);
  const create = (count: number) =>
    call('POST', `${recordsPath(base)}/batch_create`, {
      records: Array.from({ length: count }, () => ({ fields: {} })),
    });
  expect((await create(3)).code).toBe(1254103);
  expect(base.table().size()).toBe(0);
  expect((await create(2)).code).toBe(0);
});

it('makes an option of a name it does not know, and two of a name that comes twice in one cell', async () => {
  const playground = await bench.start();
  const base = orders(playground);
  const call = await caller(playground);
  await call('POST', recordsPath(base), { fields: { tags: ['old', 'new', 'new'] } });
  expect(base.table().records()[0]?.fields).toEqual({ tags: ['old', 'new', 'new'] });
  expect(base.table().fields()[2]).toMatchObject({
    property: { options: [{ name: 'old' }, { name: 'new' }, { name: 'new' }] },
  });
});

it.each([
  ['no JSON', '{', 200, 1254000],
  ['no records', {}, 400, 99992402],
  ['no fields', { records: [{}] }, 400, 99992402],
])('refuses a body with %s', async (_name, body, status, code) => {
  const playground = await bench.start();
  const base = orders(playground);
  const call = await caller(playground);
  expect(await call('POST', `${recordsPath(base)}/batch_create`, body)).toMatchObject({ status, code });
});

it('tells bases, tables and wiki nodes that do not exist apart', async () => {
  const playground = await bench.start();
  const base = orders(playground);
  const call = await caller(playground);
  const apps = '/open-apis/bitable/v1/apps';
  expect((await call('GET', `${apps}/nothing`)).code).toBe(91402);
  expect((await call('GET', `${apps}/${base.appToken}/tables/tblNothing/fields`)).code).toBe(1254041);
  expect((await call('GET', `${apps}/${base.appToken}/tables/blkBoard/fields`)).code).toBe(1254004);
  const node = (token: string) => call('GET', `/open-apis/wiki/v2/spaces/get_node?token=${token}`);
  expect(await node('wikNothing')).toMatchObject({ status: 400, code: 131005 });
  const [, token = ''] = /wiki\/(\w+)\?/.exec(playground.wikiNode(base)) ?? [];
  expect((await node(token)).data).toMatchObject({ node: { obj_type: 'bitable', obj_token: base.appToken } });
});
