import type { Key } from './key.ts';

/** What the index knows of one record. */
export interface HeldRecord {
  readonly id: string;
  /** Its canonical cells, packed. */
  readonly cells: string;
}

/**
 * The table's records by key, packed: one string a key and the bytes in large blocks, no object a record.
 *
 * Records are added in reading order. A record ID seen again replaces nothing (pages may overlap when
 * somebody edits meanwhile); a key seen again on another record makes the key doubled.
 */
export interface TableIndex {
  add(id: string, key: Key, packed: string): void;
  /** Forgets everything, for a read that starts anew. */
  clear(): void;
  /** Slot of a key, or -1. Doubled keys have one too: ask {@link isDoubled}. */
  find(key: Key): number;
  isDoubled(slot: number): boolean;
  /** Compares a slot's cells with packed bytes without unpacking either. */
  equals(slot: number, packed: Uint8Array): boolean;
  record(slot: number): HeldRecord;
  /** Every slot with its key, in reading order. */
  slots(): Iterable<readonly [Key, number]>;
  /** Different records added, those with doubled or empty keys included. */
  readonly size: number;
  readonly emptyKeys: number;
  /** Keys that more than one record has. */
  doubledKeys(): readonly Key[];
}

const blockSize = 1 << 22;

/** Makes an empty index. */
export function tableIndex(): TableIndex {
  let slotOf = new Map<Key, number>();
  let ids = new Set<string>();
  let doubled = new Map<number, Key>();
  let blocks: Buffer[] = [];
  let used = blockSize;
  let starts = new Float64Array(1024);
  let idLengths = new Uint8Array(1024);
  let lengths = new Uint32Array(1024);
  let count = 0;
  let emptyKeys = 0;

  function store(bytes: string): readonly [start: number, length: number] {
    // Three bytes a UTF-16 unit is the most that UTF-8 can take.
    const most = bytes.length * 3;
    if (used + most > blockSize) {
      blocks.push(Buffer.allocUnsafeSlow(Math.max(blockSize, most)));
      used = 0;
    }
    const block = blocks[blocks.length - 1] as Buffer;
    const start = (blocks.length - 1) * 2 ** 32 + used;
    const length = block.write(bytes, used, 'utf8');
    used += length;
    return [start, length];
  }

  function bytesOf(slot: number): readonly [block: Buffer, from: number, to: number] {
    const start = starts[slot] ?? 0;
    const from = start % 2 ** 32;
    return [blocks[Math.floor(start / 2 ** 32)] as Buffer, from, from + (lengths[slot] ?? 0)];
  }

  function grow(): void {
    const wider = <T extends Float64Array | Uint8Array | Uint32Array>(old: T, empty: T): T => {
      empty.set(old);
      return empty;
    };
    starts = wider(starts, new Float64Array(starts.length * 2));
    idLengths = wider(idLengths, new Uint8Array(idLengths.length * 2));
    lengths = wider(lengths, new Uint32Array(lengths.length * 2));
  }

  return {
    add(id, key, packed) {
      if (ids.has(id)) return;
      ids.add(id);
      if (key === '') {
        emptyKeys++;
        return;
      }
      const known = slotOf.get(key);
      if (known !== undefined) {
        doubled.set(known, key);
        return;
      }
      if (count === starts.length) grow();
      const [start, length] = store(id + packed);
      starts[count] = start;
      lengths[count] = length;
      idLengths[count] = id.length;
      slotOf.set(key, count++);
    },
    clear() {
      slotOf = new Map();
      ids = new Set();
      doubled = new Map();
      blocks = [];
      used = blockSize;
      count = 0;
      emptyKeys = 0;
    },
    find: (key) => slotOf.get(key) ?? -1,
    isDoubled: (slot) => doubled.has(slot),
    equals(slot, packed) {
      const [block, from, to] = bytesOf(slot);
      const start = from + (idLengths[slot] ?? 0);
      return to - start === packed.length && block.compare(packed, 0, packed.length, start, to) === 0;
    },
    record(slot) {
      const [block, from, to] = bytesOf(slot);
      const start = from + (idLengths[slot] ?? 0);
      return { id: block.toString('latin1', from, start), cells: block.toString('utf8', start, to) };
    },
    slots: () => slotOf.entries(),
    get size() {
      return ids.size;
    },
    get emptyKeys() {
      return emptyKeys;
    },
    doubledKeys: () => [...doubled.values()],
  };
}
