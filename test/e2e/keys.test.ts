import { expect, it } from 'vitest';
import { newWorld } from '../support/world.ts';

/** A world whose query answers goods; each test makes the table that they go to. */
async function goods(rows: readonly (readonly [no: string, name: string, stock: number])[]) {
  const world = await newWorld({ mysql: false, orders: 0 });
  await world.shop.exec('create table goods (no varchar(20), name varchar(40), stock int)');
  for (const [no, name, stock] of rows)
    await world.shop.exec(`insert into goods values ('${no}', '${name}', ${stock})`);
  const define = (target: string, more: object = {}): void =>
    world.define({
      source: {
        connection: 'shop',
        query: 'select no as "编号", name as "名称", stock as "库存" from goods',
      },
      key: '编号',
      target,
      mode: 'mirror',
      fields: {},
      deletes: 'all',
      ...more,
    });
  return { ...world, define };
}

const plain = [
  { name: '编号', type: 'Text' },
  { name: '名称', type: 'Text' },
  { name: '库存', type: 'Number' },
] as const;

it('view: limit updates and deletes only what the view shows, and creates nothing that is there', async () => {
  const world = await goods([
    ['A', '新笔', 1],
    ['B', '新书', 2],
    ['C', '新尺', 3],
  ]);
  const table = world.feishu
    .base({
      tables: [
        {
          name: '货',
          fields: [...plain, { name: '在售', type: 'Checkbox' }],
          records: [
            { 编号: 'A', 名称: '笔', 库存: 1, 在售: true },
            { 编号: 'B', 名称: '书', 库存: 2 },
            { 编号: 'X', 名称: '旧', 库存: 9, 在售: true },
            { 编号: 'Y', 名称: '旧', 库存: 9 },
          ],
        },
      ],
    })
    .table();
  const view = table.addView('在售', ({ 在售: on }) => on === true);
  world.define(view.url, { view: 'limit' });

  const run = await world.run();

  // B is outside of the view and stays as it is; C is nowhere in the table.
  expect(run, run.err).toMatchObject({
    status: 'done',
    rows: { read: 3, created: 1, updated: 1, unchanged: 1 },
    deletes: { planned: 1, done: 1 },
  });
  const held = () =>
    Object.fromEntries(table.records().map(({ fields }) => [fields['编号'], fields['名称']]));
  expect(held()).toEqual({ A: '新笔', B: '书', C: '新尺', Y: '旧' });
  world.writes();
  expect((await world.run()).rows).toMatchObject({ read: 3, created: 0, updated: 0 });
  expect(world.writes()).toEqual([]);

  world.define(`${table.url}&view=vewGone123`, { view: 'limit' });
  expect(await world.run()).toMatchObject({
    status: 'failed',
    error: { code: '1254042', cure: expect.stringContaining('view: limit') },
  });
  expect(world.writes()).toEqual([]);
});

it.each([
  ['AutoNumber', ['001', '002', '003']],
  ['Formula', ['GOODS-1', 'GOODS-2', 'GOODS-3']],
])(
  'a key that only Feishu fills (%s) names the rows of mode update, and no others',
  async (type, numbers) => {
    const [first = '', second = ''] = numbers;
    const world = await goods([
      [first, '新笔', 1],
      [second, '书', 2],
      ['99', '不在表里', 3],
    ]);
    const fields = [{ name: '编号', type }, ...plain.slice(1)];
    const seeded = numbers.map((no) => (type === 'Formula' ? { 编号: no } : {}));
    const records = ['笔', '书', '尺'].map((name, at) => ({ 名称: name, 库存: at + 1, ...seeded[at] }));
    const table = world.feishu.base({ tables: [{ name: '货', fields, records }] }).table();

    for (const mode of ['mirror', 'upsert', 'append']) {
      world.define(table.url, { mode });
      expect(await world.run(), mode).toMatchObject({ status: 'failed', error: { code: 'read-only-field' } });
    }
    expect(world.writes()).toEqual([]);

    world.define(table.url, { mode: 'update' });
    const run = await world.run();
    expect(run, run.err).toMatchObject({
      status: 'done',
      rows: { read: 3, updated: 1, unchanged: 2, created: 0 },
      deletes: { planned: 0 },
    });
    expect(world.writes()).toEqual(['batch_update 1']);
    expect(table.records().map(({ fields: { 名称 } }) => 名称)).toEqual(['新笔', '书', '尺']);
    expect((await world.run()).rows).toMatchObject({ unchanged: 3 });
    expect(world.writes()).toEqual([]);
  },
);

it('dates and amounts name rows by a formula of their value, and a run in which no row found its record says so', async () => {
  const world = await goods([]);
  await world.shop.exec('create table days (day date, price decimal(10,2), name varchar(40))');
  await world.shop.exec("insert into days values ('2026-01-31', 12.5, '新'), ('2026-02-01', 12.25, '旧')");
  const fields = [
    { name: '日', type: 'Formula' },
    { name: '价', type: 'Formula' },
    { name: '名称', type: 'Text' },
  ];
  const records = [
    {
      日: { type: 5, ui_type: 'DateTime', value: [Date.parse('2026-01-31T00:00:00+08:00')] },
      价: 12.5,
      名称: '旧',
    },
    {
      日: { type: 5, ui_type: 'DateTime', value: [Date.parse('2026-02-01T00:00:00+08:00')] },
      价: 12.25,
      名称: '旧',
    },
  ];
  const table = world.feishu.base({ tables: [{ name: '天', fields, records }] }).table();
  const asking = (query: string) => ({
    source: { connection: 'shop', query },
    ...{ mode: 'update', key: ['日', '价'] },
  });
  world.define(table.url, asking('select day as "日", price as "价", name as "名称" from days'));

  const run = await world.run();
  expect(run, run.err).toMatchObject({ status: 'done', rows: { read: 2, updated: 1, unchanged: 1 } });
  expect(run).not.toHaveProperty('notes');
  expect(world.writes()).toEqual(['batch_update 1']);

  world.define(table.url, asking(`select day || '!' as "日", price as "价", name as "名称" from days`));
  const lost = await world.run();
  expect(lost, lost.err).toMatchObject({
    status: 'done',
    rows: { read: 2, updated: 0, unchanged: 2 },
    notes: [
      expect.stringContaining(
        "Not one of the query's 2 rows found a record with its key among the table's 2",
      ),
    ],
  });
  expect(lost.err).toContain('nothing is updated');
  expect(lost.err).toContain('A key of the query is "2026-01-31! / 12.5"');
  expect(world.writes()).toEqual([]);
});

it('keys that only look different are shown with what tells them apart, and why they count as one', async () => {
  const world = await goods([
    ['bar', '一', 1],
    ['bar ', '二', 1],
    ['caf\u00e9', '三', 1],
    ['cafe\u0301', '四', 1],
    ['pen\u00a0', '五', 1],
    ['pen', '六', 1],
    ['nib', '七', 1],
    ['nib\u200b', '八', 1],
    ['same', '九', 1],
    ['same', '十', 1],
    ['\u00a0', '十一', 1],
  ]);
  const table = world.feishu.base({ tables: [{ name: '货', fields: plain }] }).table();
  world.define(table.url, { mode: 'upsert' });

  const run = await world.run();

  expect(run, run.err).toMatchObject({ rows: { read: 11, created: 2, invalid: 9 } });
  expect(run.err).toContain('bar, bar␠, café, caf⟨U+0065 U+0301⟩, pen⟨U+00A0⟩');
  expect(run.err).toContain('blanks at the ends, no-break ones too');
  expect(run.err).toContain('the query has this key more than once · same, same');
  expect(run.err).toContain('there is nothing but blanks');
});

it('numbers and times that are spelt in several ways say that they are compared by value', async () => {
  const world = await goods([
    ['1', '一', 1],
    ['1.0', '二', 1],
    ['2', '三', 1],
    ['2', '四', 1],
  ]);
  const fields = [{ name: '编号', type: 'Number' }, ...plain.slice(1)];
  const table = world.feishu.base({ tables: [{ name: '货', fields }] }).table();
  world.define(table.url, { mode: 'upsert' });

  const run = await world.run();

  expect(run, run.err).toMatchObject({ rows: { read: 4, created: 0, invalid: 4 } });
  expect(run.err).toContain(
    'the query has this key more than once (numbers are compared by value: 1 and 1.0',
  );
  expect(run.err).toContain('the query has this key more than once · 2, 2');
});
