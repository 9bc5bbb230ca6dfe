import { expect, it } from 'vitest';
import { arrival, start } from '../support/process.ts';
import { expectReport, newWorld, type World } from '../support/world.ts';

/** Sixty orders in six chunks, each of which Feishu takes a while for. */
async function slowWorld(): Promise<World> {
  const world = await newWorld({ orders: 60, definition: { chunkSize: 10, concurrency: 1 } });
  world.feishu.setLatency((route) => (route === 'records.batch_create' ? 80 : 0));
  return world;
}

const done = {
  status: 'done',
  rows: { read: 60, created: 60 },
  chunks: { total: 6, failed: [] },
  error: null,
};

it('a killed process is gone on with by the bot when that starts', async () => {
  const world = await slowWorld();
  const going = arrival(world, 'records.batch_create', 2);
  const first = await start(world, 'run orders --json');
  await going;
  first.child.kill('SIGKILL');
  await first.ended;
  world.feishu.setLatency(0);

  const bot = await start(world, 'start --json');

  await expect.poll(() => world.table.size(), { timeout: 10_000 }).toBe(60);
  bot.child.kill('SIGTERM');
  const { exit, out } = await bot.ended;
  expect(exit).toBe(0);
  expect(JSON.parse(out)).toEqual({ status: 'stopped', error: null });
  await world.expectSame();
});

it('SIGTERM lets the call in flight end and says how far it came; the next start goes on', async () => {
  const world = await slowWorld();
  const going = arrival(world, 'records.batch_create', 2);
  const first = await start(world, 'run orders --json');
  await going;
  first.child.kill('SIGTERM');

  const stopped = await first.ended;

  expectReport(stopped.report);
  expect(stopped.exit).toBe(1);
  expect(stopped.report).toMatchObject({
    status: 'interrupted',
    rows: { read: 60, created: 20, notSent: 40 },
  });
  expect(world.table.size()).toBe(20);
  expect(await world.run()).toMatchObject({ ...done, exit: 0, run: stopped.report.run });
  await world.expectSame();
});

it('of two processes one holds the table, the other ends with 4, or waits for its turn', async () => {
  const world = await newWorld({ orders: 60, definition: { chunkSize: 10 } });
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const going = arrival(world, 'records.batch_create');
  world.feishu.onRequest(({ route }) => (route.write ? held : undefined));
  const first = await start(world, 'run orders --json');
  await going;
  const second = await start(world, 'run orders --json');

  const refused = await second.ended;

  expectReport(refused.report);
  expect(refused.exit).toBe(4);
  expect(refused.report).toMatchObject({ run: null, status: 'failed', error: { code: 'table-busy' } });
  // The one that waits shows the run that it waits for.
  const third = await start(world, 'run orders --json --wait 50');
  await new Promise((resolve) => third.child.stderr.once('data', resolve));
  letGo();
  const { report } = await first.ended;
  expect(report).toMatchObject(done);
  expect(refused.report.error?.message).toContain(report.run);
  const waited = await third.ended;
  expect(waited.exit).toBe(0);
  expect(waited.report).toMatchObject({ rows: { read: 60, unchanged: 60 }, calls: { write: 0 } });
  await world.expectSame();
});

it('people read how it went, and no secret is shown however much is logged', async () => {
  const world = await newWorld({ orders: 5, mysql: true });
  world.env['LOG_LEVEL'] = 'debug';
  world.feishu.faults.add({
    when: { route: 'records.batch_create' },
    fault: { kind: 'code', code: 1255001 },
  });

  const { exit, out, err } = await (await start(world, 'run orders')).ended;

  expect(exit).toBe(0);
  expect(out).toMatch(/✓ orders · 订单 — done/);
  expect(out).toMatch(/5 rows: created 5/);
  expect(err).toContain('"level":"debug"');
  for (const secret of [world.feishu.appSecret, new URL(world.shop.url).password, 'Bearer t-', '客户1'])
    expect(out + err).not.toContain(secret);
});
