import { expect, it } from 'vitest';
import { caller, newBench, sdkClient } from './support.ts';

const bench = newBench();

const card = (content: string) =>
  JSON.stringify({ schema: '2.0', body: { elements: [{ tag: 'markdown', content }] } });

it('sends, answers, changes and shows messages through the real SDK', async () => {
  const now = 1_700_000_000_000;
  const playground = await bench.start({ now: () => now });
  const chat = playground.chat({ kind: 'group', name: 'Sales' });
  const { messageId } = chat.say('hello');
  const { message } = sdkClient(playground).im.v1;
  const sent = await message.reply({
    path: { message_id: messageId },
    data: { msg_type: 'interactive', content: card('one'), uuid: 'u-1' },
  });
  expect(sent).toEqual({
    code: 0,
    msg: 'success',
    data: {
      message_id: expect.stringMatching(/^om_[0-9a-f]{32}$/),
      root_id: messageId,
      parent_id: messageId,
      msg_type: 'interactive',
      create_time: String(now),
      update_time: String(now),
      deleted: false,
      updated: false,
      chat_id: chat.id,
      sender: {
        id: playground.appId,
        id_type: 'app_id',
        sender_type: 'app',
        tenant_key: playground.tenantKey,
      },
      body: { content: card('one') },
    },
  });
  const message_id = sent.data?.message_id ?? '';
  const patched = await message.patch({ path: { message_id }, data: { content: card('two') } });
  expect(patched).toEqual({ code: 0, msg: 'success', data: {} });
  const [mine, ...more] = chat.messages();
  expect(more).toEqual([]);
  expect(mine).toMatchObject({ id: message_id, parentId: messageId, text: 'two', by: 'patched' });
  expect(mine?.versions.map(({ text }) => text)).toEqual(['one', 'two']);
  const got = await message.get({ path: { message_id } });
  expect(got.data?.items).toMatchObject([{ message_id, updated: true, msg_type: 'interactive' }]);
  expect(got.data?.items?.[0]?.body?.content).not.toContain('two');
});

it('starts a thread when a reply asks for one', async () => {
  const playground = await bench.start();
  const chat = playground.chat({ kind: 'group' });
  const { messageId: message_id } = chat.say('hello');
  const answer = await sdkClient(playground).im.v1.message.reply({
    path: { message_id },
    data: { msg_type: 'text', content: '{"text":"hi"}', reply_in_thread: true },
  });
  expect(answer.data?.thread_id).toMatch(/^omt_/);
});

it('finds the one-to-one chat of a person by any id', async () => {
  const playground = await bench.start();
  const person = playground.person();
  const call = await caller(playground);
  const ids = [
    ['open_id', person.openId],
    ['union_id', person.unionId],
    ['user_id', person.userId],
    ['email', person.email],
  ];
  const chats = new Set<unknown>();
  for (const [type, receive_id] of ids) {
    const body = { receive_id, msg_type: 'text', content: '{"text":"hi"}' };
    chats.add(
      (await call('POST', `/open-apis/im/v1/messages?receive_id_type=${type}`, body)).data['chat_id'],
    );
  }
  expect([...chats]).toEqual([playground.chat({ kind: 'p2p', members: [person] }).id]);
  const body = { receive_id: 'ou_nobody', msg_type: 'text', content: '{"text":"hi"}' };
  const wrong = await call('POST', '/open-apis/im/v1/messages?receive_id_type=open_id', body);
  expect(wrong).toMatchObject({ status: 400, code: 230034 });
});

it('gives the first message again for the same uuid within an hour', async () => {
  let now = 1_700_000_000_000;
  const playground = await bench.start({ now: () => now });
  const chat = playground.chat({ kind: 'p2p' });
  const call = await caller(playground);
  const post = (text: string) => {
    const body = { receive_id: chat.id, msg_type: 'text', content: JSON.stringify({ text }), uuid: 'same' };
    return call('POST', '/open-apis/im/v1/messages?receive_id_type=chat_id', body);
  };
  const first = await post('one');
  expect(await post('two')).toMatchObject({ code: 0, data: { message_id: first.data['message_id'] } });
  expect(chat.messages().map(({ text }) => text)).toEqual(['one']);
  now += 3_600_000;
  expect((await post('three')).data['message_id']).not.toBe(first.data['message_id']);
});

it('says who the bot is, beside the code', async () => {
  const playground = await bench.start();
  const call = await caller(playground);
  const answer = await call('GET', '/open-apis/bot/v3/info');
  expect(answer.body).toMatchObject({
    code: 0,
    msg: 'ok',
    bot: { open_id: playground.bot.openId, app_name: 'Sync Bot' },
  });
});

const start = async () => {
  const clock = { now: 1_700_000_000_000 };
  const playground = await bench.start({ now: () => clock.now, limits: { tokenMs: 1e12 } });
  const chat = playground.chat({ kind: 'group' });
  const call = await caller(playground);
  const create = (content: string, msg_type = 'interactive') =>
    call('POST', '/open-apis/im/v1/messages?receive_id_type=chat_id', {
      receive_id: chat.id,
      msg_type,
      content,
    });
  const id = String((await create(card('first'))).data['message_id']);
  clock.now += 1000;
  const patch = (content = card('next')) => call('PATCH', `/open-apis/im/v1/messages/${id}`, { content });
  return { clock, playground, chat, call, create, patch, id };
};

it('keeps to five messages a second in a chat and five changes of a message', async () => {
  const { create, patch, playground } = await start();
  for (let i = 0; i < 5; i++) expect([(await create(card('x'))).code, (await patch()).code]).toEqual([0, 0]);
  const over = await create(card('x'));
  expect(over).toMatchObject({ status: 400, code: 230020 });
  expect(over.body['error']).toMatchObject({ log_id: over.headers.get('x-tt-logid') });
  expect(await patch()).toMatchObject({ status: 400, code: 230020 });
  playground.limits.messageRates = false;
  expect((await create(card('x'))).code).toBe(0);
});

it('refuses cards over 30 KB and texts over 150 KB', async () => {
  const { create, patch } = await start();
  expect(await create(card('x'.repeat(31_000)))).toMatchObject({ status: 400, code: 230025 });
  expect((await patch(card('x'.repeat(31_000)))).code).toBe(230025);
  expect((await create(JSON.stringify({ text: 'x'.repeat(31_000) }), 'text')).code).toBe(0);
  expect((await create(JSON.stringify({ text: 'x'.repeat(151 * 1024) }), 'text')).code).toBe(230025);
});

it('refuses changes of old, recalled and foreign messages, and all calls of a bot outside the chat', async () => {
  const { clock, chat, call, create, patch, id } = await start();
  chat.removeBot();
  expect([(await create(card('x'))).code, (await patch()).code]).toEqual([230002, 230002]);
  chat.addBot();
  expect((await patch()).code).toBe(0);
  const { messageId } = chat.say('mine');
  expect((await call('PATCH', `/open-apis/im/v1/messages/${messageId}`, { content: card('x') })).code).toBe(
    230001,
  );
  clock.now += 14 * 86_400_000;
  expect(await patch()).toMatchObject({ status: 400, code: 230031 });
  chat.recall(id);
  expect(await patch()).toMatchObject({ status: 400, code: 230011 });
});

it('refuses a card that Feishu would refuse, saying why in the message', async () => {
  const { create } = await start();
  const old = JSON.stringify({ schema: '2.0', body: { elements: [{ tag: 'action', actions: [] }] } });
  const answer = await create(old);
  expect(answer).toMatchObject({ status: 400, code: 230099 });
  expect(answer.msg).toMatch(
    /^Failed to create card content, ext=ErrCode: 200861; ErrMsg: .*tag action.*; ErrorValue:/,
  );
  expect((await create('{')).msg).toContain('ErrCode: 200621');
});

it('takes files of any type that a message may name, and refuses empty, large and odd ones', async () => {
  const playground = await bench.start();
  const { file, message } = sdkClient(playground).im.v1;
  const content = Buffer.from('a,b');
  const up = (data: object) =>
    file.create({ data: { file_type: 'stream', file_name: 'a.csv', file: content, ...data } as never });
  const refusal = async (data: object): Promise<unknown> =>
    up(data).then(
      () => 0,
      (error: { response: { data: { code: number } } }) => error.response.data.code,
    );
  const uploaded = await up({});
  expect(uploaded?.file_key).toMatch(/^file_v3_[0-9a-f]{32}$/);
  expect(await refusal({ file: Buffer.alloc(0) })).toBe(234010);
  expect(await refusal({ file: Buffer.alloc(30 * 1024 * 1024 + 1) })).toBe(234006);
  expect(await refusal({ file_type: 'csv' })).toBe(234001);
  const person = playground.person('Anna');
  const send = (key: string | undefined) =>
    message.create({
      params: { receive_id_type: 'open_id' },
      data: { receive_id: person.openId, msg_type: 'file', content: JSON.stringify({ file_key: key }) },
    });
  const sent = await send(uploaded?.file_key);
  expect(playground.file(sent.data?.message_id ?? '')).toMatchObject({ name: 'a.csv', content });
  await expect(send('file_v3_none')).rejects.toMatchObject({ response: { data: { code: 230001 } } });
});
