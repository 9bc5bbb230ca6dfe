import { leaseLife } from '../sync/words/limits.ts';
import { Fenced } from '../sync/words/problem.ts';
import type { Clock, Holder, Lease, Leases, Log } from './ports.ts';

/** How often a lease is renewed, and how often is looked whether another one is, in ms. */
const heartbeat = 5_000;
const lookEvery = 1_000;

/** Milliseconds since its last renewal for which a lease surely holds: the rest of its life is for a call to get away. */
const surely = leaseLife - 5_000;

/** A lease as who writes under it sees it. */
export interface Hold {
  readonly fence: number;
  /** From when on (monotonic, ms) nothing can have been sent under an earlier lease. */
  readonly since: number;
  /** Whether nobody can have taken the table since, judged by this process's own clocks at this very moment. */
  isSure(): boolean;
  /** Renews it. Rejects with `Fenced` when somebody has taken the table. */
  renew(): Promise<void>;
}

/** A lease that is kept alive. */
export interface Kept extends Hold {
  /** Ends the renewals and gives the table free. */
  release(): Promise<void>;
}

/** Whether the process behind a lease still lives, as far as can be told from here. */
export type IsAlive = (owner: string) => boolean | undefined;

/** Takes a table for a run, or tells which run holds it. */
export interface Keeper {
  /**
   * Answers at once when the holder is known to live. Takes over at once from a process that is gone, and from one
   * whose lease was not renewed for as long as it holds: where that cannot be told, it is watched for so long.
   * @param onLost called once when another instance has taken the table over
   * @param patience ends the watching: the holder holds it then
   */
  take(
    table: string,
    run: string,
    onLost: () => void,
    patience?: AbortSignal,
  ): Promise<Kept | { readonly heldBy: string }>;
  /** Whether nobody holds the table, or only a process that is gone. */
  isFree(table: string): Promise<boolean>;
}

/** Makes a keeper for one process. @param owner names this process in the store */
export function keeper(
  leases: Leases,
  owner: string,
  isAlive: IsAlive,
  parts: { readonly clock: Clock; readonly log: Log },
): Keeper {
  const { clock } = parts;
  /** Of each table the holder that was seen last, and since when it was not seen to renew. */
  const seen = new Map<string, { readonly mark: string; readonly since: number }>();

  /** Whether the holder was not seen to renew for as long as its lease holds. */
  function hasRunOut(table: string, { mark }: Holder): boolean {
    const now = clock.monotonic();
    const last = seen.get(table);
    if (last?.mark === mark) return now - last.since >= leaseLife;
    seen.set(table, { mark, since: now });
    return false;
  }

  return {
    async isFree(table) {
      const holder = await leases.holder(table);
      if (holder === undefined) return true;
      return (holder.owner !== owner && isAlive(holder.owner) === false) || hasRunOut(table, holder);
    },
    async take(table, run, onLost, patience) {
      let gone: string | undefined;
      let first: Holder | undefined;
      for (;;) {
        const asked = instant(clock);
        const claimed = await leases.claim(table, run, owner, gone);
        if (claimed.kind === 'claimed')
          return keep(leases, { ...claimed.lease, table, asked }, onLost, parts);
        const { by } = claimed;
        const alive = by.owner === owner ? true : isAlive(by.owner);
        first ??= by;
        gone = alive === false || hasRunOut(table, by) ? by.mark : undefined;
        if (gone !== undefined) continue;
        if (alive === true || by.mark !== first.mark || patience?.aborted) return { heldBy: by.run };
        await clock.sleep(lookEvery, patience).catch(() => undefined);
      }
    },
  };
}

/** A lease as it was given out, and when it was asked for. */
interface Lent extends Lease {
  readonly table: string;
  readonly asked: Instant;
}

/** Renews a lease until it is released or lost. */
function keep(
  leases: Leases,
  { table, fence, idle, asked }: Lent,
  onLost: () => void,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Kept {
  const over = new AbortController();
  let renewed = asked;
  let lost = false;
  const renew = async (): Promise<void> => {
    const now = instant(clock);
    if (await leases.renew(table, fence)) {
      renewed = now;
      return;
    }
    if (!lost) onLost();
    lost = true;
    throw new Fenced(table);
  };
  const beat = async (): Promise<void> => {
    for (;;) {
      try {
        await clock.sleep(heartbeat, over.signal);
        await renew();
      } catch (error) {
        // Released: the sleep was cut short. Or taken over: whoever writes has been told.
        if (over.signal.aborted || error instanceof Fenced) return;
        // A store that does not answer now may answer at the next beat; before each call the lease is looked at anyway.
        log.warn('lease.not-renewed', { table, error });
      }
    }
  };
  const beating = beat();
  return {
    fence,
    since: asked.monotonic - idle,
    isSure: () => passedSince(renewed, clock) < surely,
    renew,
    async release() {
      over.abort();
      await beating;
      await leases
        .release(table, fence)
        .catch((error: unknown) => log.warn('lease.not-released', { table, error }));
    },
  };
}

/** A moment by both clocks of the machine. */
type Instant = ReturnType<typeof instant>;
const instant = (clock: Clock) => ({ monotonic: clock.monotonic(), now: clock.now() });

/** Milliseconds that have passed. Where a machine that sleeps stops one of its clocks, the other one tells. */
const passedSince = (then: Instant, clock: Clock): number =>
  Math.max(clock.monotonic() - then.monotonic, clock.now() - then.now);
