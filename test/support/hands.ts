import type { Wake } from '../../src/bot/schedule/ticker.ts';
import { systemClock } from '../../src/process.ts';
import type { Clock } from '../../src/run/ports.ts';

/** A clock whose hands a test can move, and the beats that would come by themselves. */
export interface Hands {
  readonly clock: Clock;
  readonly wake: Wake;
  /** Sets the time; pauses under way are not cut short. */
  set(time: string): void;
  /** One beat of every program that is open. */
  beat(): void;
}

/** Time that begins at a moment of the test's choice and goes some times faster than the machine's. */
export function newHands(time: string, speed = 20): Hands {
  let [base, start] = [Date.parse(time), performance.now()];
  const ticks = new Set<() => void>();
  return {
    clock: {
      now: () => base + Math.round((performance.now() - start) * speed),
      monotonic: () => performance.now() * speed,
      sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
    },
    wake: (tick) => {
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    set(to) {
      [base, start] = [Date.parse(to), performance.now()];
    },
    beat() {
      for (const tick of ticks) tick();
    },
  };
}
