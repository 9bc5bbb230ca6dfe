import type { BotMessage } from 'bitable-playground';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDatabase } from '../support/mysql.ts';
import { arrival, type Started, start } from '../support/process.ts';
import { newWorld, type World, type WorldOptions } from '../support/world.ts';

/** A world whose store is a schema of its own on MySQL, as several instances share one. */
async function sharedWorld(options: WorldOptions = {}): Promise<World> {
  const world = await newWorld({
    orders: 60,
    speed: 1,
    definition: { chunkSize: 10, concurrency: 1, ...options.definition },
    playground: { limits: { messageRates: false } },
  });
  const { url, drop } = await testDatabase();
  onTestFinished(drop);
  world.env['STORE_URL'] = url;
  return world;
}

/** Starts a bot as a process of its own and waits until it listens beside the others. */
async function bot(world: World, listening = 1): Promise<Started> {
  const started = await start(world, 'start --json');
  await world.feishu.connections.ready(listening);
  return started;
}

/** Holds each call that creates records from the nth on, until they are let go. */
function holdCreates(world: World, nth: number): () => void {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let calls = 0;
  world.feishu.onRequest(({ route }) =>
    route.name === 'records.batch_create' && ++calls >= nth ? gate : undefined,
  );
  return letGo;
}

const has =
  (name: string) =>
  ({ controls }: BotMessage): boolean =>
    controls.some((one) => one.name === name);
const says =
  (words: string) =>
  ({ text }: BotMessage): boolean =>
    text.includes(words);

/** A run that the first of two bots carries out and that waits in its third call; the first hears of nothing more. */
async function twoBots(options: WorldOptions = {}) {
  const world = await sharedWorld(options);
  const third = arrival(world, 'records.batch_create', 3);
  const letGo = holdCreates(world, 3);
  const first = await bot(world);
  const chat = world.feishu.chat({ kind: 'p2p' });
  chat.say('/sync orders');
  const card = await chat.next(has('cancel'));
  await third;
  const second = await bot(world, 2);
  return { world, letGo, chat, card, first, second };
}

/** Cuts the connection of the bot that was there first, so that what comes next reaches the other one. */
const deafen = (world: World): void => world.feishu.connections.disconnect({ code: 1006, one: true });

describe('what reaches one instance takes effect on the run of another', () => {
  it('a press on cancel', async () => {
    const { world, letGo, chat, card } = await twoBots();
    deafen(world);

    expect((await world.feishu.click(card.id, 'cancel')).toast).toMatchObject({
      type: 'success',
      content: expect.stringContaining('Cancelling'),
    });

    const stopping = await chat.next(says('Cancelling'));
    expect(stopping.id).toBe(card.id);
    letGo();
    const over = await chat.next(has('resume'));
    expect(over.id).toBe(card.id);
    expect(over.text).toContain('30 rows not sent');
    expect(world.table.size()).toBe(30);
    // Whoever gets the next press goes on with it.
    expect((await world.feishu.click(card.id, 'resume')).toast?.type).toBe('success');
    await chat.next(says('Done'));
    await world.expectSame();
  });

  it('/sync cancel', async () => {
    const { world, letGo, chat, card } = await twoBots();
    deafen(world);
    chat.say('/sync cancel');
    await chat.next(({ id, text }) => id === card.id && text.includes('Cancelling'));
    letGo();
    expect((await chat.next(has('resume'))).id).toBe(card.id);
    expect(world.table.size()).toBe(30);
  });

  it('a yes to a plan that waits', async () => {
    const world = await sharedWorld();
    const boss = world.feishu.person('Boss');
    world.env['ADMINS'] = boss.openId;
    const seeded = await (await start(world, 'run orders --json')).ended;
    expect(seeded.exit, seeded.err).toBe(0);
    await world.shop.exec("delete from user_orders where id > 'O040' and production_id = 10");
    await bot(world);
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const asked = await chat.next(has('apply'));
    await bot(world, 2);
    deafen(world);
    world.writes();

    expect((await world.feishu.click(asked.id, 'apply', { from: boss })).toast?.type).toBe('success');

    const done = await chat.next(says('Done'));
    expect(done.id).toBe(asked.id);
    expect(world.writes()).toEqual(['batch_delete 10', 'batch_delete 10']);
    await world.expectSame();
  });
});

describe('a run whose instance', () => {
  it('is killed goes on at the other one by itself, in the same card', async () => {
    const { world, letGo, chat, card, first } = await twoBots();
    first.child.kill('SIGKILL');
    await first.ended;
    letGo();

    const done = await chat.next(says('Done'));

    expect(done.id).toBe(card.id);
    expect(done.text).toContain('continued after a restart');
    await world.expectSame();
  });

  it('is told to stop lets its call end, exits with 0, and the other one goes on', async () => {
    const { world, letGo, chat, card, first } = await twoBots();
    first.child.kill('SIGTERM');
    letGo();
    const { exit, out } = await first.ended;
    expect(exit).toBe(0);
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toEqual({ status: 'stopped', error: null });

    const done = await chat.next(says('Done'));

    expect(done.id).toBe(card.id);
    await world.expectSame();
  });
});
