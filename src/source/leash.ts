import type { Clock } from '../run/ports.ts';

/** Ends a read from outside: by the caller's signal, by the program's stop, or by a time limit. */
export interface Leash {
  readonly signal: AbortSignal;
  /** Why it was pulled: the error that the reader is to get. */
  reason(): Error;
  /** Starts a time limit. It ends with what it answers, or with the leash. */
  limit(ms: number, reason: () => Error): () => void;
  /** Rejects as soon as the leash is pulled, else answers what the work answers. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Pulls it by hand. Without effect when it was pulled or let go before. */
  pull(reason: Error): void;
  /** The read is over: nothing can pull any more. */
  letGo(): void;
}

/** Ties a read to the signals that can end it. @throws the reason of one that is aborted already */
export function openLeash(signals: readonly AbortSignal[], clock: Clock): Leash {
  const pulled = new AbortController();
  const over = new AbortController();

  function pull(reason: Error): void {
    if (over.signal.aborted) return;
    over.abort();
    pulled.abort(reason);
  }

  const before = signals.find((signal) => signal.aborted);
  if (before) throw reasonOf(before);
  for (const signal of signals) {
    signal.addEventListener('abort', () => pull(reasonOf(signal)), { signal: over.signal });
  }
  const reason = (): Error => reasonOf(pulled.signal);

  return {
    signal: pulled.signal,
    reason,
    limit(ms, why) {
      const done = new AbortController();
      clock.sleep(ms, AbortSignal.any([over.signal, done.signal])).then(
        () => pull(why()),
        () => {},
      );
      return () => done.abort();
    },
    async race(work) {
      // The work goes on unwatched after a pull: nobody may hear of its failure then.
      work.catch(() => {});
      if (pulled.signal.aborted) throw reason();
      const done = new AbortController();
      const end = new Promise<never>((_, reject) => {
        pulled.signal.addEventListener('abort', () => reject(reason()), { signal: done.signal });
      });
      try {
        return await Promise.race([work, end]);
      } finally {
        done.abort();
      }
    },
    pull,
    letGo: () => over.abort(),
  };
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
