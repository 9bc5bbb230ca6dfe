import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newFrameCodec } from '../src/events/frames.ts';
import type { Playground } from '../src/index.ts';
import { type Handlers, newBench, send } from './support.ts';

const bench = newBench();

/** Notes each message event as `event_id text`. */
const listener = () => {
  const heard: string[] = [];
  const handlers: Handlers = {
    'im.message.receive_v1': (data) => {
      const message = data['message'] as { content: string };
      heard.push(`${String(data['event_id'])} ${message.content}`);
    },
  };
  return { heard, handlers };
};

it('brings what a person says to the real SDK, in the documented shape', async () => {
  const now = 1_767_225_600_123;
  const playground = await bench.start({ now: () => now });
  const events: Record<string, unknown>[] = [];
  await bench.connect(playground, { 'im.message.receive_v1': (data) => void events.push(data) });
  const person = playground.person('Li Example');
  const chat = playground.chat({ kind: 'p2p', members: [person] });
  const said = chat.say('/sync orders');
  expect(await said.delivered).toEqual({ eventId: said.eventId, acknowledged: true, attempts: 1 });
  expect(events).toEqual([
    expect.objectContaining({
      schema: '2.0',
      event_id: said.eventId,
      event_type: 'im.message.receive_v1',
      create_time: String(now),
      app_id: playground.appId,
      tenant_key: playground.tenantKey,
      sender: {
        sender_id: { open_id: person.openId, union_id: person.unionId, user_id: person.userId },
        sender_type: 'user',
        tenant_key: playground.tenantKey,
      },
      message: {
        message_id: said.messageId,
        create_time: String(now),
        update_time: String(now),
        chat_id: chat.id,
        chat_type: 'p2p',
        message_type: 'text',
        content: '{"text":"/sync orders"}',
      },
    }),
  ]);
});

it('brings a group message only when the bot is mentioned, with a key in the text', async () => {
  const playground = await bench.start();
  const events: Record<string, unknown>[] = [];
  await bench.connect(playground, { 'im.message.receive_v1': (data) => void events.push(data) });
  const chat = playground.chat({ kind: 'group' });
  expect(await chat.say('among us').delivered).toMatchObject({ acknowledged: false, attempts: 0 });
  await chat.say('/sync orders', { mention: true }).delivered;
  await chat.say('/sync\norders', { mention: true, post: true }).delivered;
  const mentions = [{ key: '@_user_1', mentioned_type: 'bot', id: { open_id: playground.bot.openId } }];
  expect(events).toMatchObject([
    {
      message: {
        chat_type: 'group',
        message_type: 'text',
        content: '{"text":"@_user_1 /sync orders"}',
        mentions,
      },
    },
    { message: { message_type: 'post', mentions } },
  ]);
  const post = JSON.parse((events[1] as { message: { content: string } }).message.content) as unknown;
  expect(post).toMatchObject({
    title: '',
    content: [
      [
        { tag: 'at', user_id: '@_user_1' },
        { tag: 'text', text: '/sync' },
      ],
      [{ tag: 'text', text: 'orders' }],
    ],
  });
});

it('keeps events until somebody connects', async () => {
  const playground = await bench.start();
  const said = playground.chat({ kind: 'p2p' }).say('early');
  const { heard, handlers } = listener();
  await bench.connect(playground, handlers);
  expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 1 });
  expect(heard).toEqual([`${said.eventId} {"text":"early"}`]);
});

it('sends an event again, unchanged, when it was not acknowledged in time', async () => {
  const playground = await bench.start({ limits: { ackMs: 20, redelivery: [5, 5] } });
  const { heard, handlers } = listener();
  await bench.connect(playground, handlers);
  playground.connections.loseAcks(2);
  const said = playground.chat({ kind: 'p2p' }).say('hi');
  expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 3 });
  expect(heard).toEqual(Array.from({ length: 3 }, () => `${said.eventId} {"text":"hi"}`));
});

it('sends an event again when the handler failed, and gives up after the last time', async () => {
  const playground = await bench.start({ limits: { redelivery: [1] } });
  let times = 0;
  await bench.connect(playground, {
    'im.message.receive_v1': () => {
      times += 1;
      throw new Error('no');
    },
  });
  const said = playground.chat({ kind: 'p2p' }).say('hi');
  expect(await said.delivered).toMatchObject({ acknowledged: false, attempts: 2 });
  expect(times).toBe(2);
});

it('can send an event twice without need', async () => {
  const playground = await bench.start();
  const { heard, handlers } = listener();
  await bench.connect(playground, handlers);
  const said = playground.chat({ kind: 'p2p' }).say('hi');
  await said.delivered;
  await playground.redeliver(said.eventId ?? '');
  expect(heard).toEqual(Array.from({ length: 2 }, () => `${said.eventId} {"text":"hi"}`));
});

it.each([false, true])(
  'splits long payloads, which arrive whole (parts shuffled: %s)',
  async (shuffleParts) => {
    const playground = await bench.start({ limits: { frameBytes: 100, shuffleParts } });
    const { heard, handlers } = listener();
    await bench.connect(playground, handlers);
    const text = '订单😀'.repeat(200);
    const said = playground.chat({ kind: 'p2p' }).say(text);
    expect((await said.delivered).acknowledged).toBe(true);
    expect(heard).toEqual([`${said.eventId} ${JSON.stringify({ text })}`]);
  },
);

it('gives each event to one of the connections', async () => {
  const playground = await bench.start();
  const a = listener();
  const b = listener();
  await bench.connect(playground, a.handlers);
  await bench.connect(playground, b.handlers);
  const chat = playground.chat({ kind: 'p2p' });
  for (let i = 0; i < 20; i++) await chat.say(String(i)).delivered;
  expect(a.heard.length + b.heard.length).toBe(20);
  expect(Math.min(a.heard.length, b.heard.length)).toBeGreaterThan(0);
});

it.each([1001, 1006] as const)('is found again after it went away with %i', async (code) => {
  const playground = await bench.start();
  const { heard, handlers } = listener();
  await bench.connect(playground, handlers);
  const gone = new Promise<void>((resolve) => {
    playground.watch((happening) => {
      if (happening.kind === 'connections' && happening.count === 0) resolve();
    });
  });
  playground.connections.disconnect({ code });
  await gone;
  const said = playground.chat({ kind: 'p2p' }).say('again');
  expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 1 });
  expect(heard).toHaveLength(1);
});

const discover = (playground: Playground, change: object = {}) => {
  const body = { AppID: playground.appId, AppSecret: playground.appSecret, ...change };
  return send(playground.url, 'POST', '/callback/ws/endpoint', body);
};

it('refuses wrong secrets and more connections than allowed, always with data', async () => {
  const playground = await bench.start({ limits: { connections: 1 } });
  expect((await discover(playground, { AppSecret: 'no' })).body).toMatchObject({ code: 514, data: {} });
  await bench.connect(playground, {});
  expect((await discover(playground)).body).toMatchObject({ code: 1000040350, data: {} });
});

it('tells how often to ping and to come back, and puts neither id first in the address', async () => {
  const playground = await bench.start({ limits: { reconnectNonceSeconds: 3 } });
  const { data } = await discover(playground);
  expect(data['ClientConfig']).toEqual({
    ReconnectCount: -1,
    ReconnectInterval: 1,
    ReconnectNonce: 3,
    PingInterval: 120,
  });
  expect(data['URL']).toMatch(
    /^ws:\/\/127\.0\.0\.1:\d+\/ws\/v2\?fpid=493&.*&device_id=\d+&.*&service_id=33554678&ticket=/,
  );
});

it('refuses a ticket that it did not give, or gave to a connection before', async () => {
  const playground = await bench.start();
  const address = String((await discover(playground)).data['URL']);
  const open = (url: string) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(url);
      socket.on('open', () => {
        resolve('open');
        socket.terminate();
      });
      socket.on('error', (error) => resolve(error.message));
    });
  expect(await open(address.replace(/ticket=\w+/, 'ticket=x'))).toContain('403');
  expect(await open(address)).toBe('open');
  expect(await open(address)).toContain('403');
});

it('speaks frames: sends nothing before the first ping, answers it, and takes an acknowledgement', async () => {
  const playground = await bench.start();
  const codec = newFrameCodec();
  const socket = new WebSocket(String((await discover(playground)).data['URL']));
  const frames: ReturnType<typeof codec.decode>[] = [];
  const arrived = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (frames.length >= count) resolve();
      };
      socket.on('message', look);
      look();
    });
  socket.on('message', (bytes: Buffer) => frames.push(codec.decode(bytes)));
  await new Promise((resolve) => socket.once('open', resolve));
  const said = playground.chat({ kind: 'p2p' }).say('hi');
  await discover(playground);
  expect(frames).toEqual([]);
  const ping = {
    SeqID: 0,
    LogID: 0,
    service: 33554678,
    method: 0,
    headers: { type: 'ping' },
    payload: new Uint8Array(),
  };
  socket.send(codec.encode(ping));
  await arrived(2);
  const [pong, data] = frames;
  expect(pong).toMatchObject({ method: 0, headers: { type: 'pong' } });
  expect(data).toMatchObject({ method: 1, headers: { type: 'event', sum: '1', seq: '0' } });
  expect(data?.headers).toHaveProperty('message_id');
  expect(Number.isSafeInteger(data?.LogID)).toBe(true);
  if (data) socket.send(codec.encode({ ...data, payload: Buffer.from('{"code":200}') }));
  expect(await said.delivered).toMatchObject({ acknowledged: true, attempts: 1 });
  socket.terminate();
});
