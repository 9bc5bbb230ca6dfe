import { setImmediate as nextTurn } from 'node:timers/promises';
import { rowsPerTurn } from '../../sync/words/limits.ts';

/** Yields the items in groups; the event loop has a turn after each, so that clicks never wait for a whole table. */
export async function* inTurns<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += rowsPerTurn) {
    yield items.slice(at, at + rowsPerTurn);
    await nextTurn();
  }
}
