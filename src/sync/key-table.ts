import type { Key } from './key.ts';

/**
 * Numbers texts in the order of their first coming: a set of keys without an object a key. A hundred thousand keys
 * in a `Map` keep as many strings alive, which the garbage collector then copies and visits again and again.
 */
export interface KeyTable {
  /** Number of a text; a new one gets the next number. */
  put(key: Key): number;
  /** Number of a text, or -1. */
  find(key: Key): number;
  /** The text of a number. */
  at(number: number): Key;
  readonly size: number;
}

/** Makes an empty table. */
export function keyTable(): KeyTable {
  // Open addressing: a place holds a number plus one, 0 when it is free.
  let places = new Int32Array(2048);
  let mask = places.length - 1;
  let hashes = new Int32Array(1024);
  let ends = new Uint32Array(1024);
  let units = new Uint16Array(16 * 1024);
  let size = 0;

  const startOf = (number: number): number => (number === 0 ? 0 : (ends[number - 1] ?? 0));

  function isAt(number: number, key: Key): boolean {
    const start = startOf(number);
    if ((ends[number] ?? 0) - start !== key.length) return false;
    for (let at = 0; at < key.length; at++) if (units[start + at] !== key.charCodeAt(at)) return false;
    return true;
  }

  /** The place where a key is, or where it would go. */
  function placeOf(key: Key, hash: number): number {
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const number = (places[place] ?? 0) - 1;
      if (number < 0 || (hashes[number] === hash && isAt(number, key))) return place;
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

  function append(key: Key, hash: number): void {
    if (size === hashes.length) {
      hashes = longer(hashes, new Int32Array(size * 2));
      ends = longer(ends, new Uint32Array(size * 2));
    }
    const start = startOf(size);
    const end = start + key.length;
    if (end > units.length) units = longer(units, new Uint16Array(Math.max(units.length * 2, end)));
    for (let at = 0; at < key.length; at++) units[start + at] = key.charCodeAt(at);
    hashes[size] = hash;
    ends[size] = end;
    size++;
  }

  return {
    put(key) {
      const hash = hashOf(key);
      const place = placeOf(key, hash);
      const known = places[place] ?? 0;
      if (known > 0) return known - 1;
      append(key, hash);
      places[place] = size;
      if (size * 2 > places.length) widen();
      return size - 1;
    },
    find: (key) => (places[placeOf(key, hashOf(key))] ?? 0) - 1,
    at(number) {
      const parts: string[] = [];
      const end = ends[number] ?? 0;
      // A call takes only so many arguments.
      for (let from = startOf(number); from < end; from += 4096) {
        parts.push(String.fromCharCode(...units.subarray(from, Math.min(end, from + 4096))));
      }
      return parts.join('');
    },
    get size() {
      return size;
    },
  };
}

/** How often each key came. */
export interface KeyCounts {
  /** Undefined when it never came. */
  get(key: Key): number | undefined;
  has(key: Key): boolean;
}

/** Counts keys; see {@link KeyTable}. */
export function keyCounter(): KeyCounts & { add(key: Key): void } {
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

function longer<T extends Int32Array | Uint32Array | Uint16Array>(old: T, into: T): T {
  into.set(old);
  return into;
}

/** FNV-1a over the UTF-16 units, its bits mixed once more, because the lower ones choose the place. */
function hashOf(key: Key): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}
