import { type ScheduleState, scheduleStates } from './bot/schedule/entries.ts';
import { type Connection, type LocalConfig, storeUrl } from './config.ts';
import { folderDefinitions } from './definitions/folder.ts';
import type { Surroundings } from './process.ts';
import { type FoundTarget, findTarget } from './run/target.ts';
import { backUp, moveStore } from './store/db/copies.ts';
import { type OpenedStore, openStore } from './store/open.ts';
import { parseAddress } from './sync/definition/address.ts';
import type { Definition } from './sync/definition/definition.ts';

/** The saved syncs, without a Feishu app. */
export type SavedSyncs = ReturnType<typeof openDefinitions>;

/** Opens only the saved syncs: needs no Feishu app. */
export const openDefinitions = (config: LocalConfig, parts: Surroundings) => ({
  definitions: folderDefinitions(config.definitions),
  /** Where those write to that name a base only, by their names. */
  targetsOf: async (definitions: readonly Definition[]): Promise<ReadonlyMap<string, FoundTarget>> => {
    // The store is opened only for those that it has to say something about.
    const open = definitions.filter(({ target }) => parseAddress(target).kind === 'problem');
    const found = new Map<string, FoundTarget>();
    if (open.length === 0) return found;
    return withStore(config, parts, async ({ facts }) => {
      for (const one of open) found.set(one.name, await findTarget(one, facts));
      return found;
    });
  },
  /** When those run by themselves next that have a schedule, and whether it is paused; by their names. */
  outlooksOf: async (definitions: readonly Definition[]): Promise<ReadonlyMap<string, ScheduleState>> => {
    const timed = definitions.filter(({ schedule }) => schedule.length > 0);
    if (timed.length === 0) return new Map();
    const { timeZone } = config;
    return withStore(config, parts, ({ kept }) =>
      scheduleStates(timed, { kept, timeZone, clock: parts.clock }),
    );
  },
});

async function withStore<T>(
  { store: connection }: LocalConfig,
  parts: Surroundings,
  use: (store: OpenedStore) => Promise<T>,
): Promise<T> {
  const store = await openStore(storeUrl(connection), parts);
  try {
    return await use(store);
  } finally {
    await store.stop();
  }
}

/** What is done with the store as a whole; needs no Feishu app. */
export const storeCare = {
  /** Copies the SQLite store at a path into a new file; returns its bytes. Throws `ProblemError`. */
  backUp,
  /** Copies everything from one store into another, empty one; returns the rows. Rejects with `ProblemError`. */
  move: (from: Connection, to: Connection, parts: Parameters<typeof moveStore>[2]) =>
    moveStore(storeUrl(from), storeUrl(to), parts),
};
