import { setImmediate as nextTurn } from 'node:timers/promises';
import { pieces } from '../sync/pieces.ts';

/**
 * Makes what is asked before each row or record: answers a promise when others are to get their turn first, so that
 * clicks and heartbeats never wait for a whole table.
 */
export function turns(): () => Promise<void> | undefined {
  const size = pieces();
  let left = size();
  return () => {
    if (left-- > 0) return undefined;
    left = size() - 1;
    return nextTurn();
  };
}
