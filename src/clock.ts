import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './run/ports.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      // Timers reject with an error of their own; whoever aborted said why.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
