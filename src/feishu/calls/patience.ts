import type { Chance, Clock } from '../../run/ports.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { backoff } from '../../sync/words/limits.ts';

/** How long a read or a message is tried again. */
export interface Limits {
  /** Milliseconds of waiting in all, for throttling and conflicts. */
  readonly waitFor: number;
  /** Calls in all, when passing faults answer them. */
  readonly tries: number;
}

/** Whole reads: as long as a person would wait. */
export const readLimits: Limits = { waitFor: 5 * 60_000, tries: 4 };
/** Cards: an old picture is worth little, the next one is on its way. */
export const chatLimits: Limits = { waitFor: 60_000, tries: 4 };

/** Carries a call out again while it is throttled or meets passing faults; rejects with the last failure. */
export type Patience = <T>(
  limits: Limits,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
) => Promise<T>;

const firstPause = 1000;
const longestPause = 30_000;

/** Pauses grow from 1 s, doubling up to 30 s, a quarter up or down by chance; a pause that Feishu asks for goes first. */
export function pauseFor(failure: Failure, before: number, random: number): number {
  const grown = backoff(before, firstPause, longestPause, 0.75 + random / 2);
  return Math.round(failure.retryAfter === undefined ? grown : failure.retryAfter + random * 500);
}

/** Makes a {@link Patience}. Only for calls that may be repeated as they are. */
export function patience(clock: Clock, chance: Pick<Chance, 'random'>): Patience {
  return async (limits, signal, call) => {
    const before = { wait: 0, round: 0 };
    let waited = 0;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const { failure } = error;
        const { verdict } = failure;
        if (verdict !== 'wait' && verdict !== 'round') throw error;
        const pause = pauseFor(failure, before[verdict], chance.random());
        before[verdict] += 1;
        if (verdict === 'round' && before.round >= limits.tries) throw error;
        if (waited + pause > limits.waitFor) throw error;
        waited += pause;
        await clock.sleep(pause, signal);
      }
    }
  };
}
