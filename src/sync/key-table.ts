import type { Key } from './key.ts';
import { type KeyBytes, textKeys } from './key-bytes.ts';

/**
 * Numbers keys in the order of their first coming: a set of keys without an object a key. A hundred thousand keys
 * in a `Map` keep as many strings alive, which the garbage collector then copies and visits again and again.
 */
export interface KeyTable {
  /** Number of a key; a new one gets the next number. */
  put(key: Key | KeyBytes): number;
  /** Number of a key, or -1. */
  find(key: Key | KeyBytes): number;
  /** The key of a number as text. */
  at(number: number): Key;
  readonly size: number;
}

/** Makes an empty table. */
export function keyTable(): KeyTable {
  const ofText = textKeys();
  // Open addressing: a place holds a number plus one, 0 when it is free.
  let places = new Int32Array(2048);
  let mask = places.length - 1;
  let hashes = new Int32Array(1024);
  let ends = new Uint32Array(1024);
  let bytes = new Uint8Array(16 * 1024);
  let size = 0;

  const startOf = (number: number): number => (number === 0 ? 0 : (ends[number - 1] ?? 0));
  const known = (key: Key | KeyBytes): KeyBytes => (typeof key === 'string' ? ofText(key) : key);

  function isAt(number: number, key: KeyBytes): boolean {
    const start = startOf(number);
    const length = key.to - key.from;
    return (ends[number] ?? 0) - start === length && areSame(bytes, start, key.bytes, key.from, length);
  }

  /** The place where a key is, or where it would go. */
  function placeOf(key: KeyBytes): number {
    for (let place = key.hash & mask; ; place = (place + 1) & mask) {
      const number = (places[place] ?? 0) - 1;
      if (number < 0 || (hashes[number] === key.hash && isAt(number, key))) return place;
    }
  }

  function widen(): void {
    places = new Int32Array(places.length * 2);
    mask = places.length - 1;
    for (let number = 0; number < size; number++) {
      let place = (hashes[number] ?? 0) & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = number + 1;
    }
  }

  function append(key: KeyBytes): void {
    if (size === hashes.length) {
      hashes = longer(hashes, new Int32Array(size * 2));
      ends = longer(ends, new Uint32Array(size * 2));
    }
    const start = startOf(size);
    const length = key.to - key.from;
    if (start + length > bytes.length) {
      bytes = longer(bytes, new Uint8Array(Math.max(bytes.length * 2, start + length)));
    }
    copy(key.bytes, key.from, bytes, start, length);
    hashes[size] = key.hash;
    ends[size] = start + length;
    size++;
  }

  return {
    put(asked) {
      const key = known(asked);
      const place = placeOf(key);
      const number = places[place] ?? 0;
      if (number > 0) return number - 1;
      append(key);
      places[place] = size;
      if (size * 2 > places.length) widen();
      return size - 1;
    },
    find: (asked) => (places[placeOf(known(asked))] ?? 0) - 1,
    at: (number) =>
      Buffer.from(bytes.buffer, startOf(number), (ends[number] ?? 0) - startOf(number)).toString(),
    get size() {
      return size;
    },
  };
}

/** How often each key came. */
export interface KeyCounts {
  /** Undefined when it never came. */
  get(key: Key | KeyBytes): number | undefined;
  has(key: Key | KeyBytes): boolean;
}

/** Counts keys; see {@link KeyTable}. */
export function keyCounter(): KeyCounts & { add(key: Key | KeyBytes): void } {
  const keys = keyTable();
  let counts = new Uint32Array(1024);
  return {
    add(key) {
      const number = keys.put(key);
      if (number >= counts.length) counts = longer(counts, new Uint32Array(counts.length * 2));
      counts[number] = (counts[number] ?? 0) + 1;
    },
    get(key) {
      const number = keys.find(key);
      return number < 0 ? undefined : counts[number];
    },
    has: (key) => keys.find(key) >= 0,
  };
}

function longer<T extends Int32Array | Uint32Array | Uint8Array>(old: T, into: T): T {
  into.set(old);
  return into;
}

// Keys are short: loops are quicker than calls of the engine's own functions.
function areSame(
  one: Uint8Array,
  from: number,
  other: Uint8Array,
  otherFrom: number,
  length: number,
): boolean {
  for (let at = 0; at < length; at++) if (one[from + at] !== other[otherFrom + at]) return false;
  return true;
}

function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  for (let at = 0; at < length; at++) target[to + at] = source[from + at] ?? 0;
}
