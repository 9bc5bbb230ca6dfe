import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/process.ts';
import { openStore } from '../../src/store/open.ts';
import { quiet } from '../run/fakes.ts';
import { startHttpProxy } from '../support/http-proxy.ts';
import { sampleQuery } from '../support/samples.ts';
import { newWorld, type World } from '../support/world.ts';

it('check finds everything ready, and writes nothing', async () => {
  const world = await newWorld({ orders: 2, mysql: true });
  world.env['ADMINS'] = 'ou_0123456789abcdef';

  const { exit, json, err } = await world.type('check');

  expect(json).toMatchObject({ status: 'ok', definitions: [{ name: 'orders', status: 'ok' }], error: null });
  expect(exit).toBe(0);
  expect(err).toContain('Rows and key (2 rows)');
  expect(err).toContain('Ready to sync; 1 thing is worth a look');
  expect(world.feishu.calls().filter(({ write }) => write)).toEqual([]);
  // The tests' account may do anything, and check advises against that.
  expect(JSON.stringify(json)).toMatch(/GRANT SELECT/i);
});

it('check says that all is ready only where nothing was found', async () => {
  const world = await newWorld({ orders: 2, mysql: false });
  world.env['ADMINS'] = 'ou_0123456789abcdef';

  const { json, err } = await world.type('check');

  expect(json).toMatchObject({ status: 'ok', findings: [], broken: [] });
  expect(err).toContain('✓ All is ready');
});

it('check says how the table is read, and trust puts a short cut that was wrong on trial again', async () => {
  const world = await newWorld({ orders: 2, mysql: false });
  const check = async () => (await world.type('check orders')).err;
  expect(await check()).toContain('How it is read (the whole table next: nothing is known of it yet)');
  await world.run();
  expect(await check()).toContain(
    'How it is read (the whole table: up to 500 records the short cut is no faster)',
  );
  world.define({ read: 'whole' });
  expect(await check()).toContain('How it is read (the whole table in every run (read: whole))');
  world.define();
  expect(await world.type('trust orders')).toMatchObject({
    exit: 1,
    json: { status: 'failed', definition: 'orders', error: { code: 'nothing-to-trust' } },
  });
  expect((await world.type('trust orderz')).exit).toBe(2);

  const store = await openStore(`sqlite:${join(world.folder, 'data/bitable-sync.db')}`, {
    clock: systemClock,
    log: quiet,
  });
  const base = new URL(world.table.url).pathname.split('/').at(-1);
  const distrusted = Date.UTC(2026, 10, 23, 6);
  await store.facts.shortCut.keep(
    { definition: 'orders', table: `${base}/${world.table.id}` },
    { agreed: 3, distrusted, byCall: 3, byRecord: 0, alike: 0, told: '' },
  );
  await store.stop();
  const { json, err } = await world.type('check orders');
  expect(json).toMatchObject({
    status: 'ok',
    findings: expect.arrayContaining([expect.objectContaining({ code: 'warn-short-cut' })]),
  });
  expect(err).toContain('since 2026-11-23 14:00:00 every run reads the whole table');
  expect(err).toContain('bitable-sync trust orders');
  expect(await world.type('trust orders')).toMatchObject({
    exit: 0,
    json: { status: 'ok', definition: 'orders', since: '2026-11-23T06:00:00.000Z', error: null },
  });
  expect(await check()).not.toContain('trust orders');
  expect((await world.type('audit orders')).out).toContain('"trust"');
  world.define({ target: world.table.url.replace(world.table.id, 'tblGone0123456789') });
  expect(await world.type('trust orders')).toMatchObject({ exit: 1, json: { status: 'failed' } });
});

it('everything goes through the proxy that is set, and check names it', async () => {
  const world = await newWorld({ orders: 2 });
  const proxy = await startHttpProxy({ login: 'ann:pass-word' });
  onTestFinished(() => proxy.stop());
  const host = new URL(world.feishu.url).host;
  world.env['HTTP_PROXY'] = proxy.url;

  const checked = await world.type('check');
  expect(checked.exit).toBe(0);
  expect(checked.err).toContain(`App credentials and bot (through the proxy ${proxy.host})`);
  expect(await world.run()).toMatchObject({ exit: 0, rows: { created: 2 } });
  expect(new Set(proxy.opened)).toEqual(new Set([host]));
  const program = await world.open();
  const before = proxy.opened.length;
  await program.serve();
  await world.feishu.connections.ready();
  // One for the calls, and the long connection.
  expect(proxy.opened.length - before).toBe(2);
  await program.stop();

  world.env['HTTP_PROXY'] = proxy.url.replace('pass-word', 'wrong-word');
  const refused = await world.type('check');
  expect(refused.exit).toBe(1);
  expect(refused.err).toContain('HTTP_PROXY');
  expect(checked.err + checked.out + refused.err + refused.out).not.toMatch(/(pass|wrong)-word/);

  const asked = proxy.asked.length;
  world.env['NO_PROXY'] = `localhost,${host}`;
  expect((await world.type('check')).exit).toBe(0);
  expect(proxy.asked).toHaveLength(asked);
});

/** What is not as it should be: how it comes about, the code of the finding, and a word of its cure. */
const lies: readonly [string, (world: World) => void, string, string][] = [
  [
    'the app may only read the Base',
    (world) => world.base.setAccess('read'),
    'no-write-right',
    'Add document app',
  ],
  [
    'roles keep the app from writing',
    (world) => {
      world.base.setAccess('edit');
      world.base.setAdvanced(true);
    },
    'no-write-right',
    'role',
  ],
  [
    'there are no definitions',
    (world) => rmSync(join(world.folder, 'syncs/orders.yaml')),
    'no-definitions',
    'DEFINITIONS',
  ],
  [
    'there is no connection',
    (world) => delete world.env['CONNECTION_SHOP'],
    'no-connections',
    'CONNECTION_SHOP=',
  ],
  ['there are no admins', (world) => delete world.env['ADMINS'], 'warn-no-admins', '/help'],
  [
    'the key is not unique',
    (world) => world.define({ key: '城市', fields: {}, source: { connection: 'shop', query: doubled } }),
    'key-not-unique',
    'GROUP BY',
  ],
  [
    'a key is empty',
    (world) => world.define({ key: '城市', fields: {}, source: { connection: 'shop', query: keyless } }),
    'key-empty',
    'IS NOT NULL',
  ],
  [
    'a field refuses a value',
    (world) => world.define({ fields: {}, source: { connection: 'shop', query: tooLong } }),
    'values-refused',
    'the rule of the column',
  ],
  [
    'an entry of a map is met by no row',
    (world) => world.define({ fields: { 城市: { map: { '01': '北京' } }, 下单时间: { as: 'date' } } }),
    'warn-map-unmet',
    'just as the query gives',
  ],
  [
    'the table has a key of the query twice',
    (world) => ['O001', ' O001'].map((id) => world.table.add({ 订单号: id })),
    'table-key-doubled',
    'keep one record',
  ],
  [
    'the table has another key twice',
    (world) => ['X', 'X'].map((id) => world.table.add({ 订单号: id })),
    'warn-table-key-doubled',
    'keep one record',
  ],
  ['a record has no key', (world) => world.table.add({ 昵称: 'Ann' }), 'warn-table-key-empty', 'Fill it in'],
  [
    'the view to stay within is gone',
    (world) => world.define({ view: 'limit', target: `${world.table.url}&view=vewGone123` }),
    '1254042',
    'view: limit',
  ],
  [
    'the query answers nothing',
    (world) =>
      world.define({ source: { connection: 'shop', query: `select * from (${sampleQuery}) q where 1 = 0` } }),
    'warn-no-rows',
    'conditions',
  ],
  [
    'the chat of the schedule does not exist',
    (world) => world.define({ schedule: [{ do: 'run', cron: '0 9 * * *', chat: 'oc_nowhere' }] }),
    'chat-unreachable',
    'chat ID',
  ],
  [
    'the bot is not in the chat',
    (world) => {
      const chat = world.feishu.chat({ kind: 'group', name: 'Sales' });
      chat.removeBot();
      world.define({ access: { chats: [chat.id] } });
    },
    'chat-unreachable',
    'Add the bot',
  ],
  [
    'a second definition writes to the table of a mirror',
    (world) => world.define({ name: 'again' }),
    'table-shared',
    'deletes: ours',
  ],
  [
    'a second definition writes the same fields',
    (world) => {
      world.define({ mode: 'upsert' });
      world.define({ name: 'again', mode: 'upsert' });
    },
    'warn-table-shared',
    'skip',
  ],
  [
    'a permission is missing',
    (world) => world.feishu.app.revokeScopes('im:message:send_as_bot'),
    'scope-missing',
    'auth?q=im:message',
  ],
  [
    'a setting is misspelt',
    (world) => (world.env['TIMEZONE'] = 'Asia/Tokyo'),
    'warn-unknown-setting',
    'TIME_ZONE',
  ],
];
const tooLong = 'select id as "订单号", 9007199254740993 as "用户ID" from user_orders';
const doubled = 'select id as "订单号", \'Berlin\' as "城市" from user_orders';
const keyless = 'select id as "订单号", \'\' as "城市" from user_orders';

it('check tells the truth: each thing that would go wrong is found once, with its cure', async () => {
  const world = await newWorld({ orders: 2 });
  const env = { ...world.env, ADMINS: 'ou_0123456789abcdef' };
  for (const [what, make, code, cure] of lies) {
    for (const name of Object.keys(world.env)) delete world.env[name];
    Object.assign(world.env, env);
    rmSync(join(world.folder, 'syncs/again.yaml'), { force: true });
    world.define();
    world.base.setAccess('manage');
    world.base.setAdvanced(false);
    world.feishu.app.grantScopes();
    world.table.remove(...world.table.records().map(({ record_id: id }) => id));
    make(world);
    const before = world.table.records();
    const { exit, json, err } = await world.type('check');
    const { findings } = json as { findings: { code: string; cure: string; advice: boolean }[] };
    const found = findings.filter((one) => one.code === code);
    expect(found, `${what}: ${err}`).toHaveLength(1);
    expect(found[0]?.cure, what).toContain(cure);
    expect(err, what).not.toContain('All is ready');
    expect(exit, what).toBe(code.startsWith('warn-') ? 0 : 1);
    expect(world.table.records(), what).toEqual(before);
  }
});

it('check lists every problem with its cure, part by part', async () => {
  const world = await newWorld({ orders: 2 });
  world.table.renameField('城市', '地区');
  world.define({ name: 'lost', source: { connection: 'nowhere', query: 'select 1 as "订单号"' } });

  const { exit, json } = await world.type('check');

  expect(exit).toBe(1);
  const { definitions } = json as { definitions: { name: string; status: string; steps: object[] }[] };
  expect(definitions.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'lost problems',
    'orders problems',
  ]);
  expect(JSON.stringify(definitions[0])).toContain('CONNECTION_NOWHERE');
  expect(JSON.stringify(definitions[1])).toContain('城市');
});

it('check says what is wrong with the app itself', async () => {
  const world = await newWorld({ orders: 2 });
  world.env['FEISHU_APP_SECRET'] = 'wrong-secret-0123456789';

  const { exit, json } = await world.type('check orders');

  expect(exit).toBe(1);
  const { app } = json as { app: object[] };
  expect(JSON.stringify(app)).toContain('FEISHU_APP_SECRET');
});

it('check knows no other names', async () => {
  const world = await newWorld({ orders: 2 });

  expect(await world.type('check orders nobody')).toMatchObject({
    exit: 2,
    json: { error: { message: expect.stringContaining('nobody') } },
  });
});

it('check advises where advanced permissions may hide the records', async () => {
  const world = await newWorld({ orders: 2 });
  world.base.setAccess('edit');
  world.base.setAdvanced(true);

  const { json } = await world.type('check');

  expect(JSON.stringify(json)).toContain('warn-no-sight');
});

it('check tells what in a definition does nothing for its field', async () => {
  const world = await newWorld({ orders: 2 });
  world.define({ fields: { 城市: { split: ',' } } });

  expect(JSON.stringify((await world.type('check')).json)).toContain('split does nothing for 城市');
  expect((await world.run()).err).toContain('split does nothing for 城市');
});

it('check compares the zone of the dates with that of the Base', async () => {
  const world = await newWorld({ orders: 2 });
  const said = async () => JSON.stringify((await world.type('check')).json);
  expect(await said()).not.toContain('warn-time-zone');

  world.define({ timeZone: 'Europe/Berlin' });

  expect(await said()).toContain('The Base’s zone is Asia/Shanghai, the sync reads dates as Europe/Berlin.');
});

it('definitions are listed without any call', async () => {
  const world = await newWorld({ orders: 2 });

  const { exit, json } = await world.type('definitions');

  expect(exit).toBe(0);
  expect(json).toEqual({
    status: 'ok',
    definitions: [
      {
        name: 'orders',
        title: '订单',
        mode: 'mirror',
        connection: 'shop',
        target: world.table.url,
        table: 'definition',
        nextRun: null,
        paused: false,
        problems: [],
      },
    ],
    error: null,
  });
  expect(world.feishu.calls()).toEqual([]);
});

it('serves its health and its readiness', async () => {
  const world = await newWorld({ orders: 2 });
  const port = await freePort();
  world.env['HTTP_PORT'] = String(port);
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;

  await expect.poll(() => get('/readyz')).toBe(200);
  expect(await get('/healthz')).toBe(200);
  expect(await get('/other')).toBe(404);
  world.feishu.app.setEnabled(false);
  world.feishu.connections.disconnect();
  await expect.poll(() => get('/readyz')).toBe(503);
  expect(await get('/healthz')).toBe(200);
  world.feishu.app.setEnabled(true);
  await expect.poll(() => get('/readyz'), { timeout: 10_000 }).toBe(200);

  const other = new DatabaseSync(join(world.folder, 'data', 'bitable-sync.db'));
  onTestFinished(() => other.close());
  other.exec('begin immediate');
  await expect.poll(() => get('/readyz'), { timeout: 10_000 }).toBe(503);
  const said = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(await said.json()).toMatchObject({
    ok: false,
    store: { ok: false, code: 'store-busy' },
    token: { ok: true },
  });
  other.exec('rollback');
  await expect.poll(() => get('/readyz'), { timeout: 10_000 }).toBe(200);

  await program.stop();
  await expect(get('/healthz')).rejects.toThrow();
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
