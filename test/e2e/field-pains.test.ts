import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Clock } from '../../src/run/ports.ts';
import type { State } from '../../src/sync/state/state.ts';
import { start } from '../support/process.ts';
import { orderId } from '../support/shop.ts';
import { newWorld, type Reported, type World } from '../support/world.ts';

/** No brake: these tests change a large part of a small table. */
const calm = { deletes: '100%', updates: '100%' };
const small = { chunkSize: 10, concurrency: 1, brake: calm };

const always = Number.POSITIVE_INFINITY;
const creates = 'records.batch_create';

/** The rows that the program listed as bad in its newest run. */
async function badRows(world: World): Promise<State['badRows']> {
  const program = await world.open();
  const [state] = await program.runs.latest('orders', 1);
  await program.stop();
  return state?.badRows ?? [];
}

const keysOf = (world: World): unknown[] => world.records().map((fields) => fields['订单号']);

const written = ({ rows, deletes }: Reported): number => rows.created + rows.updated + deletes.done;

it('failed rows are not shown as success', async () => {
  const world = await newWorld({ orders: 30, definition: { ...small, rounds: 0 } });
  world.feishu.faults.add({
    when: { route: creates, times: always, match: ({ raw }) => raw.includes('"O015"') },
    fault: { kind: 'code', code: 1299999 },
  });

  const report = await world.run();

  expect(report).toMatchObject({
    exit: 1,
    status: 'partial',
    rows: { created: 20, failed: 10 },
    chunks: { failed: [{ id: 'C002', rows: 10, code: 1299999 }] },
  });
  expect(world.table.size()).toBe(20);
  // The next one sends them by itself.
  world.feishu.faults.clear();
  expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 10, unchanged: 20 } });
  await world.expectSame();
});

describe('a timeout doubles no record', () => {
  it.each([
    ['a gateway that gives up', { kind: 'code', code: 1255040, applied: true }],
    ['a connection that is cut', { kind: 'reset', applied: true }],
    ['a page of HTML', { kind: 'html', status: 504, applied: true }],
  ] as const)('after %s, though the rows were written', async (_, fault) => {
    let ahead = 0;
    const clock: Clock = {
      now: () => systemClock.now() + ahead,
      monotonic: () => systemClock.monotonic() + ahead,
      sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
    };
    // A Feishu that remembers no token: only reading back protects.
    const world = await newWorld({
      orders: 30,
      definition: { ...small, rounds: 3 },
      playground: { limits: { messageRates: false, clientTokenMs: 0 } },
      clock,
    });
    world.feishu.onCall(({ route, status }) => {
      // By the time that somebody tries again, the token is too old.
      if (route === creates && status !== 200) ahead += 180_000;
    });
    world.feishu.faults.add({ when: { route: creates, nth: 2 }, fault });

    expect(await world.run()).toMatchObject({ exit: 0, rows: { read: 30, created: 30 } });

    await world.expectSame();
  });

  it('nor when it is sent again later, after nothing could be read back', async () => {
    const world = await newWorld({
      orders: 30,
      definition: { ...small, rounds: 0 },
      playground: { limits: { messageRates: false, clientTokenMs: 0 } },
    });
    world.feishu.faults.add({ when: { route: creates, nth: 2 }, fault: { kind: 'reset', applied: true } });
    let sent = 0;
    const unread = world.feishu.faults.add({
      when: { route: 'records.search', times: always, match: () => sent > 0 },
      fault: { kind: 'code', code: 1254302 },
    });
    world.feishu.onCall(({ route }) => {
      if (route === creates) sent += 1;
    });
    const report = await world.run();
    expect(report).toMatchObject({ exit: 1, rows: { created: 20, unknown: 10 } });
    unread();
    const program = await world.open();

    const acted = await program.runs.retry(report.run ?? '', { kind: 'cli' });

    if (acted.kind !== 'going') throw new Error(acted.kind);
    expect((await acted.run.ended).rows).toMatchObject({ created: 30, unknown: 0 });
    await program.stop();
    await world.expectSame();
  });
});

describe('no mass delete', () => {
  it('after a query that answers nothing', async () => {
    const world = await newWorld({ orders: 30, definition: { brake: calm } });
    await world.run();
    await world.shop.exec('delete from user_orders');

    expect(await world.run()).toMatchObject({
      exit: 3,
      status: 'waiting',
      deletes: { planned: 30, done: 0 },
    });

    expect(world.table.size()).toBe(30);
  });

  it('after a query that breaks off', async () => {
    const world = await newWorld({ mysql: false, orders: 30, definition: { brake: calm } });
    world.define({
      source: {
        connection: 'shop',
        query: `select id as "订单号", json_extract(amount, '$') as "下单金额" from user_orders where production_id = 10`,
      },
      fields: {},
    });
    await world.run();
    // A row in the middle cannot be read: what came before it is half an answer.
    await world.shop.exec("update user_orders set amount = '{' where id = 'O015'");

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed', error: { code: 'query-failed' } });
    expect(written(report)).toBe(0);
    expect(world.table.size()).toBe(30);
  });

  it.each([
    ['cut off', { kind: 'truncate' }],
    ['a page of HTML', { kind: 'html' }],
  ] as const)('after a listing that is %s', async (_, fault) => {
    const world = await newWorld({ orders: 30, definition: { brake: calm } });
    await world.run();
    await world.shop.exec("delete from user_orders where id > 'O020'");
    world.writes();
    world.feishu.faults.add({ when: { route: 'records.search', times: always }, fault });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed' });
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(30);
  });
});

describe('a read that is empty for want of a permission', () => {
  it('creates nothing a second time and deletes nothing', async () => {
    const world = await newWorld({ orders: 30 });
    await world.run();
    world.base.setAdvanced(true);
    world.base.setAccess('edit');
    world.writes();

    const report = await world.run();

    expect(report.exit).not.toBe(0);
    expect(['waiting', 'failed']).toContain(report.status);
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(30);
  });

  it('of some records only creates none of them a second time', async () => {
    const world = await newWorld({ orders: 30 });
    await world.run();
    world.table.hideRecords(
      ...world.table
        .records()
        .slice(3, 9)
        .map(({ record_id }) => record_id),
    );
    world.writes();

    const report = await world.run();

    expect(report.exit).not.toBe(0);
    expect(world.writes()).toEqual([]);
    expect(new Set(keysOf(world)).size).toBe(world.table.size());
  });
});

describe('dates are not shifted by a zone', () => {
  const instant = Date.UTC(2024, 6, 9, 16, 30);

  it.each(['America/New_York', 'UTC'])('on a machine in %s', async (zone) => {
    const world = await newWorld({ orders: 3, mysql: true });
    world.define({
      timeZone: 'Asia/Shanghai',
      source: {
        connection: 'shop',
        query: `select id as "订单号", cast('2024-07-10 00:30:00' as datetime) as "下单时间" from user_orders where production_id = 10`,
      },
    });

    const first = await (await start(world, 'run orders --json', { TZ: zone })).ended;

    expect(first.report).toMatchObject({ status: 'done', rows: { created: 3 } });
    expect(world.records().map((fields) => fields['下单时间'])).toEqual([instant, instant, instant]);
    const again = await (await start(world, 'run orders --json', { TZ: 'Pacific/Honolulu' })).ended;
    expect(again.report).toMatchObject({ status: 'done', rows: { unchanged: 3 }, calls: { write: 0 } });
  });
});

it('one bad row does not fail its batch, and is named', async () => {
  const world = await newWorld({ orders: 30, definition: small });
  world.feishu.faults.add({
    when: { route: creates, times: always, match: ({ raw }) => raw.includes('"O017"') },
    fault: { kind: 'code', code: 1254015 },
  });

  const report = await world.run();

  expect(report).toMatchObject({ exit: 1, status: 'partial', rows: { created: 29, rejected: 1, failed: 0 } });
  expect(keysOf(world)).toHaveLength(29);
  expect(keysOf(world)).not.toContain('O017');
  expect(await badRows(world)).toMatchObject([{ kind: 'rejected', rows: 1, samples: [{ key: 'O017' }] }]);
  // Ten rows, one of them bad: at most 2 · (log2 10 + 1) calls more than the three.
  expect(report.calls.write).toBeLessThanOrEqual(3 + 2 * (Math.log2(10) + 1));
});

describe('missing pages', () => {
  const orders = 1_203;

  it('no record beyond the first page is taken for missing', async () => {
    const world = await newWorld({ orders });
    await world.run();
    expect(world.table.size()).toBe(orders);
    world.writes();

    expect(await world.run()).toMatchObject({
      exit: 0,
      rows: { unchanged: orders },
      deletes: { planned: 0 },
    });

    expect(world.writes()).toEqual([]);
  });

  it('a page that never comes fails the run before anything is written', async () => {
    const world = await newWorld({ orders });
    await world.run();
    world.writes();
    world.feishu.faults.add({
      when: { route: 'records.search', times: always, match: ({ query }) => query.has('page_token') },
      fault: { kind: 'code', code: 1255001 },
    });

    expect(await world.run()).toMatchObject({ exit: 1, status: 'failed' });

    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(orders);
  });
});

describe('big integers are not rounded', () => {
  const big = '9007199254740993';

  async function bigWorld(column: string): Promise<World> {
    const world = await newWorld({ orders: 1, mysql: true });
    world.define({
      source: {
        connection: 'shop',
        query: `select id as "订单号", cast(${big} as unsigned) as "${column}" from user_orders where production_id = 10`,
      },
      fields: {},
    });
    return world;
  }

  it('a text holds them exactly, and a second run writes nothing', async () => {
    const world = await bigWorld('城市');

    expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 1 } });

    expect(world.records()).toEqual([{ 订单号: orderId(1), 城市: big }]);
    expect(await world.run()).toMatchObject({ rows: { unchanged: 1 }, calls: { write: 0 } });
  });

  it('a number field, which cannot hold them, gets none of it', async () => {
    const world = await bigWorld('用户ID');

    expect(await world.run()).toMatchObject({
      exit: 1,
      rows: { created: 0, rejected: 1 },
      calls: { write: 0 },
    });

    expect(world.records()).toEqual([]);
    expect(await badRows(world)).toMatchObject([
      { field: '用户ID', rows: 1, samples: [{ key: orderId(1) }] },
    ]);
  });
});

describe('a batch does not count as success because one row was', () => {
  it('one record of the batch is gone: the others are updated and counted so, it is not', async () => {
    const world = await newWorld({ orders: 30, definition: { ...small, rounds: 0 } });
    await world.run();
    await world.shop.exec("update user_orders set amount = 1 where id <= 'O010'");
    const [gone] = world.table.records().filter(({ fields }) => fields['订单号'] === 'O004');
    const off = world.feishu.onRequest(({ route }) => {
      if (route.name !== 'records.batch_update') return;
      off();
      world.table.remove(gone?.record_id ?? '');
    });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 0, status: 'done', rows: { updated: 9, created: 1 } });
    expect(world.table.size()).toBe(30);
    await world.expectSame();
  });

  it('one part of a split chunk is written, the other fails', async () => {
    const world = await newWorld({ orders: 10, definition: { ...small, rounds: 0 } });
    world.feishu.faults.add({
      when: { route: creates, times: always, match: ({ raw }) => countOf(raw) > 5 },
      fault: { kind: 'code', code: 1254104 },
    });
    world.feishu.faults.add({
      when: {
        route: creates,
        times: always,
        match: ({ raw }) => countOf(raw) <= 5 && raw.includes('"O008"'),
      },
      fault: { kind: 'code', code: 1299999 },
    });

    const report = await world.run();

    expect(report).toMatchObject({
      exit: 1,
      status: 'partial',
      rows: { created: 5, failed: 5 },
      chunks: { failed: [{ id: 'C001.2', rows: 5 }] },
    });
    expect(world.table.size()).toBe(5);
  });
});

const countOf = (raw: Buffer): number =>
  (JSON.parse(raw.toString()) as { records: unknown[] }).records.length;
