import { cardFault } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import type { BotParts } from '../../src/bot/handle.ts';
import { trust } from '../../src/bot/post.ts';
import { freezeAll as freeze } from '../../src/bot/schedule/controls.ts';
import { noteQuota } from '../../src/bot/schedule/entries.ts';
import type { Story } from '../../src/sync/state/state.ts';
import { buttonsOf, wordsOf } from '../cards/read.ts';
import { at, endedWith, everyState, failedChunk, stateWith } from '../cards/states.ts';
import {
  callError,
  definition,
  fakeDefinitions,
  fakeJournal,
  fakeRun,
  type message,
  press,
  recordOf,
  settle,
} from './fakes.ts';
import { newStage } from './stage.ts';

const scheduled = definition({ schedule: [{ do: 'run', cron: '0 9 * * *' }] });

/** A stage with an admin, on which every line is a new event. */
function stage(change: Partial<BotParts> = {}) {
  const all = newStage({
    admins: ['ou_boss'],
    init: async () => ({
      ...{ kind: 'created', target: 'https://x.feishu.cn/base/A?table=t', blankRows: 0 },
      table: { id: 't', name: '订单' },
      fields: [],
    }),
    ...change,
  });
  let count = 0;
  /** The card that answers a line. */
  const ask = async (line: string, about: Parameters<typeof message>[1] = {}) => {
    count += 1;
    const card = await all.ask(line, { id: `ev_${count}`, message: `om_c${count}`, ...about });
    expect(cardFault(card)).toBeUndefined();
    return card;
  };
  return { ...all, ask };
}

describe('a command', () => {
  it('shows what goes on, with a button to cancel it', async () => {
    const { ask, answers } = stage();
    expect(wordsOf(await ask('/sync status'))).toContain('No sync is running.');
    const uploading = everyState['uploading'] ?? stateWith();
    answers.open = async () => [{ state: uploading, chat: 'oc_1' }];
    const card = await ask('/同步 状态');
    expect(wordsOf(card)).toContain('Uploading');
    expect(wordsOf(card)).toMatch(/\d+% \(/u);
    expect(buttonsOf(card)[0]?.behaviors[0]?.value).toEqual({
      ...{ op: 'command', verb: 'cancel', run: 'orders', v: 0 },
    });
  });

  it('shows the last runs with numbers, who, when and how', async () => {
    const { ask, answers } = stage();
    answers.latest = async () => [everyState['done'] ?? stateWith(), everyState['partial'] ?? stateWith()];
    const words = wordsOf(await ask('/sync history orders'));
    expect(words).toContain('last 2 runs');
    expect(words).toMatch(/\*\*Done\*\* · 11-23 \d\d:\d\d · <person id='ou_\w+'.* · by message/u);
    expect(words).toContain('**Partly done**');
  });

  it('tells the story of a row', async () => {
    const sample = {
      ...{ key: 'A001', kind: 'update' as const, back: true as const },
      cells: [{ field: '城市', from: '上海', to: '北京' }],
    };
    const story: Story = {
      record: 'recX1',
      chapters: [
        {
          ...{ run: 'r2', at, by: { kind: 'chat', openId: 'ou_anna' } },
          told: {
            ...{ kind: 'change', chunk: 'U001', status: 'failed', sentAt: at, sample },
            ...{ code: 1254001, message: 'WrongRequestBody' },
          },
        },
        { run: 'r1', at, by: undefined, told: { kind: 'quiet' } },
      ],
    };
    const asked: string[] = [];
    const { ask } = stage({
      story: async (name, key) => {
        asked.push(`${name} ${key}`);
        return story;
      },
    });
    const words = wordsOf(await ask('/sync why 订单 A001'));
    expect(asked).toEqual(['orders A001']);
    for (const part of [
      'failed',
      'U001',
      '城市: 上海 → 北京',
      'set back',
      '1254001',
      'recX1',
      'nothing to write',
    ])
      expect(words).toContain(part);
  });

  it('retries the newest run of a definition, and the only one when none is named', async () => {
    const { ask, answers, asked } = stage();
    expect(wordsOf(await ask('/sync retry orders'))).toContain('nothing to retry');
    const partial = endedWith('partial', {
      chunks: { total: 3, settled: 3, failed: [failedChunk({ id: 'C001' })] },
    });
    answers.latest = async (name) => (name === 'orders' ? [partial] : []);
    answers.act = async () => ({ kind: 'going', run: fakeRun() });
    await ask('/sync retry');
    await ask('/sync retry orders');
    expect(asked.map(({ op, run, v }) => [op, run, v])).toEqual([
      ['retry', partial.run, partial.version],
      ['retry', partial.run, partial.version],
    ]);
  });

  it('asks for a missing argument with a form, whose answer is the command', async () => {
    const { bot, ask, said } = stage();
    const card = await ask('/sync why');
    const [submit] = buttonsOf(card);
    expect(submit?.name).toBe('submit');
    const value = submit?.behaviors[0]?.value;
    const form = { name: 'orders', more: 'A001' };
    // The form counts on the very card that asked.
    expect(await bot.handle(press(value, { message: 'om_copy', form }))).toMatchObject({ type: 'warning' });
    expect(await bot.handle(press(value, { id: 'e2', message: 'om_1', form }))).toMatchObject({
      type: 'success',
    });
    await settle();
    await settle();
    expect(wordsOf(said.at(-1)?.card ?? {})).toContain('None of the latest runs wrote this key');
  });

  it('that is mistyped gets the nearest as buttons', async () => {
    const { ask } = stage();
    const offered = async (line: string) =>
      buttonsOf(await ask(line)).map(({ behaviors }) => behaviors[0]?.value);
    expect(await offered('/sync histroy orders')).toContainEqual({
      ...{ op: 'command', verb: 'history', run: 'orders', v: 0 },
    });
    expect(await offered('/stauts')).toEqual([{ op: 'command', verb: 'status', run: '', v: 0 }]);
    expect(await offered('/sync ordres')).toContainEqual({ op: 'sync', run: 'orders', v: 0 });
  });

  it('pauses, mutes, reminds and lists reminders', async () => {
    const { ask, parts } = stage({ definitions: fakeDefinitions([scheduled]) });
    expect(wordsOf(await ask('/sync pause orders'))).toContain('The schedule is paused.');
    expect((await parts.kept.holds.paused()).size).toBe(1);
    expect(wordsOf(await ask('/sync resume orders'))).toContain('continues');
    expect(wordsOf(await ask('/sync mute orders'))).toContain('Muted');
    expect(wordsOf(await ask('/sync remind orders “0 9 * * 1-5”'))).toContain('Reminder set');
    expect(wordsOf(await ask('/sync remind orders'))).toContain('1. 0 9 * * 1-5');
    expect(wordsOf(await ask('/sync remind orders off 1'))).toContain('Reminder 1 is off.');
    expect(wordsOf(await ask('/sync remind orders'))).toContain('No reminder here yet.');
    // A name with something behind it that is no time, and no sync is called so.
    for (const wrong of ['9:00', 'off -1', '"1 1 1 1'])
      expect(wordsOf(await ask(`/sync remind orders ${wrong}`))).toContain('is not a cron expression');
    expect(wordsOf(await ask('/sync remind nothing 9:00'))).toContain('No sync is called "nothing 9:00"');
  });

  it('is noted whatever was typed as a name', async () => {
    const { ask, audit } = stage();
    await ask(`/sync history \u0000${'很长'.repeat(200)}`);
    const [entry] = audit.entries;
    expect(entry?.definition).toMatch(/^(?:很长){30}$/u);
  });

  it('freezes everything for admins; then nobody starts anything, and is told who did it', async () => {
    const { ask, asked, audit } = stage();
    expect(wordsOf(await ask('/sync freeze'))).toContain('Only admins');
    expect(wordsOf(await ask('/sync freeze', { from: 'ou_boss' }))).toContain('Everything is frozen:');
    const refused = wordsOf(await ask('/sync orders'));
    expect(refused).toContain('frozen');
    expect(refused).toContain("<person id='ou_boss'");
    for (const look of ['/sync status', '/sync list'])
      expect(wordsOf(await ask(look))).toMatch(/Everything is frozen\*\* · <person id='ou_boss'/u);
    expect(asked).toEqual([]);
    await ask('/sync thaw', { from: 'ou_boss' });
    await ask('/sync orders');
    expect(asked).toHaveLength(1);
    expect(audit.entries.map(({ by, what, allowed }) => [by, what, allowed])).toEqual([
      ['ou_anna', 'freeze', false],
      ['ou_boss', 'freeze', true],
      ['ou_anna', 'sync', false],
      ['ou_anna', 'status', true],
      ['ou_anna', 'list', true],
      ['ou_boss', 'thaw', true],
      ['ou_anna', 'sync', true],
    ]);
  });

  it('is refused while the shell has frozen everything, with the admins to ask', async () => {
    const { ask, asked, parts } = stage();
    await freeze({ kind: 'cli', user: 'ada' }, parts);
    expect(wordsOf(await ask('/sync orders'))).toContain("<person id='ou_boss'");
    expect(wordsOf(await ask('/sync status'))).toContain('the command line (ada)');
    expect(asked).toEqual([]);
  });

  it.each(['/sync status', '/sync list'])('says so while the month has no calls left: %s', async (line) => {
    const { ask, clock, parts } = stage();
    await noteQuota(parts.kept.holds, clock.now());
    expect(wordsOf(await ask(line))).toContain(
      'API calls are used up; schedules are paused until 11-30 16:00',
    );
  });

  it('that writes nothing is carried out while everything is frozen', async () => {
    const { ask, asked } = stage({ definitions: fakeDefinitions([scheduled]) });
    await ask('/sync freeze', { from: 'ou_boss' });
    await ask('/sync orders --plan');
    expect(asked).toMatchObject([{ op: 'start', request: { planOnly: true } }]);
    expect(wordsOf(await ask('/sync pause orders'))).toContain('The schedule is paused.');
    expect(wordsOf(await ask('/sync init orders', { from: 'ou_boss' }))).toContain('frozen');
  });

  it.each([
    ['/sync list', 'list'],
    ['/sync status', 'status'],
    ['/help', 'help'],
    ['/sync history users', 'history'],
    ['/sync why users A1', 'why'],
    ['/sync why', 'why'],
    ['/sync retry', 'retry'],
    ['/sync retry users', 'retry'],
    ['/sync cancel', 'cancel'],
    ['/sync cancel users', 'cancel'],
    ['/sync users', 'sync'],
    ['/sync users --plan', 'plan'],
    ['/sync ordres', 'sync'],
    ['/sync bad', 'sync'],
    ['/sync verify users', 'verify'],
    ['/sync pause users', 'pause'],
    ['/sync mute users', 'mute'],
    ['/sync remind users', 'remind'],
    ['/sync freeze', 'freeze'],
  ])('in a group with outsiders does nothing and is noted: %s', async (line, what) => {
    const { ask, asked, audit, parts } = stage();
    await parts.kept.chats.saveOutsiders('oc_p2p', true, 0);
    const words = wordsOf(await ask(line, { from: 'ou_boss' }));
    expect(words).toContain('other companies');
    expect(words).not.toMatch(/orders|line 3/u);
    expect(asked).toEqual([]);
    expect(audit.entries).toMatchObject([{ by: 'ou_boss', via: 'text', what, allowed: false }]);
  });

  describe('in a group of which no event has told whether it has outsiders', () => {
    const group = { chat: 'oc_g', chatKind: 'group', mentioned: true } as const;
    const hours = 3_600_000;

    it.each([true, false])('asks Feishu once: %s', async (outside) => {
      const { ask, control } = stage();
      let asked = 0;
      control.about = () => {
        asked += 1;
        return { name: 'Sales', outside };
      };
      for (let n = 0; n < 3; n++)
        expect(wordsOf(await ask('/sync list', group)).includes('other companies')).toBe(outside);
      expect(asked).toBe(1);
    });

    it('asks again after some hours, and believes what it knew while Feishu cannot tell', async () => {
      const { ask, control, clock } = stage();
      await ask('/sync list', group);
      await clock.advance(7 * hours);
      control.about = () => {
        throw callError(null);
      };
      expect(wordsOf(await ask('/sync list', group))).not.toContain('other companies');
      control.about = () => ({ name: 'Sales', outside: true });
      expect(wordsOf(await ask('/sync list', group))).toContain('other companies');
      await clock.advance(70 * hours);
      control.about = () => ({ name: 'Sales', outside: false });
      expect(wordsOf(await ask('/sync list', group))).toContain('other companies');
    });

    it('does nothing and says which permission is missing where nobody can tell, but for a chat of two', async () => {
      const { ask, control, asked, log } = stage();
      control.about = () => {
        throw callError(99991672);
      };
      const words = wordsOf(await ask('/sync orders', group));
      expect(words).toContain('im:chat:readonly');
      expect(asked).toEqual([]);
      expect(log.lines).toContainEqual(
        expect.objectContaining({ level: 'warn', event: 'chat.outsiders-not-told' }),
      );
      await ask('/sync orders');
      expect(asked).toMatchObject([{ op: 'start' }]);
    });
  });

  it.each(['history', 'verify', 'pause', 'resume', 'mute', 'unmute', 'remind'])(
    'of the clock or to look is for those who may run the sync: %s',
    async (verb) => {
      const { ask, audit, parts } = stage();
      const words = wordsOf(await ask(`/sync ${verb} users`));
      expect(words).toContain('You may not run this sync.');
      expect(words).toContain("<person id='ou_bob'");
      const { holds, chats } = parts.kept;
      expect([(await holds.paused()).size, await holds.resumedAt('users')]).toEqual([0, 0]);
      expect(await chats.isMuted('users', 'oc_p2p')).toBe(false);
      expect(audit.entries).toMatchObject([{ what: verb, definition: 'users', allowed: false }]);
    },
  );

  it('whose card is pressed before Feishu has answered that it was sent counts all the same', async () => {
    const { bot, ask, asked, control, said, clock } = stage();
    control.delay = 1_000;
    const asking = ask('/sync ordrs');
    await settle();
    await settle();
    const value = { op: 'sync', run: 'orders', v: 0 };
    const pressed = bot.handle(press(value, { message: 'om_1' }));
    await clock.advance(1_500);
    expect(said[0]).toMatchObject({ kind: 'reply' });
    expect(await pressed).toMatchObject({ type: 'success' });
    expect(asked).toMatchObject([{ op: 'start' }]);
    await asking;
  });

  it('to verify joins the verification that goes on, and everybody gets the numbers and the keys', async () => {
    let began = 0;
    let end = (): void => undefined;
    const { ask, said, files, clock } = stage({
      verify: async (_, onKeys) => {
        began += 1;
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        const one = {
          finding: 'equal',
          key: 'A001',
          row: 1,
          fields: [],
          records: '',
          leftAlone: false,
        } as const;
        await onKeys([one]);
        const counts = { equal: 1, missing: 0, extra: 0, different: 0, doubled: 0, invalid: 0 };
        return { rows: 1, records: 1, counts, samples: {}, leftAlone: 0, known: null, notes: [] };
      },
    });
    for (const from of ['ou_anna', 'ou_bob', 'ou_anna']) await ask('/sync verify orders', { from });
    expect(began).toBe(1);
    end();
    await clock.advance(1_000);
    expect(files.map(({ to }) => to).sort()).toEqual(['ou_anna', 'ou_anna', 'ou_bob']);
    expect(files.every(({ text: words }) => words.includes('A001'))).toBe(true);
    expect(said.filter(({ kind }) => kind === 'patch')).toHaveLength(3);
    void ask('/sync verify orders');
    await clock.advance(0);
    expect(began).toBe(2);
    end();
  });

  it('creates a table for those only who approve', async () => {
    const { ask } = stage();
    expect(wordsOf(await ask('/sync init orders'))).toContain('may not');
    expect(wordsOf(await ask('/sync init orders', { from: 'ou_boss' }))).toContain('Created the table');
  });

  it('does as a button what it does as text, by the same rules', async () => {
    const { bot, said, parts, audit } = stage();
    await trust('om_list', parts);
    const value = { op: 'command', verb: 'history', run: 'users', v: 0 };
    await bot.handle(press(value, { message: 'om_list' }));
    await settle();
    await settle();
    expect(wordsOf(said.at(-1)?.card ?? {})).toContain('You may not run this sync.');
    expect(audit.entries).toMatchObject([{ via: 'button', what: 'history', allowed: false }]);
  });

  const twins = [
    definition({ name: 'orders', title: '订单', access: { run: ['ou_anna'] } }),
    definition({ name: 'orders-eu', title: '订单', access: { run: ['ou_bob'] } }),
  ];
  const running = (name: string, change = {}) => ({
    state: stateWith({ run: `r-${name}`, definition: name, title: '订单', ...change }),
    chat: 'oc_1',
  });

  it.each(['sync', 'cancel', 'verify', 'history', 'retry', 'pause', 'init'] as const)(
    'by a title that several syncs have means none of them, and asks which: %s',
    async (verb) => {
      const { ask, answers, asked } = stage({ definitions: fakeDefinitions(twins) });
      answers.open = async () => [running('orders'), running('orders-eu')];
      const card = await ask(verb === 'sync' ? '/sync 订单' : `/sync ${verb} 订单`);
      expect(asked).toEqual([]);
      expect(buttonsOf(card).map(({ behaviors }) => behaviors[0]?.value)).toEqual(
        twins.map(({ name }) => ({ op: 'command', verb, run: name, v: 0 })),
      );
    },
  );

  it('to cancel by a title that another sync has by now stops neither', async () => {
    const { ask, answers, asked } = stage({ definitions: fakeDefinitions([twins[0] ?? definition()]) });
    // It was renamed since its run began.
    answers.open = async () => [running('orders-eu')];
    expect(buttonsOf(await ask('/sync cancel 订单'))).toHaveLength(2);
    expect(asked).toEqual([]);
  });

  it('to cancel judges each run by its own definition', async () => {
    const { ask, answers, asked } = stage({ definitions: fakeDefinitions(twins) });
    const bobs = { acts: [{ op: 'start' as const, by: { kind: 'chat' as const, openId: 'ou_bob' }, at }] };
    answers.open = async () => [running('orders'), running('orders-eu', bobs)];
    answers.act = async () => ({ kind: 'asked', state: stateWith() });
    expect(wordsOf(await ask('/sync cancel orders-eu'))).toContain('You may not run this sync.');
    expect(asked).toEqual([]);
    await ask('/sync cancel orders');
    expect(asked).toMatchObject([{ op: 'cancel', run: 'r-orders' }]);
  });

  it('to cancel a plan that waits is for those who may discard it, and redraws its card', async () => {
    const waiting = everyState['waiting'] ?? stateWith();
    const { ask, answers, asked, said, clock, audit } = stage({
      journal: fakeJournal([recordOf(waiting)]),
    });
    answers.open = async () => [{ state: waiting, chat: 'oc_1' }];
    answers.act = async () => ({ kind: 'settled', state: { ...waiting, status: 'cancelled' } });
    // Who started it may stop it while it goes on, but not decide about what it would do.
    const starter = waiting.acts[0]?.by.openId ?? 'ou_anna';
    expect(wordsOf(await ask('/sync cancel orders', { from: starter }))).toContain('You may not apply');
    expect(asked).toEqual([]);
    expect(audit.entries).toMatchObject([{ what: 'cancel', allowed: false }]);
    await ask('/sync cancel orders', { from: 'ou_boss' });
    expect(asked).toMatchObject([{ op: 'cancel', run: waiting.run }]);
    await clock.advance(2_000);
    const [patch] = said.filter(({ kind }) => kind === 'patch');
    expect(wordsOf(patch?.card ?? {})).toContain('Cancelled');
  });

  it('is helped with by role', async () => {
    const { ask } = stage();
    expect(wordsOf(await ask('/help'))).not.toContain('freeze');
    expect(wordsOf(await ask('/help', { from: 'ou_boss' }))).toContain('/sync freeze|thaw');
  });
});

describe('a group', () => {
  const group = { chat: 'oc_g', chatKind: 'group', mentioned: true } as const;
  const ended = async (
    status: 'done' | 'partial' | 'waiting',
    before: 'done' | 'partial' | undefined,
    name = 'orders',
  ) => {
    const all = stage();
    const run = fakeRun();
    all.answers.start = async () => ({ kind: 'started', run });
    const earlier = before && { ...(everyState[before] ?? stateWith()), run: 'r0' };
    all.answers.latest = async () => (earlier ? [run.state(), earlier] : [run.state()]);
    await all.ask(`/sync ${name}`, group);
    run.end(status, everyState[status]);
    await all.clock.advance(5_000);
    return all.said.filter(({ kind }) => kind === 'send').map(({ to, card }) => [to, wordsOf(card)]);
  };

  it('hears of the first failure, of a recovery and of what somebody must decide, and of nothing else', async () => {
    expect(await ended('done', undefined)).toEqual([]);
    expect(await ended('done', 'done')).toEqual([]);
    expect(await ended('partial', 'done')).toEqual([
      ['oc_g', expect.stringContaining('<at id=ou_anna></at>')],
    ]);
    expect(await ended('partial', 'partial')).toEqual([]);
    expect(await ended('done', 'partial')).toEqual([['oc_g', expect.not.stringContaining('<at')]]);
    expect(await ended('waiting', undefined)).toEqual([
      ['oc_g', expect.stringContaining('<at id=ou_boss></at>')],
    ]);
  });

  it.each([
    ['of the first failure of a run that another process began there', group, 1],
    ['nothing of one that was begun outside of it', {}, 0],
  ])('hears %s', async (_, where, lines) => {
    const all = stage();
    const run = fakeRun();
    all.answers.start = async () => ({ kind: 'started', run });
    all.answers.latest = async () => [run.state()];
    await all.ask('/sync orders', where);
    const resumed = fakeRun();
    all.bot.show(resumed, { chat: 'oc_g', message: 'om_card' }, undefined);
    resumed.end('partial', everyState['partial']);
    await all.clock.advance(5_000);
    const told = all.said.filter(({ kind, to }) => kind === 'send' && to === 'oc_g');
    expect(told.map(({ card }) => wordsOf(card))).toEqual(
      Array.from({ length: lines }, () => expect.stringContaining('<at id=ou_anna></at>')),
    );
  });
});

describe('other doors', () => {
  const from = { tenant: 'tenant-1', from: 'ou_anna' } as const;

  it('an entry of the menu is the command that it stands for, answered to the person', async () => {
    const { bot, said, asked, audit } = stage();
    await bot.handle({ kind: 'menu', id: 'm1', key: 'status', ...from });
    await settle();
    await settle();
    expect([said[0]?.kind, said[0]?.to]).toEqual(['send', 'ou_anna']);
    await bot.handle({ kind: 'menu', id: 'm1', key: 'status', ...from });
    await bot.handle({ kind: 'menu', id: 'm2', key: 'sync:orders', ...from });
    await settle();
    await settle();
    expect(asked).toHaveLength(1);
    expect(said.map(({ to }) => to)).toEqual(['ou_anna', 'ou_anna']);
    expect(audit.entries).toMatchObject([
      { via: 'menu', what: 'status', allowed: true },
      { via: 'menu', what: 'sync', allowed: true },
    ]);
  });

  it('a group is welcomed, one with outsiders is not, and nothing is done there', async () => {
    const { bot, ask, said, asked } = stage();
    await bot.handle({ kind: 'added', id: 'a1', chat: 'oc_new', outside: false, ...from });
    await settle();
    await settle();
    expect(said.map(({ to }) => to)).toEqual(['oc_new']);
    expect(wordsOf(said[0]?.card ?? {})).toContain('@me /sync NAME');
    expect(wordsOf(said[0]?.card ?? {})).toMatch(/To be synced here:\n\/sync orders　订单\n\/sync users/u);
    await bot.handle({ kind: 'added', id: 'a2', chat: 'oc_outside', outside: true, ...from });
    await settle();
    await settle();
    expect(said).toHaveLength(1);
    const about = { chat: 'oc_outside', chatKind: 'group', mentioned: true } as const;
    expect(wordsOf(await ask('/sync orders', about))).toContain('other companies');
    expect(asked).toEqual([]);
  });

  it.each([
    ['without a mark', {}],
    ['that comes hours late', { outside: false, at: -7_200_000 }],
  ])('an event %s does not say that a group has no outsiders: Feishu does', async (_, mark) => {
    const { bot, said, control, parts } = stage();
    control.about = () => ({ name: 'Sales', outside: true });
    await bot.handle({ kind: 'added', id: 'a1', chat: 'oc_new', ...from, ...mark });
    for (let turn = 0; turn < 5; turn++) await settle();
    expect(said).toEqual([]);
    expect(await parts.kept.chats.outsiders('oc_new')).toMatchObject({ outside: true });
  });

  it('whoever opens the chat of two from another company is told nothing, and may press nothing', async () => {
    const { bot, said, control, asked } = stage();
    control.about = () => ({ name: '', outside: true });
    await bot.handle({ kind: 'opened', id: 'o1', chat: 'oc_p2p', ...from });
    for (let turn = 0; turn < 5; turn++) await settle();
    expect(said).toEqual([]);
    await bot.handle({ kind: 'menu', id: 'm1', key: 'sync:orders', ...from });
    for (let turn = 0; turn < 5; turn++) await settle();
    expect(wordsOf(said[0]?.card ?? {})).toContain('other companies');
    expect(asked).toEqual([]);
  });

  it('whoever opens the chat is welcomed once a day', async () => {
    const { bot, said, clock } = stage();
    const open = async (id: string) => {
      await bot.handle({ kind: 'opened', id, chat: 'oc_p2p', outside: false, ...from });
      await settle();
      await settle();
    };
    await open('o1');
    await clock.advance(86_399_000);
    await open('o2');
    expect(said).toHaveLength(1);
    // What this person may not run is not offered.
    expect(wordsOf(said[0]?.card ?? {})).not.toContain('users');
    await clock.advance(1_000);
    await open('o3');
    expect(said).toHaveLength(2);
  });
});

describe('a button of a notice', () => {
  const facts = { name: 'users', title: '用户', lastGood: null, waiting: null, settled: null };
  const note = {
    kind: 'remind',
    definition: 'users',
    chat: 'oc_group',
    plan: false,
    due: at,
    zone: 'UTC',
    facts,
  } as const;

  /** A stage on which a reminder of a sync stands that only Bob may run. */
  async function reminded() {
    const all = stage();
    const { kept } = all.parts;
    await kept.cards.saveNotice('om_r', note, at);
    let count = 0;
    const click = async (op: string, who: string) => {
      count += 1;
      const value = { op, run: 'users', v: 0, until: 'hour' };
      const toast = await all.bot.handle(press(value, { id: `c${count}`, message: 'om_r', from: who }));
      await settle();
      return toast?.content;
    };
    return { ...all, kept, click };
  }

  it.each(['sync', 'snooze', 'skip'])('is for those who may run the sync, and noted: %s', async (op) => {
    const { click, audit, asked, kept, said } = await reminded();
    expect(await click(op, 'ou_anna')).toContain('You may not run this sync. A message to you');
    expect(wordsOf(said.at(-1)?.card ?? {})).toMatch(/Ask: <person id='ou_bob'.*<person id='ou_boss'/);
    await click(op, 'ou_bob');
    expect(audit.entries).toMatchObject([
      { by: 'ou_anna', via: 'button', what: op, definition: 'users', allowed: false },
      { by: 'ou_bob', via: 'button', what: op, definition: 'users', allowed: true },
    ]);
    expect(asked).toHaveLength(op === 'sync' ? 1 : 0);
    expect(await kept.reminders.all()).toHaveLength(op === 'snooze' ? 1 : 0);
  });

  it('puts off while everything is frozen, and starts nothing', async () => {
    const { click, asked, kept } = await reminded();
    await kept.holds.freeze({ by: { kind: 'chat', openId: 'ou_boss' }, at });
    expect(await click('sync', 'ou_bob')).toContain('frozen');
    expect(await click('snooze', 'ou_bob')).toContain('You will be reminded');
    expect(asked).toEqual([]);
  });
});
