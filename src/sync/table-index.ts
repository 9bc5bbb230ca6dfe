import type { Key } from './key.ts';
import type { KeyBytes } from './key-bytes.ts';
import { keyTable } from './key-table.ts';

/** What the index knows of one record. */
export interface HeldRecord {
  readonly id: string;
  /** Its canonical cells, packed. */
  readonly cells: string;
}

/**
 * The table's records by key, packed: keys, IDs and cells in large blocks, no object a record.
 *
 * Records are added in reading order. A record ID seen again replaces nothing (pages may overlap when
 * somebody edits meanwhile); a key seen again on another record makes the key doubled.
 */
export interface TableIndex {
  /** Takes a copy of the packed bytes. */
  add(id: string | KeyBytes, key: Key | KeyBytes, packed: Uint8Array): void;
  /** Forgets everything, for a read that starts anew. */
  clear(): void;
  /** Whether a record of this ID was added. */
  has(id: string): boolean;
  /** Slot of a key, or -1. Doubled keys have one too: ask {@link isDoubled}. */
  find(key: Key | KeyBytes): number;
  isDoubled(slot: number): boolean;
  /** Compares a slot's cells with packed bytes, which begin at `from`, without unpacking either. */
  equals(slot: number, packed: Uint8Array, from?: number): boolean;
  record(slot: number): HeldRecord;
  /** Every slot that is not to be passed over, with its key, in reading order. */
  slots(passOver?: (slot: number) => boolean): Iterable<readonly [Key, number]>;
  /** Different records added, those with doubled or empty keys included. */
  readonly size: number;
  readonly emptyKeys: number;
  /** Keys that more than one record has. */
  doubledKeys(): readonly Key[];
  /** IDs of the records that have a doubled key; none for other keys. */
  recordsOf(key: Key): readonly string[];
  /** IDs of the records whose key is empty. */
  withoutKey(): Iterable<string>;
}

const blockSize = 1 << 22;

/** Makes an empty index. */
export function tableIndex(): TableIndex {
  let keys = keyTable();
  let ids = keyTable();
  /** By slot: the numbers of the further records that have its key. */
  let doubled = new Map<number, number[]>();
  let blocks: Buffer[] = [];
  let used = 0;
  // By slot.
  let starts = new Float64Array(1024);
  let lengths = new Uint32Array(1024);
  let idNumbers = new Uint32Array(1024);
  let emptyKeys: number[] = [];

  /** Copies bytes into the blocks and answers where they are. */
  function store(bytes: Uint8Array): number {
    if (blocks.length === 0 || used + bytes.length > blockSize) {
      blocks.push(Buffer.allocUnsafeSlow(Math.max(blockSize, bytes.length)));
      used = 0;
    }
    const block = blocks[blocks.length - 1] as Buffer;
    const start = (blocks.length - 1) * 2 ** 32 + used;
    block.set(bytes, used);
    used += bytes.length;
    return start;
  }

  function bytesOf(slot: number): readonly [block: Buffer, from: number, to: number] {
    const start = starts[slot] ?? 0;
    const from = start % 2 ** 32;
    return [blocks[Math.floor(start / 2 ** 32)] as Buffer, from, from + (lengths[slot] ?? 0)];
  }

  function grow(): void {
    const wider = <T extends Float64Array | Uint32Array>(old: T, empty: T): T => {
      empty.set(old);
      return empty;
    };
    starts = wider(starts, new Float64Array(starts.length * 2));
    lengths = wider(lengths, new Uint32Array(lengths.length * 2));
    idNumbers = wider(idNumbers, new Uint32Array(idNumbers.length * 2));
  }

  return {
    add(id, key, packed) {
      const idNumber = ids.size;
      if (ids.put(id) < idNumber) return;
      if (isEmpty(key)) {
        emptyKeys.push(idNumber);
        return;
      }
      const slot = keys.size;
      const known = keys.put(key);
      if (known < slot) {
        const others = doubled.get(known) ?? [];
        others.push(idNumber);
        doubled.set(known, others);
        return;
      }
      if (slot === starts.length) grow();
      starts[slot] = store(packed);
      lengths[slot] = packed.length;
      idNumbers[slot] = idNumber;
    },
    clear() {
      keys = keyTable();
      ids = keyTable();
      doubled = new Map();
      blocks = [];
      used = 0;
      emptyKeys = [];
    },
    has: (id) => ids.find(id) >= 0,
    find: (key) => keys.find(key),
    isDoubled: (slot) => doubled.has(slot),
    equals(slot, packed, from = 0) {
      const [block, start, end] = bytesOf(slot);
      return (
        end - start === packed.length - from && block.compare(packed, from, packed.length, start, end) === 0
      );
    },
    record(slot) {
      const [block, start, end] = bytesOf(slot);
      return { id: ids.at(idNumbers[slot] ?? 0), cells: block.toString('utf8', start, end) };
    },
    *slots(passOver = () => false) {
      for (let slot = 0; slot < keys.size; slot++) if (!passOver(slot)) yield [keys.at(slot), slot];
    },
    get size() {
      return ids.size;
    },
    get emptyKeys() {
      return emptyKeys.length;
    },
    doubledKeys: () => [...doubled.keys()].map((slot) => keys.at(slot)),
    recordsOf(key) {
      const slot = keys.find(key);
      const others = doubled.get(slot);
      return others ? [idNumbers[slot] ?? 0, ...others].map((number) => ids.at(number)) : [];
    },
    *withoutKey() {
      for (const number of emptyKeys) yield ids.at(number);
    },
  };
}

const isEmpty = (key: Key | KeyBytes): boolean =>
  typeof key === 'string' ? key === '' : key.from === key.to;
