import { outlooks } from './bot/schedule/outlook.ts';
import type { OpenDefinitions, StoreCare, Surroundings } from './cli/program.ts';
import { type LocalConfig, storeUrl } from './config.ts';
import { folderDefinitions } from './definitions/folder.ts';
import { type FoundTarget, findTarget } from './run/target.ts';
import { backUp } from './store/db/backup.ts';
import { moveStore } from './store/db/move.ts';
import { type OpenedStore, openStore } from './store/open.ts';
import { parseAddress } from './sync/address.ts';

/** Opens only the saved syncs: needs no Feishu app. */
export const openDefinitions: OpenDefinitions = (config, parts) => ({
  definitions: folderDefinitions(config.definitions),
  targetsOf: async (definitions) => {
    // The store is opened only for those that it has to say something about.
    const open = definitions.filter(({ target }) => parseAddress(target).kind === 'problem');
    const found = new Map<string, FoundTarget>();
    if (open.length === 0) return found;
    return withStore(config, parts, async ({ facts }) => {
      for (const one of open) found.set(one.name, await findTarget(one, facts));
      return found;
    });
  },
  outlooksOf: async (definitions) => {
    const timed = definitions.filter(({ schedule }) => schedule.length > 0);
    if (timed.length === 0) return new Map();
    const { timeZone } = config;
    return withStore(config, parts, ({ schedules }) =>
      outlooks(timed, { schedules, timeZone, now: parts.clock.now() }),
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

/** What is done with the store as a whole. */
export const storeCare: StoreCare = {
  backUp,
  move: (from, to, parts) => moveStore(storeUrl(from), storeUrl(to), parts),
};
