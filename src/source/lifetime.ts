import type { Clock } from '../run/ports.ts';

/** How long a read may live: the caller, the program's stop or a time limit end it from outside. */
export interface Lifetime {
  /** Aborted when something ended the read before it was over. */
  readonly signal: AbortSignal;
  /** What ended it: the error that the reader is to get. */
  reason(): Error;
  /** Starts a time limit; stops it with what it returns. */
  limit(ms: number, reason: () => Error): () => void;
  /** Rejects as soon as the read is ended, else answers what the work answers. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Ends it by hand. Without effect when it was ended before, or is over. */
  end(reason: Error): void;
  /** The read is over: nothing can end it any more. */
  over(): void;
}

/** Ties a read to the signals that can end it. @throws the reason of one that is aborted already */
export function openLifetime(signals: readonly AbortSignal[], clock: Clock): Lifetime {
  const ended = new AbortController();
  const over = new AbortController();

  function end(reason: Error): void {
    if (over.signal.aborted) return;
    over.abort();
    ended.abort(reason);
  }

  const before = signals.find((signal) => signal.aborted);
  if (before) throw reasonOf(before);
  for (const signal of signals)
    signal.addEventListener('abort', () => end(reasonOf(signal)), { signal: over.signal });
  const reason = (): Error => reasonOf(ended.signal);

  return {
    ...{ signal: ended.signal, reason, end, over: () => over.abort() },
    limit(ms, why) {
      const done = new AbortController();
      clock.sleep(ms, AbortSignal.any([over.signal, done.signal])).then(
        () => end(why()),
        () => {},
      );
      return () => done.abort();
    },
    async race(work) {
      // The work goes on unwatched once the read is ended: nobody may hear of its failure then.
      work.catch(() => {});
      if (ended.signal.aborted) throw reason();
      const done = new AbortController();
      const late = new Promise<never>((_, reject) => {
        ended.signal.addEventListener('abort', () => reject(reason()), { signal: done.signal });
      });
      try {
        return await Promise.race([work, late]);
      } finally {
        done.abort();
      }
    },
  };
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
