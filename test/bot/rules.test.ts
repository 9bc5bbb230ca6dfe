import { describe, expect, it } from 'vitest';
import { approvers, may } from '../../src/bot/access.ts';
import { problemsOf } from '../../src/bot/known.ts';
import { lastPatchFrom, mostPatches, nextPatchAt } from '../../src/bot/pace.ts';
import { factsOf, pauseAfter, troubleOf } from '../../src/bot/trouble.ts';
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
    ['approve', { approve: ['ou_bob'] }, [], false],
  ] as const)('%s with %j and admins %j: %s', (right, access, admins, allowed) => {
    expect(may(anna, right, rule(access), admins).allowed).toBe(allowed);
  });

  it('names whom to ask', () => {
    expect(may(anna, 'run', rule({ run: ['ou_bob', 'everyone'], chats: ['x'] }), ['ou_boss'])).toMatchObject({
      ask: ['ou_bob', 'ou_boss'],
      refusal: { en: 'This sync may not be run in this chat.' },
    });
    expect(may(anna, 'approve', rule({ approve: ['ou_bob'] }), ['ou_boss'])).toMatchObject({
      ask: ['ou_bob', 'ou_boss'],
    });
  });

  it('leaves approving to the command line when nobody is named', () => {
    expect(may(anna, 'approve', rule({}), [])).toMatchObject({
      ask: [],
      refusal: { en: expect.stringContaining('bitable-sync run orders --approve') },
    });
    expect(may(anna, 'approve', undefined, [])).toMatchObject({ allowed: false });
  });

  it('leaves a run whose definition cannot be read to the admins', () => {
    expect(may(anna, 'run', undefined, ['ou_boss'])).toMatchObject({ allowed: false, ask: ['ou_boss'] });
    expect(may(anna, 'run', undefined, ['ou_anna'])).toEqual({ allowed: true });
  });

  it('lists approvers once each', () => {
    expect(approvers({ approve: ['a', 'b'] }, ['b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(approvers(undefined, [])).toEqual([]);
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
      message: { en: 'Feishu did not take the call: 91403 refused' },
      logId: 'L1',
    });
    const cure = { zh: '等', en: 'wait' };
    expect(problemsOf(callError(null, { cure }))[0]).toMatchObject({
      message: { en: 'Feishu did not take the call: refused' },
      cure,
    });
    expect(problemsOf(new Error('secret'))[0].message.en).not.toContain('secret');
  });
});
