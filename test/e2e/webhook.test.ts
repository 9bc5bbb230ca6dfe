import { createServer } from 'node:net';
import type { BotMessage } from 'bitable-playground';
import { expect, it } from 'vitest';
import { newWorld, type World } from '../support/world.ts';

const keys = { encryptKey: 'key-of-the-test', verificationToken: 'token-of-the-test' };

/** A world whose bot gets its events by HTTP. */
async function hooked(): Promise<{ world: World; url: string }> {
  const world = await newWorld({ orders: 5, speed: 3 });
  const port = await freePort();
  Object.assign(world.env, {
    FEISHU_EVENTS: 'webhook',
    FEISHU_ENCRYPT_KEY: keys.encryptKey,
    FEISHU_VERIFICATION_TOKEN: keys.verificationToken,
    HTTP_PORT: String(port),
  });
  const program = await world.open();
  await program.serve();
  const url = `http://127.0.0.1:${port}/webhook/event`;
  await world.feishu.subscribe({ url, ...keys });
  return { world, url };
}

const ended = ({ controls }: BotMessage): boolean => controls.some(({ name }) => name === 'rerun');

it('a command and a press that come by HTTP do what they do over the long connection', async () => {
  const { world, url } = await hooked();
  const chat = world.feishu.chat({ kind: 'p2p' });
  const said = chat.say('/sync orders');
  const card = await chat.next(ended);
  expect(card.parentId).toBe(said.messageId);
  await world.expectSame();

  const { toast } = await world.feishu.click(card.id, 'rerun');
  expect(toast).toMatchObject({ type: 'success' });
  await chat.next((message) => ended(message) && message.id !== card.id);
  expect(world.feishu.connections.count()).toBe(0);
  expect((await fetch(new URL('/readyz', url))).status).toBe(200);
});

it('a redelivered command has no second effect', async () => {
  const { world } = await hooked();
  const chat = world.feishu.chat({ kind: 'p2p' });
  const said = chat.say('/sync orders');
  await chat.next(ended);
  const again = await world.feishu.redeliver(said.eventId ?? '');
  expect(again).toMatchObject({ acknowledged: true, attempts: 1 });
  expect(chat.messages()).toHaveLength(1);
});

it('an address whose keys are others does not pass the check of the console', async () => {
  const { world, url } = await hooked();
  await expect(world.feishu.subscribe({ url, ...keys, encryptKey: 'other' })).rejects.toThrow(/401/);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
