import { hash } from 'node:crypto';

/** A 64-bit hash of a key, or of a row's cells; {@link unknown} where nobody knows it. */
export type Print = bigint;

/** Stands for cells that nobody knows: written, and not read since. */
export const unknown: Print = 0n;

/** Returns the print of a text, {@link unknown} of an empty one. It is stored: it never changes. */
export const printOf = (text: string): Print => (text === '' ? unknown : printIn(hash('sha1', text)));

/** Returns the print in a text of hex digits, as {@link printOf} and the store write it. */
export const printIn = (digits: string): Print =>
  digits === '' ? unknown : BigInt(`0x${digits.slice(0, 16)}`);

/** Returns a print as text. */
export const digitsOf = (print: Print): string => print.toString(16).padStart(16, '0');

/** Records of one part of a stored table: some milliseconds' work. */
const partSize = 10_000;
/** Bytes before the columns of a part: how many records, and how long an ID is at most. */
const headSize = 8;
/** Bytes of a record beside its ID: key, held and agreed prints, and marks. */
const recordSize = 8 + 8 + 8 + 1;
/** Records are found by the first 16 bits of their keys' prints. */
const buckets = 2 ** 16;

const ours = 1;
const dropped = 2;
const unseen = 4;
const drifted = 8;

/**
 * What the store holds of a table: each record's ID, the print of its key, of its cells as they were last seen, and of
 * the row of the query that last needed no change of it, and whether we made it. At most 50 bytes a record, in memory
 * and stored. A record keeps its slot, a number from 0 on. Records with an empty key have the print {@link unknown}.
 */
export class KnownTable {
  #ids: Buffer;
  #width: number;
  #keys: BigUint64Array;
  #held: BigUint64Array;
  #agreed: BigUint64Array;
  #marks: Uint8Array;
  /** Slots in use, and how many of them were dropped. */
  #end = 0;
  #gone = 0;
  /** Slots in the order of their keys' buckets, and where each bucket begins; empty until {@link arrange}. */
  #order = new Uint32Array(0);
  #begins = new Uint32Array(buckets + 1);

  /** Makes an empty table. @param room for how many records memory is taken at once */
  constructor(room = 0, width = 14) {
    this.#width = width;
    this.#ids = Buffer.alloc(room * width);
    this.#keys = new BigUint64Array(room);
    this.#held = new BigUint64Array(room);
    this.#agreed = new BigUint64Array(room);
    this.#marks = new Uint8Array(room);
  }

  /** How many records it has. */
  get size(): number {
    return this.#end - this.#gone;
  }

  /** How many of these the last read showed. */
  get seen(): number {
    let seen = 0;
    for (let slot = 0; slot < this.#end; slot++) if (!this.#has(slot, dropped | unseen)) seen++;
    return seen;
  }

  /** Adds a record and returns its slot; {@link find} sees it from the next {@link arrange} on. */
  add(record: string, key: Print, held: Print): number {
    const slot = this.#end;
    if (slot === this.#marks.length) this.#resize(Math.max(1024, slot + (slot >> 1)), this.#width);
    if (Buffer.byteLength(record) > this.#width) this.#resize(this.#marks.length, Buffer.byteLength(record));
    this.#ids.write(record, slot * this.#width);
    this.#keys[slot] = key;
    this.#held[slot] = held;
    this.#end++;
    return slot;
  }

  #resize(room: number, width: number): void {
    const ids = Buffer.alloc(room * width);
    if (width === this.#width) ids.set(this.#ids);
    else
      for (let slot = 0; slot < this.#end; slot++)
        this.#ids.copy(ids, slot * width, slot * this.#width, (slot + 1) * this.#width);
    this.#ids = ids;
    this.#width = width;
    this.#keys = longer(this.#keys, new BigUint64Array(room));
    this.#held = longer(this.#held, new BigUint64Array(room));
    this.#agreed = longer(this.#agreed, new BigUint64Array(room));
    this.#marks = longer(this.#marks, new Uint8Array(room));
  }

  /** A number above all slots. */
  get end(): number {
    return this.#end;
  }

  /** The ID of a record. */
  record = (slot: number): string => idIn(this.#ids, slot * this.#width, this.#width);

  key = (slot: number): Print => this.#keys[slot] ?? unknown;
  /** The print of the cells as they were last seen. */
  held = (slot: number): Print => this.#held[slot] ?? unknown;
  /** The print of the row that last needed no change of the record. */
  agreed = (slot: number): Print => this.#agreed[slot] ?? unknown;
  isOurs = (slot: number): boolean => this.#has(slot, ours);
  /** Whether the last read did not show the record, and nobody has looked whether it is gone. */
  isUnseen = (slot: number): boolean => this.#has(slot, unseen);

  /** Whether somebody changed the record after a run, which was seen, and has not been set back. */
  isDrifted = (slot: number): boolean => this.#has(slot, drifted);

  /** Notes under which key a record is now, and what it holds. */
  put(slot: number, key: Print, held: Print): void {
    this.#keys[slot] = key;
    this.#held[slot] = held;
  }

  /** Notes the row that needs no change of a record. */
  agree(slot: number, row: Print): void {
    this.#agreed[slot] = row;
    this.#marks[slot] = (this.#marks[slot] ?? 0) & ~drifted;
  }

  /** Notes that somebody changed a record after a run. */
  drift(slot: number): void {
    this.#mark(slot, drifted);
  }

  /** Notes that we made a record. */
  own(slot: number): void {
    this.#mark(slot, ours);
  }

  /** Notes that the last read did not show a record that may be there all the same. */
  overlook(slot: number): void {
    this.#mark(slot, unseen);
  }

  /** Takes a record out. */
  drop(slot: number): void {
    if (!this.#has(slot, dropped)) this.#gone++;
    this.#mark(slot, dropped);
  }

  #mark(slot: number, mark: number): void {
    this.#marks[slot] = (this.#marks[slot] ?? 0) | mark;
  }

  #has = (slot: number, mark: number): boolean => ((this.#marks[slot] ?? 0) & mark) > 0;

  /** All records' slots, in the order in which they were added. */
  *slots(): Generator<number, void> {
    for (let slot = 0; slot < this.#end; slot++) if (!this.#has(slot, dropped)) yield slot;
  }

  /** Makes all records findable by their keys; takes some ten milliseconds for a million. */
  arrange(): void {
    const end = this.#end;
    // The top 16 bits of each key are every fourth.
    const tops = new Uint16Array(this.#keys.buffer);
    const begins = new Uint32Array(buckets + 1);
    for (let slot = 0; slot < end; slot++) {
      const after = (tops[slot * 4 + 3] ?? 0) + 1;
      begins[after] = (begins[after] ?? 0) + 1;
    }
    for (let at = 1; at <= buckets; at++) begins[at] = (begins[at] ?? 0) + (begins[at - 1] ?? 0);
    const next = begins.slice();
    const order = new Uint32Array(end);
    for (let slot = 0; slot < end; slot++) {
      const top = tops[slot * 4 + 3] ?? 0;
      const at = next[top] ?? 0;
      next[top] = at + 1;
      order[at] = slot;
    }
    this.#begins = begins;
    this.#order = order;
  }

  /** The slots of the records with a key, in the order in which they were added; several where it is doubled. */
  find(key: Print): readonly number[] {
    const bucket = Number(key >> 48n);
    const found: number[] = [];
    for (let at = this.#begins[bucket] ?? 0; at < (this.#begins[bucket + 1] ?? 0); at++) {
      const slot = this.#order[at] ?? 0;
      if (this.#keys[slot] === key && !this.#has(slot, dropped)) found.push(slot);
    }
    return found;
  }

  /** Whether several records have a key. */
  isDoubled(key: Print): boolean {
    const bucket = Number(key >> 48n);
    let found = 0;
    for (let at = this.#begins[bucket] ?? 0; at < (this.#begins[bucket + 1] ?? 0) && found < 2; at++) {
      const slot = this.#order[at] ?? 0;
      if (this.#keys[slot] === key && !this.#has(slot, dropped)) found++;
    }
    return found > 1;
  }

  /** The table as it is stored, in parts of some hundred kilobytes. */
  *parts(): Generator<Uint8Array, void> {
    let slots: number[] = [];
    for (const slot of this.slots()) {
      slots.push(slot);
      if (slots.length < partSize) continue;
      yield this.#part(slots);
      slots = [];
    }
    if (slots.length > 0) yield this.#part(slots);
  }

  #part(slots: readonly number[]): Uint8Array {
    const width = this.#width;
    const count = slots.length;
    const part = Buffer.alloc(headSize + count * (width + recordSize));
    part.writeUInt32LE(count, 0);
    part.writeUInt32LE(width, 4);
    const [keys, held, agreed, marks] = columns(count, width);
    slots.forEach((slot, at) => {
      this.#ids.copy(part, headSize + at * width, slot * width, (slot + 1) * width);
      part.writeBigUInt64LE(this.key(slot), keys + at * 8);
      part.writeBigUInt64LE(this.held(slot), held + at * 8);
      part.writeBigUInt64LE(this.agreed(slot), agreed + at * 8);
      part[marks + at] = this.#marks[slot] ?? 0;
    });
    return part;
  }

  /** Adds the records of a stored part; false where it is none. */
  take(stored: Uint8Array): boolean {
    const part = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    if (part.length < headSize) return false;
    const count = part.readUInt32LE(0);
    const width = part.readUInt32LE(4);
    if (part.length !== headSize + count * (width + recordSize)) return false;
    const [keys, held, agreed, marks] = columns(count, width);
    for (let at = 0; at < count; at++) {
      const record = idIn(part, headSize + at * width, width);
      const slot = this.add(record, part.readBigUInt64LE(keys + at * 8), part.readBigUInt64LE(held + at * 8));
      this.agree(slot, part.readBigUInt64LE(agreed + at * 8));
      this.#mark(slot, (part[marks + at] ?? 0) & (ours | unseen | drifted));
    }
    return true;
  }
}

/** The ID in a place of so many bytes, which it may not fill. */
function idIn(bytes: Buffer, from: number, width: number): string {
  let end = from + width;
  while (end > from && bytes[end - 1] === 0) end--;
  return bytes.toString('utf8', from, end);
}

/** Where the columns of a part begin. */
const columns = (count: number, width: number): readonly [number, number, number, number] => {
  const first = headSize + count * width;
  return [first, first + count * 8, first + count * 16, first + count * 24];
};

function longer<T extends BigUint64Array | Uint8Array>(before: T, after: T): T {
  after.set(before as never);
  return after;
}
