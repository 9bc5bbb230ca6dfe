import { describe, expect, it } from 'vitest';
import { orderRow } from '../support/shop.ts';
import { newWorld, type World } from '../support/world.ts';

/** A table with 30 orders that a run has written, of which the shop then loses some. */
async function withLost(lost: string): Promise<World> {
  const world = await newWorld({ orders: 30 });
  await world.run();
  await world.shop.exec(`delete from user_orders where production_id = 10 and ${lost}`);
  world.writes();
  return world;
}

describe('the brake', () => {
  it('stops a run that would delete too much, and the approved plan is carried out', async () => {
    const world = await withLost("id > 'O022'");

    const stopped = await world.run();

    expect(stopped).toMatchObject({
      exit: 3,
      status: 'waiting',
      rows: { read: 22, unchanged: 22 },
      deletes: { planned: 8, done: 0 },
      error: null,
      waiting: { approve: `bitable-sync run orders --approve ${stopped.run}` },
    });
    expect(stopped.waiting?.reasons).toEqual([expect.stringContaining('8')]);
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(30);

    const applied = await world.run(`run orders --approve ${stopped.run}`);

    expect(applied).toMatchObject({
      exit: 0,
      run: stopped.run,
      status: 'done',
      deletes: { planned: 8, done: 8 },
      waiting: null,
    });
    expect(world.writes()).toEqual(['batch_delete 8']);
    expect(world.table.size()).toBe(22);
    await world.expectSame();
  });

  it('shows the new plan when the query answers something else before the approval, and says what', async () => {
    const world = await withLost("id > 'O022'");
    const stopped = await world.run();
    await world.shop.exec(`insert into user_orders values ${orderRow(40)}`);

    const again = await world.run(`run orders --approve ${stopped.run}`);

    expect(again).toMatchObject({ exit: 3, run: stopped.run, deletes: { planned: 8, done: 0 } });
    expect(again.waiting?.reasons.at(-1)).toContain('0 → 1 creates');
    expect(world.writes()).toEqual([]);
    expect(await world.run(`run orders --approve ${stopped.run}`)).toMatchObject({ exit: 0 });
    await world.expectSame();
  });

  it('is carried out without its deletes when a person says so', async () => {
    const world = await withLost("id > 'O022'");
    await world.shop.exec(`insert into user_orders values ${orderRow(40)}`);
    const stopped = await world.run();
    expect(stopped).toMatchObject({ exit: 3, deletes: { planned: 8 } });

    expect(await world.run(`run orders --approve ${stopped.run} --no-deletes`)).toMatchObject({
      exit: 0,
      run: stopped.run,
      status: 'done',
      rows: { created: 1 },
      deletes: { planned: 8, done: 0, kept: 8 },
    });
    expect(world.writes()).toEqual(['batch_create 1']);
    expect(world.table.size()).toBe(31);
    expect(await world.run('run orders --no-deletes')).toMatchObject({ exit: 2 });
  });

  it('shows samples with private columns masked, on the terminal, in JSON and in the log', async () => {
    const world = await newWorld({ orders: 30, definition: { private: ['手机号', '昵称'] } });
    world.env['LOG_LEVEL'] = 'debug';
    await world.run();
    await world.shop.exec("update users set mobile = '13800009999', nickname = '秘密'");

    const { exit, out, err } = await world.type('run orders');

    expect(exit).toBe(3);
    expect(out + err).not.toMatch(/13800009999|秘密|客户/u);
    const program = await world.open();
    const [state] = await program.runs.latest('orders', 1);
    expect(state?.waiting?.samples[0]?.cells).toContainEqual({ field: '昵称', from: '•••', to: '•••' });
  });

  it('stops a run that would change too many records', async () => {
    const world = await newWorld({ orders: 30 });
    await world.run();
    await world.shop.exec('update user_orders set amount = amount + 1');
    world.writes();

    const stopped = await world.run();

    expect(stopped).toMatchObject({ exit: 3, rows: { read: 30 }, deletes: { planned: 0 } });
    expect(stopped.waiting?.reasons).toEqual([expect.stringContaining('30')]);
    expect(world.writes()).toEqual([]);
    expect(await world.run(`run orders --approve ${stopped.run}`)).toMatchObject({
      exit: 0,
      rows: { updated: 30 },
    });
    await world.expectSame();
  });

  it('leaves small tables alone', async () => {
    const world = await newWorld({ orders: 9 });
    await world.run();
    await world.shop.exec("delete from user_orders where id > 'O005' and production_id = 10");

    expect(await world.run()).toMatchObject({ exit: 0, deletes: { planned: 4, done: 4 } });
  });

  it('does not approve twice, nor what another run has overtaken, nor what never was', async () => {
    const world = await withLost("id > 'O022'");
    const first = await world.run();
    const second = await world.run();
    expect(second.exit).toBe(3);

    const overtaken = await world.run(`run orders --approve ${first.run}`);
    expect(overtaken).toMatchObject({ exit: 1, run: null, error: { code: 'stale-plan' } });
    expect(await world.run(`run orders --approve ${second.run}`)).toMatchObject({ exit: 0 });
    expect(world.writes()).toEqual(['batch_delete 8']);

    const doubled = await world.run(`run orders --approve ${second.run}`);
    expect(doubled).toMatchObject({ exit: 1, error: { code: 'stale-plan' } });
    expect(await world.run('run orders --approve nothing')).toMatchObject({
      exit: 2,
      error: { code: 'no-such-run' },
    });
    expect(world.writes()).toEqual([]);
  });

  it('shows the new plan when the table moved before the approval', async () => {
    const world = await withLost("id > 'O022'");
    const stopped = await world.run();
    world.table.add({ 订单号: 'H1', 昵称: '手工' });

    const again = await world.run(`run orders --approve ${stopped.run}`);

    expect(again).toMatchObject({ exit: 3, run: stopped.run, deletes: { planned: 9, done: 0 } });
    expect(world.writes()).toEqual([]);
    expect(await world.run(`run orders --approve ${stopped.run}`)).toMatchObject({
      exit: 0,
      deletes: { planned: 9, done: 9 },
    });
    await world.expectSame();
  });

  it('carries the same plan out when the table moved in a way that changes nothing', async () => {
    const world = await withLost("id > 'O022'");
    const stopped = await world.run();
    world.table.addField({ name: '备注', type: 'Text' });

    expect(await world.run(`run orders --approve ${stopped.run}`)).toMatchObject({
      exit: 0,
      deletes: { done: 8 },
    });
    await world.expectSame();
  });
});

it('asks when the query answers nothing', async () => {
  const world = await withLost('1 = 1');

  const stopped = await world.run();

  expect(stopped).toMatchObject({ exit: 3, rows: { read: 0 }, deletes: { planned: 30 } });
  expect(stopped.waiting?.reasons.join('\n')).toContain('no rows');
  expect(world.writes()).toEqual([]);
  expect(world.table.size()).toBe(30);
});

it('an empty query on an empty table is done', async () => {
  const world = await newWorld({ orders: 0 });

  expect(await world.run()).toMatchObject({ exit: 0, status: 'done', rows: { read: 0 } });
  expect(world.writes()).toEqual([]);
});

it('asks before it deletes records made by hand, once and never again', async () => {
  const byHand = [{ 订单号: 'H1' }, { 订单号: 'H2' }];
  const world = await newWorld({ orders: 20, records: byHand });

  const stopped = await world.run();

  expect(stopped).toMatchObject({ exit: 3, deletes: { planned: 2 } });
  expect(stopped.waiting?.reasons).toEqual([expect.stringContaining('not created by me')]);
  expect(world.writes()).toEqual([]);
  const applied = await world.run(`run orders --approve ${stopped.run}`);
  expect(applied).toMatchObject({ exit: 0, rows: { created: 20 }, deletes: { planned: 2, done: 2 } });
  await world.expectSame();
  world.table.add({ 订单号: 'H3' });
  expect(await world.run()).toMatchObject({ exit: 0, deletes: { planned: 1, done: 1 } });
  await world.expectSame();
});

it('keeps records made by hand where the definition says ours, and asks for none where it says all', async () => {
  const world = await newWorld({
    orders: 20,
    records: [{ 订单号: 'H1' }],
    definition: { deletes: 'ours' },
  });
  expect(await world.run()).toMatchObject({ exit: 0, deletes: { planned: 1, kept: 1, done: 0 } });
  await world.shop.exec("delete from user_orders where id = 'O001'");
  expect(await world.run()).toMatchObject({ exit: 0, deletes: { planned: 2, kept: 1, done: 1 } });
  expect(world.records()[0]).toEqual({ 订单号: 'H1' });

  world.define({ deletes: 'all' });
  expect(await world.run()).toMatchObject({ exit: 0, deletes: { planned: 1, done: 1 } });
  await world.expectSame();
});

it('asks before it creates in a Base with advanced permissions in which no run ever succeeded', async () => {
  const world = await newWorld({ orders: 5, records: [{ 订单号: 'O001' }] });
  world.base.setAccess('edit');
  world.base.setAdvanced(true);

  const stopped = await world.run();

  expect(stopped).toMatchObject({ exit: 3, rows: { read: 5 } });
  expect(stopped.waiting?.reasons).toEqual([
    expect.stringContaining('reads as empty and this Base has advanced'),
  ]);
  expect(world.writes()).toEqual([]);
  // The role is given, the table shows what it holds, and how much that is: nothing is doubled.
  world.base.setAccess('manage');
  const seen = await world.run();
  expect(seen).toMatchObject({
    exit: 3,
    waiting: { reasons: [expect.stringContaining('reads as 1 record and')] },
  });
  expect(await world.run(`run orders --approve ${seen.run}`)).toMatchObject({
    exit: 0,
    rows: { created: 4, updated: 1 },
  });
  await world.expectSame();
});

it('asks when the table reads as empty although records are known', async () => {
  const world = await newWorld({ orders: 30 });
  await world.run();
  world.table.remove(...world.table.records().map(({ record_id }) => record_id));
  world.writes();

  const emptied = await world.run();

  expect(emptied.exit).toBe(3);
  expect(emptied.waiting?.reasons).toEqual([expect.stringContaining('30 records there before')]);
  expect(world.writes()).toEqual([]);
  expect(await world.run(`run orders --approve ${emptied.run}`)).toMatchObject({
    exit: 0,
    rows: { created: 30 },
  });
  await world.expectSame();
});

it('asks when the query has changed since the last success', async () => {
  const world = await newWorld({ orders: 12 });
  await world.run();
  await world.shop.exec("delete from user_orders where id = 'O001'");
  world.writes();
  const query = 'select id as "订单号", amount as "下单金额" from user_orders where production_id = 10';
  world.define({ source: { connection: 'shop', query }, fields: {}, brake: { updates: 1 } });

  const stopped = await world.run();

  expect(stopped.exit).toBe(3);
  expect(stopped.waiting?.reasons).toEqual([expect.stringContaining('changed since the last success')]);
  expect(world.writes()).toEqual([]);
});
