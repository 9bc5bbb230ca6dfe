import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { newWorld } from '../support/world.ts';

it('check finds everything ready, and writes nothing', async () => {
  const world = await newWorld({ orders: 2, mysql: true });

  const { exit, json, err } = await world.type('check');

  expect(json).toMatchObject({ status: 'ok', definitions: [{ name: 'orders', status: 'ok' }], error: null });
  expect(exit).toBe(0);
  expect(err).toContain('All is ready');
  expect(world.feishu.calls().filter(({ write }) => write)).toEqual([]);
  // The tests' account may do anything, and check advises against that.
  expect(JSON.stringify(json)).toMatch(/GRANT SELECT/i);
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
