import { hostname } from 'node:os';
import type { IsAlive } from './run/keeper.ts';

/**
 * Tells whether the process that an owner's name (`host pid id`) belongs to still lives; undefined when it runs on
 * another machine. A container that was started again has the same host and often the same pid: the id tells.
 */
export const isAlive =
  (own: string): IsAlive =>
  (owner) => {
    if (owner === own) return true;
    const [host, pid] = owner.split(' ');
    if (host !== hostname() || !pid || !/^\d+$/.test(pid)) return undefined;
    if (Number(pid) === process.pid) return false;
    try {
      process.kill(Number(pid), 0);
      return true;
    } catch (error) {
      // EPERM: it lives and belongs to somebody else.
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  };
