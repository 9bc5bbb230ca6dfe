/** Chance that can be repeated: the same seed gives the same numbers and ids. */
export interface Random {
  /** A number from 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `n`. */
  below(n: number): number;
  /** `length` lower-case hex digits. */
  hex(length: number): string;
  /** `length` letters and digits. */
  text(length: number): string;
}

const hexDigits = '0123456789abcdef';
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Makes a {@link Random} from a seed. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const pick = (alphabet: string, length: number): string => {
    let made = '';
    for (let i = 0; i < length; i++) made += alphabet.charAt(Math.floor(next() * alphabet.length));
    return made;
  };
  return {
    next,
    below: (n) => Math.floor(next() * n),
    hex: (length) => pick(hexDigits, length),
    text: (length) => pick(letters, length),
  };
}

/** Puts the items into a random order, in a new array. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const a = mixed[i] as T;
    mixed[i] = mixed[j] as T;
    mixed[j] = a;
  }
  return mixed;
}
