import { type Playground, startPlayground } from 'bitable-playground';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { whoAmI } from '../../src/feishu/app/setup.ts';
import { type FeishuClient, feishuClient } from '../../src/feishu/calls/client.ts';
import { chat } from '../../src/feishu/chat/chat.ts';
import { failureFrom, newClient, newLog, newMeter, quickClock, startServer } from './parts.ts';

let feishu: Playground;
let client: FeishuClient;
const clock = quickClock();

beforeEach(async () => {
  feishu = await startPlayground({ seed: 3, limits: { messageRates: false } });
  const app = { id: feishu.appId, secret: feishu.appSecret, domain: feishu.url };
  client = feishuClient({ app, log: newLog(), clock, chance: { random: () => 0.5 } });
  clock.slept.length = 0;
});

afterEach(async () => {
  client.stop();
  await feishu.stop();
});

const card = (words: string) => ({
  schema: '2.0',
  body: { elements: [{ tag: 'markdown', content: words }] },
});

it('sends to a chat and to a person, replies and replaces', async () => {
  const group = feishu.chat({ kind: 'group' });
  const person = feishu.person('Anna');
  feishu.chat({ kind: 'p2p', members: [person] });
  const meter = newMeter();
  const speak = chat(client, meter);
  const sent = await speak.send(group.id, card('one'), 'once-1');
  expect(feishu.message(sent)?.text).toContain('one');
  const direct = await speak.send(person.openId, card('two'), 'once-2');
  expect(feishu.message(direct)?.chatId).not.toBe(group.id);
  const { messageId } = group.say('/sync orders', { mention: true });
  const reply = await speak.reply(messageId, card('three'), 'once-3');
  expect(feishu.message(reply)).toMatchObject({ parentId: messageId, threadId: undefined });
  await speak.patch(reply, card('four'));
  expect(feishu.message(reply)?.text).toContain('four');
  expect(meter.counts).toEqual({ read: 1, write: 0, refused: 0, chat: 4 });
});

it.each([230099, 230025, 230054])(
  'says in a line of text what a card says that is refused (%i)',
  async (code) => {
    const group = feishu.chat({ kind: 'group' });
    feishu.faults.add({
      when: {
        route: 'messages.create',
        times: Number.POSITIVE_INFINITY,
        match: ({ raw }) => raw.includes('"interactive"'),
      },
      fault: { kind: 'code', code, status: 400 },
    });
    const said = {
      ...card('all of it'),
      config: { summary: { content: '订单: Done' } },
      header: { title: { tag: 'plain_text', content: '订单 <at user_id="all"></at>' } },
    };
    const sent = await chat(client, newMeter()).send(group.id, said, `once-${code}`);
    expect(feishu.message(sent)).toMatchObject({
      type: 'text',
      text: expect.stringContaining('订单 ＜at user_id="all">＜/at>\n订单: Done'),
    });
    feishu.faults.clear();
  },
);

it('sends a file to a person, name and bytes as they are', async () => {
  const person = feishu.person('Anna');
  const meter = newMeter();
  const content = Buffer.from('\ufeff订单号,值\r\n"a""b",1\r\n');
  const speak = chat(client, meter);
  const sent = await speak.file(person.openId, { name: '订单-r1.csv', content }, 'once-file');
  expect(feishu.message(sent)?.type).toBe('file');
  expect(feishu.file(sent)).toMatchObject({ name: '订单-r1.csv', content });
  expect(await speak.file(person.openId, { name: 'again.csv', content }, 'once-file')).toBe(sent);
  expect(meter.counts).toEqual({ read: 1, write: 0, refused: 0, chat: 4 });
});

it('says that Feishu takes no empty file', async () => {
  const failure = await failureFrom(
    chat(client, newMeter()).file(
      feishu.person('Anna').openId,
      { name: 'a.csv', content: Buffer.alloc(0) },
      'x',
    ),
  );
  expect(failure).toMatchObject({ code: 234010, verdict: 'values' });
});

it('sends once what is sent again with the same word, however long it is', async () => {
  const group = feishu.chat({ kind: 'group' });
  const speak = chat(client, newMeter());
  const once = `run/${'x'.repeat(80)}`;
  feishu.faults.add({ when: { route: 'message.create' }, fault: { kind: 'reset', applied: true } });
  const first = await speak.send(group.id, card('one'), once);
  expect(await speak.send(group.id, card('one'), once)).toBe(first);
  await speak.send(group.id, card('one'), `${once}y`);
  expect(group.messages()).toHaveLength(2);
});

it.each([
  ['the limit of one chat', { code: 230020, msg: 'limit' }, 400],
  ['the gateway', { code: 99991400, msg: 'limit' }, 429],
  ['the rush at full hours', { code: 11232, msg: 'create message service trigger rate limit' }, 400],
  [
    'a click that still locks the card',
    {
      code: 230099,
      msg: 'Failed to create card content, ext=ErrCode: 11310; ErrMsg: card action is lock; ErrorValue: x; ',
    },
    400,
  ],
])('waits through %s and counts it as refused', async (_, body, status) => {
  const answers = [{ status, body }, { body: { code: 0, data: {} } }];
  const server = await startServer(({ path }) => (path.endsWith('/internal') ? undefined : answers.shift()));
  const meter = newMeter();
  const own = newClient(server.url);
  await chat(own, meter).patch('om_1', card('x'));
  expect(meter.counts).toEqual({ read: 1, write: 0, refused: 1, chat: 1 });
  own.stop();
  await server.stop();
});

it.each([
  [230002, 'Bot/User can NOT be out of the chat.', 'stop'],
  [230011, 'The message was recalled.', 'stop'],
  [230031, 'too long ago', 'stop'],
  [230099, 'ext=ErrCode: 11310; ErrMsg: card table number over limit; ErrorValue: 6; ', 'values'],
  [230025, 'too long', 'values'],
])('tells %i at once', async (code, msg, verdict) => {
  const server = await startServer(({ path }) =>
    path.endsWith('/internal') ? undefined : { status: 400, body: { code, msg } },
  );
  const own = newClient(server.url);
  expect(await failureFrom(chat(own, newMeter()).patch('om_1', card('x')))).toMatchObject({ code, verdict });
  expect(server.business()).toHaveLength(1);
  own.stop();
  await server.stop();
});

it('keeps a message ID from leaving its place in the path', async () => {
  const server = await startServer(() => undefined);
  const own = newClient(server.url);
  await chat(own, newMeter()).patch('om_1/../../x?y=1', card('x'));
  expect(server.business()[0]?.path).toBe('/open-apis/im/v1/messages/om_1%2F..%2F..%2Fx%3Fy%3D1');
  own.stop();
  await server.stop();
});

it('knows who the bot is', async () => {
  expect(await whoAmI(client, newMeter())).toEqual({ openId: feishu.bot.openId, name: feishu.bot.name });
});
