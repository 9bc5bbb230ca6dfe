import { describe, expect, it } from 'vitest';
import { approvers, may } from '../../src/bot/access.ts';
import { lastPatchFrom, mostPatches, nextPatchAt } from '../../src/bot/card-updater.ts';
import { factsOf, pauseAfter, problemsOf, troubleOf } from '../../src/bot/failures.ts';
import { callError } from './fakes.ts';

describe('who may do what', () => {
  const anna = { openId: 'ou_anna', chat: 'oc_1' };
  const rule = (access: object) => ({ name: 'orders', access });

  it.each([
    ['run', {}, [], true],
    ['run', { chats: ['oc_1'] }, [], true],
    ['run', { chats: ['oc_2'] }, [], false],
    ['run', { run: ['everyone'], chats: ['oc_1'] }, [], true],
    ['run', { run: ['ou_bob'] }, [], false],
    ['run', { run: ['ou_anna'], chats: ['oc_2'] }, [], true],
    ['run', { run: ['ou_bob'] }, ['ou_anna'], true],
    ['approve', {}, [], false],
    ['approve', {}, ['ou_boss'], false],
    ['approve', {}, ['ou_anna'], true],
    ['approve', { approve: ['ou_anna'] }, [], true],
    ['approve', { approve: ['everyone'] }, [], true],
    ['approve', { approve: ['everyone'], chats: ['oc_1'] }, [], true],
    ['approve', { approve: ['everyone'], chats: ['oc_2'] }, [], false],
    ['approve', { approve: ['everyone', 'ou_anna'], chats: ['oc_2'] }, [], true],
    ['approve', { approve: ['everyone'], chats: ['oc_2'] }, ['ou_anna'], true],
    ['discard', { approve: ['everyone'], chats: ['oc_2'] }, [], false],
    ['approve', { approve: ['ou_bob'] }, [], false],
  ] as const)('%s with %j and admins %j: %s', (right, access, admins, allowed) => {
    expect(may(anna, right, rule(access), { admins }).allowed).toBe(allowed);
  });

  const asker = (openId: string, chat = 'oc_1', outside = false) => ({ openId, chat, outside });

  it.each([
    [
      'the starter may not approve',
      'ou_anna',
      'approve',
      { approve: ['other'] },
      { starter: 'ou_anna' },
      false,
    ],
    ['another runner may', 'ou_bob', 'approve', { approve: ['other'] }, { starter: 'ou_anna' }, true],
    ['no runner may not', 'ou_bob', 'approve', { approve: ['other'], run: ['ou_anna'] }, {}, false],
    [
      'named, but the starter',
      'ou_bob',
      'approve',
      { approve: ['ou_bob', 'other'] },
      { starter: 'ou_bob' },
      false,
    ],
    [
      'named, not the starter',
      'ou_bob',
      'approve',
      { approve: ['ou_bob', 'other'] },
      { starter: 'ou_anna' },
      true,
    ],
    ['not named', 'ou_eve', 'approve', { approve: ['ou_bob', 'other'] }, { starter: 'ou_anna' }, false],
    [
      'everyone but the starter',
      'ou_eve',
      'approve',
      { approve: ['everyone', 'other'] },
      { starter: 'ou_bob' },
      true,
    ],
    ['an admin who started it', 'ou_boss', 'approve', { approve: ['other'] }, { starter: 'ou_boss' }, false],
    ['an admin', 'ou_boss', 'approve', { approve: ['other'] }, { starter: 'ou_anna' }, true],
    ['frozen for people', 'ou_anna', 'run', {}, { frozenBy: 'ou_boss' }, false],
    ['frozen for admins', 'ou_boss', 'run', {}, { frozenBy: 'ou_boss' }, false],
    ['frozen plans', 'ou_boss', 'approve', {}, { frozenBy: 'ou_boss' }, false],
    ['looking while frozen', 'ou_anna', 'look', {}, { frozenBy: 'ou_boss' }, true],
    ['stopping while frozen', 'ou_anna', 'stop', {}, { frozenBy: 'ou_boss' }, true],
    ['stopping the own run', 'ou_anna', 'stop', { run: ['ou_bob'] }, { starter: 'ou_anna' }, true],
    ['stopping somebody else’s', 'ou_anna', 'stop', { run: ['ou_bob'] }, { starter: 'ou_bob' }, false],
    ['looking where one may not run', 'ou_anna', 'look', { chats: ['oc_9'] }, {}, false],
    ['discarding the own plan', 'ou_anna', 'discard', { approve: ['other'] }, { starter: 'ou_anna' }, false],
    ['discarding somebody else’s', 'ou_anna', 'discard', {}, { starter: 'ou_bob' }, false],
    ['discarding as an approver while frozen', 'ou_boss', 'discard', {}, { frozenBy: 'ou_boss' }, true],
    ['asking what there is', 'ou_eve', 'ask', { run: ['ou_bob'] }, { frozenBy: 'ou_boss' }, true],
    ['ruling', 'ou_anna', 'admin', {}, {}, false],
    ['ruling as an admin', 'ou_boss', 'admin', {}, {}, true],
  ] as const)('%s: %s, %s with %j and %j: %s', (_, who, right, access, around, allowed) => {
    expect(may(asker(who), right, rule(access), { admins: ['ou_boss'], ...around }).allowed).toBe(allowed);
  });

  it('names nobody to ask who started it and may not decide', () => {
    const rules = rule({ approve: ['ou_bob', 'other'] });
    const around = { starter: 'ou_bob' };
    expect(may(asker('ou_eve'), 'approve', rules, { admins: ['ou_boss'], ...around })).toMatchObject({
      ask: ['ou_boss'],
    });
    expect(may(asker('ou_eve'), 'approve', rules, { admins: ['ou_boss'] })).toMatchObject({
      ask: ['ou_bob', 'ou_boss'],
    });
  });

  it('allows nothing in chats with outsiders, and tells who froze it', () => {
    for (const right of ['run', 'look', 'stop', 'approve', 'admin'] as const)
      expect(may(asker('ou_boss', 'oc_1', true), right, rule({}), { admins: ['ou_boss'] })).toMatchObject({
        ask: [],
      });
    expect(may(anna, 'run', rule({}), { admins: [], frozenBy: 'ou_boss' })).toMatchObject({
      ask: ['ou_boss'],
    });
  });

  it('leaves all to the command line but what is frozen', () => {
    const shell = { openId: '', chat: '', shell: true };
    for (const right of ['run', 'look', 'stop', 'approve', 'discard', 'admin', 'ask'] as const)
      expect(may(shell, right, rule({ run: ['ou_bob'] }), { admins: [] })).toEqual({ allowed: true });
    for (const right of ['run', 'approve'] as const)
      expect(may(shell, right, undefined, { admins: [], frozenBy: 'ou_boss' })).toMatchObject({
        allowed: false,
      });
  });

  it('names whom to ask', () => {
    expect(
      may(anna, 'run', rule({ run: ['ou_bob', 'everyone'], chats: ['x'] }), { admins: ['ou_boss'] }),
    ).toMatchObject({
      ask: ['ou_bob', 'ou_boss'],
      refusal: { en: 'This sync may not be run in this chat.' },
    });
    expect(may(anna, 'approve', rule({ approve: ['ou_bob'] }), { admins: ['ou_boss'] })).toMatchObject({
      ask: ['ou_bob', 'ou_boss'],
    });
  });

  it('leaves approving to the command line when nobody is named', () => {
    expect(may(anna, 'approve', rule({}), { admins: [] })).toMatchObject({
      ask: [],
      refusal: { en: expect.stringContaining('bitable-sync run orders --approve') },
    });
    expect(may(anna, 'approve', undefined, { admins: [] })).toMatchObject({ allowed: false });
  });

  it('leaves a run whose definition cannot be read to the admins', () => {
    expect(may(anna, 'run', undefined, { admins: ['ou_boss'] })).toMatchObject({
      allowed: false,
      ask: ['ou_boss'],
    });
    expect(may(anna, 'run', undefined, { admins: ['ou_anna'] })).toEqual({ allowed: true });
  });

  it('lists approvers once each', () => {
    expect(approvers({ approve: ['a', 'b'] }, ['b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(approvers(undefined, [])).toEqual([]);
    expect(approvers({ approve: ['other'] }, ['c'])).toEqual(['runners', 'other', 'c']);
    expect(approvers({ approve: ['other', 'a'] }, ['c'])).toEqual(['other', 'a', 'c']);
  });
});

describe('the pace of patches', () => {
  it.each([
    ['a second in the beginning', 0, 0, 1_000],
    ['a second until 10 s', 9_999, 10, 1_000],
    ['3 s in the first minute', 10_000, 11, 3_000],
    ['10 s afterwards', 60_000, 27, 10_000],
    ['longer when many are used up', 200_000, 40, 30_000],
    ['much longer towards the end', 600_000, 50, 120_000],
    ['ten minutes for the last few', 1_500_000, 55, 600_000],
    ['for ever when only the last state is left', 3_000_000, 59, Number.POSITIVE_INFINITY],
  ])('waits %s', (_, age, patches, pause) => {
    expect(nextPatchAt(1_000, 1_000 + age, patches)).toBe(1_000 + age + pause);
  });

  it('still moves after an hour and never takes more than its share', () => {
    let [now, patches] = [0, 0];
    while (Number.isFinite(nextPatchAt(0, now, patches))) {
      const next = nextPatchAt(0, now, patches);
      expect(next - now).toBeGreaterThanOrEqual(1_000);
      [now, patches] = [next, patches + 1];
    }
    expect(patches + 1).toBe(mostPatches);
    expect(now).toBeGreaterThan(55 * 60_000);
    expect(lastPatchFrom(now)).toBe(now + 1_000);
  });
});

describe('trouble with showing', () => {
  it.each([
    [callError(230002), 'hopeless'],
    [callError(1, { verdict: 'stop' }), 'hopeless'],
    [callError(230011), 'message-gone'],
    [callError(230001, { verdict: 'values' }), 'message-gone'],
    [callError(230031, { verdict: 'stop' }), 'message-gone'],
    [callError(11232), 'later'],
    [callError(230020), 'later'],
    [callError(230099), 'later'],
    [callError(null), 'later'],
    [new TypeError('x'), 'later'],
  ])('%s means %s', (error, trouble) => {
    expect(troubleOf(error)).toBe(trouble);
  });

  it('waits longer each time, or as long as Feishu asks', () => {
    expect([1, 2, 3, 9].map((n) => pauseAfter(new Error('x'), n))).toEqual([1_000, 2_000, 4_000, 60_000]);
    expect(pauseAfter(callError(230020, { retryAfter: 5_000 }), 1)).toBe(5_000);
    expect(pauseAfter(callError(230020), 1)).toBe(1_000);
  });

  it('is logged by code, not by words', () => {
    expect(factsOf(callError(230020, { logId: 'L1' }))).toEqual({
      code: 230020,
      how: 'answered',
      logId: 'L1',
    });
    expect(factsOf(new TypeError('x'))).toEqual({ error: 'TypeError: x' });
    expect(factsOf('odd')).toEqual({ error: 'odd' });
  });

  it('becomes a problem that a person can read', () => {
    expect(problemsOf(callError(91403, { logId: 'L1' }))[0]).toMatchObject({
      message: { en: 'Feishu answered with the error 91403: refused' },
      logId: 'L1',
    });
    const cure = { zh: '等', en: 'wait' };
    expect(problemsOf(callError(null, { cure }))[0]).toMatchObject({
      message: { en: "Feishu's answer was not whole: refused" },
      cure,
    });
    expect(problemsOf(new Error('secret'))[0].message.en).not.toContain('secret');
  });
});
