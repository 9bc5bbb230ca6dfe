import { expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

/** Does something when a call of the route arrives for the nth time, before Feishu looks at it. */
function before(world: World, route: string, nth: number, act: () => void): void {
  let seen = 0;
  world.feishu.onRequest((request) => {
    if (request.route.name !== route) return;
    seen += 1;
    if (seen === nth) act();
  });
}

const bigTable = async (): Promise<World> => {
  const world = await newWorld({ orders: 1200 });
  await world.run();
  world.writes();
  return world;
};

it('a record that somebody deletes between two pages is made again, and no other twice', async () => {
  const world = await bigTable();
  const [first, second] = world.table.records();
  before(world, 'records.search', 2, () =>
    world.table.remove(first?.record_id ?? '', second?.record_id ?? ''),
  );

  expect((await world.run()).exit).toBe(0);
  expect((await world.run()).exit).toBe(0);

  await world.expectSame();
});

it('records that somebody adds between two pages are never taken for missing', async () => {
  const world = await bigTable();
  before(world, 'records.search', 2, () => {
    for (let at = 0; at < 600; at++) world.table.add({ 订单号: `H${at}` }, 0);
  });

  const report = await world.run();

  // Whatever the read saw, no order stands twice and nothing of the query's is gone.
  const ids = world.records().map((one) => one['订单号']);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => String(id).startsWith('O'))).toHaveLength(1200);
  // Records made by hand wait for a person.
  expect(report.exit).toBe(3);
  expect(report.deletes.planned).toBe(600);
});

it('a cell that somebody edits between two pages is put right', async () => {
  const world = await bigTable();
  const last = world.table.records().at(-1);
  before(world, 'records.search', 2, () => world.table.edit(last?.record_id ?? '', { 昵称: '改了' }));

  expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1, unchanged: 1199 } });

  await world.expectSame();
});

it('a table that never stands still: what is missing is confirmed by key, deletes wait', async () => {
  const world = await bigTable();
  await world.shop.exec("delete from user_orders where id = 'O005'");
  await world.shop.exec("insert into user_orders values ('Z1', 1, 10, 1, 1)");
  // Each whole read loses a record on a page that was read already, and gains one on a later page.
  let turn = 0;
  world.feishu.onRequest(({ route }) => {
    if (route.name !== 'records.search' || turn >= 6) return;
    turn += 1;
    const [first] = world.table.records();
    world.table.remove(first?.record_id ?? '');
    world.table.add({ 订单号: `H${turn}` });
    world.table.add({ 订单号: `H${turn}b` }, 0);
  });

  const report = await world.run();

  expect(report.exit).toBe(3);
  expect(report.waiting?.reasons.length).toBeGreaterThan(0);
  expect(world.writes()).toEqual([]);
  const applied = await world.run(`run orders --approve ${report.run}`);
  expect([0, 3]).toContain(applied.exit);
  const ids = world.records().map((one) => one['订单号']);
  expect(new Set(ids).size).toBe(ids.length);
});

it('edits between read and write: fields of others stay, ours are as the query says', async () => {
  const world = await newWorld({ orders: 30, fields: [{ name: '备注', type: 'Text' }] });
  await world.run();
  await world.shop.exec("update user_orders set amount = 1 where id = 'O001'");
  const [first] = world.table.records();
  before(world, 'records.batch_update', 1, () =>
    world.table.edit(first?.record_id ?? '', { 备注: '急', 昵称: '改了' }),
  );

  expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1 } });

  // Only the amount was sent, so the edit of the moment stands until the next run.
  expect(world.records()[0]).toMatchObject({ 下单金额: 0.01, 备注: '急', 昵称: '改了' });
  expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1 } });
  expect(world.records()[0]).toMatchObject({ 昵称: '客户2', 备注: '急' });
});

it('a field that is renamed between read and write is found again by its ID, and so in the next run', async () => {
  const world = await newWorld({ orders: 10 });
  before(world, 'records.batch_create', 1, () => world.table.renameField('城市', '地区'));

  expect(await world.run()).toMatchObject({ exit: 0, status: 'done', rows: { created: 10, failed: 0 } });

  expect(world.writes()).toEqual(['batch_create !1254045', 'batch_create 10']);
  expect(world.records()[0]).toMatchObject({ 地区: '北京' });
  const next = await world.run();
  expect(next).toMatchObject({ exit: 0, rows: { unchanged: 10 } });
  expect(next.err).toContain('地区');
});
