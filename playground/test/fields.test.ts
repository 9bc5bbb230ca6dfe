import { describe, expect, it } from 'vitest';
import type { FieldSpec, PlaygroundOptions } from '../src/index.ts';
import { type Answer, caller, newBench, sdkClient } from './support.ts';

const bench = newBench();

const orders: readonly FieldSpec[] = [
  { name: 'key', type: 'Text' },
  { name: 'city', type: 'SingleSelect', options: ['上海', '北京'] },
];

const start = async (options: PlaygroundOptions = {}, fields = orders) => {
  const playground = await bench.start({ rates: false, ...options });
  const base = playground.base({
    tables: [
      { name: 'orders', fields, records: [{ key: 'a', city: '上海' }, { key: '12.50' }] },
      { name: 'people', fields: [{ name: 'name', type: 'Text' }] },
    ],
  });
  const call = await caller(playground);
  const path = `/open-apis/bitable/v1/apps/${base.appToken}/tables/${base.table().id}/fields`;
  const make = (body: object, query = '') => call('POST', `${path}${query}`, body);
  const change = (name: string, body: object) => {
    const id = base
      .table()
      .fields()
      .find((field) => field['field_name'] === name)?.['field_id'];
    return call('PUT', `${path}/${String(id)}`, body);
  };
  return { playground, base, call, path, make, change };
};

const fieldOf = ({ data }: Answer): Record<string, unknown> => data['field'] as Record<string, unknown>;

it('creates, changes and removes a field through the real SDK', async () => {
  const { playground, base } = await start();
  const path = { app_token: base.appToken, table_id: base.table().id };
  const { appTableField } = sdkClient(playground).bitable;
  const before = base.table().revision();
  const data = { field_name: '  amount ', type: 2, ui_type: 'Currency' as const };
  const property = { formatter: '0.00', currency_code: 'USD' };
  const made = await appTableField.create({ path, data: { ...data, property } });
  expect(made).toMatchObject({
    code: 0,
    data: { field: { field_name: 'amount', type: 2, ui_type: 'Currency', is_primary: false, property } },
  });
  const field_id = made.data?.field?.field_id ?? '';
  expect(field_id).toMatch(/^fld\w{10}$/);
  const renamed = await appTableField.update({
    path: { ...path, field_id },
    data: { ...data, field_name: 'sum', property },
  });
  expect(renamed.data?.field).toMatchObject({ field_id, field_name: 'sum' });
  const again = await appTableField.update({
    path: { ...path, field_id },
    data: { ...data, field_name: 'sum', property },
  });
  expect(again.code).toBe(1254606);
  const gone = await appTableField.delete({ path: { ...path, field_id } });
  expect(gone).toMatchObject({ code: 0, data: { field_id, deleted: true } });
  expect(base.table().fields()).toHaveLength(2);
  expect(base.table().revision()).toBe(before + 3);
});

it.each([
  ['a name that is taken', { field_name: 'key ', type: 1 }, 1254014],
  ['a blank name', { field_name: '  ', type: 1 }, 1254028],
  ['no name', { type: 1 }, 99992402],
  ['no type', { field_name: 'f' }, 99992402],
  ['a number that is no type', { field_name: 'f', type: 9 }, 99992402],
  ['a lookup', { field_name: 'f', type: 19 }, 1254012],
  ['a stage', { field_name: 'f', type: 24 }, 1254012],
  ['a button', { field_name: 'f', type: 3001 }, 1254012],
  ['a look of another type', { field_name: 'f', type: 1, ui_type: 'Rating' }, 1254012],
])('does not create a field with %s', async (_name, body, code) => {
  const { base, make } = await start();
  const revision = base.table().revision();
  expect((await make(body)).code).toBe(code);
  expect(base.table().fields()).toHaveLength(2);
  expect(base.table().revision()).toBe(revision);
});

describe('properties', () => {
  const fine: [number, string | undefined, unknown, unknown][] = [
    [1, undefined, undefined, null],
    [1, 'Barcode', undefined, { allowed_edit_modes: { manual: true, scan: true } }],
    [2, undefined, undefined, { formatter: '0.0' }],
    [2, undefined, { formatter: '1,000.00' }, { formatter: '1,000.00' }],
    [2, 'Progress', { formatter: '0%' }, { formatter: '0%', min: 0, max: 1, range_customize: false }],
    [
      2,
      'Rating',
      { formatter: '0', min: 0, max: 10 },
      { formatter: '0', min: 0, max: 10, rating: { symbol: 'star' } },
    ],
    [
      5,
      undefined,
      { date_formatter: 'yyyy-MM-dd HH:mm' },
      { date_formatter: 'yyyy-MM-dd HH:mm', auto_fill: false },
    ],
    [7, undefined, null, null],
    [11, undefined, { multiple: false }, { multiple: false }],
    [13, undefined, {}, null],
    [15, undefined, undefined, null],
    [17, undefined, undefined, null],
    [20, undefined, { formula_expression: '1+1' }, { formula_expression: '1+1', formatter: '' }],
    [22, undefined, undefined, { location: { input_type: 'not_limit' } }],
    [23, undefined, undefined, { multiple: true }],
    [1001, undefined, undefined, { date_formatter: 'yyyy/MM/dd' }],
    [1004, undefined, null, null],
  ];
  it.each(fine)('of type %i (%s) %j become %j', async (type, ui_type, property, shown) => {
    const { make } = await start();
    const answer = await make({ field_name: 'f', type, ui_type, property });
    expect(answer).toMatchObject({ code: 0, status: 200 });
    expect(fieldOf(answer)).toMatchObject({ type, property: shown });
  });

  const bad: [number, string | undefined, unknown, number][] = [
    [1, undefined, { formatter: '0' }, 1254080],
    [2, undefined, { formatter: '0.00000' }, 1254081],
    [2, 'Currency', undefined, 1254081],
    [2, 'Currency', { formatter: '0.00', currency_code: 'XXX' }, 1254081],
    [2, 'Progress', { formatter: '0%', range_customize: true, min: 1 }, 1254081],
    [2, 'Rating', { formatter: '0', min: 0, max: 11 }, 1254081],
    [3, undefined, { options: 'a' }, 1254082],
    [3, undefined, { options: [{ name: 'a', color: 55 }] }, 1254082],
    [3, undefined, { options: [{ name: 'a', id: 'optAAAAAAAAAA' }] }, 1254082],
    [3, undefined, { options: [{ name: '' }] }, 1254026],
    [4, undefined, { options: [7] }, 1254083],
    [5, undefined, { date_formatter: 'YYYY' }, 1254084],
    [7, undefined, {}, 1254085],
    [11, undefined, { multiple: 'yes' }, 1254086],
    [15, undefined, {}, 1254087],
    [17, undefined, { multiple: true }, 1254088],
    [18, undefined, {}, 1254089],
    [18, undefined, { table_id: 'tblNothing' }, 1254089],
    [20, undefined, { formula_expression: 1 }, 1254091],
    [21, undefined, { table_id: 'tblNothing' }, 1254092],
    [1001, undefined, { date_formatter: 'now' }, 1254093],
    [1002, undefined, { date_formatter: 'now' }, 1254094],
    [1003, undefined, { date_formatter: 'now' }, 1254095],
    [1004, undefined, { date_formatter: 'now' }, 1254096],
    [1005, undefined, { auto_serial: { type: 'custom' } }, 1254001],
  ];
  it.each(bad)('of type %i (%s) %j are refused', async (type, ui_type, property, code) => {
    const { base, make } = await start();
    expect((await make({ field_name: 'f', type, ui_type, property })).code).toBe(code);
    expect(base.table().fields()).toHaveLength(2);
  });
});

it('gives options ids, and colors that follow the one before', async () => {
  const { make } = await start();
  const options = [{ name: 'a' }, { name: 'b' }, { name: 'c', color: 5 }, { name: 'd' }];
  const field = fieldOf(await make({ field_name: 's', type: 3, property: { options } }));
  const id = expect.stringMatching(/^opt\w{10}$/);
  expect(field['property']).toEqual({
    options: [
      { id, name: 'a', color: 0 },
      { id, name: 'b', color: 1 },
      { id, name: 'c', color: 5 },
      { id, name: 'd', color: 6 },
    ],
  });
});

describe('a full overwrite', () => {
  it('renames options by their ids, takes away those that are missing, and empties their cells', async () => {
    const { base, change } = await start();
    base.table().add({ key: 'b', city: '北京' });
    const [first] = base.table().options('city');
    const options = [{ id: first?.id, name: '上海市', color: 9 }, { name: '广州' }];
    expect((await change('city', { field_name: 'city', type: 3, property: { options } })).code).toBe(0);
    expect(base.table().options('city')).toMatchObject([
      { name: '上海市', color: 9 },
      { name: '广州', color: 10 },
    ]);
    expect(
      base
        .table()
        .rows()
        .map((row) => row['city']),
    ).toEqual(['上海市', undefined, undefined]);
  });

  it('without a property loses the options', async () => {
    const { base, change } = await start();
    expect((await change('city', { field_name: 'town', type: 3 })).code).toBe(0);
    expect(base.table().options('town')).toEqual([]);
    expect(base.table().rows()[0]).not.toHaveProperty('town');
  });

  it('keeps values when only the name or the format changes', async () => {
    const { base, change } = await start();
    expect((await change('key', { field_name: 'id', type: 1 })).code).toBe(0);
    expect(
      base
        .table()
        .records()
        .map(({ fields }) => fields['id']),
    ).toEqual(['a', '12.50']);
  });

  it('to another type keeps what the new type can hold', async () => {
    const { base, change } = await start({}, [
      ...orders,
      { name: 'n', type: 'Text' },
      { name: 'day', type: 'Text' },
      { name: 'tags', type: 'Text' },
    ]);
    const table = base.table();
    table.add({ n: '7', day: '2026/03/10', tags: 'x,y' });
    table.add({ n: 'seven', day: 'soon' });
    expect((await change('n', { field_name: 'n', type: 2 })).code).toBe(0);
    expect((await change('day', { field_name: 'day', type: 5 })).code).toBe(0);
    expect((await change('tags', { field_name: 'tags', type: 4 })).code).toBe(0);
    expect((await change('city', { field_name: 'city', type: 1 })).code).toBe(0);
    const cells = table.records().map(({ fields }) => fields);
    expect(cells[0]).toEqual({ key: 'a', city: '上海' });
    expect(cells[2]).toEqual({ n: 7, day: Date.UTC(2026, 2, 9, 16), tags: ['x', 'y'] });
    expect(cells[3]).toEqual({});
    expect((await change('day', { field_name: 'day', type: 1 })).code).toBe(0);
    expect(table.records()[2]?.fields['day']).toBe('2026/03/10');
  });

  it('refuses a taken name and, for the index column, a type that it may not have', async () => {
    const { change, path, call } = await start();
    expect((await change('city', { field_name: 'key', type: 3 })).code).toBe(1254014);
    expect(await change('key', { field_name: 'key', type: 3 })).toMatchObject({ status: 200, code: 1254012 });
    expect((await change('key', { field_name: 'key' })).code).toBe(99992402);
    expect((await change('key', { field_name: 'key', type: 2 })).code).toBe(0);
    expect((await call('PUT', `${path}/fldNothing`, { field_name: 'x', type: 1 })).code).toBe(1254044);
    expect((await call('PUT', `${path}/nothing`, { field_name: 'x', type: 1 })).code).toBe(1254009);
  });
});

it('keeps the index column', async () => {
  const { base, call, path } = await start();
  const id = String(base.table().fields()[0]?.['field_id']);
  expect((await call('DELETE', `${path}/${id}`)).code).toBe(1254046);
  expect((await call('DELETE', `${path}/fldNothing`)).code).toBe(1254044);
});

describe('two-way links', () => {
  const link = (table_id: string, more = {}) => ({
    field_name: 'buyer',
    type: 21,
    property: { table_id, ...more },
  });

  it('make their other side, follow its values, and take it along', async () => {
    const { base, make, change, call, path } = await start();
    const people = base.table('people');
    const answer = await make(link(people.id, { back_field_name: 'bought' }));
    const field = fieldOf(answer);
    const back = people.fields()[1];
    expect(back).toMatchObject({ field_name: 'bought', type: 21, property: { table_id: base.table().id } });
    expect(field['property']).toEqual({
      multiple: true,
      table_id: people.id,
      table_name: 'people',
      back_field_id: back?.['field_id'],
      back_field_name: 'bought',
    });
    const who = people.add({ name: 'Li' });
    const [order] = base.table().records();
    base.table().edit(order?.record_id ?? '', { buyer: [who] });
    people.renameField('bought', 'orders');
    expect(people.records()[0]?.fields).toEqual({ name: 'Li', orders: [order?.record_id] });
    expect((await change('buyer', link(people.id))).code).toBe(1254606);
    expect((await call('DELETE', `${path}/${String(field['field_id'])}`)).code).toBe(0);
    expect(people.fields()).toHaveLength(1);
  });

  it('name it after the table and the field, and need a free name', async () => {
    const { base, make } = await start();
    const people = base.table('people');
    expect((await make(link(people.id, { back_field_name: 'name' }))).code).toBe(1254014);
    expect(base.table().fields()).toHaveLength(2);
    expect((await make(link(people.id))).code).toBe(0);
    expect(people.fields()[1]).toMatchObject({ field_name: 'orders-buyer' });
  });

  it('become one-way links that keep their values', async () => {
    const { base, make, change } = await start();
    const people = base.table('people');
    await make(link(people.id));
    const who = people.add({ name: 'Li' });
    base.table().edit(base.table().records()[0]?.record_id ?? '', { buyer: [who] });
    expect((await change('buyer', { ...link(people.id), type: 18 })).code).toBe(0);
    expect(base.table().records()[0]?.fields['buyer']).toEqual([who]);
    expect(people.fields()).toHaveLength(1);
  });
});

it('repeats what a client_token made, and refuses other content under it', async () => {
  const { base, make } = await start();
  const token = '?client_token=fe599b60-450f-46ff-b2ef-9f6675625b97';
  const body = { field_name: 'f', type: 1 };
  const first = await make(body, token);
  const second = await make(body, token);
  expect(second).toMatchObject({ code: 0, data: first.data });
  expect(base.table().fields()).toHaveLength(3);
  expect((await make({ field_name: 'g', type: 1 }, token)).code).toBe(1255006);
  expect((await make(body, '?client_token=x')).code).toBe(1254037);
});

it('counts as a write: one at a time, ten a second, and not without the right to edit', async () => {
  let at = 0;
  const { playground, base, make } = await start({ latency: 20, now: () => at });
  const body = (name: string) => ({ field_name: name, type: 1 });
  const both = await Promise.all([make(body('f')), make(body('g'))]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1254291]);
  playground.setLatency(0);
  playground.setRates(true);
  at += 10_000;
  const codes: number[] = [];
  for (let n = 0; n < 11; n++) codes.push((await make(body(`f${n}`))).code);
  expect(codes).toEqual([...Array.from({ length: 10 }, () => 0), 99991400]);
  at += 10_000;
  base.setAccess('read');
  expect((await make(body('h'))).code).toBe(91403);
  base.setAccess('manage');
  playground.app.revokeScopes('bitable:app', 'base:field:create');
  expect((await make(body('h'))).code).toBe(99991672);
});

it('ends at the most columns and formulas', async () => {
  const { make } = await start({ limits: { fields: 4, formulas: 1 } });
  expect((await make({ field_name: 'f', type: 20 })).code).toBe(0);
  expect((await make({ field_name: 'g', type: 20 })).code).toBe(1254105);
  expect((await make({ field_name: 'h', type: 1 })).code).toBe(0);
  expect((await make({ field_name: 'i', type: 1 })).code).toBe(1254105);
});
