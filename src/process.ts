import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { IsAlive } from './run/keeper.ts';

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
