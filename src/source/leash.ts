import type { Clock } from '../run/ports.ts';

/** Ends a read from outside: by the caller's signal, by the program's stop, or by a time limit. */
export interface Leash {
  readonly signal: AbortSignal;
  /** Why it was pulled: the error that the reader is to get. */
  reason(): Error;
  /** @throws the reason when it was pulled */
  check(): void;
  /** Starts a time limit. It ends with what it answers, or with the leash. */
  limit(ms: number, reason: () => Error): () => void;
  /** Rejects as soon as the leash is pulled, else answers what the work answers. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Pulls it by hand. Without effect when it was pulled or let go before. */
  pull(reason: Error): void;
  /** The read is over: nothing can pull any more. */
  letGo(): void;
}

/** Ties a read to the signals that can end it. */
export function openLeash(signals: readonly AbortSignal[], clock: Clock): Leash {
  const pulled = new AbortController();
  const timers = new Set<AbortController>();
  let held = true;

  const listeners = signals.map((signal) => {
    const listener = (): void => pull(errorOf(signal));
    signal.addEventListener('abort', listener);
    return { signal, listener };
  });

  function letGo(): void {
    held = false;
    for (const timer of timers) timer.abort();
    for (const { signal, listener } of listeners) signal.removeEventListener('abort', listener);
  }

  function pull(reason: Error): void {
    if (!held) return;
    letGo();
    pulled.abort(reason);
  }

  const before = signals.find((signal) => signal.aborted);
  if (before) pull(errorOf(before));
  const reason = (): Error => errorOf(pulled.signal);

  function check(): void {
    if (pulled.signal.aborted) throw reason();
  }

  return {
    signal: pulled.signal,
    reason,
    check,
    limit(ms, why) {
      const timer = new AbortController();
      timers.add(timer);
      clock.sleep(ms, timer.signal).then(
        () => pull(why()),
        () => {},
      );
      return () => timer.abort();
    },
    async race(work) {
      // The work goes on unwatched after a pull: nobody may hear of its failure then.
      work.catch(() => {});
      check();
      let listener = (): void => {};
      const end = new Promise<never>((_, reject) => {
        listener = () => reject(reason());
        pulled.signal.addEventListener('abort', listener);
      });
      try {
        return await Promise.race([work, end]);
      } finally {
        pulled.signal.removeEventListener('abort', listener);
      }
    },
    pull,
    letGo,
  };
}

function errorOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
