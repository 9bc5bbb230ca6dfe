import type { Log } from '../run/ports.ts';
import { factsOf } from './trouble.ts';

/** Work that goes on after an event was answered. Errors are logged and end nothing. */
export interface Background {
  start(what: string, work: () => Promise<void>): void;
  /** Resolves when everything that is going on has ended. */
  settled(): Promise<void>;
}

export function createBackground(log: Log): Background {
  const going = new Set<Promise<void>>();
  return {
    start(what, work) {
      const task = work()
        .catch((error: unknown) => log.error('work.failed', { what, ...factsOf(error) }))
        .finally(() => going.delete(task));
      going.add(task);
    },
    async settled() {
      while (going.size > 0) await Promise.all(going);
    },
  };
}
