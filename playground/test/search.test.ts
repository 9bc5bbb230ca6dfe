import { expect, it } from 'vitest';
import type { Playground } from '../src/index.ts';
import { caller, newBench, recordsPath, sdkClient } from './support.ts';

const bench = newBench();

const numbered = (playground: Playground, count: number) =>
  playground.base({
    tables: [
      {
        name: 'orders',
        fields: [
          { name: 'key', type: 'Text' },
          { name: 'n', type: 'Number' },
          { name: 'open', type: 'Checkbox' },
        ],
        records: Array.from({ length: count }, (_, n) => ({ key: `k${n}`, n })),
        views: [{ name: 'small', shows: (fields) => Number(fields['n']) < 3 }],
      },
    ],
  });

it('pages through a table with the real SDK, 20 at a time unless asked otherwise', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 45);
  const client = sdkClient(playground);
  const path = { app_token: base.appToken, table_id: base.table().id };
  const sizes: number[] = [];
  const keys: unknown[] = [];
  let page_token = '';
  for (let more = true; more; ) {
    const params = page_token === '' ? {} : { page_token };
    const { code, data } = await client.bitable.appTableRecord.search({ path, params, data: {} });
    expect(code).toBe(0);
    expect(data?.total).toBe(45);
    sizes.push(data?.items?.length ?? 0);
    for (const item of data?.items ?? []) keys.push(item.fields['n']);
    more = data?.has_more ?? false;
    if (!more) expect(data).not.toHaveProperty('page_token');
    page_token = data?.page_token ?? '';
  }
  expect(sizes).toEqual([20, 20, 5]);
  expect(keys).toEqual(Array.from({ length: 45 }, (_, n) => n));
});

it('takes no notice of paging parameters in the body: the first page comes again and again', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 30);
  const call = await caller(playground);
  const path = `${recordsPath(base)}/search`;
  const first = await call('POST', path, { page_size: 2 });
  const again = await call('POST', path, { page_size: 2, page_token: first.data['page_token'] });
  expect((first.data['items'] as unknown[]).length).toBe(20);
  expect(again.data).toEqual(first.data);
  expect(again.data['has_more']).toBe(true);
});

it.each([
  ['501', 400, 99992402],
  ['x', 400, 99992402],
  ['0', 400, 1254011],
])('refuses a page size of %s', async (size, status, code) => {
  const playground = await bench.start();
  const call = await caller(playground);
  const path = `${recordsPath(numbered(playground, 1))}/search?page_size=${size}`;
  expect(await call('POST', path, {})).toMatchObject({ status, code });
});

it('takes a page token only for the table and the question it was given for', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 5);
  const other = numbered(playground, 5);
  const call = await caller(playground);
  const page = (path: string, token: unknown, body: unknown) =>
    call('POST', `${path}/search?page_size=2&page_token=${String(token)}`, body);
  const token = (await page(recordsPath(base), '', {})).data['page_token'];
  expect((await page(recordsPath(base), token, {})).code).toBe(0);
  expect(await page(recordsPath(other), token, {})).toMatchObject({ status: 200, code: 1254002 });
  expect((await page(recordsPath(base), token, { field_names: ['n'] })).code).toBe(1254002);
  expect((await page(recordsPath(base), 'rubbish', {})).code).toBe(1254002);
});

it('leaves out empty cells and boxes nobody has touched', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 0);
  const table = base.table();
  table.add({ key: 'a', n: 0, open: false });
  table.add({ key: '', n: null });
  const call = await caller(playground);
  const { data } = await call('POST', `${recordsPath(base)}/search`, {});
  expect(data['items']).toMatchObject([
    { fields: { key: [{ text: 'a', type: 'text' }], n: 0, open: false } },
    { fields: {} },
  ]);
  expect((data['items'] as { fields: object }[])[1]?.fields).toEqual({});
});

it('shows only the fields asked for, and refuses names it does not know', async () => {
  const playground = await bench.start();
  const call = await caller(playground);
  const path = `${recordsPath(numbered(playground, 1))}/search`;
  const some = await call('POST', path, { field_names: ['n'] });
  expect((some.data['items'] as { fields: object }[])[0]?.fields).toEqual({ n: 0 });
  expect((await call('POST', path, { field_names: ['nope'] })).code).toBe(1254045);
  const many = Array.from({ length: 201 }, () => 'n');
  expect((await call('POST', path, { field_names: many })).code).toBe(99992402);
});

it('cuts pages from the table as it is: a delete between pages makes a record slip through', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 6);
  const table = base.table();
  const path = `${recordsPath(base)}/search`;
  const call = await caller(playground);
  const [first] = table.records();
  playground.onRequest(({ route, query }) => {
    if (route.name === 'records.search' && query.get('page_token')) table.remove(first?.record_id ?? '');
  });
  const one = await call('POST', `${path}?page_size=3`, {});
  const two = await call('POST', `${path}?page_size=3&page_token=${String(one.data['page_token'])}`, {});
  const keys = [one, two].flatMap(({ data }) =>
    (data['items'] as { fields: { n: number } }[]).map((item) => item.fields.n),
  );
  expect(keys).toEqual([0, 1, 2, 4, 5]);
  expect([one.data['total'], two.data['total']]).toEqual([6, 5]);
});

it('shows a view its records, but not when a filter or an order is given', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 5);
  const view_id = base.table().views[0]?.id;
  const call = await caller(playground);
  const total = async (body: object) =>
    (await call('POST', `${recordsPath(base)}/search`, { view_id, ...body })).data['total'];
  expect(await total({})).toBe(3);
  expect(await total({ sort: [{ field_name: 'n', desc: true }] })).toBe(5);
  const conditions = [{ field_name: 'n', operator: 'isGreater', value: ['0'] }];
  expect(await total({ filter: { conjunction: 'and', conditions } })).toBe(4);
  const wrong = await call('POST', `${recordsPath(base)}/search`, { view_id: 'vewNothing' });
  expect(wrong.code).toBe(1254042);
});

it('sorts, empty cells first', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 3);
  base.table().add({ key: 'z' });
  const call = await caller(playground);
  const answer = await call('POST', `${recordsPath(base)}/search`, {
    sort: [{ field_name: 'n', desc: true }],
  });
  const found = (answer.data['items'] as { fields: { n?: number } }[]).map((item) => item.fields.n);
  expect(found).toEqual([2, 1, 0, undefined]);
});

it('adds who and when if asked', async () => {
  const playground = await bench.start({ now: () => 1_700_000_000_000 });
  const call = await caller(playground);
  const path = `${recordsPath(numbered(playground, 1))}/search`;
  const { data } = await call('POST', path, { automatic_fields: true });
  expect(data['items']).toMatchObject([
    {
      created_time: 1_700_000_000_000,
      last_modified_time: 1_700_000_000_000,
      created_by: { name: 'Somebody' },
    },
  ]);
});

it('tells vanished records apart in batch_get, without failing', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 2);
  const [one, two] = base.table().records();
  base.table().remove(two?.record_id ?? '');
  const client = sdkClient(playground);
  const answer = await client.bitable.appTableRecord.batchGet({
    path: { app_token: base.appToken, table_id: base.table().id },
    data: { record_ids: [one?.record_id ?? '', two?.record_id ?? ''] },
  });
  expect(answer.data?.records?.map((record) => record.record_id)).toEqual([one?.record_id]);
  expect(answer.data).toMatchObject({ forbidden_record_ids: [], absent_record_ids: [two?.record_id] });
  const call = await caller(playground);
  const tooMany = Array.from({ length: 101 }, () => 'recX');
  expect((await call('POST', `${recordsPath(base)}/batch_get`, { record_ids: tooMany })).code).toBe(99992402);
});

it('lists fields with a page token even at the end, and tables with a growing revision', async () => {
  const playground = await bench.start();
  const base = numbered(playground, 0);
  const call = await caller(playground);
  const tables = `/open-apis/bitable/v1/apps/${base.appToken}/tables`;
  const one = await call('GET', `${tables}/${base.table().id}/fields?page_size=2`);
  const two = await call(
    'GET',
    `${tables}/${base.table().id}/fields?page_size=2&page_token=${String(one.data['page_token'])}`,
  );
  expect(one.data).toMatchObject({
    has_more: true,
    total: 3,
    items: [{ is_primary: true }, { is_primary: false }],
  });
  expect(two.data).toMatchObject({
    has_more: false,
    items: [{ field_name: 'open', type: 7, ui_type: 'Checkbox' }],
  });
  expect(two.data['page_token']).toMatch(/^fld/);
  const revision = async () =>
    ((await call('GET', tables)).data['items'] as { revision: number }[])[0]?.revision ?? 0;
  const before = await revision();
  base.table().add({ key: 'new' });
  expect(await revision()).toBeGreaterThan(before);
  await call('POST', recordsPath(base), { fields: { key: 'newer' } });
  expect(await revision()).toBeGreaterThan(before + 1);
});
