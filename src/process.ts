import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Wake } from './bot/schedule/ticker.ts';
import type { IsAlive } from './run/keeper.ts';
import type { CallMeter, Chance, Clock, Log } from './run/ports.ts';
import type { Hide } from './sync/words/web-address.ts';

/** What the program takes from outside. */
export interface Surroundings {
  readonly log: Log;
  /** The program's version. */
  readonly version?: string;
  readonly clock: Clock;
  /** Takes secrets out of what is shown; only the logins of addresses when not given. */
  readonly hide?: Hide;
  /** What other instances know this one by; its process when not given. */
  readonly instance?: Instance;
  /** Wakes what happens by the clock; once a second when not given. */
  readonly wake?: Wake;
  /** Aborted when the program is about to stop. */
  readonly stopping?: AbortSignal;
}

/** One of several that share a store. */
export interface Instance {
  /** Its name in the store, like no other's. */
  readonly owner: string;
  readonly isAlive: IsAlive;
}

/** This process among those that share a store. */
export function thisProcess(): Instance {
  const owner = ownerName(placeOf(), process.pid, randomUUID());
  return { owner, isAlive: isAlive(owner) };
}

/** Takes over how a part is closed; returns the part. */
export type Own = <T>(part: T, close: (part: T) => Promise<void> | void) => T;

/** Closes what was opened, the last one first. */
export function ownership(): { readonly own: Own; close(): Promise<void> } {
  const closing: (() => Promise<void> | void)[] = [];
  return {
    own: (part, close) => {
      closing.push(() => close(part));
      return part;
    },
    close: async () => {
      for (let close = closing.pop(); close; close = closing.pop()) await close();
    },
  };
}

/** Calls that belong to no run. */
export const uncounted: CallMeter = { count: () => undefined };

/** The machine's own chance. */
export const chance: Chance = {
  uuid: () => randomUUID(),
  run: () => randomBytes(5).toString('hex'),
  random: () => Math.random(),
};

/** A process as the store knows it: `place pid id`. */
export const ownerName = (place: string | undefined, pid: number, id: string): string =>
  `${place ?? unknownPlace} ${pid} ${id}`;

const unknownPlace = '-';

/**
 * Names the set of processes that this one can see: two with the same name have the same process numbers. A host name
 * does not do for that, because containers may share one and each begin at process 1; the kernel's boot and its
 * namespace of process numbers do. Undefined when the machine does not tell.
 */
export function placeOf(
  platform: NodeJS.Platform = process.platform,
  read: (path: string) => string = (path) =>
    path.includes('/ns/') ? readlinkSync(path) : readFileSync(path, 'utf8'),
): string | undefined {
  // Elsewhere a program and its likes do not run in containers that share a host name.
  if (platform !== 'linux') return hostname().replace(/\s/g, '_');
  try {
    const boot = read('/proc/sys/kernel/random/boot_id').trim();
    const namespace = read('/proc/self/ns/pid').replace(/\D/g, '');
    return boot !== '' && namespace !== '' ? `${boot}/${namespace}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Tells whether the process behind an {@link ownerName} still lives; undefined when that cannot be seen from here: on
 * another machine or in another container, whatever these are called. Its lease tells then.
 */
export const isAlive =
  (own: string): IsAlive =>
  (owner) => {
    if (owner === own) return true;
    const [here, ownPid] = own.split(' ');
    const [place, pid] = owner.split(' ');
    if (place !== here || place === unknownPlace || !pid || !/^\d+$/.test(pid)) return undefined;
    // Whoever had our number before is gone, but another program in this very process is not: its lease tells.
    if (pid === ownPid) return undefined;
    try {
      process.kill(Number(pid), 0);
      return true;
    } catch (error) {
      // EPERM: it lives and belongs to somebody else.
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  };

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      // Timers reject with an error of their own; whoever aborted said why.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
