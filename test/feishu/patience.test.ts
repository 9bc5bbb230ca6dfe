import { expect, it } from 'vitest';
import { patience, pauseFor, readLimits } from '../../src/feishu/calls/client.ts';
import { CallError, type Failure } from '../../src/sync/words/failure.ts';
import { failureFrom, quickClock } from './parts.ts';

const failure = (more: Partial<Failure>): Failure => ({
  how: 'answered',
  code: 1254290,
  message: 'TooManyRequest',
  verdict: 'wait',
  mayHaveHappened: false,
  ...more,
});

/** A call that fails so often, then succeeds. */
const failing = (times: number, more: Partial<Failure> = {}) => {
  let calls = 0;
  return {
    calls: () => calls,
    call: async () => {
      calls += 1;
      if (calls <= times) throw new CallError(failure(more));
      return 'done';
    },
  };
};

const patient = () => {
  const clock = quickClock();
  return { clock, patiently: patience(clock, { random: () => 0.5 }) };
};

it('waits longer each time, up to half a minute', async () => {
  const { clock, patiently } = patient();
  const one = failing(7);
  expect(await patiently(readLimits, undefined, one.call)).toBe('done');
  expect(clock.slept).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

it('waits as long as Feishu asks, and a little more by chance', () => {
  expect(pauseFor(failure({ retryAfter: 52_000 }), 0, 0)).toBe(52_000);
  expect(pauseFor(failure({ retryAfter: 52_000 }), 5, 0.9)).toBe(52_450);
});

it('spreads its pauses by a quarter each way', () => {
  expect([0, 0.5, 0.999].map((random) => pauseFor(failure({}), 2, random))).toEqual([3000, 4000, 4998]);
});

it('gives up when five minutes of waiting are used up', async () => {
  const { clock, patiently } = patient();
  const one = failing(Number.POSITIVE_INFINITY);
  expect(await failureFrom(patiently(readLimits, undefined, one.call))).toMatchObject({ code: 1254290 });
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(300_000);
  expect(one.calls()).toBeGreaterThan(10);
});

it('tries passing faults four times', async () => {
  const { patiently } = patient();
  const three = failing(3, { verdict: 'round', code: 1255001 });
  expect(await patiently(readLimits, undefined, three.call)).toBe('done');
  const more = failing(4, { verdict: 'round', code: 1255001 });
  expect(await failureFrom(patiently(readLimits, undefined, more.call))).toMatchObject({ code: 1255001 });
  expect(more.calls()).toBe(4);
});

it.each(['stop', 'values', 'gone', 'smaller', 'reread', 'settle', 'unknown'] as const)(
  'never repeats a call with the verdict %s',
  async (verdict) => {
    const { clock, patiently } = patient();
    const one = failing(1, { verdict });
    expect(await failureFrom(patiently(readLimits, undefined, one.call))).toMatchObject({ verdict });
    expect(clock.slept).toEqual([]);
  },
);

it('stops waiting with the signal', async () => {
  const { patiently } = patient();
  const giveUp = new AbortController();
  giveUp.abort(new Error('enough'));
  await expect(patiently(readLimits, giveUp.signal, failing(1).call)).rejects.toThrow('enough');
});
