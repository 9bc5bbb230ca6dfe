/** Choices that repeat for the same seed. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  yes(share: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** One of the items; `undefined` when there are none. */
  some<T>(items: readonly T[]): T | undefined;
  /** Choices of their own for a part, whatever is chosen elsewhere. */
  part(...names: readonly (string | number)[]): Chance;
}

/** Makes choices from a seed: a hash of seed and names starts a counter, whose numbers are hashed. */
export function chance(seed: number | string): Chance {
  let counter = hash(String(seed));
  const next = (): number => {
    counter = (counter + 0x9e3779b9) >>> 0;
    return mix(counter) / 2 ** 32;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    yes: (share) => next() < share,
    pick: (items) => items[int(0, items.length - 1)] ?? items[0],
    some: (items) => (items.length === 0 ? undefined : items[int(0, items.length - 1)]),
    part: (...names) => chance([seed, ...names].join('/')),
  };
}

function hash(words: string): number {
  let value = 0x811c9dc5;
  for (const letter of words) value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return mix(value);
}

function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
