import { expect, it } from 'vitest';
import { watch } from '../../src/store/db/open.ts';
import { parts } from './samples.ts';

it('whoever stops waits a moment for a locked database, however many statements are left', async () => {
  let slept = 0;
  const sleep = async (ms: number) => {
    slept += ms;
  };
  const options = { ...parts, clock: { ...parts.clock, sleep } };
  const { call, patience } = watch(
    { isLocked: () => true, lostRace: () => false, problem: () => undefined },
    options,
  );
  patience(2_000, 2_000);
  for (const one of ['settle', 'save', 'release', 'close']) {
    await expect(call(() => Promise.reject(new Error(one)))).rejects.toThrow(one);
  }
  expect(slept).toBeGreaterThan(1_000);
  expect(slept).toBeLessThan(2_500);
  patience(1_000);
  slept = 0;
  await expect(call(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
  expect(slept).toBeGreaterThan(500);
});
