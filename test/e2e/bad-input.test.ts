import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleQuery } from '../support/samples.ts';
import { newWorld, type Reported, type World } from '../support/world.ts';

/** One clear message with what to do, and nothing was written. */
function expectRefusal(world: World, report: Reported, exit: number, message: RegExp, cure: RegExp): void {
  expect(report.exit).toBe(exit);
  expect(report.status).toBe('failed');
  expect(report.error?.message).toMatch(message);
  expect(report.error?.cure).toMatch(cure);
  // People read the same on stderr.
  expect(report.err).toMatch(message);
  expect(report.err).not.toMatch(/ {4}at .*\.js:\d+/);
  expect(world.writes()).toEqual([]);
}

describe('settings', () => {
  it('says all that is wrong at once, and calls nothing', async () => {
    const world = await newWorld({ orders: 1 });
    Object.assign(world.env, { FEISHU_APP_ID: 'cli_short', FEISHU_APP_SECRET: '', TIME_ZONE: 'Mars/Base' });

    const report = await world.run();

    expectRefusal(
      world,
      report,
      2,
      /FEISHU_APP_ID[\s\S]*FEISHU_APP_SECRET[\s\S]*TIME_ZONE/,
      /Copy the App ID/,
    );
    expect(world.feishu.calls()).toEqual([]);
  });

  it('a wrong secret is said as such', async () => {
    const world = await newWorld({ orders: 1 });
    world.env['FEISHU_APP_SECRET'] = 'wrong-secret-0123456789';

    const report = await world.run();

    expectRefusal(world, report, 1, /FEISHU_APP_SECRET/, /secret|credentials/i);
    expect(report.err).not.toContain('wrong-secret-0123456789');
    expect(JSON.stringify(report)).not.toContain('wrong-secret-0123456789');
  });

  it('a connection that is not set is named with its variable', async () => {
    const world = await newWorld({ orders: 1 });
    world.define({ source: { connection: 'my-shop', query: sampleQuery } });

    const report = await world.run();

    expectRefusal(world, report, 2, /CONNECTION_MY_SHOP/, /CONNECTION_MY_SHOP/);
    expect(world.feishu.calls()).toEqual([]);
  });
});

describe('definitions', () => {
  it('an unknown name is answered with the near ones', async () => {
    const world = await newWorld({ orders: 1 });

    const report = await world.run('run ordres');

    expectRefusal(world, report, 2, /ordres/, /orders/);
    expect(world.feishu.calls()).toEqual([]);
  });

  it('a broken file is told with its line, and the good one beside it runs', async () => {
    const world = await newWorld({ orders: 2 });
    writeFileSync(
      join(world.folder, 'syncs/broken.yaml'),
      'name: broken\nsource:\n  connection: shop\n  query: select 1\nkey: a\nmode: sideways\ntarget: x\n',
    );

    const report = await world.run('run broken');

    expectRefusal(world, report, 2, /broken\.yaml:6.*mode.*upsert/, /sideways/);
    expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 2 } });
    const listed = await world.type('definitions');
    expect(listed).toMatchObject({
      exit: 1,
      json: { definitions: [{ name: 'broken' }, { name: 'orders', problems: [] }] },
    });
  });

  it.each([
    ['no address', 'orders table', /:9:.*not a URL/],
    ['a dashboard', 'https://example.feishu.cn/base/AbCdEfGh?table=blkAbCdEf', /dashboard/],
    ['a document', 'https://example.feishu.cn/docx/AbCdEfGh', /docx|document|Base/i],
  ])('an address of %s has its own message', async (_, target, message) => {
    const world = await newWorld({ orders: 1 });
    world.define({ target });

    const report = await world.run();

    expect(report.exit).toBeGreaterThan(0);
    expect(report.error?.message).toMatch(message);
    expect(world.writes()).toEqual([]);
  });
});

describe('the table', () => {
  it('no permission on the Base is told with the way to give it', async () => {
    const world = await newWorld({ orders: 1 });
    world.base.setAccess('none');

    expectRefusal(world, await world.run(), 1, /91403|1254302|permission/i, /app/i);
  });

  it('a right to read only stops before anything is written', async () => {
    const world = await newWorld({ orders: 1 });
    world.base.setAccess('read');

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed' });
    expect(report.error?.cure).toMatch(/app|role|edit/i);
    expect(world.table.size()).toBe(0);
  });

  it('a missing scope is named', async () => {
    const world = await newWorld({ orders: 1 });
    world.feishu.app.revokeScopes('bitable:app', 'base:record:create');

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed', error: { code: '99991672' } });
    expect(report.error?.cure).toContain('base:record:create');
    expect(world.table.size()).toBe(0);
  });

  it('a table that is not in the Base is answered with those that are', async () => {
    const world = await newWorld({ orders: 1 });
    world.define({ target: world.table.url.replace(world.table.id, 'tblAAAAAAAAAAAAA') });

    expectRefusal(world, await world.run(), 1, /table/i, /table/i);
  });

  it('a Base that does not exist is told', async () => {
    const world = await newWorld({ orders: 1 });
    world.define({ target: world.table.url.replace(world.base.appToken, 'NoSuchBaseAtAll000000000000') });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed' });
    expect(report.error?.cure).not.toBe('');
  });

  it('all columns without a field are listed at once', async () => {
    const world = await newWorld({ orders: 1 });
    world.table.renameField('城市', '地区');
    world.table.renameField('昵称', '称呼');

    const report = await world.run();

    expectRefusal(world, report, 1, /城市/, /./);
    expect(report.error?.message).toContain('昵称');
  });

  it('a field that cannot be written is refused', async () => {
    const world = await newWorld({ orders: 1, fields: [{ name: '算出来的', type: 20 }] });
    world.define({
      source: {
        connection: 'shop',
        query: 'select id as "订单号", amount as "算出来的" from user_orders where production_id = 10',
      },
      fields: {},
    });

    expectRefusal(world, await world.run(), 1, /算出来的/, /./);
  });
});

describe.each([{ mysql: false }, { mysql: true }])('the query, on MySQL: $mysql', ({ mysql }) => {
  const queries: readonly [string, string, RegExp][] = [
    ['fails', 'select * from no_such_table', /no_such_table/],
    ['has a mistake', 'selec id from user_orders', /./],
    ['writes', "update user_orders set amount = 0 where id = 'O001'", /SELECT/],
    ['holds two statements', 'select 1; delete from user_orders', /one|statement/i],
    ['lacks the key column', 'select amount as "下单金额" from user_orders', /订单号/],
  ];
  it.each(queries)('that %s ends the run with one message', async (_, query, message) => {
    const world = await newWorld({ orders: 3, mysql });
    world.define({ source: { connection: 'shop', query }, fields: {} });

    const report = await world.run();

    expect(report).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(message) } });
    expect([1, 2]).toContain(report.exit);
    expect(report.error?.cure).not.toBe('');
    expect(world.writes()).toEqual([]);
    expect(await world.shop.orders()).toHaveLength(3);
  });

  it('that takes too long is ended', async () => {
    const world = await newWorld({ orders: 3, mysql });
    const slow = mysql
      ? 'select id as "订单号", sleep(30) as "下单金额" from user_orders'
      : 'with recursive n(id) as (select 1 union all select id + 1 from n limit 3000000) select id as "订单号" from n where id < 0';
    world.define({ source: { connection: 'shop', query: slow, timeout: 1 }, fields: {} });

    const report = await world.run();

    expect(report).toMatchObject({ exit: 1, status: 'failed' });
    expect(report.error?.message).toMatch(/1 s|long|time/i);
    expect(world.writes()).toEqual([]);
  });
});

it('a database that cannot be reached, or does not know the account, is said without its password', async () => {
  const world = await newWorld({ orders: 1 });
  for (const url of ['mysql://reader:Pa55w0rd@127.0.0.1:1/shop']) {
    world.env['CONNECTION_SHOP'] = url;
    const report = await world.run();
    expectRefusal(world, report, 1, /127\.0\.0\.1|connect|reach/i, /./);
    expect(report.err + JSON.stringify(report)).not.toContain('Pa55w0rd');
  }
});

describe('the command line', () => {
  it.each(['run', 'run orders --wait soon', 'sync orders', '', 'run orders --nope'])(
    'a wrong line (%s) is answered in JSON all the same',
    async (line) => {
      const world = await newWorld({ orders: 1 });

      const { exit, json, err } = await world.type(line);

      expect(exit).toBe(2);
      expect(json).toMatchObject({ status: 'failed', error: { code: 'usage' } });
      expect(err).toMatch(/--help/);
      expect(world.feishu.calls()).toEqual([]);
    },
  );
});
