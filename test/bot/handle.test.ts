import { describe, expect, it } from 'vitest';
import { resumeRuns, trust } from '../../src/bot/post.ts';
import { freezeAll as freeze } from '../../src/bot/schedule/controls.ts';
import type { Acted, Started } from '../../src/run/runs/runs.ts';
import type { State } from '../../src/sync/state/state.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { buttonsOf, headerOf, wordsOf } from '../cards/read.ts';
import { endedWith, everyState, failedChunk, stateWith } from '../cards/states.ts';
import {
  brokenFile,
  callError,
  definition,
  fakeDefinitions,
  fakeJournal,
  fakeKept,
  fakeLog,
  fakeRun,
  fakeRuns,
  message,
  press,
  recordOf,
  settle,
} from './fakes.ts';
import { newStage } from './stage.ts';

const waiting = everyState['waiting'] ?? stateWith();
const partial = everyState['partial'] ?? stateWith();
const value = (op: string, v = 3) => ({ op, run: 'r8421', v });

describe('a message', () => {
  it('starts a run, whose card answers it', async () => {
    const { ask, asked, said, journal } = newStage();
    const card = await ask('/sync orders');
    expect(asked).toEqual([
      {
        op: 'start',
        request: {
          definition: definition(),
          by: { kind: 'chat', openId: 'ou_anna' },
          planOnly: false,
          queue: true,
        },
      },
    ]);
    expect(said.map((one) => [one.kind, one.to])).toEqual([['reply', 'om_command']]);
    expect(headerOf(card).text_tag_list[0]?.text.content).toBe('Queued');
    expect(journal.cards).toEqual([{ run: 'r8421', chat: 'oc_p2p', message: 'om_1' }]);
  });

  it('is answered before the run has begun', async () => {
    const { bot, answers, said } = newStage();
    answers.start = () => new Promise(() => undefined);
    await bot.handle(message('/sync orders'));
    expect(said).toEqual([]);
  });

  describe('whose run takes long to start', () => {
    const slow = () => {
      const all = newStage();
      let go: (started: Started | Error) => void = () => undefined;
      all.answers.start = () =>
        new Promise((resolve, reject) => {
          go = (started) => (started instanceof Error ? reject(started) : resolve(started));
        });
      const heard = async (started: Started | Error) => {
        await all.bot.handle(message('/sync orders'));
        await all.clock.advance(500);
        expect(all.said.map((one) => [one.kind, wordsOf(one.card)])).toEqual([
          ['reply', expect.stringContaining('opening the table')],
        ]);
        go(started);
        await all.clock.advance(2_000);
        return all.said.at(-1);
      };
      return { ...all, heard };
    };

    it('is answered all the same, and the run takes the card over', async () => {
      const { heard, journal } = slow();
      const run = fakeRun();
      expect(await heard({ kind: 'started', run })).toMatchObject({ kind: 'patch', to: 'om_1' });
      expect(journal.cards).toEqual([{ run: 'r8421', chat: 'oc_p2p', message: 'om_1' }]);
    });

    it('and is held by another process, shows that run in the card', async () => {
      const last = await slow().heard({ kind: 'busy', state: stateWith() });
      expect([last?.kind, wordsOf(last?.card ?? {})]).toEqual(['patch', expect.stringContaining('this one')]);
    });

    it('and fails, says so in the card', async () => {
      const last = await slow().heard(problem(brokenFile));
      expect([last?.kind, wordsOf(last?.card ?? {})]).toEqual(['patch', expect.stringContaining('line 3')]);
    });

    it('gets its card later when the answer cannot be sent', async () => {
      const { bot, control, answers, clock, said } = newStage();
      const run = fakeRun();
      answers.start = async () => {
        await clock.sleep(1_000);
        return { kind: 'started', run };
      };
      control.fail = (_, nth) => (nth === 1 ? callError(11232, { verdict: 'wait' }) : undefined);
      await bot.handle(message('/sync orders'));
      await clock.advance(1_000);
      expect(said.map((one) => one.kind)).toEqual(['reply', 'reply']);
    });
  });

  it('may ask for a plan, or name the title', async () => {
    const { ask, asked } = newStage({ admins: ['ou_anna'] });
    await ask('/sync orders --plan');
    await ask('/sync 用户 ①', { id: 'ev_2', message: 'om_2' });
    expect(asked.map(({ request }) => [request?.definition.name, request?.planOnly])).toEqual([
      ['orders', true],
      ['users', false],
    ]);
  });

  it.each([
    ['from a bot', message('/sync orders', { fromBot: true })],
    ['from itself', message('/sync orders', { from: 'ou_bot' })],
    ['of another tenant', message('/sync orders', { tenant: 'tenant-2' })],
    ['in a group that does not mention it', message('/sync orders', { chatKind: 'group' })],
  ])('%s has no effect', async (_, event) => {
    const { bot, asked, said } = newStage({ tenantKey: 'tenant-1' });
    await bot.handle(event);
    await settle();
    expect([asked, said]).toEqual([[], []]);
  });

  it('without a tenant does not make those with one strangers', async () => {
    const { ask, asked } = newStage();
    await ask('/sync list', { id: 'ev_0', message: 'om_0', tenant: '' });
    await ask('/sync orders');
    expect(asked).toHaveLength(1);
  });

  it('of another tenant than the first one seen has no effect', async () => {
    const { ask, asked } = newStage();
    await ask('/help');
    await ask('/sync orders', { id: 'ev_2', message: 'om_2', tenant: 'tenant-2' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['event ID', { message: 'om_2' }],
    ['message ID', { id: 'ev_2' }],
  ])('with a known %s has no effect', async (_, change) => {
    const { ask, asked } = newStage();
    await ask('/sync orders');
    await ask('/sync orders', change);
    expect(asked).toHaveLength(1);
  });

  it('counts when the store cannot tell whether it is new', async () => {
    const { ask, asked, log } = newStage({ seen: { first: () => Promise.reject(new Error('store')) } });
    await ask('/sync orders');
    expect(asked).toHaveLength(1);
    expect(log.lines.map((line) => line.event)).toEqual(['event.not-noted']);
  });

  it('is told after some seconds that the store is busy, and carried out when it is free', async () => {
    let free: (fresh: boolean) => void = () => undefined;
    const first = () => new Promise<boolean>((resolve) => (free = resolve));
    const stage = newStage({ seen: { first }, storeWaits: () => true });
    await stage.bot.handle(message('/sync orders'));
    await stage.clock.advance(9_999);
    expect(stage.said).toEqual([]);
    await stage.clock.advance(1);
    expect(wordsOf(stage.said.at(-1)?.card ?? {})).toContain('cannot use its store at the moment');
    expect(stage.asked).toEqual([]);
    free(true);
    await settle();
    expect(stage.asked).toHaveLength(1);
  });

  it('on a button gets its toast in time, whatever the store does', async () => {
    const stuck = { first: () => new Promise<boolean>(() => undefined) };
    const { bot, clock } = newStage({ seen: stuck, storeWaits: () => true });
    const toast = bot.handle(press(value('apply')));
    await clock.advance(2_000);
    expect(await toast).toMatchObject({
      type: 'warning',
      content: expect.stringContaining('store at the moment'),
    });
  });

  it('in a group counts when it mentions the bot', async () => {
    const { ask, asked } = newStage();
    await ask('/sync orders', { chatKind: 'group', mentioned: true });
    expect(asked).toHaveLength(1);
  });

  it.each([['hello'], ['/start'], [undefined]])('that is no command (%s) gets a hint', async (line) => {
    expect(headerOf(await newStage().ask(line)).title.content).toBe('I don’t know that command');
  });

  it('that asks for help gets it, with the own open_id', async () => {
    expect(wordsOf(await newStage().ask('/help'))).toContain('ou_anna');
  });

  it('that asks for the list gets it, with the last runs, and admins what is wrong in a file', async () => {
    const { ask, answers, log } = newStage({ admins: ['ou_boss'] });
    answers.latest = (name) =>
      name === 'orders' ? Promise.resolve([partial]) : Promise.reject(new Error('store'));
    const others = wordsOf(await ask('/sync', { id: 'ev_0', message: 'om_0' }));
    expect(others).toContain('bad\nThe definition of bad is broken');
    expect(others).not.toContain('line 3');
    const card = await ask('/sync', { from: 'ou_boss' });
    expect(wordsOf(card)).toContain('订单 · orders\nPartly done');
    expect(wordsOf(card)).toContain('bad\nline 3: bad indentation.');
    expect(buttonsOf(card)).toHaveLength(2);
    expect(log.lines.map((line) => line.event)).toEqual(['run.not-read', 'run.not-read']);
  });

  it('that asks for the list gets a button for each sync that its writer may run there', async () => {
    const { ask } = newStage();
    const buttons = async (from: string, n: number) =>
      buttonsOf(await ask('/sync list', { from, id: `ev_${n}`, message: `om_${n}` })).map(
        ({ behaviors }) => behaviors[0]?.value,
      );
    expect(await buttons('ou_anna', 1)).toEqual([{ op: 'sync', run: 'orders', v: 0 }]);
    expect(await buttons('ou_bob', 2)).toHaveLength(2);
  });

  it('with a typo gets the nearest names', async () => {
    const { ask, asked } = newStage();
    expect(buttonsOf(await ask('/sync ordrs')).map((one) => one.label)).toEqual(['orders']);
    expect(headerOf(await ask('/sync 订', { id: 'ev_2', message: 'om_2' })).title.content).toBe(
      'No such sync',
    );
    expect(asked).toEqual([]);
  });

  it('for a broken file gets its problems from an admin only', async () => {
    const card = await newStage({ admins: ['ou_anna'] }).ask('/sync bad');
    expect(wordsOf(card)).toContain('line 3: bad indentation.\n→ Mend the indentation.');
    const others = wordsOf(await newStage().ask('/sync bad'));
    expect(others).toContain('The definition of bad is broken');
    expect(others).not.toContain('line 3');
  });

  it('from somebody who may not is refused, and told whom to ask', async () => {
    const { ask, asked } = newStage();
    const card = await ask('/sync users');
    expect(wordsOf(card)).toContain(`You may not run this sync.\nAsk: <person id='ou_bob'`);
    expect(asked).toEqual([]);
  });

  it('while a run holds the table shows that run, live, without a second one', async () => {
    const { ask, answers, said, patches, journal, clock } = newStage();
    const running = fakeRun(stateWith({ phase: 'reading' }));
    answers.start = () => Promise.resolve({ kind: 'busy', state: running.state(), run: running });
    expect(wordsOf(await ask('/sync orders'))).toContain('already running: this one');
    running.end('done');
    await clock.advance(2_000);
    expect(said).toHaveLength(2);
    expect(headerOf(patches()[0]?.card ?? {}).template).toBe('green');
    expect(journal.cards).toEqual([]);
  });

  it('while another process holds the table shows its run as it was last stored', async () => {
    const { ask, answers } = newStage();
    answers.start = () => Promise.resolve({ kind: 'busy', state: stateWith({ phase: 'uploading' }) });
    expect(wordsOf(await ask('/sync orders'))).toContain('already running: this one');
  });

  it('whose run cannot start gets every problem, or where to look', async () => {
    const { ask, answers, log } = newStage();
    answers.start = () => Promise.reject(problem(brokenFile));
    expect(wordsOf(await ask('/sync orders'))).toContain('line 3');
    answers.start = () => Promise.reject(new Error('secret'));
    const card = await ask('/sync orders', { id: 'ev_2', message: 'om_2' });
    expect(wordsOf(card)).toContain('Something failed inside the bot');
    expect(wordsOf(card)).not.toContain('secret');
    expect(log.lines.map((line) => line.event)).toEqual(['run.not-started']);
  });

  it('that was withdrawn before its answer is answered in the chat', async () => {
    const { ask, control, said, log } = newStage();
    control.fail = ({ kind }) => (kind === 'reply' ? callError(230011) : undefined);
    await ask('/help');
    expect(said.map(({ kind, to }) => [kind, to])).toEqual([
      ['reply', 'om_command'],
      ['send', 'oc_p2p'],
    ]);
    expect(log.lines).toEqual([]);
  });

  it('that cannot be answered is logged and ends nothing', async () => {
    const { ask, control, log } = newStage();
    control.fail = () => callError(230002);
    await ask('/help');
    expect(log.lines.map((line) => line.event)).toEqual(['work.failed']);
  });
});

it('whatever an event holds, nothing is thrown', async () => {
  const { bot, log } = newStage();
  const odd = message(7 as unknown as string);
  expect(await bot.handle(odd)).toBeUndefined();
  expect(log.lines.map((line) => line.event)).toEqual(['event.failed']);
});

describe('a click', () => {
  const on = (state: State, change: Parameters<typeof newStage>[0] = {}) =>
    newStage(change, [recordOf(state)]);

  it('on retry goes on in the same run and the same card', async () => {
    const { bot, answers, asked, said, clock } = on(partial);
    const run = fakeRun(stateWith({ phase: 'uploading' }));
    answers.act = () => Promise.resolve<Acted>({ kind: 'going', run });
    expect(await bot.handle(press(value('retry')))).toEqual({
      type: 'success',
      content: 'Retrying 2 failed chunks.',
    });
    expect(asked).toEqual([{ op: 'retry', run: 'r8421', by: { kind: 'button', openId: 'ou_anna' }, v: 3 }]);
    await clock.advance(1_000);
    expect(said.map((one) => [one.kind, one.to])).toEqual([['patch', 'om_card']]);
  });

  it('is answered before the card is patched', async () => {
    const { bot, answers, patches, clock } = on(partial);
    answers.act = () => Promise.resolve<Acted>({ kind: 'going', run: fakeRun() });
    await bot.handle(press(value('retry')));
    await clock.advance(299);
    expect(patches()).toEqual([]);
    await clock.advance(1);
    expect(patches()).toHaveLength(1);
  });

  it('on apply carries the plan out, for those who may', async () => {
    const { bot, answers, asked } = on(waiting, { admins: ['ou_anna'] });
    answers.act = () => Promise.resolve<Acted>({ kind: 'going', run: fakeRun() });
    expect(await bot.handle(press(value('apply')))).toEqual({
      type: 'success',
      content: 'Checking that the plan is still valid, then applying it.',
    });
    expect(asked[0]).toMatchObject({ op: 'apply', v: 3 });
  });

  it.each(['apply', 'apply-no-deletes', 'discard'])('on %s is for those who may approve', async (op) => {
    const { bot, asked, said } = on(waiting, { admins: ['ou_boss'] });
    expect(await bot.handle(press(value(op), { from: 'ou_eve' }))).toMatchObject({
      type: 'warning',
      content: expect.stringContaining('whom to ask'),
    });
    expect(asked).toEqual([]);
    await settle();
    expect(said.map(({ kind, to }) => [kind, to])).toEqual([['send', 'ou_eve']]);
    expect(wordsOf(said[0]?.card ?? {})).toContain("Ask: <person id='ou_boss'");
  });

  it.each([
    [[], 'only the command line can: bitable-sync run orders --approve RUN'],
    [['ou_boss'], 'You may not apply this plan. A message to you alone says whom to ask.'],
  ])('on apply by somebody else writes nothing, with admins %j', async (admins, said) => {
    const { bot, asked } = on(waiting, { admins });
    const toast = await bot.handle(press(value('apply')));
    expect(toast).toMatchObject({ type: 'warning', content: expect.stringContaining(said) });
    expect(asked).toEqual([]);
  });

  it('on discard settles the run and redraws the card, also while everything is frozen', async () => {
    const kept = fakeKept();
    const { bot, answers, patches, clock } = on(waiting, { admins: ['ou_anna'], kept });
    await kept.holds.freeze({ by: { kind: 'chat', openId: 'ou_boss' }, at: 0 });
    answers.act = () => Promise.resolve<Acted>({ kind: 'settled', state: endedWith('cancelled') });
    expect(await bot.handle(press(value('discard')))).toMatchObject({ type: 'success' });
    await clock.advance(1_000);
    expect(headerOf(patches()[0]?.card ?? {}).template).toBe('grey');
  });

  it('in a thread tells the group of a new failure and of a recovery, as a command would', async () => {
    const { bot, ask, answers, said, clock } = on(partial);
    const inGroup = { chat: 'oc_g', chatKind: 'group', mentioned: true } as const;
    const sent = () => said.filter(({ kind }) => kind === 'send').map(({ to, card }) => [to, wordsOf(card)]);
    const first = fakeRun(stateWith());
    answers.start = () => Promise.resolve({ kind: 'started', run: first });
    await ask('/sync orders', inGroup);
    first.end('done', { ...partial, status: 'done' });
    await clock.advance(5_000);

    const mended = fakeRun({ ...partial, acts: [{ op: 'retry', by: { kind: 'chat' }, at: 1 }] });
    answers.act = () => Promise.resolve<Acted>({ kind: 'going', run: mended });
    await bot.handle(press(value('retry'), { id: '1', chat: 'oc_g' }));
    mended.end('done');
    await clock.advance(5_000);
    expect(sent()).toEqual([['oc_g', expect.stringContaining('Done')]]);

    const again = fakeRun(stateWith({ run: 'r2' }));
    answers.start = () => Promise.resolve({ kind: 'started', run: again });
    await bot.handle(press(value('rerun'), { id: '2', chat: 'oc_g' }));
    again.end('partial');
    await clock.advance(5_000);
    expect(sent()[1]).toEqual(['oc_g', expect.stringContaining('<at id=ou_anna></at>')]);
  });

  it('on sync of a list in a thread tells the group how it failed', async () => {
    const { bot, ask, answers, said, clock } = newStage();
    const inGroup = { chat: 'oc_g', chatKind: 'group', mentioned: true } as const;
    await ask('/sync list', inGroup);
    const run = fakeRun(stateWith());
    answers.start = () => Promise.resolve({ kind: 'started', run });
    const sync = { op: 'sync', run: 'orders', v: 0 };
    expect(await bot.handle(press(sync, { message: 'om_1', chat: 'oc_g' }))).toMatchObject({
      type: 'success',
    });
    run.end('partial');
    await clock.advance(5_000);
    const sent = said.filter(({ kind }) => kind === 'send');
    expect(sent.map(({ to }) => to)).toEqual(['oc_g']);
  });

  it('mentions in the group only those who may decide', async () => {
    const access = { approve: ['other', 'ou_anna', 'ou_bob'] };
    const definitions = fakeDefinitions([definition({ access })]);
    const { ask, answers, said, clock } = newStage({ definitions });
    const run = fakeRun(stateWith());
    answers.start = () => Promise.resolve({ kind: 'started', run });
    await ask('/sync orders', { chat: 'oc_g', chatKind: 'group', mentioned: true });
    run.end('waiting', waiting);
    await clock.advance(5_000);
    const words = wordsOf(said.find(({ kind }) => kind === 'send')?.card ?? {});
    expect(words).toContain('<at id=ou_bob></at>');
    expect(words).not.toContain('<at id=ou_anna></at>');
  });

  it('on a card that is just being put up says so', async () => {
    const { bot, answers, asked } = newStage({}, [{ ...recordOf(partial), card: null }]);
    answers.find = () => Promise.resolve(partial);
    expect(await bot.handle(press(value('retry')))).toEqual({
      type: 'warning',
      content: 'This card is not ready yet; press again in a moment.',
    });
    expect(asked).toEqual([]);
  });

  it('on rerun starts a new run with a card of its own', async () => {
    const { bot, asked, said } = on(partial);
    expect(await bot.handle(press(value('rerun')))).toMatchObject({ type: 'success' });
    await settle();
    const by = { kind: 'button', openId: 'ou_anna' };
    const plainly = { queue: true, planOnly: false, createFields: false };
    expect(asked).toEqual([{ op: 'start', request: { definition: definition(), by, ...plainly } }]);
    expect(said.map((one) => [one.kind, one.to])).toEqual([['reply', 'om_card']]);
  });

  it('on a plan that was only shown: applies it for whoever may run the sync, or makes a new one', async () => {
    const planned = { ...(everyState['planned'] ?? stateWith()), version: 3 };
    const { bot, answers, asked, parts } = on(planned);
    answers.act = () => Promise.resolve<Acted>({ kind: 'going', run: fakeRun() });
    expect(await bot.handle(press(value('apply'), { id: '1' }))).toMatchObject({ type: 'success' });
    expect(await bot.handle(press(value('rerun'), { id: '2' }))).toMatchObject({ type: 'success' });
    expect(asked).toMatchObject([
      { op: 'apply', v: 3 },
      { op: 'start', request: { planOnly: true } },
    ]);
    await freeze({ kind: 'cli' }, parts);
    expect(await bot.handle(press(value('apply'), { id: '3' }))).toMatchObject({ type: 'warning' });
    expect(await bot.handle(press(value('rerun'), { id: '4' }))).toMatchObject({ type: 'success' });
  });

  it('on apply of a plan that was only shown, and that a run would wait with, is for those who may approve', async () => {
    const planned = { ...(everyState['planned with a question'] ?? stateWith()), version: 3 };
    const { bot, asked } = on(planned, { admins: ['ou_boss'] });
    expect(await bot.handle(press(value('apply')))).toMatchObject({
      type: 'warning',
      content: expect.stringContaining('whom to ask'),
    });
    expect(asked).toEqual([]);
  });

  it('on a name of the list starts it, by the rules of the command', async () => {
    const { bot, asked, parts } = newStage();
    const sync = (run: string, id: string) =>
      bot.handle(press({ op: 'sync', run, v: 0 }, { id, message: 'om_list' }));
    // A forwarded copy is another message, which the bot has not sent.
    expect(await sync('orders', '0')).toMatchObject({ type: 'warning' });
    await trust('om_list', parts);
    expect(await sync('orders', '1')).toMatchObject({ type: 'success' });
    expect(await sync('users', '2')).toMatchObject({
      type: 'warning',
      content: 'You may not run this sync. A message to you alone says whom to ask.',
    });
    expect(await sync('bad', '3')).toEqual({
      type: 'error',
      content: expect.stringMatching(/^The definition of bad is broken[^3]*$/u),
    });
    expect(asked).toHaveLength(1);
  });

  it('on open only says so', async () => {
    const { bot, asked } = newStage();
    expect(await bot.handle(press(value('open')))).toMatchObject({ type: 'info' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['of an older version', value('retry', 2), {}],
    ['that does not fit the state', value('apply'), {}],
    ['for another run', { ...value('retry'), run: 'r9' }, {}],
    ['on a forwarded copy', value('retry'), { message: 'om_copy' }],
    ['that no button of ours sends', { op: 'drop', table: 'users' }, {}],
  ])('%s says so and writes nothing', async (_, sent, change) => {
    const { bot, asked } = on(partial);
    expect(await bot.handle(press(sent, change))).toMatchObject({ type: 'warning' });
    expect(asked).toEqual([]);
  });

  it('on an outdated card brings the card up to date, unless it is being kept fresh', async () => {
    for (const [state, patched] of [
      [waiting, 1],
      [stateWith({ version: 9 }), 0],
    ] as const) {
      const { bot, answers, patches, clock } = on(partial);
      answers.find = () => Promise.resolve({ ...state, version: 9 });
      expect(await bot.handle(press(value('retry')))).toMatchObject({ type: 'warning' });
      await clock.advance(1_000);
      expect(patches()).toHaveLength(patched);
    }
  });

  it.each<[Acted, string]>([
    [{ kind: 'stale', state: endedWith('done') }, 'This button is out of date; nothing was done.'],
    [{ kind: 'busy', state: stateWith() }, 'This table is being synced; wait for it to end.'],
    [{ kind: 'no-such-run' }, 'The records of this run are gone; run it again.'],
  ])('that comes too late says why: %j', async (acted, content) => {
    const { bot, answers } = on(partial);
    answers.act = () => Promise.resolve(acted);
    expect(await bot.handle(press(value('retry')))).toEqual({ type: 'warning', content });
  });

  it('on rerun while the table is held says so', async () => {
    const { bot, answers } = on(partial);
    answers.start = () => Promise.resolve({ kind: 'busy', state: stateWith() });
    expect(await bot.handle(press(value('rerun')))).toMatchObject({ type: 'warning' });
  });

  it('of a known event ID says so and does nothing more', async () => {
    const { bot, asked } = on(partial);
    await bot.handle(press(value('retry')));
    expect(await bot.handle(press(value('retry')))).toMatchObject({ type: 'info' });
    expect(asked).toHaveLength(1);
  });

  it('is answered within two seconds even when the work takes longer', async () => {
    const { bot, answers, clock, asked } = on(partial);
    answers.act = () => new Promise(() => undefined);
    const toast = bot.handle(press(value('retry')));
    await clock.advance(2_000);
    expect(await toast).toMatchObject({ type: 'info' });
    expect(asked).toHaveLength(1);
  });

  it('on a run whose definition is broken is left to the admins', async () => {
    const gone = { ...partial, definition: 'bad' };
    expect(await on(gone).bot.handle(press(value('retry')))).toMatchObject({
      type: 'warning',
      content: expect.stringContaining('only admins'),
    });
    const { bot, asked } = on(gone, { admins: ['ou_anna'] });
    await bot.handle(press(value('retry')));
    expect(asked).toHaveLength(1);
    const rerun = await bot.handle(press(value('rerun'), { id: 'ev_2' }));
    expect(rerun).toMatchObject({ type: 'error', content: expect.stringContaining('line 3') });
  });

  it('that fails inside says so and names the log, not the reason', async () => {
    const failing = { get: () => Promise.reject(new Error('secret')), list: () => Promise.resolve([]) };
    const { bot, log } = on(partial, { definitions: failing });
    const toast = await bot.handle(press(value('retry')));
    expect(toast).toMatchObject({ type: 'error' });
    expect(toast?.content).not.toContain('secret');
    expect(log.lines.map((line) => line.event)).toEqual(['click.failed']);
  });

  it('of another tenant has no answer and no effect', async () => {
    const { bot, asked } = on(partial, { tenantKey: 'tenant-1' });
    expect(await bot.handle(press(value('retry'), { tenant: 'tenant-2' }))).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('speaks Chinese too', async () => {
    const { bot } = on(partial, { locale: 'zh-CN' });
    expect(await bot.handle(press(value('retry', 1)))).toEqual({
      type: 'warning',
      content: '这个按钮已经过期，什么都没有做。',
    });
  });
});

describe('stopping', () => {
  it('gives last states time to be shown, and takes no more events', async () => {
    const { bot, answers, clock, patches, asked } = newStage();
    const run = fakeRun();
    answers.start = () => Promise.resolve({ kind: 'started', run });
    await bot.handle(message('/sync orders'));
    await settle();
    const stopped = bot.stop();
    run.end('interrupted');
    await clock.advance(1_000);
    await stopped;
    expect(headerOf(patches().at(-1)?.card ?? {}).template).toBe('grey');
    await bot.handle(message('/sync orders', { id: 'ev_2', message: 'om_2' }));
    expect(await bot.handle(press(value('retry')))).toMatchObject({ type: 'warning' });
    expect(asked).toHaveLength(1);
  });

  it('does not wait for ever for a run or a call that hangs', async () => {
    const { bot, answers, clock } = newStage();
    await bot.handle(message('/sync orders'));
    answers.start = () => new Promise(() => undefined);
    await bot.handle(message('/sync orders', { id: 'ev_2', message: 'om_2' }));
    await settle();
    const stopped = bot.stop();
    await clock.advance(6_000);
    await stopped;
    expect(clock.sleeping()).toBe(0);
  });
});

describe('after a restart', () => {
  it('runs that go on are shown on their cards again', async () => {
    const cards: unknown[] = [];
    const run = fakeRun();
    const [other, broken, lost] = ['r2', 'r3', 'r4'].map((id) =>
      fakeRun(stateWith({ run: id, definition: 'bad' })),
    );
    if (!other || !broken || !lost) throw new Error('three runs are needed');
    const log = fakeLog();
    const { runs, answers } = fakeRuns();
    answers.resume = () => Promise.resolve([run, other, broken, lost]);
    const known = [
      recordOf(run.state()),
      { ...recordOf(other.state()), card: null },
      recordOf(broken.state(), 'om_3'),
    ];
    const { findRun } = fakeJournal(known);
    const resumed = await resumeRuns({
      runs,
      journal: { findRun: (id) => (id === 'r4' ? Promise.reject(new Error('store')) : findRun(id)) },
      definitions: fakeDefinitions([definition({ access: { approve: ['ou_bob'] } })]),
      log,
      bot: { show: (one, card, saved) => cards.push([one.id, card.message, saved?.access]) },
    });
    expect(resumed).toHaveLength(4);
    expect(cards).toEqual([
      ['r8421', 'om_card', { approve: ['ou_bob'] }],
      ['r3', 'om_3', undefined],
    ]);
    expect(log.lines.map((line) => line.event)).toEqual(['card.not-resumed']);
  });

  it('the bot keeps the cards it is shown fresh', async () => {
    const { bot, patches } = newStage();
    const failed = [failedChunk()];
    bot.show(
      fakeRun(stateWith({ chunks: { total: 2, settled: 1, failed } })),
      { chat: 'oc_1', message: 'om_7' },
      undefined,
    );
    await settle();
    expect(patches().map((one) => one.to)).toEqual(['om_7']);
  });
});

describe('what reaches the bot long after it was done', () => {
  const hour = 3_600_000;

  it.each([
    '/sync orders',
    '/sync orders --plan',
    '/sync freeze',
    '/sync thaw',
    '/sync cancel orders',
    '/sync pause orders',
    '/sync retry orders',
    '/sync init orders',
    '/sync remind orders "0 9 * * 1-5"',
    '/sync why orders A001',
  ])('asks by a button that does what was written: %s', async (line) => {
    const { bot, ask, clock, said, asked, parts, audit } = newStage({ admins: ['ou_anna'] });
    const late = await ask(line, { at: clock.now() - hour });
    expect(wordsOf(late)).toContain('has only reached the bot now; nothing was done');
    const { holds, reminders } = parts.kept;
    expect([asked, await holds.frozen(), await reminders.all()]).toEqual([[], undefined, []]);
    const [button] = buttonsOf(late);
    const before = said.length;
    await bot.handle(
      press(button?.behaviors[0]?.value, { message: 'om_1', chat: 'oc_p2p', at: clock.now() }),
    );
    await settle();
    await settle();
    expect(said.length).toBeGreaterThan(before);
    const fresh = newStage({ admins: ['ou_anna'] });
    await fresh.ask(line, { at: fresh.clock.now() - 4 * 60_000 });
    expect(asked).toEqual(fresh.asked.map((one) => expect.objectContaining({ op: one.op })));
    const done = ({ entries }: typeof audit) => entries.map(({ what }) => what).at(-1);
    expect(done(audit)).toBe(done(fresh.audit));
  });

  it('a late freeze undoes no thaw', async () => {
    const { ask, clock, parts } = newStage({ admins: ['ou_anna'] });
    await ask('/sync freeze', { at: clock.now() });
    await ask('/sync thaw', { id: 'ev_2', message: 'om_2', at: clock.now() });
    await ask('/sync freeze', { id: 'ev_3', message: 'om_3', at: clock.now() - 6 * hour });
    expect(await parts.kept.holds.frozen()).toBeUndefined();
  });

  it('a press does nothing, and says so', async () => {
    const { bot, clock, asked } = newStage({}, [recordOf(partial)]);
    const toast = await bot.handle(press(value('retry'), { at: clock.now() - hour }));
    expect(toast).toMatchObject({ type: 'warning', content: expect.stringContaining('arrived too late') });
    expect(asked).toEqual([]);
  });

  it('is told by the clocks of Feishu, whatever this machine believes, and asked for before anything counts as late', async () => {
    const clock = { feishu: 0, known: 0 };
    for (const [known, real, at, late] of [
      [10 * hour, 0, 0, false],
      [0, 10 * hour, 10 * hour, false],
      [-10 * hour, 10 * hour, 5 * hour, false],
      [9 * hour, 9 * hour, 0, true],
    ] as const) {
      Object.assign(clock, { known, feishu: real });
      const { ask, asked } = newStage({ time: { now: () => clock.known, ask: async () => clock.feishu } });
      await ask('/sync orders', { at });
      expect(asked.length).toBe(late ? 0 : 1);
    }
  });
});
