import { type ScheduleState, scheduleStates } from './bot/schedule/entries.ts';
import type { LocalConfig } from './config.ts';
import { folderDefinitions } from './definitions/folder.ts';
import type { Surroundings } from './process.ts';
import { type FoundTarget, findTarget } from './run/target.ts';
import { backUp, moveStore } from './store/db/copies.ts';
import { openStore } from './store/open.ts';
import { parseAddress } from './sync/definition/address.ts';
import type { Connection } from './sync/definition/databases.ts';
import type { Definition } from './sync/definition/definition.ts';

/** The saved syncs, without a Feishu app. */
export type SavedSyncs = ReturnType<typeof openDefinitions>;

/** Opens only the saved syncs: needs no Feishu app. */
export const openDefinitions = (config: LocalConfig, parts: Surroundings) => ({
  definitions: folderDefinitions(config.definitions),
  /** Where those write to that name a base only, and when those run next that have a schedule; both by their names. */
  aboutOf: async (definitions: readonly Definition[]) => {
    const open = definitions.filter(({ target }) => parseAddress(target).kind === 'problem');
    const timed = definitions.filter(({ schedule }) => schedule.length > 0);
    const targets = new Map<string, FoundTarget>();
    // The store is opened only where it has something to say.
    if (open.length + timed.length === 0) return { targets, clocks: new Map<string, ScheduleState>() };
    const { facts, kept, stop } = await openStore(config.store.url, parts);
    try {
      for (const one of open) targets.set(one.name, await findTarget(one, facts));
      const at = { kept, timeZone: config.timeZone, clock: parts.clock };
      return { targets, clocks: await scheduleStates(timed, at) };
    } finally {
      await stop();
    }
  },
});

/** What is done with the store as a whole; needs no Feishu app. */
export const storeCare = {
  /** Copies the SQLite store at a path into a new file; returns its bytes. Throws `ProblemError`. */
  backUp,
  /** Copies everything from one store into another, empty one; returns the rows. Rejects with `ProblemError`. */
  move: (from: Connection, to: Connection, parts: Parameters<typeof moveStore>[2]) =>
    moveStore(from.url, to.url, parts),
};
