import type { Config } from './config.ts';
import type { Clock, Log } from './run/ports.ts';
import type { OpenedStore } from './store/open.ts';

type Tidied = Pick<OpenedStore, 'journal' | 'seen' | 'orders' | 'audit' | 'schedules' | 'tend'>;

const day = 86_400_000;
const tidyEvery = 6 * 3_600_000;
/** How often the database is looked after, in ms: what was written meanwhile may stand beside its file. */
const tendEvery = 5_000;
/** What happened by the clock is known for longer than a year, in ms: some entries are due once in one. */
const longest = 800 * day;

/** How long IDs of events are kept, in ms: longer than a request could be sent again with a time that still counts. */
const seenFor = ({ app: { events } }: Config): number =>
  2 * day + (events.kind === 'webhook' ? 2000 * events.window : 0);

/** Deletes what is older than `KEEP_DAYS` or more than `KEEP_MB`, now and every few hours. */
export function keepTidy(
  config: Config,
  store: Tidied,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): { stop(): Promise<void> } {
  const over = new AbortController();
  const tidying = (async () => {
    while (!over.signal.aborted) {
      const before = clock.now() - config.keepDays * day;
      const pruning = async (): Promise<void> => {
        await store.journal.prune(before);
        await store.seen.prune(clock.now() - seenFor(config));
        await store.orders.prune(clock.now() - day);
        await store.audit.prune(before);
        await store.schedules.prune(clock.now() - longest);
        const runs = await store.journal.shrink(config.keepBytes);
        if (runs > 0) log.info('store.shrunk', { runs });
      };
      await pruning().catch((error: unknown) => log.warn('store.not-pruned', { error }));
      await clock.sleep(tidyEvery, over.signal).catch(() => undefined);
    }
  })();
  const tending = (async () => {
    while (!over.signal.aborted) {
      await store.tend();
      await clock.sleep(tendEvery, over.signal).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await Promise.all([tidying, tending]);
    },
  };
}
