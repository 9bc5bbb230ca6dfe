import type { BotMessage } from 'bitable-playground';
import { expect, it } from 'vitest';
import { newWorld, type World, type WorldOptions } from '../support/world.ts';

/** A world whose bot listens. */
async function newBot(options: WorldOptions = {}): Promise<World> {
  const world = await newWorld({ orders: 5, speed: 3, ...options });
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  return world;
}

const says =
  (...words: string[]) =>
  ({ text }: BotMessage): boolean =>
    words.every((one) => text.includes(one));
const ended = ({ controls }: BotMessage): boolean => controls.some(({ name }) => name === 'rerun');

it('history, status and the story of one row are told in the chat, also by a form', async () => {
  const world = await newBot({ definition: { private: ['手机号'] } });
  const chat = world.feishu.chat({ kind: 'p2p' });
  chat.say('/sync orders');
  await chat.next(ended);

  chat.say('/同步 历史 订单');
  expect((await chat.next(says('last 1 run'))).text).toContain('Done');
  chat.say('同步 状态');
  await chat.next(says('No sync is running'));

  chat.say('/sync why');
  const form = await chat.next(says('One thing is missing'));
  const pressed = await world.feishu.click(form.id, {
    name: 'submit',
    formValue: { name: 'orders', more: 'O001' },
  });
  expect(pressed.toast?.type).toBe('success');
  const told = await chat.next(says('O001', 'written'));
  expect(told.text).toContain('C001');
  expect(told.text).toContain('Last confirmed in record rec');
  expect(told.text).not.toMatch(/138\d{8}/u);
});

it('the first failure of a run in a group is one line there, its progress stands in the thread', async () => {
  const world = await newBot();
  const ada = world.feishu.person('Ada');
  const group = world.feishu.chat({ kind: 'group', members: [ada] });
  const stop = world.feishu.faults.add({
    when: { route: 'records.batch_create', times: Number.POSITIVE_INFINITY },
    fault: { kind: 'code', code: 1255001 },
  });
  group.say('/sync orders', { mention: true });

  const line = await group.next(says('The card in the thread'));

  expect(line.text).toContain('Failed');
  expect(line.parentId).toBeUndefined();
  const [card, ...others] = group.messages();
  expect(card?.threadId).toMatch(/^omt_/u);
  expect(others).toHaveLength(1);
  stop();

  group.say('/sync retry', { mention: true });
  await group.next((message) => message.id !== line.id && says('The card in the thread', 'Done')(message));
  await world.expectSame();
});

it('pause in the shell says so where a sync has no schedule', async () => {
  const world = await newWorld({ orders: 1 });
  expect(await world.type('pause orders')).toMatchObject({
    exit: 1,
    json: { status: 'failed', definition: 'orders', error: { code: 'no-schedule' } },
  });
  expect((await world.type('definitions')).json).toMatchObject({ definitions: [{ paused: false }] });
});

it('frozen, nobody starts anything by text or by button, until an admin thaws it; all of it is in the audit', async () => {
  const world = await newWorld({ orders: 5, speed: 3 });
  const [ada, boss] = [world.feishu.person('Ada'), world.feishu.person('Boss')];
  world.env['ADMINS'] = boss.openId;
  world.define({ schedule: [{ do: 'run', cron: '0 3 29 2 *' }] });
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  const group = world.feishu.chat({ kind: 'group', members: [ada, boss] });
  group.say('/sync', { mention: true });
  const list = await group.next(says('orders'));
  group.say('/sync freeze', { mention: true, from: boss });
  await group.next(says('Everything is frozen:'));
  expect((await world.type('freeze')).json).toMatchObject({ status: 'frozen', by: boss.openId, error: null });

  group.say('/sync orders', { mention: true, from: ada });
  await group.next(says('Not allowed', 'frozen'));
  const click = await world.feishu.click(list.id, 'sync', { from: ada });
  expect(click.toast?.content).toContain('frozen');
  expect(world.writes()).toEqual([]);

  // By the shell, which the bot of the same store obeys.
  expect(await world.type('thaw')).toMatchObject({
    exit: 0,
    json: { status: 'thawed', by: null, since: null, going: [], error: null },
  });
  group.say('/sync orders', { mention: true, from: ada });
  await group.next(ended);
  await world.expectSame();
  expect((await world.type('pause orders')).json).toMatchObject({ status: 'paused', error: null });
  expect((await world.type('status')).json).toMatchObject({ frozen: null, runs: [], error: null });
  const by = { kind: 'chat', who: ada.openId };
  expect((await world.type('history orders')).json).toMatchObject({
    runs: [{ status: 'done', by, rows: { created: 5 } }],
  });
  const told = [{ told: 'change', kind: 'create', status: 'done', by }];
  expect((await world.type('why orders O001')).json).toMatchObject({
    record: expect.any(String),
    runs: told,
  });
  expect(await world.type('retry orders')).toMatchObject({
    exit: 1,
    json: { error: { code: 'nothing-to-retry' } },
  });
  await program.stop();
  await world.run();

  expect((await world.type('audit --limit 50')).json).toMatchObject({
    entries: expect.arrayContaining([
      expect.objectContaining({ by: 'ada', via: 'cli', what: 'thaw', allowed: true, definition: null }),
    ]),
  });
  const audit = await world.type('audit orders');
  expect(audit.json).toMatchObject({
    entries: [
      { by: 'ada', via: 'cli', what: 'sync', allowed: true, definition: 'orders' },
      ...['retry', 'why', 'history', 'pause'].map((what) => ({ by: 'ada', via: 'cli', what, allowed: true })),
      { by: ada.openId, via: 'text', what: 'sync', allowed: true, definition: 'orders' },
      { by: ada.openId, via: 'button', what: 'sync', allowed: false },
      { by: ada.openId, via: 'text', what: 'sync', allowed: false },
    ],
  });
});

it('the menu does what text does, and arrivals are welcomed with what can be done there', async () => {
  const world = await newBot();
  const ada = world.feishu.person('Ada');
  const alone = world.feishu.chat({ kind: 'p2p', members: [ada] });

  expect(await alone.enter().delivered).toMatchObject({ acknowledged: true });
  const welcome = await alone.next(says('/sync orders　订单'));
  await alone.enter().delivered;
  alone.pressMenu('list');
  const list = await alone.next(says('Syncs · 1'));
  expect(alone.messages()).toHaveLength(2);
  const pressed = await world.feishu.click(welcome.id, 'list_1', { from: ada });
  expect(pressed.toast?.type).toBe('success');
  expect((await alone.next(says('Syncs · 1'))).text).toBe(list.text);

  // An entry that lacks something asks for it, and the form is answered in the same chat.
  alone.pressMenu('history');
  const form = await alone.next(says('One thing is missing'));
  await world.feishu.click(form.id, { name: 'submit', formValue: { name: 'orders' } }, { from: ada });
  await alone.next(says('last 0 runs'));
  alone.pressMenu('sync:orders');
  await alone.next(ended);
  await world.expectSame();

  const group = world.feishu.chat({ kind: 'group', members: [ada] });
  group.addBot();
  expect((await group.next(says('Hello'))).text).toContain('/sync orders');
  const outside = world.feishu.chat({ kind: 'group', members: [ada] });
  await outside.addBot({ outside: true }).delivered;
  outside.say('/sync list', { mention: true });
  await outside.next(says('other companies'));
  expect(outside.messages()).toHaveLength(1);

  // No event told of these: Feishu is asked, and where it may not be asked that is said.
  const opened = world.feishu.chat({ kind: 'group', members: [ada] });
  opened.openToOutsiders();
  opened.say('/sync list', { mention: true });
  await opened.next(says('other companies'));
  const blind = world.feishu.chat({ kind: 'group', members: [ada] });
  world.feishu.app.revokeScopes('im:chat', 'im:chat:readonly', 'im:chat:read');
  blind.say('/sync list', { mention: true });
  await blind.next(says('im:chat:readonly'));
});

it('init makes the table in the chat, and its button loads it', async () => {
  const world = await newWorld({ orders: 5, speed: 3, definition: { title: '新订单' } });
  const ada = world.feishu.person('Ada');
  world.env['ADMINS'] = ada.openId;
  world.define({ target: `https://example.feishu.cn/base/${world.base.appToken}` });
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  const chat = world.feishu.chat({ kind: 'p2p', members: [ada] });

  chat.say('/sync init orders');
  const made = await chat.next(says('Created the table "新订单"', '订单号'));
  expect(await world.feishu.click(made.id, 'sync_1')).toMatchObject({ toast: { type: 'success' } });
  await chat.next(ended);
  expect(world.base.table('新订单').size()).toBe(5);

  chat.say('/sync init orders');
  await chat.next(says('exists; nothing was changed', 'Its fields: 订单号'));
  world.base.table('新订单').renameField('城市', '地区');
  world.base.table('新订单').retypeField('昵称', 'DateTime');
  chat.say('/sync init orders');
  await chat.next(says('exists; nothing was changed', 'renamed', 'changed from text to date'));
});
