/** Patches that one showing of a run may take; free tenants have 10,000 calls a month. */
export const mostPatches = 60;

const second = 1000;
const minute = 60 * second;

/** Milliseconds between two patches by the showing's age, and by how many patches are used up already. */
const byAge: readonly (readonly [below: number, pause: number])[] = [
  [10 * second, second],
  [minute, 3 * second],
  [Number.POSITIVE_INFINITY, 10 * second],
];
const byCount: readonly (readonly [below: number, pause: number])[] = [
  [40, 0],
  [50, 30 * second],
  [55, 2 * minute],
  [mostPatches - 1, 10 * minute],
  // The last one is kept for the last state.
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
];

const pauseFor = (table: readonly (readonly [number, number])[], value: number): number =>
  table.find(([below]) => value < below)?.[1] ?? 0;

/**
 * When the next patch may go out: one a second in the first 10 s, every 3 s in the first minute, then every
 * 10 s, and ever fewer towards {@link mostPatches}, so that a run of an hour still moves. Infinity when only
 * the last state may still be shown. All in milliseconds.
 */
export function nextPatchAt(startedAt: number, lastPatchAt: number, patches: number): number {
  const age = lastPatchAt - startedAt;
  return lastPatchAt + Math.max(pauseFor(byAge, age), pauseFor(byCount, patches));
}

/** When the last state may go out: it waits for a second after the patch before, and for nothing else. */
export const lastPatchFrom = (lastPatchAt: number): number => lastPatchAt + second;
