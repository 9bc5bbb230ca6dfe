import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { built } from '../support/program.ts';
import { newWorld, type World, type WorldOptions } from '../support/world.ts';

const names = (world: World): unknown[] => world.table.fields().map((field) => field['field_name']);
const fieldNamed = (world: World, name: string) =>
  world.table.fields().find((field) => field['field_name'] === name);

/** Typed like a shop that was made with care. */
const typedShop = `create table goods (
  sku varchar(20) primary key, price decimal(10,2), stock int, big bigint unsigned, live tinyint(1),
  kind enum('书','笔'), tags set('新','热'), made date, seen datetime, note text)`;
const typedRows = `insert into goods values
  ('G1', 12.50, 3, 18446744073709551615, 1, '书', '新,热', '2026-01-31', '2026-01-31 08:00:00', 'x'),
  ('G2', 0.05, 0, 7, 0, '笔', '', '2026-02-01', '2026-02-01 23:59:59', null)`;

/** A world whose query answers typed goods; its table has only what `fields` says besides the usual fields. */
async function goods(definition: object, options: WorldOptions = {}): Promise<World> {
  const world = await newWorld({
    mysql: true,
    orders: 0,
    definition: {
      title: '商品',
      source: { connection: 'shop', query: 'select * from goods' },
      key: 'sku',
      fields: {},
      mode: 'upsert',
      ...definition,
    },
    ...options,
  });
  await world.shop.exec(typedShop);
  await world.shop.exec(typedRows);
  return world;
}

const baseOf = (world: World): string => `https://example.feishu.cn/base/${world.base.appToken}`;

describe('create: fields', () => {
  it('makes what the table lacks, loads it, and a second run writes nothing', async () => {
    const world = await goods({ create: 'fields' });
    world.table.addField({ name: 'sku', type: 'Text' });
    world.writes();

    const first = await world.run();

    expect(first, first.err).toMatchObject({ exit: 0, status: 'done', rows: { read: 2, created: 2 } });
    expect(world.writes()).toEqual([...Array.from({ length: 9 }, () => 'fields.create 0'), 'batch_create 2']);
    expect(first.calls.write).toBe(10);
    expect(first.err).toContain('price');
    const shown = (name: string): unknown => {
      const { type, property } = fieldNamed(world, name) as { type: number; property: unknown };
      return [type, property];
    };
    expect(shown('price')).toEqual([2, { formatter: '0.00' }]);
    expect(shown('stock')).toEqual([2, { formatter: '0' }]);
    expect(shown('big')).toEqual([1, null]);
    expect(shown('live')).toEqual([7, null]);
    expect(shown('made')).toMatchObject([5, { date_formatter: 'yyyy-MM-dd' }]);
    expect(shown('seen')).toMatchObject([5, { date_formatter: 'yyyy-MM-dd HH:mm' }]);
    expect(world.table.options('kind').map(({ name }) => name)).toEqual(['书', '笔']);
    expect(world.table.options('tags').map(({ name }) => name)).toEqual(['新', '热']);
    expect(world.table.records().map(({ fields }) => fields)).toMatchObject([
      { sku: 'G1', price: 12.5, big: '18446744073709551615', live: true, kind: '书', tags: ['新', '热'] },
      { sku: 'G2', price: 0.05, stock: 0, kind: '笔' },
    ]);

    expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 2, created: 0, updated: 0 } });
    expect(world.writes()).toEqual([]);
  });

  it('only says what it would make when nothing is to be written', async () => {
    const world = await goods({ create: 'fields' });
    world.table.addField({ name: 'sku', type: 'Text' });
    world.table.add({ sku: 'G1' });
    world.writes();

    const planned = await world.run('plan orders');

    expect(planned, planned.err).toMatchObject({ exit: 0, status: 'planned', error: null });
    expect(planned.err).toMatch(/will create the fields "price" \(number\)/);
    expect(planned.err).toMatch(/to create 1/);
    expect(world.writes()).toEqual([]);
    expect(names(world)).not.toContain('price');
    // What was only imagined is not remembered: once the fields are there, the plan is shown as it really is.
    const real = await world.run(`run orders --approve ${planned.run}`);
    expect(real).toMatchObject({ exit: 3, status: 'waiting' });
    expect(real.waiting?.reasons).toEqual([expect.stringContaining('The missing fields were created')]);
    expect(await world.run(`run orders --approve ${planned.run}`)).toMatchObject({
      exit: 0,
      rows: { created: 1, updated: 1 },
    });
  });

  it('goes on where it was stopped, and doubles nothing', async () => {
    const world = await goods({ create: 'fields' });
    world.table.addField({ name: 'sku', type: 'Text' });
    // One is refused for good: the run fails half-way.
    const mend = world.feishu.faults.add({
      when: { route: 'fields.create', nth: 4, times: Number.POSITIVE_INFINITY },
      fault: { kind: 'code', code: 1254302 },
    });
    expect(await world.run()).toMatchObject({ exit: 1, error: { code: '1254302' }, rows: { read: 0 } });
    expect(names(world)).toContain('price');
    expect(names(world)).not.toContain('note');
    mend();

    expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 2 } });
    expect(new Set(names(world)).size).toBe(names(world).length);
  });

  it('goes on after the process was killed while it made a field', async () => {
    const world = await goods({ create: 'fields' });
    world.table.addField({ name: 'sku', type: 'Text' });
    world.feishu.setLatency((route) => (route === 'fields.create' ? 50 : 0));
    const arrived = new Promise<void>((resolve) => {
      let seen = 0;
      world.feishu.onRequest(({ route }) => {
        seen += route.name === 'fields.create' ? 1 : 0;
        if (seen === 4) resolve();
      });
    });
    const words = [join(await built(), 'main.js'), 'run', 'orders', '--json'];
    const env = { PATH: process.env['PATH'], ...world.env };
    const child = spawn(process.execPath, words, { cwd: world.folder, env, stdio: 'ignore' });
    const dead = new Promise((resolve) => child.once('close', resolve));
    await arrived;
    child.kill('SIGKILL');
    await dead;
    world.feishu.setLatency(() => 0);
    expect(world.table.size()).toBe(0);

    const report = await world.run();

    expect(report, report.err).toMatchObject({ exit: 0, status: 'done', rows: { created: 2 } });
    expect(names(world)).toContain('note');
    expect(new Set(names(world)).size).toBe(names(world).length);
  });

  it('is not confused by answers that get lost, conflicts and names that somebody else took', async () => {
    const world = await goods({ create: 'fields' });
    world.table.addField({ name: 'sku', type: 'Text' });
    const { faults } = world.feishu;
    faults.add({ when: { route: 'fields.create', nth: 1 }, fault: { kind: 'reset', applied: true } });
    faults.add({ when: { route: 'fields.create', nth: 3 }, fault: { kind: 'code', code: 1254291 } });
    let others = 0;
    world.feishu.onRequest(({ route, body }) => {
      const sent = route.name === 'fields.create' ? (body() as { field_name: string }).field_name : '';
      if (sent === 'note' && others++ === 0) world.table.addField({ name: 'note', type: 'Text' });
    });

    const report = await world.run();

    expect(report, report.err).toMatchObject({ exit: 0, rows: { created: 2 } });
    expect(new Set(names(world)).size).toBe(names(world).length);
  });

  it('creates nothing while anything else is wrong', async () => {
    const world = await goods({ create: 'fields', fields: { nothing: 'skip', price: { as: 'link' } } });
    world.table.addField({ name: 'sku', type: 'Text' });
    world.writes();

    expect(await world.run()).toMatchObject({ exit: 1, error: { code: 'field-not-creatable' } });

    expect(world.writes()).toEqual([]);
  });

  it('is offered where it is not said, and every problem stands there at once', async () => {
    const world = await goods({ fields: { lost: 'skip' } });
    world.table.addField({ name: 'sku', type: 'Text' });

    const failed = await world.run();

    expect(failed).toMatchObject({ exit: 1, error: { code: 'no-such-field' } });
    expect(failed.error?.cure).toContain('create: fields');
    expect(failed.error?.message).toContain('"price"');
    expect(failed.error?.message).toContain('lost');
    const { json } = await world.type('check');
    expect(JSON.stringify(json)).toContain('would create');
    world.define({ create: 'fields', fields: {} });
    const again = await world.type('check');
    expect(again).toMatchObject({ exit: 0 });
    expect(JSON.stringify(again.json)).toMatch(/will create the fields/);
    expect(world.writes().filter((one) => one.startsWith('fields'))).toEqual([]);
  });
});

describe('init', () => {
  it('creates the table, and the definition is ready to run', async () => {
    const world = await goods({ mode: 'mirror' });
    world.define({ target: baseOf(world) });
    expect(await world.run()).toMatchObject({ exit: 1, error: { code: 'no-table-yet' } });
    expect(JSON.stringify((await world.type('check')).json)).toContain('bitable-sync init orders');
    expect(JSON.stringify((await world.type('definitions')).json)).toContain('"table":"none"');

    const { exit, json, err } = await world.type('init orders');

    const made = world.base.table('商品');
    expect({ exit, json }, err).toMatchObject({
      exit: 0,
      json: {
        status: 'created',
        definition: 'orders',
        target: made.url,
        table: { id: made.id, name: '商品' },
        fields: [
          { name: 'sku', kind: 'text' },
          { name: 'price', kind: 'number' },
          { name: 'stock', kind: 'number' },
          { name: 'big', kind: 'text' },
          { name: 'live', kind: 'checkbox' },
          { name: 'kind', kind: 'select' },
          { name: 'tags', kind: 'multi' },
          { name: 'made', kind: 'date' },
          { name: 'seen', kind: 'date' },
          { name: 'note', kind: 'text' },
        ],
        calls: { write: expect.any(Number) },
        error: null,
      },
    });
    expect(err).toContain(`target: ${made.url}`);
    expect(made.fields()[0]).toMatchObject({ field_name: 'sku', is_primary: true });
    expect(made.size()).toBe(0);
    expect(JSON.stringify((await world.type('definitions')).json)).toContain(made.url);

    expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 2 } });
    expect(made.size()).toBe(2);
    world.writes();
    expect(await world.run()).toMatchObject({ exit: 0, rows: { unchanged: 2 } });
    expect(world.writes()).toEqual([]);
    expect(await world.type('check')).toMatchObject({ exit: 0 });
  });

  it('removes the blank records of the fresh table, and no other', async () => {
    const world = await goods({}, { playground: { limits: { blankRows: { withFields: 5, bare: 10 } } } });
    world.define({ target: baseOf(world) });
    const stop = world.feishu.onCall(({ route }) => {
      if (route === 'tables.create') world.base.table('商品').add({ note: '手写' });
    });

    const { json } = await world.type('init orders');

    stop();
    expect(json).toMatchObject({ status: 'created', blankRows: 5 });
    expect(
      world.base
        .table('商品')
        .records()
        .map(({ fields }) => fields),
    ).toEqual([{ note: '手写' }]);
  });

  it('twice changes nothing, until the table is gone', async () => {
    const world = await goods({});
    world.define({ target: baseOf(world) });
    await world.type('init orders');
    const made = world.base.table('商品');
    world.writes();

    expect(await world.type('init orders')).toMatchObject({
      exit: 0,
      json: { status: 'exists', target: made.url, table: { id: made.id, name: '商品' }, error: null },
    });
    expect(world.writes()).toEqual([]);

    // Another base is another matter, and so is an address of one's own.
    world.define({ target: world.table.url });
    expect(await world.type('init orders')).toMatchObject({
      exit: 1,
      json: {
        status: 'exists',
        target: world.table.url,
        table: { name: '订单' },
        fields: expect.arrayContaining([{ name: '订单号', kind: 'text' }]),
        error: { code: 'no-such-field', message: expect.stringContaining('sku') },
      },
    });
    world.define({ target: world.table.url, create: 'fields' });
    const will = await world.type('init orders');
    expect(will).toMatchObject({ exit: 0, json: { status: 'exists', error: null } });
    expect(will.err).toContain('A run will create the fields');
    world.define({ target: world.table.url.replace(world.table.id, 'tblNowhere') });
    expect(await world.type('init orders')).toMatchObject({
      exit: 1,
      json: {
        status: 'failed',
        error: { code: 'no-such-table', cure: expect.stringContaining(world.table.id) },
      },
    });
    expect(world.writes()).toEqual([]);
  });

  it('makes a new table when somebody has deleted the one it made, and says so until then', async () => {
    const world = await goods({});
    world.define({ target: baseOf(world) });
    await world.type('init orders');
    expect(await world.run()).toMatchObject({ status: 'done', rows: { created: 2 } });
    const old = world.base.table('商品');
    world.base.removeTable('商品');
    world.writes();

    const failed = await world.run();
    expect(failed).toMatchObject({ exit: 1, status: 'failed', error: { code: 'made-table-gone' } });
    expect(failed.error?.message).toContain(old.id);
    expect(failed.error?.cure).toContain('bitable-sync init orders');
    expect(JSON.stringify((await world.type('check')).json)).toContain('made-table-gone');
    expect(world.writes()).toEqual([]);

    expect(await world.type('init orders')).toMatchObject({ exit: 0, json: { status: 'created' } });
    const made = world.base.table('商品');
    expect(made.id).not.toBe(old.id);
    expect(await world.run()).toMatchObject({ status: 'done', rows: { read: 2, created: 2 } });
    expect(made.records().map(({ fields }) => fields['sku'])).toEqual(['G1', 'G2']);
  });

  it('says so when the name is taken, and what to do', async () => {
    const world = await goods({ title: '订单' });
    world.define({ target: baseOf(world) });

    const { exit, json } = await world.type('init orders');

    expect({ exit, json }).toMatchObject({
      exit: 1,
      json: { status: 'failed', definition: 'orders', table: null, error: { code: 'table-name-taken' } },
    });
    expect((json as { error: { cure: string } }).error.cure).toContain(world.table.url);
    expect(world.writes()).toEqual([]);
  });

  it('goes on with the table that it began', async () => {
    const world = await goods({}, { playground: { limits: { blankRows: { withFields: 3, bare: 10 } } } });
    world.define({ target: baseOf(world) });
    const mend = world.feishu.faults.add({
      when: { route: 'records.batch_delete', times: Number.POSITIVE_INFINITY },
      fault: { kind: 'code', code: 1254302 },
    });
    expect(await world.type('init orders')).toMatchObject({ exit: 1, json: { status: 'failed' } });
    mend();

    expect(await world.type('init orders')).toMatchObject({
      exit: 0,
      json: { status: 'created', blankRows: 3 },
    });
    expect(world.base.tables.map(({ name }) => name)).toEqual(['订单', '商品']);
  });

  it('knows the table again whose answer got lost', async () => {
    const world = await goods({});
    world.define({ target: baseOf(world) });
    world.feishu.faults.add({ when: { route: 'tables.create' }, fault: { kind: 'reset', applied: true } });

    expect(await world.type('init orders')).toMatchObject({ exit: 0, json: { status: 'created' } });
    expect(world.base.tables.map(({ name }) => name)).toEqual(['订单', '商品']);
  });

  it('creates nothing for a query without the key, and calls nothing for a name that is none', async () => {
    const world = await goods({ key: 'nothing' });
    world.define({ target: baseOf(world) });

    expect(await world.type('init orders')).toMatchObject({
      exit: 1,
      json: { error: { code: 'no-key-column' } },
    });
    expect(await world.type('init nobody')).toMatchObject({ exit: 2, json: { status: 'failed' } });
    expect(world.writes()).toEqual([]);
  });
});

describe('between two runs', () => {
  it('a renamed field is written on by its ID', async () => {
    const world = await newWorld({ orders: 10 });
    await world.run();
    world.table.renameField('城市', '地区');
    await world.shop.exec("update users set city = '深圳' where id = 1");

    const report = await world.run();

    expect(report).toMatchObject({ exit: 0, rows: { updated: expect.any(Number) } });
    expect(report.rows.updated).toBeGreaterThan(0);
    expect(report.err).toMatch(/"城市" was renamed to "地区"/);
    expect(world.table.records().map(({ fields }) => fields['地区'])).toContain('深圳');
  });

  it('a retyped field stops the run until somebody has seen it, each time anew', async () => {
    const world = await newWorld({ orders: 10 });
    await world.run();
    world.table.retypeField('城市', 'SingleSelect');
    await world.shop.exec("update users set city = '深圳' where id = 1");
    world.writes();

    for (let times = 0; times < 2; times++) {
      const stopped = await world.run();
      expect(stopped).toMatchObject({ exit: 3, status: 'waiting' });
      expect(stopped.err).toMatch(/type of the field "城市" changed from text to select/);
    }
    expect(world.writes()).toEqual([]);

    const { run } = await world.run();
    const applied = await world.run(`run orders --approve ${run}`);
    expect(applied).toMatchObject({ exit: 0, status: 'done' });
    const later = await world.run();
    expect(later).toMatchObject({ exit: 0, status: 'done' });
    expect(later.err).not.toMatch(/changed from/);
  });

  it('a vanished column stops the run until somebody has seen it', async () => {
    const world = await newWorld({ orders: 10 });
    await world.run();
    const query = 'select id as "订单号", user_id as "用户ID" from user_orders where production_id = 10';
    world.define({ source: { connection: 'shop', query }, fields: {} });
    await world.shop.exec("update user_orders set user_id = 6 where id = 'O001'");
    world.writes();

    const stopped = await world.run();

    expect(stopped).toMatchObject({ exit: 3, status: 'waiting' });
    expect(stopped.err).toMatch(/no column "城市" any more/);
    expect(world.writes()).toEqual([]);
    expect(await world.run(`run orders --approve ${stopped.run}`)).toMatchObject({ exit: 0 });
    expect(world.records()[0]).toHaveProperty('城市');
  });

  it('a deleted field is told, and not made again unasked', async () => {
    const world = await newWorld({ orders: 10, definition: { create: 'fields' } });
    await world.run();
    world.table.deleteField('城市');
    world.writes();

    const stopped = await world.run();

    expect(stopped).toMatchObject({ exit: 1, status: 'failed', error: { code: 'field-gone' } });
    expect(stopped.error?.message).toContain('城市');
    expect(world.writes()).toEqual([]);
  });
});

it('a field that is renamed while records are written keeps its values', async () => {
  const world = await newWorld({ orders: 40, definition: { chunkSize: 10 } });
  let renamed = false;
  world.feishu.onCall(({ route }) => {
    if (route !== 'records.batch_create' || renamed) return;
    renamed = true;
    world.table.renameField('城市', '地区');
  });

  const report = await world.run();

  expect(report, report.err).toMatchObject({ exit: 0, status: 'done', rows: { created: 40 } });
  expect(report.err).toMatch(/renamed to "地区"/);
  expect(world.table.records().every(({ fields }) => fields['地区'] !== undefined)).toBe(true);
  expect(world.writes()).toContain('batch_create !1254045');
});

describe('the button on the card of a run that lacks fields', () => {
  const admin = 'ou_admin0000000000000000000000000';
  it('creates them once and runs again, for those who may approve', async () => {
    const world = await goods({ access: { approve: ['everyone'] } }, { speed: 3 });
    world.table.addField({ name: 'sku', type: 'Text' });
    const program = await world.open();
    await program.serve();
    await world.feishu.connections.ready();
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const failed = await chat.next(({ controls }) => controls.some(({ name }) => name === 'create'));
    expect(failed.text).toContain('create: fields');

    expect((await world.feishu.click(failed.id, 'create')).toast?.type).toBe('success');
    const done = await chat.next(
      ({ id, controls }) => id !== failed.id && controls.some(({ name }) => name === 'rerun'),
    );
    expect(done.text).toContain('Done');
    expect(world.table.size()).toBe(2);
    world.writes();

    expect((await world.feishu.click(failed.id, 'create')).toast?.type).toBe('warning');
    expect(world.writes()).toEqual([]);
  });

  it('is refused to others', async () => {
    const world = await goods({ access: { approve: [admin] } }, { speed: 3 });
    world.table.addField({ name: 'sku', type: 'Text' });
    const program = await world.open();
    await program.serve();
    await world.feishu.connections.ready();
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const failed = await chat.next(({ controls }) => controls.some(({ name }) => name === 'create'));

    expect((await world.feishu.click(failed.id, 'create')).toast).toMatchObject({ type: 'warning' });
    expect(names(world)).not.toContain('price');
  });
});
