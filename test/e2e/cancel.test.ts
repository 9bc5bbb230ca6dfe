import type { BotMessage } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import { arrival, start } from '../support/process.ts';
import { newWorld, type Opened, type World, type WorldOptions } from '../support/world.ts';

/** Slow enough that a click is answered before the program gives up waiting for its own work. */
const forClicks = 3;
const slow: WorldOptions = { orders: 60, speed: forClicks, definition: { chunkSize: 10, concurrency: 1 } };

async function serve(world: World): Promise<Opened> {
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  return program;
}

/** A run whose third call waits until it is let go. */
async function held(options: WorldOptions = slow) {
  const world = await newWorld(options);
  const program = await serve(world);
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let calls = 0;
  let arrived = (): void => undefined;
  const third = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  world.feishu.onRequest(({ route }) => {
    if (route.name !== 'records.batch_create') return undefined;
    calls += 1;
    if (calls < 3) return undefined;
    arrived();
    return gate;
  });
  const chat = world.feishu.chat({ kind: 'p2p' });
  chat.say('/sync orders');
  const card = await chat.next(has('cancel'));
  await third;
  return { world, program, chat, card, letGo };
}

const has =
  (...names: string[]) =>
  ({ controls }: BotMessage): boolean =>
    names.every((one) => controls.some(({ name }) => name === one));
const says =
  (...words: string[]) =>
  ({ text }: BotMessage): boolean =>
    words.every((one) => text.includes(one));

describe('the cancel button', () => {
  it('stops between two chunks and says what was written; continue goes on, also after a restart', async () => {
    const { world, program, chat, card, letGo } = await held();

    expect((await world.feishu.click(card.id, 'cancel')).toast).toMatchObject({
      type: 'success',
      content: expect.stringContaining('Cancelling'),
    });
    expect((await chat.next(says('Cancelling'))).controls.map(({ name }) => name)).toEqual(['open']);
    letGo();

    const over = await chat.next(has('resume'));
    expect(over.id).toBe(card.id);
    expect(over.text).toContain('Cancelled');
    expect(over.text).toContain('30 rows not sent');
    expect(over.controls.map(({ name }) => name)).toEqual(['resume', 'rerun', 'verify', 'open']);
    expect(world.table.size()).toBe(30);
    await program.stop();
    await serve(world);
    world.writes();

    expect((await world.feishu.click(card.id, 'resume')).toast?.type).toBe('success');

    const done = await chat.next(says('Done'));
    expect(done.id).toBe(card.id);
    expect(done.controls.map(({ name }) => name)).toEqual(['rerun', 'verify', 'open']);
    expect(world.writes()).toEqual(['batch_create 10', 'batch_create 10', 'batch_create 10']);
    await world.expectSame();
  });

  it('takes effect in a pause between rounds, and a doubled press is told so', async () => {
    const world = await newWorld({
      ...slow,
      orders: 20,
      speed: 1,
      definition: { chunkSize: 10, rounds: 10 },
    });
    await serve(world);
    world.feishu.faults.add({
      when: { route: 'records.batch_create', times: Number.POSITIVE_INFINITY },
      fault: { kind: 'code', code: 1255001 },
    });
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const card = await chat.next(says('Waiting for the next round'));
    const [one, two] = await Promise.all([
      world.feishu.click(card.id, 'cancel'),
      world.feishu.click(card.id, 'cancel'),
    ]);
    expect([one.toast?.type, two.toast?.type].sort()).toEqual(['success', 'warning']);
    const over = await chat.next(has('resume'));
    expect(over.text).toContain('20 rows not sent');
    expect(world.table.size()).toBe(0);
  });

  it('is for those who may run the sync, and for the one who started it', async () => {
    const world = await newWorld(slow);
    const [ada, bob] = [world.feishu.person('Ada'), world.feishu.person('Bob')];
    world.define({ access: { run: [ada.openId] }, chunkSize: 10 });
    await serve(world);
    world.feishu.setLatency((route) => (route === 'records.batch_create' ? 200 : 0));
    const group = world.feishu.chat({ kind: 'group', members: [ada, bob] });
    group.say('/sync orders', { mention: true, from: ada });
    const card = await group.next(has('cancel'));
    expect((await world.feishu.click(card.id, 'cancel', { from: bob })).toast).toMatchObject({
      type: 'warning',
      content: expect.stringContaining('may not'),
    });
    // Whoever started it may stop it, though the definition names somebody else by now.
    world.define({ access: { run: [bob.openId] }, chunkSize: 10 });
    expect((await world.feishu.click(card.id, 'cancel', { from: ada })).toast?.type).toBe('success');
    await group.next(says('Cancelled'));
  });
});

describe('/sync cancel', () => {
  it.each(['/sync cancel', '/sync cancel orders', '/同步 取消 订单'])('%s stops the run', async (line) => {
    const { chat, card, letGo } = await held();
    chat.say(line);
    await chat.next(({ id, text }) => id !== card.id && text.includes('Cancelling'));
    letGo();
    expect((await chat.next(has('resume'))).id).toBe(card.id);
  });

  it('says so when nothing goes on, and when there is no such sync', async () => {
    const world = await newWorld({ orders: 3 });
    await serve(world);
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync cancel');
    await chat.next(says('No sync is running in this chat'));
    chat.say('/sync cancel orders');
    await chat.next(says('nothing was done'));
    chat.say('/sync cancel oders');
    await chat.next(says('No such sync'));
  });
});

it('bitable-sync cancel stops the run of another process and reports it', async () => {
  const world = await newWorld({ orders: 60, definition: { chunkSize: 10, concurrency: 1 } });
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const going = arrival(world, 'records.batch_create', 2);
  let calls = 0;
  world.feishu.onRequest(({ route }) =>
    route.name === 'records.batch_create' && ++calls > 1 ? gate : undefined,
  );
  const running = await start(world, 'run orders --json');
  await going;

  const order = await start(world, 'cancel orders --json');
  const { runs } = await world.open();
  const acts = async () => (await runs.latest('orders', 1))[0]?.acts.map(({ op }) => op);
  await expect.poll(acts, { timeout: 15_000 }).toEqual(['start', 'cancel']);
  letGo();

  const [told, { exit, report }] = [await order.ended, await running.ended];
  expect(told.exit, told.err).toBe(0);
  expect(told.report).toMatchObject({ status: 'cancelled', run: report.run, rows: report.rows });
  expect(exit).toBe(1);
  expect(report).toMatchObject({ status: 'cancelled', rows: { read: 60, created: 20, notSent: 40 } });
  expect(world.table.size()).toBe(20);
  const nothing = await (await start(world, 'cancel orders --json')).ended;
  expect(nothing).toMatchObject({ exit: 1, report: { error: { code: 'nothing-to-cancel' } } });
});

it('bitable-sync cancel throws a plan away that waits, and its card in the chat says so', async () => {
  const world = await newWorld({ orders: 30 });
  await world.run();
  await world.shop.exec("delete from user_orders where production_id = 10 and id > 'O022'");
  await serve(world);
  const chat = world.feishu.chat({ kind: 'p2p' });
  chat.say('/sync orders');
  const card = await chat.next(has('discard'));
  expect((await (await start(world, 'cancel orders --json')).ended).exit).toBe(0);
  const redrawn = await chat.next(says('Cancelled'));
  expect(redrawn.id).toBe(card.id);
  expect(redrawn.controls.map(({ name }) => name)).not.toContain('apply');
  expect(world.table.size()).toBe(30);
});
