import { describe, expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

/** A table that a run has filled. */
async function filled(changes: Readonly<Record<string, unknown>> = {}): Promise<World> {
  const world = await newWorld({ orders: 30 });
  world.define(changes);
  await world.run();
  world.writes();
  return world;
}

/** How many rows of the last run set back what people had changed; planned ones before they are written. */
async function setBack(world: World): Promise<number | undefined> {
  const program = await world.open();
  const [state] = await program.runs.latest('orders', 1);
  await program.stop();
  return state?.setBack;
}

const recordOf = (world: World, order: string): string =>
  world.table.records().find(({ fields }) => fields['订单号'] === order)?.record_id ?? '';

describe('what people changed', () => {
  it('is set back, counted apart and told on the card; what changed in the shop is not', async () => {
    const world = await filled();
    world.table.edit(recordOf(world, 'O001'), { 城市: '火星' });
    world.table.edit(recordOf(world, 'O002'), { 昵称: null });
    await world.shop.exec("update user_orders set amount = amount + 100 where id = 'O003'");

    const planned = await world.run('plan orders');
    expect(planned).toMatchObject({ rows: { updated: 3 } });
    expect(await setBack(world)).toBe(2);
    const done = await world.run();

    expect(done).toMatchObject({ status: 'done', rows: { updated: 3, unchanged: 27 } });
    expect(await setBack(world)).toBe(2);
    await world.expectSame();
    expect(await world.run()).toMatchObject({ rows: { updated: 0, unchanged: 30 } });
    expect(await setBack(world)).toBe(0);
  });

  it('is told where the row changed too, and not guessed where the mapping is another', async () => {
    const world = await newWorld({ orders: 5 });
    await world.run();
    const id = recordOf(world, 'O001');
    world.table.edit(id, { 城市: '火星' });
    await world.shop.exec("update user_orders set amount = amount + 100 where id = 'O001'");
    expect(await world.run()).toMatchObject({ rows: { updated: 1 } });
    expect(await setBack(world)).toBe(1);

    world.table.edit(id, { 城市: '火星' });
    world.define({ fields: { 下单时间: { as: 'date' }, 昵称: 'skip' } });
    expect(await world.run('plan orders')).toMatchObject({ rows: { updated: 1 } });
    expect(await setBack(world)).toBe(0);
  });

  it('is counted once when the chunk is sent in several rounds', async () => {
    const world = await filled({ rounds: 3 });
    world.table.edit(recordOf(world, 'O001'), { 城市: '火星' });
    world.feishu.faults.add({
      when: { route: 'records.batch_update', times: 2 },
      fault: { kind: 'code', code: 1255001 },
    });
    expect(await world.run()).toMatchObject({ status: 'done', rows: { updated: 1 }, rounds: 2 });
    expect(await setBack(world)).toBe(1);
  });
});

describe('records that were written and are missing from the read', () => {
  it('stop the run when the app may not see them: nothing is created twice', async () => {
    const world = await filled();
    world.table.hideRecords(recordOf(world, 'O001'), recordOf(world, 'O002'));
    const before = world.table.size();

    const stopped = await world.run();

    expect(stopped).toMatchObject({ exit: 1, status: 'failed', error: { code: 'records-hidden' } });
    expect(stopped.error?.cure).toContain('高级权限');
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(before);
  });

  it('stop the run when the whole table reads as empty by a missing right', async () => {
    const world = await filled();
    world.table.hideRecords(...world.table.records().map(({ record_id }) => record_id));
    expect(await world.run()).toMatchObject({ exit: 1, error: { code: 'records-hidden' } });
    expect(world.writes()).toEqual([]);
  });

  it('are created again when they are really gone', async () => {
    const world = await filled();
    world.table.remove(recordOf(world, 'O001'));
    world.feishu.clearCalls();

    expect(await world.run()).toMatchObject({ status: 'done', rows: { created: 1 } });

    const looked = world.feishu.calls().filter(({ route }) => route === 'records.batch_get');
    expect(looked).toHaveLength(1);
    await world.expectSame();
  });

  it('cost no call when nothing is missing', async () => {
    const world = await filled({ mode: 'upsert' });
    world.feishu.clearCalls();
    expect(await world.run()).toMatchObject({ status: 'done', rows: { unchanged: 30 } });
    expect(world.feishu.calls().some(({ route }) => route === 'records.batch_get')).toBe(false);
  });

  it.each(['mirror', 'upsert'])('a key that somebody mistyped is set back (%s)', async (mode) => {
    const world = await filled({ mode });
    const record = recordOf(world, 'O001');
    world.table.edit(record, { 订单号: 'X001' });
    const state = await world.run();
    expect(state).toMatchObject({
      ...{ status: 'done', rows: { created: 0, updated: 1, unchanged: 29 }, deletes: { planned: 0 } },
      notes: [expect.stringContaining('The key of 1 record was changed')],
    });
    expect(recordOf(world, 'O001')).toBe(record);
    await world.expectSame();
  });

  it('a key that somebody changed to that of another row makes the plan wait', async () => {
    const world = await filled({ mode: 'upsert' });
    world.table.remove(recordOf(world, 'O002'));
    world.table.edit(recordOf(world, 'O001'), { 订单号: 'O002' });
    const state = await world.run();
    expect(state).toMatchObject({
      exit: 3,
      waiting: { reasons: [expect.stringContaining('that of another row')] },
    });
    expect(world.writes()).toEqual([]);
  });
});

describe('a column that was filled and reads as empty in every record', () => {
  it('makes the run wait, because the field may be hidden', async () => {
    const world = await filled();
    for (const { record_id } of world.table.records()) world.table.edit(record_id, { 城市: null });

    const stopped = await world.run();

    expect(stopped).toMatchObject({ exit: 3, status: 'waiting' });
    expect(stopped.waiting?.reasons.join()).toContain('城市');
    expect(world.writes()).toEqual([]);
    const applied = await world.run(`run orders --approve ${stopped.run}`);
    expect(applied).toMatchObject({ exit: 0, status: 'done', rows: { updated: 30 } });
    expect(await setBack(world)).toBe(30);
    await world.expectSame();
  });

  it('does not, when the query has no value for it either', async () => {
    const world = await filled();
    await world.shop.exec('update users set city = null');
    for (const { record_id } of world.table.records()) world.table.edit(record_id, { 城市: null });
    expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 30 } });
  });
});

describe('the rounds', () => {
  it('that a run reports are those of its longest pass, not the sum of all', async () => {
    const world = await filled({
      mode: 'mirror',
      rounds: 3,
      deletes: 'all',
      brake: { deletes: '100%', updates: '100%' },
    });
    await world.shop.exec("delete from user_orders where id = 'O001'");
    await world.shop.exec("update user_orders set amount = amount + 1 where id = 'O002'");
    for (const route of ['records.batch_update', 'records.batch_delete'] as const) {
      world.feishu.faults.add({ when: { route, times: 2 }, fault: { kind: 'code', code: 1255001 } });
    }
    expect(await world.run()).toMatchObject({ status: 'done', rounds: 2 });
  });
});

describe('a list that does not hold what it says', () => {
  type Data = Readonly<Record<string, unknown>>;
  const itemsOf = ({ items }: Data) => items as readonly unknown[];
  const cutShort = (data: Data): Data => ({
    ...data,
    items: itemsOf(data).slice(0, Math.floor(itemsOf(data).length / 2)),
  });
  const ways: readonly (readonly [string, (data: Data) => Data])[] = [
    ['ends early', cutShort],
    ['says one too many', (data) => ({ ...data, total: Number(data['total']) + 1 })],
  ];

  it.each([
    ['records.search', 'the table', 'records-overlooked', 'ignore'],
    ['records.search', 'the view', 'records-overlooked', 'limit'],
    ['fields.list', '', 'fields-overlooked', 'ignore'],
    ['tables.list', '', 'tables-overlooked', 'ignore'],
  ] as const)('fails the run, and nothing is written: %s, %s', async (route, what, code, view) => {
    const world = await filled();
    const shown = world.table.addView('全部');
    world.define({ view, target: shown.url });
    await world.shop.exec("update user_orders set amount = amount + 1 where id = 'O001'");
    // Nobody remembers that the records are there.
    world.env['STORE_URL'] = 'sqlite:other.db';
    for (const [how, change] of ways) {
      const over = world.feishu.faults.add({
        when: {
          ...{ route, times: Infinity },
          match: ({ body }) =>
            what === '' || (what === 'the view') === Object.hasOwn(Object(body()), 'view_id'),
        },
        fault: { kind: 'answer', change },
      });
      const report = await world.run();
      expect([how, report.exit, report.error?.code]).toEqual([how, 1, code]);
      over();
    }
    expect(world.writes()).toEqual([]);
    // A count that lags for a moment does no harm.
    world.feishu.faults.add({ when: { route }, fault: { kind: 'answer', change: cutShort } });
    expect(await world.run()).toMatchObject({ exit: 0, rows: { updated: 1, unchanged: 29 } });
    await world.expectSame();
  });

  it('doubles nothing that people made, when its count is as false as it', async () => {
    const world = await newWorld({ orders: 30, definition: { mode: 'upsert' } });
    for (const order of await world.shop.orders()) world.table.add({ ...order });
    const answers = (records: number, times: number) =>
      world.feishu.faults.add({
        when: { route: 'records.search', times },
        fault: {
          kind: 'answer',
          change: (page) => ({ ...page, items: itemsOf(page).slice(0, records), total: records }),
        },
      });
    answers(25, 1);
    expect(await world.run(), 'the first run').toMatchObject({ exit: 0, rows: { unchanged: 30 } });
    for (const records of [25, 0]) {
      answers(records, 1);
      expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 30 } });
      const over = answers(records, Infinity);
      expect(await world.run()).toMatchObject({ exit: 1, error: { code: 'records-overlooked' } });
      over();
    }
    expect(world.writes()).toEqual([]);
  });

  it('is never taken for what became of a lost write', async () => {
    const world = await newWorld({ orders: 30, definition: { rounds: 0 } });
    world.feishu.faults.add({
      when: { route: 'records.batch_create' },
      fault: { kind: 'reset', applied: true },
    });
    world.feishu.faults.add({
      when: { route: 'records.search', nth: 2, times: Infinity },
      fault: { kind: 'answer', change: cutShort },
    });
    expect(await world.run()).toMatchObject({ exit: 1, rows: { created: 0, failed: 0, unknown: 30 } });
    world.feishu.faults.clear();
    expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 30 } });
  });
});
