import type { Clock, Leases, Log } from './ports.ts';

/** How long a lease holds without renewal, and how often it is renewed, in ms. */
export const leaseLife = 15_000;
const heartbeat = 5_000;

/** A lease that is kept alive. */
export interface Kept {
  readonly fence: number;
  /** Ends the renewals and gives the table free. */
  release(): Promise<void>;
}

/** Whether the process behind a lease still lives, as far as can be told from here. */
export type IsAlive = (owner: string) => boolean | undefined;

/** Takes a table for a run, or tells which run holds it. */
export interface Keeper {
  /**
   * Answers at once when the holder is known to live; waits for the lease to run out when that cannot be told,
   * and takes over at once from a process that is gone.
   * @param onLost called once when another instance has taken the table over
   */
  take(table: string, run: string, onLost: () => void): Promise<Kept | { readonly heldBy: string }>;
  /** Whether nobody holds the table, or only a process that is gone. */
  isFree(table: string): Promise<boolean>;
}

/** Makes a keeper for one process. @param owner names this process in the store */
export function keeper(leases: Leases, owner: string, isAlive: IsAlive, clock: Clock, log: Log): Keeper {
  function keep(table: string, fence: number, onLost: () => void): Kept {
    const over = new AbortController();
    const beat = async (): Promise<void> => {
      try {
        for (;;) {
          await clock.sleep(heartbeat, over.signal);
          if (await stillOurs(table, fence)) continue;
          onLost();
          return;
        }
      } catch {
        // Released: the sleep was cut short.
      }
    };
    const beating = beat();
    return {
      fence,
      async release() {
        over.abort();
        await beating;
        await leases
          .release(table, fence)
          .catch((error: unknown) => log.warn('lease.not-released', { table, error }));
      },
    };
  }

  async function stillOurs(table: string, fence: number): Promise<boolean> {
    try {
      return await leases.renew(table, fence, clock.now() + leaseLife);
    } catch (error) {
      // A store that does not answer now may answer at the next beat; each write checks the fence anyway.
      log.warn('lease.not-renewed', { table, error });
      return true;
    }
  }

  return {
    async isFree(table) {
      const holder = await leases.holder(table, clock.now());
      return holder === undefined || (holder.owner !== owner && isAlive(holder.owner) === false);
    },
    async take(table, run, onLost) {
      let seenUntil: number | undefined;
      for (;;) {
        const now = clock.now();
        const claimed = await leases.claim(table, run, owner, now, now + leaseLife);
        if (claimed.kind === 'claimed') return keep(table, claimed.lease.fence, onLost);
        const { by } = claimed;
        const alive = by.owner === owner ? true : isAlive(by.owner);
        const renewed = seenUntil !== undefined && by.until > seenUntil;
        if (alive === true || renewed) return { heldBy: by.run };
        if (alive === false) {
          const later = by.until + 1;
          const taken = await leases.claim(table, run, owner, later, clock.now() + leaseLife);
          if (taken.kind === 'claimed') return keep(table, taken.lease.fence, onLost);
        }
        seenUntil ??= by.until;
        await clock.sleep(Math.min(1000, Math.max(50, by.until - clock.now())));
      }
    },
  };
}
