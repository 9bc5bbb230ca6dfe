import { describe, expect, it } from 'vitest';
import { orderRow } from '../support/shop.ts';
import { newWorld } from '../support/world.ts';

describe.each([{ mysql: false }, { mysql: true }])('with a shop on MySQL: $mysql', ({ mysql }) => {
  it('loads, writes nothing when nothing changed, sends changed cells only, deletes what is gone', async () => {
    const world = await newWorld({ orders: 30, mysql, definition: { chunkSize: 12 } });

    expect(await world.run()).toMatchObject({
      exit: 0,
      definition: 'orders',
      status: 'done',
      rows: { read: 30, created: 30 },
      deletes: { planned: 0 },
      chunks: { total: 3, failed: [] },
      rounds: 0,
      waiting: null,
      error: null,
    });
    await world.expectSame();
    expect(world.writes()).toEqual(['batch_create 12', 'batch_create 12', 'batch_create 6']);

    expect(await world.run()).toMatchObject({
      exit: 0,
      status: 'done',
      rows: { read: 30, unchanged: 30 },
      chunks: { total: 0 },
      calls: { write: 0, refused: 0, chat: 0 },
    });
    expect(world.writes()).toEqual([]);

    world.sent();
    await world.shop.exec("update user_orders set amount = 7 where id = 'O003'");
    await world.shop.exec("update user_orders set amount = 8, paid_time = 1 where id = 'O004'");
    expect(await world.run()).toMatchObject({
      exit: 0,
      rows: { updated: 2, unchanged: 28 },
      calls: { write: 1 },
    });
    const [update, ...others] = world.sent();
    expect(others).toEqual([]);
    expect(update?.records.map((one) => (typeof one === 'string' ? one : one.fields))).toEqual([
      { 下单金额: 0.07 },
      { 下单时间: 1000, 下单金额: 0.08 },
    ]);
    await world.expectSame();

    await world.shop.exec("delete from user_orders where id in ('O001', 'O030')");
    await world.shop.exec(`insert into user_orders values ${orderRow(31)}`);
    world.writes();
    expect(await world.run()).toMatchObject({
      exit: 0,
      status: 'done',
      rows: { read: 29, created: 1, unchanged: 28 },
      deletes: { planned: 2, done: 2 },
    });
    expect(world.writes()).toEqual(['batch_create 1', 'batch_delete 2']);
    await world.expectSame();
    expect(world.feishu.unknown).toEqual([]);
  });
});

it('reads no more pages than there are and makes no call that it does not need', async () => {
  const world = await newWorld({ orders: 1100 });
  await world.run();
  world.feishu.clearCalls();

  const { calls } = await world.run();

  const routes = world.feishu.calls().map(({ route }) => route);
  expect(routes.filter((route) => route === 'records.search')).toHaveLength(3);
  expect(routes.filter((route) => route === 'fields.list')).toHaveLength(1);
  expect(routes.filter((route) => route === 'apps.get')).toHaveLength(1);
  // The report counts every request, the token's too.
  expect(calls.read).toBe(routes.length);
});

it('never touches fields that the query does not have', async () => {
  const world = await newWorld({ orders: 3, fields: [{ name: '备注', type: 'Text' }] });
  await world.run();
  const [first] = world.table.records();
  world.table.edit(first?.record_id ?? '', { 备注: '已回访' });
  await world.shop.exec("update user_orders set amount = 1 where id = 'O001'");

  expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1, unchanged: 2 } });

  expect(world.records()[0]).toMatchObject({ 订单号: 'O001', 下单金额: 0.01, 备注: '已回访' });
});

it('puts back what somebody changed in a mapped cell', async () => {
  const world = await newWorld({ orders: 12 });
  await world.run();
  const [first] = world.table.records();
  world.table.edit(first?.record_id ?? '', { 昵称: '改名', 城市: null });

  expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1, unchanged: 11 } });

  await world.expectSame();
});

describe('the modes', () => {
  const held = [
    { 订单号: 'O001', 昵称: '旧' },
    { 订单号: 'P001', 昵称: '手工' },
  ];

  it('upsert creates and updates, and deletes nothing', async () => {
    const world = await newWorld({ orders: 3, records: held, definition: { mode: 'upsert' } });

    expect(await world.run()).toMatchObject({
      exit: 0,
      rows: { created: 2, updated: 1 },
      deletes: { planned: 0, kept: 0 },
    });
    expect(world.records()).toEqual([...(await world.shop.orders()), { 订单号: 'P001', 昵称: '手工' }]);
  });

  it('append creates missing keys only', async () => {
    const world = await newWorld({ orders: 3, records: held, definition: { mode: 'append' } });

    expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 2, updated: 0, unchanged: 1 } });

    expect(world.records()[0]).toEqual({ 订单号: 'O001', 昵称: '旧' });
    expect(world.records()).toHaveLength(4);
  });

  it('update changes existing keys only', async () => {
    const world = await newWorld({ orders: 3, records: held, definition: { mode: 'update' } });

    expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 0, updated: 1, unchanged: 2 } });

    const [first] = await world.shop.orders();
    expect(world.records()).toEqual([first, { 订单号: 'P001', 昵称: '手工' }]);
  });
});

it('lists rows with an empty or doubled key, sends the others, and touches no doubled record', async () => {
  const world = await newWorld({
    orders: 5,
    records: [
      { 订单号: 'O002', 昵称: '一' },
      { 订单号: 'O002', 昵称: '二' },
    ],
    definition: {
      mode: 'upsert',
      source: {
        connection: 'shop',
        query:
          "select case id when 'O001' then null when 'O005' then 'O004' else id end as \"订单号\", amount as \"下单金额\" from user_orders where production_id = 10",
      },
      fields: {},
    },
  });

  const report = await world.run();

  // O001 has no key, O004 stands twice in the query, O002 twice in the table.
  expect(report).toMatchObject({ exit: 1, status: 'partial', rows: { read: 5, created: 1, invalid: 4 } });
  expect(world.records()).toEqual([
    { 订单号: 'O002', 昵称: '一' },
    { 订单号: 'O002', 昵称: '二' },
    { 订单号: 'O003', 下单金额: 1009 },
  ]);
  expect(report.err).toContain('O004');
});

it('a plan shows the numbers of a run and writes nothing until somebody applies it', async () => {
  const world = await newWorld({ orders: 12, records: [{ 订单号: 'O001', 昵称: '旧' }] });

  const plan = await world.run('plan orders');

  expect(plan).toMatchObject({
    exit: 0,
    status: 'planned',
    rows: { read: 12, created: 11, updated: 1 },
    chunks: { total: 2, failed: [] },
    calls: { write: 0 },
    waiting: null,
    error: null,
  });
  expect(world.writes()).toEqual([]);
  expect(world.table.size()).toBe(1);
  expect(await world.run(`run orders --approve ${plan.run}`)).toMatchObject({
    ...{ exit: 0, run: plan.run, status: 'done', rows: plan.rows },
  });
  await world.expectSame();
  expect(await world.type(`run orders --approve ${plan.run}`)).toMatchObject({ exit: 1 });
});

it('follows a wiki address to its table', async () => {
  const world = await newWorld({ orders: 2 });
  world.define({ target: world.feishu.wikiNode(world.base) });

  expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 2 } });

  await world.expectSame();
});
