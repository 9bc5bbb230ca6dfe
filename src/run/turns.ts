import { setImmediate as nextTurn } from 'node:timers/promises';

/** Rows or records that are worked on in one go: a few milliseconds. */
export const perTurn = 200;

/** Yields the items in groups; the event loop has a turn after each, so that clicks never wait for a whole table. */
export async function* inTurns<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += perTurn) {
    yield items.slice(at, at + perTurn);
    await nextTurn();
  }
}
