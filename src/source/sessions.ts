import pLimit from 'p-limit';
import type { Source } from '../run/ports.ts';

/** Sessions that one connection may have at once: many syncs that begin at nine must not take a server's last ones. */
const sessions = 8;

/**
 * Lets a source have some sessions at once, in the order of asking; whoever asks for more waits, and is let go when
 * their signal is aborted. A session counts until all rows are drained or returned.
 */
export function withFewSessions(source: Source): Source {
  const limit = pLimit(sessions);

  /** Waits for a session, and works as long as it is held. */
  function turn<T>(signal: AbortSignal, work: (over: () => void) => Promise<T>, keeps = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const held = () =>
        new Promise<void>((over) => {
          signal.removeEventListener('abort', leave);
          if (signal.aborted) return over();
          const working = work(over);
          working.then(resolve, reject);
          working.then(
            () => !keeps && over(),
            () => over(),
          );
        });
      void limit(held);
    });
  }

  return {
    columns: (query, signal) => turn(signal, () => source.columns(query, signal)),
    describe: (query, signal) => turn(signal, () => source.describe(query, signal)),
    check: (query, signal) => turn(signal, () => source.check(query, signal)),
    rows: (query, signal) =>
      turn(
        signal,
        async (over) => {
          const rows = await source.rows(query, signal);
          return { ...rows, batches: untilDrained(rows.batches, over) };
        },
        true,
      ),
    stop: () => source.stop(),
  };
}

/** The same batches; says when the last one was taken, or nobody wants another. */
function untilDrained<T>(batches: AsyncIterable<T>, over: () => void): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = batches[Symbol.asyncIterator]();
      const seen = async (step: Promise<IteratorResult<T>>): Promise<IteratorResult<T>> => {
        try {
          const result = await step;
          if (result.done) over();
          return result;
        } catch (error) {
          over();
          throw error;
        }
      };
      return {
        next: () => seen(iterator.next()),
        return: () => seen(iterator.return?.() ?? Promise.resolve({ done: true, value: undefined })),
      };
    },
  };
}
