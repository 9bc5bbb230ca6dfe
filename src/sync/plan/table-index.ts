import type { Key } from '../fields/key.ts';

/** One record of the table. */
export interface HeldRecord {
  readonly id: string;
  /** Its canonical cells, see `rowText`. */
  readonly row: string;
}

/**
 * The table's records by key.
 *
 * Records are added in reading order. A record ID seen again replaces nothing (pages may overlap when
 * somebody edits meanwhile); a key seen again on another record makes the key doubled.
 */
export interface TableIndex {
  add(id: string, key: Key, row: string): void;
  /** Forgets everything, for a read that starts anew. */
  clear(): void;
  /** Whether a record of this ID was added. */
  has(id: string): boolean;
  /** The first record with a key. Doubled keys have one too: ask {@link isDoubled}. */
  find(key: Key): HeldRecord | undefined;
  isDoubled(key: Key): boolean;
  /** Every key with its first record, in reading order. */
  records(): Iterable<readonly [Key, HeldRecord]>;
  /** Different records added, those with doubled or empty keys included. */
  readonly size: number;
  /** IDs of the records that have a doubled key, by key. */
  readonly doubled: ReadonlyMap<Key, readonly string[]>;
  /** IDs of the records whose key is empty. */
  readonly withoutKey: readonly string[];
}

/** Makes an empty index. */
export function tableIndex(): TableIndex {
  const byKey = new Map<Key, HeldRecord>();
  const ids = new Set<string>();
  const doubled = new Map<Key, string[]>();
  let withoutKey: string[] = [];
  return {
    add(id, key, row) {
      if (ids.has(id)) return;
      ids.add(id);
      const first = byKey.get(key);
      if (key === '') withoutKey.push(id);
      else if (first) doubled.set(key, [...(doubled.get(key) ?? [first.id]), id]);
      else byKey.set(key, { id, row });
    },
    clear() {
      byKey.clear();
      ids.clear();
      doubled.clear();
      withoutKey = [];
    },
    has: (id) => ids.has(id),
    find: (key) => byKey.get(key),
    isDoubled: (key) => doubled.has(key),
    records: () => byKey,
    get size() {
      return ids.size;
    },
    doubled,
    get withoutKey() {
      return withoutKey;
    },
  };
}
