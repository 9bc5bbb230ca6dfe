import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newWorld } from '../support/world.ts';

it('the command line answers 0 when both sides are equal, 1 when they differ, and writes every key to a file', async () => {
  const world = await newWorld({ orders: 12 });
  await world.run();
  world.writes();
  expect(await world.type('verify orders')).toMatchObject({
    exit: 0,
    json: {
      status: 'equal',
      definition: 'orders',
      rows: 12,
      records: 12,
      keys: { equal: 12 },
      csv: null,
      error: null,
    },
  });
  await world.shop.exec("update user_orders set amount = 1 where id = 'O003'");
  await world.shop.exec("delete from user_orders where id = 'O004'");
  world.table.add({ 订单号: 'O005' });

  const { exit, json, err } = await world.type('verify orders --csv out.csv');

  expect(exit).toBe(1);
  expect(json).toMatchObject({
    status: 'different',
    rows: 11,
    records: 13,
    keys: { equal: 9, missing: 0, extra: 1, different: 1, doubled: 1, invalid: 0 },
    samples: { extra: ['O004'], different: ['O003'], doubled: ['O005'] },
    csv: join(world.folder, 'out.csv'),
  });
  expect(err).toContain('both sides differ');
  const lines = readFileSync(join(world.folder, 'out.csv'), 'utf8').split('\r\n');
  expect(lines).toHaveLength(12 + 2);
  expect(lines.filter((line) => /^[+*!-],/.test(line)).map((line) => line.split(',').slice(0, 4))).toEqual([
    ['*', 'O003', 'different', '下单金额'],
    ['!', 'O005', '"key doubled"', ''],
    ['-', 'O004', '"only in the table"', ''],
  ]);
  expect(world.writes()).toEqual([]);
  expect((await world.type('verify nosuch')).exit).toBe(2);
});

it('in the chat a line and a button answer with the numbers, and the keys come as a file, alone', async () => {
  const world = await newWorld({ orders: 5, speed: 3 });
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  const [ada, bob] = [world.feishu.person('Ada'), world.feishu.person('Bob')];
  const group = world.feishu.chat({ kind: 'group', members: [ada, bob] });
  const alone = world.feishu.chat({ kind: 'p2p', members: [bob] });
  group.say('/sync orders', { mention: true, from: ada });
  const done = await group.next(({ controls }) => controls.some(({ name }) => name === 'verify'));
  await world.shop.exec("update user_orders set amount = 1 where id = 'O003'");
  world.writes();

  const { toast } = await world.feishu.click(done.id, 'verify', { from: bob });

  expect(toast?.content).toBe('Verifying; a new card will show what differs.');
  const card = await group.next(({ text }) => text.includes('Different'));
  expect(card.text).toContain('5 rows, 5 records, 4 equal\n* 1 different: O003');
  const message = await alone.next(({ type }) => type === 'file', { since: 0 });
  expect(world.feishu.file(message.id)?.content.toString('utf8')).toContain(
    '\r\n*,O003,different,下单金额,3,',
  );

  group.say('/sync verify orders', { mention: true, from: bob });
  await group.next(({ text }) => text.includes('* 1 different: O003'));
  group.say('/sync verify orderz', { mention: true, from: bob });
  expect((await group.next(({ text }) => text.includes('No such sync'))).text).toContain('orders');
  expect(world.writes()).toEqual([]);
});
