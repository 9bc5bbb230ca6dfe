const smallest = 16;
const largest = 256;

/**
 * Tells how many rows or records are gone through before whatever else waits gets its turn: some milliseconds' work.
 * Few at first, because what a program does for the first time takes it many times longer.
 */
export function pieces(): () => number {
  let next = smallest;
  return () => {
    const size = next;
    next = Math.min(largest, next * 2);
    return size;
  };
}
