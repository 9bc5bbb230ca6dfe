import type { BotMessage } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/run/ports.ts';
import { newWorld, type Opened, quickClock, type World, type WorldOptions } from '../support/world.ts';

/** Slow enough that a click is answered before the program gives up waiting for its own work. */
const forClicks = 3;

/** A world whose bot listens. */
async function newBot(options: WorldOptions = {}): Promise<{ world: World; program: Opened }> {
  const world = await newWorld(options);
  const program = await serve(world);
  return { world, program };
}

/** Starts the bot on the world's store. */
async function serve(world: World): Promise<Opened> {
  const program = await world.open();
  await program.serve();
  await world.feishu.connections.ready();
  return program;
}

const says =
  (...words: string[]) =>
  ({ text }: BotMessage): boolean =>
    words.every((one) => text.includes(one));

const ended = ({ controls }: BotMessage): boolean => controls.some(({ name }) => name === 'rerun');
const buttons = ({ controls }: BotMessage): string[] => controls.map(({ name }) => name);

/** A fault that refuses one chunk of creates in every round, and lets the others through. */
function refuseOne(world: World, nth = 1): () => void {
  let seen = 0;
  let wanted: string | undefined;
  return world.feishu.faults.add({
    when: {
      route: 'records.batch_create',
      times: Number.POSITIVE_INFINITY,
      match: ({ raw }) => {
        const body = raw.toString();
        if (wanted === undefined) {
          seen += 1;
          if (seen === nth) wanted = body;
        }
        return body === wanted;
      },
    },
    fault: { kind: 'code', code: 1255001 },
  });
}

describe('a command', () => {
  it('is answered within a second by a card that ends with the numbers', async () => {
    const { world } = await newBot({ orders: 30, speed: 1, playground: { latency: 5 } });
    const chat = world.feishu.chat({ kind: 'p2p' });
    const at = Date.now();

    const said = chat.say('/sync orders');

    const first = await chat.next(() => true);
    expect(first.at - at).toBeLessThan(1000);
    expect(first.parentId).toBe(said.messageId);
    const last = await chat.next(ended);
    expect(last.id).toBe(first.id);
    expect(last.text).toContain('Done');
    expect(last.text).toContain('30');
    expect(buttons(last)).toEqual(['rerun', 'verify', 'open']);
    expect((await said.delivered).attempts).toBe(1);
    await world.expectSame();
    // The last state is shown, with few patches on the way.
    const patches = world.feishu.calls().filter(({ route }) => route === 'messages.patch');
    expect(patches.length).toBeLessThanOrEqual(4);
    expect(patches.every(({ code }) => code === 0)).toBe(true);
  });

  it('in a group counts only with a mention, in rich text too', async () => {
    const { world } = await newBot({ orders: 5 });
    const group = world.feishu.chat({ kind: 'group', members: [world.feishu.person('Ada')] });
    group.say('/sync orders');
    const said = group.say('/sync orders', { mention: true });

    const card = await group.next(ended);

    expect(card.parentId).toBe(said.messageId);
    expect(group.messages()).toHaveLength(1);
    const post = group.say('/sync orders', { mention: true, post: true });
    await group.next((card) => ended(card) && card.parentId === post.messageId);
    await world.expectSame();
  });

  it('/sync and /sync list show the syncs with their last run, a broken file among them', async () => {
    const { world } = await newBot({ orders: 5 });
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    await chat.next(ended);
    world.define({ name: 'broken', mode: 'sideways' });

    for (const line of ['/sync', '/sync list', '/同步 列表']) {
      chat.say(line);
      const list = await chat.next(says('broken'));
      expect(list.text).toContain('orders');
      expect(list.text).toContain('订单');
    }
  });

  it('/help tells the asker their own open_id', async () => {
    const { world } = await newBot();
    const [ada, bob] = [world.feishu.person('Ada'), world.feishu.person('Bob')];
    const group = world.feishu.chat({ kind: 'group', members: [ada, bob] });
    group.say('/help', { mention: true, from: bob });

    const help = await group.next(says('/sync'));

    expect(help.text).toContain(bob.openId);
    expect(help.text).not.toContain(ada.openId);
  });

  it('a typo is answered with the near names, whose button starts the run', async () => {
    const { world } = await newBot({ orders: 3, speed: forClicks });
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync ordres');

    const hint = await chat.next(says('ordres'));

    expect(world.writes()).toEqual([]);
    expect(hint.controls.map(({ text }) => text)).toEqual(['orders']);
    expect((await world.feishu.click(hint.id, 'sync')).toast?.type).toBe('success');
    await chat.next(ended);
    await world.expectSame();
  });

  it('anything else is answered with a hint, and nothing is done', async () => {
    const { world } = await newBot();
    const chat = world.feishu.chat({ kind: 'p2p' });
    for (const line of [
      'hello',
      '/nonsense',
      '/sync orders --force',
      '<at id=all></at>',
      '🦉'.repeat(3000),
    ]) {
      chat.say(line);
      const hint = await chat.next(() => true);
      expect(hint.text).toContain('/help');
    }
    expect(world.writes()).toEqual([]);
  });

  it('/sync orders --plan compares only', async () => {
    const { world } = await newBot({ orders: 7 });
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders --plan');

    const plan = await chat.next(says('7', 'to create'));

    expect(plan.text).toContain('nothing written');
    expect(world.writes()).toEqual([]);
  });

  it('a second one while a run goes on shows the running one', async () => {
    const { world } = await newBot({ orders: 60, definition: { chunkSize: 10, concurrency: 1 } });
    world.feishu.setLatency((route) => (route === 'records.batch_create' ? 60 : 0));
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const first = await chat.next(() => true);
    const other = world.feishu.chat({ kind: 'group' });
    other.say('/sync orders', { mention: true });

    const copy = await other.next(says('already'));

    // It goes along to the end, and can be opened only.
    await chat.next(ended);
    const last = await other.next(says('already', '60', 'Done'));
    expect(last.id).toBe(copy.id);
    expect(buttons(last)).toEqual(['open']);
    expect(first.id).not.toBe(copy.id);
    expect(world.writes()).toHaveLength(6);
    await world.expectSame();
  });

  it('problems are told in the chat with what to do', async () => {
    const world = await newWorld({ orders: 3 });
    const ada = world.feishu.person('Ada');
    world.env['ADMINS'] = ada.openId;
    await serve(world);
    const chat = world.feishu.chat({ kind: 'p2p', members: [ada] });
    world.table.renameField('城市', '地区');
    chat.say('/sync orders');
    expect((await chat.next(says('城市'))).text).toMatch(/field/i);

    world.define({ mode: 'sideways' });
    chat.say('/sync orders');
    expect((await chat.next(says('sideways'))).text).toContain('orders.yaml:10');
    expect(world.writes()).toEqual([]);
  });
});

describe('a failed chunk', () => {
  const options: WorldOptions = { orders: 40, speed: forClicks, definition: { chunkSize: 10, rounds: 1 } };

  it('is listed, and the button sends exactly that chunk again in the same card', async () => {
    const { world } = await newBot(options);
    const chat = world.feishu.chat({ kind: 'p2p' });
    const calm = refuseOne(world, 3);
    chat.say('/sync orders');
    const failed = await chat.next(ended);
    expect(failed.text).toContain('C003 · create 10 rows · 1255001 · InternalError');
    expect(buttons(failed)).toEqual(['retry', 'rerun', 'csv', 'verify', 'open']);
    expect(world.table.size()).toBe(30);
    calm();
    world.writes();
    world.sent();

    const { toast } = await world.feishu.click(failed.id, 'retry');

    expect(toast?.type).toBe('success');
    const done = await chat.next((message) => ended(message) && message.text.includes('Done'));
    expect(done.id).toBe(failed.id);
    expect(buttons(done)).toEqual(['rerun', 'verify', 'open']);
    expect(world.writes()).toEqual(['batch_create 10']);
    const [again] = world.sent();
    expect(again?.records.map((one) => (typeof one === 'string' ? one : one.fields['订单号']))).toEqual(
      Array.from({ length: 10 }, (_, at) => `O0${21 + at}`),
    );
    await world.expectSame();
  });

  it('is sent again after the program was stopped and started, by the same button', async () => {
    const { world, program } = await newBot(options);
    const chat = world.feishu.chat({ kind: 'p2p' });
    const calm = refuseOne(world, 2);
    chat.say('/sync orders');
    const failed = await chat.next(ended);
    await program.stop();
    calm();
    await serve(world);
    world.writes();

    expect((await world.feishu.click(failed.id, 'retry')).toast?.type).toBe('success');

    const done = await chat.next((message) => ended(message) && message.text.includes('Done'));
    expect(done.id).toBe(failed.id);
    expect(world.writes()).toEqual(['batch_create 10']);
    await world.expectSame();
  });

  it('is sent again from a card that is too old to be changed; the result stands on a new one, which counts from then on', async () => {
    const { world } = await newBot(options);
    const chat = world.feishu.chat({ kind: 'p2p' });
    const calm = refuseOne(world, 2);
    chat.say('/sync orders');
    const failed = await chat.next(ended);
    calm();
    world.feishu.faults.add({
      when: {
        route: 'messages.patch',
        times: Number.POSITIVE_INFINITY,
        match: ({ params }) => params['message_id'] === failed.id,
      },
      fault: { kind: 'code', code: 230031 },
    });

    expect((await world.feishu.click(failed.id, 'retry')).toast?.type).toBe('success');

    const done = await chat.next((message) => ended(message) && message.text.includes('Done'));
    expect(done).toMatchObject({ parentId: failed.id });
    expect(chat.messages()).toHaveLength(2);
    expect((await world.feishu.click(failed.id, 'retry')).toast?.type).toBe('warning');
    expect((await world.feishu.click(done.id, 'rerun')).toast?.type).toBe('success');
    await world.expectSame();
  });

  it('a stale button and a doubled click warn and write nothing', async () => {
    const { world } = await newBot(options);
    const chat = world.feishu.chat({ kind: 'p2p' });
    const calm = refuseOne(world, 2);
    chat.say('/sync orders');
    const failed = await chat.next(ended);
    calm();
    world.feishu.setLatency((route) => (route.startsWith('records.batch') ? 100 : 0));
    world.writes();

    const [one, two] = await Promise.all([
      world.feishu.click(failed.id, 'retry'),
      world.feishu.click(failed.id, 'retry'),
    ]);

    expect([one.toast?.type, two.toast?.type].sort()).toEqual(['success', 'warning']);
    await chat.next((message) => ended(message) && message.text.includes('Done'));
    expect(world.writes()).toEqual(['batch_create 10']);
    // A press from somebody whose screen still shows the old card.
    const stale = failed.controls.find(({ name }) => name === 'retry')?.element['behaviors'];
    const pressed = await world.feishu.event('card.action.trigger', clickOf(world, failed, stale));
    expect(pressed.acknowledged).toBe(true);
    expect(world.writes()).toEqual([]);
    await world.expectSame();
  });
});

/** A click event with a button's value of another time. */
function clickOf(world: World, message: BotMessage, behaviors: unknown): Record<string, unknown> {
  const [first] = behaviors as { value: unknown }[];
  const person = world.feishu.person();
  return {
    operator: { tenant_key: world.feishu.tenantKey, open_id: person.openId, user_id: '', union_id: '' },
    token: 'c-1',
    action: { tag: 'button', name: 'retry', value: first?.value },
    host: 'im_message',
    context: { open_message_id: message.id, open_chat_id: message.chatId },
  };
}

describe('a plan that waits', () => {
  async function waiting(admins: (world: World) => string) {
    const world = await newWorld({ orders: 30, speed: forClicks });
    await world.run();
    await world.shop.exec("delete from user_orders where id > 'O020' and production_id = 10");
    world.writes();
    world.env['ADMINS'] = admins(world);
    await serve(world);
    return world;
  }

  it('is carried out when somebody who may presses apply', async () => {
    let boss = '';
    const world = await waiting(({ feishu }) => (boss = feishu.person('Boss').openId));
    const group = world.feishu.chat({ kind: 'group' });
    group.say('/sync orders', { mention: true });
    const asked = await group.next(({ controls }) => controls.some(({ name }) => name === 'apply'));
    expect(asked.text).toContain('10');
    expect(buttons(asked)).toEqual(['apply', 'apply-no-deletes', 'discard', 'open']);

    const [member] = group.members;
    if (!member) throw new Error('nobody');
    expect((await world.feishu.click(asked.id, 'apply', { from: member })).toast?.type).toBe('warning');
    expect(world.writes()).toEqual([]);
    const from = { ...member, openId: boss };
    expect((await world.feishu.click(asked.id, 'apply', { from })).toast?.type).toBe('success');

    const done = await group.next(ended);
    expect(done.id).toBe(asked.id);
    expect(world.writes()).toEqual(['batch_delete 10']);
    await world.expectSame();
  });

  it('is thrown away by discard, and apply is stale from then on', async () => {
    let boss = '';
    const world = await waiting(({ feishu }) => (boss = feishu.person('Boss').openId));
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const asked = await chat.next(({ controls }) => controls.some(({ name }) => name === 'discard'));
    expect((await world.feishu.click(asked.id, 'discard')).toast?.type).toBe('warning');

    const from = { ...world.feishu.person(), openId: boss };
    expect((await world.feishu.click(asked.id, 'discard', { from })).toast?.type).toBe('success');

    const over = await chat.next(ended);
    expect(over.text).toContain('Cancelled');
    const value = asked.controls.find(({ name }) => name === 'apply')?.element['behaviors'];
    await world.feishu.event('card.action.trigger', clickOf(world, asked, value));
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(30);
  });

  it('is carried out without its deletes by a button of its own', async () => {
    let boss = '';
    const world = await waiting(({ feishu }) => (boss = feishu.person('Boss').openId));
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const asked = await chat.next(({ controls }) => controls.some(({ name }) => name === 'discard'));

    const from = { ...world.feishu.person(), openId: boss };
    const pressed = await world.feishu.click(asked.id, 'apply-no-deletes', { from });
    expect(pressed.toast).toMatchObject({
      type: 'success',
      content: expect.stringContaining('nothing is deleted'),
    });

    const done = await chat.next(ended);
    expect(done.text).toContain('10 records kept, not deleted');
    expect(world.writes()).toEqual([]);
    expect(world.table.size()).toBe(30);
  });

  it('expires, also while the bot was stopped, and its card says so', async () => {
    const clock = shifted(forClicks);
    const world = await newWorld({ orders: 30, clock, definition: { expires: '2h' } });
    await world.run();
    await world.shop.exec("delete from user_orders where id > 'O020' and production_id = 10");
    world.env['ADMINS'] = world.feishu.person().openId;
    const program = await serve(world);
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    const asked = await chat.next(({ controls }) => controls.some(({ name }) => name === 'discard'));
    await program.stop();
    clock.shift(3 * 3_600_000);

    await serve(world);

    const over = await chat.next(says('Expired'));
    expect(over.id).toBe(asked.id);
    expect(over.text).toContain('Nobody decided in time');
    expect(buttons(over)).toEqual(['rerun', 'open']);
    expect(world.table.size()).toBe(30);
  });
});

/** A quick clock that can be put forward. */
function shifted(speed: number): Clock & { shift(ms: number): void } {
  const clock = quickClock(speed);
  let ahead = 0;
  return {
    now: () => clock.now() + ahead,
    monotonic: () => clock.monotonic() + ahead,
    sleep: clock.sleep,
    shift: (ms) => {
      ahead += ms;
    },
  };
}

describe('events', () => {
  it('that come again have no effect, by event ID, by message ID, and after a restart', async () => {
    const { world, program } = await newBot({ orders: 3 });
    const chat = world.feishu.chat({ kind: 'p2p' });
    const said = chat.say('/sync orders');
    await chat.next(ended);
    const event = messageOf(world, chat.id, said.messageId, '/sync orders');

    expect(await world.feishu.redeliver(said.eventId ?? '')).toMatchObject({ acknowledged: true });
    expect(await world.feishu.event('im.message.receive_v1', event)).toMatchObject({ acknowledged: true });
    await program.stop();
    await serve(world);
    expect(await world.feishu.redeliver(said.eventId ?? '')).toMatchObject({ acknowledged: true });
    expect(await world.feishu.event('im.message.receive_v1', event)).toMatchObject({ acknowledged: true });

    // What comes after them is answered, so they were dealt with by then.
    chat.say('/help');
    await chat.next(says('open_id'));
    expect(chat.messages()).toHaveLength(2);
  });

  it('that arrive hours late do nothing by themselves: a button asks', async () => {
    const { world } = await newBot({ orders: 3, speed: forClicks });
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders', { ago: 3_600_000 });
    const asking = await chat.next(says('has only reached the bot now'));
    expect([world.writes(), buttons(asking)]).toEqual([[], ['sync_1']]);
    await world.feishu.click(asking.id, 'sync_1');
    await chat.next(ended);
    await world.expectSame();
  });

  it('of other tenants and of bots are ignored, and odd ones harm nobody', async () => {
    const { world } = await newBot({ orders: 3 });
    const chat = world.feishu.chat({ kind: 'p2p' });
    const own = messageOf(world, chat.id, 'om_1', '/sync orders');
    const sender = own['sender'] as Record<string, unknown>;
    const events = [
      { ...own, sender: { ...sender, tenant_key: 'another' } },
      { ...own, sender: { ...sender, sender_type: 'app' } },
      { ...own, sender: { ...sender, sender_id: { open_id: world.feishu.bot.openId } } },
      {},
      { message: null, sender: 7 },
      { ...own, message: { ...(own['message'] as object), content: '{"text":' } },
    ];
    for (const event of events) await world.feishu.event('im.message.receive_v1', event);
    await world.feishu.event('card.action.trigger', {
      action: { value: { op: 'apply', run: '../..', v: -1 } },
    });

    chat.say('/help');
    await chat.next(says('open_id'));
    expect(world.writes()).toEqual([]);
    expect(chat.messages().filter(({ text }) => text.includes('订单'))).toEqual([]);
  });

  it('and the run survive a dropped connection', async () => {
    const { world } = await newBot({ orders: 60, definition: { chunkSize: 10 } });
    world.feishu.setLatency((route) => (route === 'records.batch_create' ? 40 : 0));
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    await chat.next(() => true);
    world.feishu.connections.disconnect({ code: 1006 });

    const said = chat.say('/help');

    await chat.next(says('open_id'));
    expect((await said.delivered).acknowledged).toBe(true);
    await chat.next(ended, { since: 0 });
    await world.expectSame();
  });
});

function messageOf(world: World, chat: string, message: string, line: string): Record<string, unknown> {
  const { tenantKey: tenant_key } = world.feishu;
  const at = String(Date.now());
  return {
    sender: {
      sender_id: { open_id: 'ou_somebody', union_id: '', user_id: '' },
      sender_type: 'user',
      tenant_key,
    },
    message: {
      message_id: message,
      create_time: at,
      update_time: at,
      chat_id: chat,
      chat_type: 'p2p',
      message_type: 'text',
      content: JSON.stringify({ text: line }),
    },
  };
}

describe('what comes from outside is plain on every card', () => {
  const nasty =
    '<at id=all></at> [link](https://evil.example.com) `code` **bold** <at user_id="all">all</at> 𠮷🦉';

  /** The card's Markdown and all its other strings apart. */
  function wordsOf(card: unknown): { markdown: string[]; all: string[] } {
    const found = { markdown: [] as string[], all: [] as string[] };
    const walk = (value: unknown): void => {
      if (typeof value === 'string') found.all.push(value);
      if (typeof value !== 'object' || value === null) return;
      const { tag, content } = value as { tag?: unknown; content?: unknown };
      if ((tag === 'markdown' || tag === 'lark_md') && typeof content === 'string')
        found.markdown.push(content);
      for (const inner of Object.values(value)) walk(inner);
    };
    walk(card);
    return found;
  }

  function expectPlain(messages: readonly BotMessage[]): void {
    for (const { versions } of messages)
      for (const { card } of versions) {
        const { markdown, all } = wordsOf(card);
        // A run that took long mentions whoever asked, in a tag of its own.
        const others = all.filter((words) => !/^<at id=ou_\w+><\/at>$/.test(words));
        expect(others.filter((words) => /<at/i.test(words))).toEqual([]);
        expect(markdown.filter((words) => /evil|code`|\*\*bold|🦉/u.test(words))).toEqual([]);
      }
  }

  it('rows, keys, field names, titles and error words', async () => {
    const world = await newWorld({
      mysql: false,
      orders: 30,
      fields: [{ name: nasty, type: 'Text' }],
      definition: { title: nasty, mode: 'mirror' },
    });
    const ada = world.feishu.person('Ada');
    world.env['ADMINS'] = ada.openId;
    await serve(world);
    const chat = world.feishu.chat({ kind: 'p2p', members: [ada] });
    const escaped = nasty.replaceAll("'", "''");
    const query = `select id as "订单号", nickname as "${nasty.replaceAll('"', '""')}" from (
      select uo.id as id, u.nickname as nickname from user_orders uo join users u on u.id = uo.user_id
      where uo.production_id = 10 union all select '${escaped}', '${escaped}')`;
    world.define({ title: nasty, source: { connection: 'shop', query }, fields: {} });
    chat.say('/sync orders');
    await chat.next(ended);
    expect(world.table.size()).toBe(31);

    // Samples of a plan that waits.
    await world.shop.exec(`update users set nickname = nickname || '${escaped}'`);
    chat.say('/sync orders');
    await chat.next(({ controls }) => controls.some(({ name }) => name === 'discard'));

    // Rows that Feishu refuses, with words that hold the same.
    world.define({ title: nasty, source: { connection: 'shop', query }, fields: {}, brake: { updates: 1 } });
    world.feishu.faults.add({
      when: {
        route: 'records.batch_update',
        times: Number.POSITIVE_INFINITY,
        match: ({ raw }) => raw.includes(world.table.records()[3]?.record_id ?? ''),
      },
      fault: { kind: 'code', code: 1254060, msg: nasty },
    });
    chat.say('/sync orders');
    await chat.next((message) => ended(message) && message.text.includes('rejected'));

    // A definition that is wrong, a name that is not there, an error of the database.
    world.define({ title: nasty, mode: nasty });
    chat.say('/sync orders');
    await chat.next(says('orders.yaml'));
    chat.say(`/sync ${nasty}`);
    await chat.next(() => true);
    world.define({
      title: nasty,
      source: { connection: 'shop', query: `select * from "${nasty.replaceAll('"', '')}"` },
    });
    chat.say('/sync orders');
    await chat.next(says('no such table'));
    chat.say('/sync list');
    await chat.next(says('orders'));

    expect(chat.messages().length).toBeGreaterThanOrEqual(7);
    expectPlain(chat.messages());
  });
});

describe('trouble with showing never touches the run', () => {
  const slow = (world: World): void =>
    world.feishu.setLatency((route) => (route === 'records.batch_create' ? 30 : 0));
  const options: WorldOptions = { orders: 60, definition: { chunkSize: 10 } };

  async function runEnds(world: World, program: Opened): Promise<void> {
    for (;;) {
      const [latest] = await program.runs.latest('orders', 1);
      if (latest && latest.status !== 'running') {
        expect(latest).toMatchObject({ status: 'done', rows: { created: 60 } });
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await world.expectSame();
  }

  it('the card is recalled', async () => {
    const { world, program } = await newBot(options);
    slow(world);
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');
    chat.recall((await chat.next(() => true)).id);

    await runEnds(world, program);
    const { id } = await chat.next(ended);
    expect(chat.messages().filter((message) => !message.recalled)).toMatchObject([{ id }]);
  });

  it.each([230071, 230018, 230054, 230099, 239999])('answers are refused (%i)', async (code) => {
    const { world, program } = await newBot({ orders: 5 });
    world.feishu.faults.add({
      when: { route: 'messages.reply', times: Number.POSITIVE_INFINITY },
      fault: { kind: 'code', code, status: 400 },
    });
    const group = world.feishu.chat({ kind: 'group' });
    group.say('/sync orders', { mention: true });

    const done = await group.next(ended);

    expect([done.parentId, group.messages().length]).toEqual([undefined, 1]);
    await program.stop();
  });

  it('the bot is removed from the group', async () => {
    const { world, program } = await newBot(options);
    slow(world);
    const group = world.feishu.chat({ kind: 'group' });
    group.say('/sync orders', { mention: true });
    await group.next(() => true);
    group.removeBot();

    await runEnds(world, program);
  });

  it.each([
    ['replies are throttled (11232)', 'messages.reply', 11232],
    ['patches are throttled (230020)', 'messages.patch', 230020],
    ['the card is refused (230099)', 'messages.patch', 230099],
    ['the chat answers nonsense', 'messages.reply', 1255001],
  ])('%s', async (_, route, code) => {
    const { world, program } = await newBot(options);
    slow(world);
    world.feishu.faults.add({ when: { route, times: 3 }, fault: { kind: 'code', code } });
    const chat = world.feishu.chat({ kind: 'p2p' });
    chat.say('/sync orders');

    await runEnds(world, program);

    if (code !== 230099) expect((await chat.next(ended)).text).toContain('Done');
  });

  it('the card hangs', async () => {
    const { world, program } = await newBot(options);
    world.feishu.faults.add({
      when: { route: 'messages.reply', times: Number.POSITIVE_INFINITY },
      fault: { kind: 'hang' },
    });
    world.feishu.chat({ kind: 'p2p' }).say('/sync orders');

    await runEnds(world, program);
    await program.stop();
  });
});

it('a run goes on in its card after the program was stopped in its middle', async () => {
  const { world, program } = await newBot({ orders: 60, definition: { chunkSize: 10, concurrency: 1 } });
  world.feishu.setLatency((route) => (route === 'records.batch_create' ? 50 : 0));
  const chat = world.feishu.chat({ kind: 'p2p' });
  chat.say('/sync orders');
  const first = await chat.next(says('chunk'));
  await program.stop();
  expect(world.table.size()).toBeLessThan(60);
  const left = chat.messages().at(-1);
  expect(left?.text).toContain('Program stopped');
  expect(left?.text).toContain('The run continues from here by itself at the next start');
  world.feishu.setLatency(0);

  await serve(world);

  // A slow machine may have drawn the card once more while the program stopped.
  const done = await chat.next((message) => ended(message) && message.text.includes('after a restart'));
  expect(done.id).toBe(first.id);
  expect(done.text).toContain('Done');
  expect(done.text).toContain('after a restart');
  await world.expectSame();
});

it('a run whose last call ends while the program stops shows that it is done', async () => {
  const options = { orders: 10, speed: forClicks, definition: { chunkSize: 10 } };
  const { world, program } = await newBot(options);
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    world.feishu.onRequest(({ route }) => {
      if (route.name !== 'records.batch_create') return undefined;
      resolve();
      return gate;
    });
  });
  const chat = world.feishu.chat({ kind: 'p2p' });
  chat.say('/sync orders');
  await arrived;
  const stopping = program.stop();
  // The bot has left the chat by the time that it hears of nothing more.
  await expect.poll(() => world.feishu.connections.count()).toBe(0);
  letGo();
  await stopping;

  expect(chat.messages().at(-1)?.text).toContain('Done');
  await world.expectSame();
});
