import { type Key, keyOf } from './key.ts';
import { cellAt, cellStart, separatorByte } from './pack.ts';

/**
 * A key as UTF-8 with its hash. A text for each row would have to be made, read letter by letter and thrown away
 * again; the bytes stand in the packed row already.
 *
 * Whoever hands it out uses the same object for the next key: it is to be read before that.
 */
export interface KeyBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly hash: number;
}

type Found = { -readonly [name in keyof KeyBytes]: KeyBytes[name] };

/** Makes the reader of keys in packed cells, which go from `from` to `to`. @param parts positions of the key's cells */
export function keyReader(
  parts: readonly number[],
): (packed: Uint8Array, from?: number, to?: number) => KeyBytes {
  const found: Found = { bytes: new Uint8Array(0), from: 0, to: 0, hash: 0 };
  const ofText = textKeys();
  const [only = 0] = parts;
  return (packed, from = 0, to = packed.length) => {
    if (parts.length === 1 && isPlain(packed, only, from, to, found)) return found;
    const cells = packed.subarray(from, to);
    return ofText(keyOf(parts.map((at) => cellAt(cells, at))));
  };
}

/** Makes the reader of keys that stand somewhere in bytes as they are. */
export function byteKeys(): (bytes: Uint8Array, from: number, to: number) => KeyBytes {
  const found: Found = { bytes: new Uint8Array(0), from: 0, to: 0, hash: 0 };
  return (bytes, from, to) => {
    found.bytes = bytes;
    found.from = from;
    found.to = to;
    let hash = seed;
    for (let at = from; at < to; at++) hash = step(hash, bytes[at] ?? 0);
    found.hash = mixed(hash);
    return found;
  };
}

/** Makes what turns keys back into texts. */
export function keyTexts(): (key: KeyBytes) => Key {
  let view: Buffer = Buffer.alloc(0);
  return ({ bytes, from, to }) => {
    // Keys of one block follow each other: a view for each of them would cost more than the text.
    if (view.buffer !== bytes.buffer) view = Buffer.from(bytes.buffer);
    return view.toString('utf8', bytes.byteOffset + from, bytes.byteOffset + to);
  };
}

/** Makes the reader of keys that are texts. */
export function textKeys(): (key: Key) => KeyBytes {
  let scratch = Buffer.allocUnsafe(256);
  const read = byteKeys();
  return (key) => {
    // Three bytes a UTF-16 unit is the most that UTF-8 can take.
    if (key.length * 3 > scratch.length) scratch = Buffer.allocUnsafe(key.length * 6);
    return read(scratch, 0, scratch.write(key, 0, 'utf8'));
  };
}

/**
 * Looks for one cell in packed bytes. Answers whether its key is the cell as it stands: letters, digits and signs
 * of ASCII without blanks, which is what keys mostly are.
 */
function isPlain(packed: Uint8Array, cell: number, from: number, to: number, found: Found): boolean {
  const start = cellStart(packed, cell, from);
  let hash = seed;
  let end = start;
  for (; end < to; end++) {
    const byte = packed[end] ?? 0;
    if (byte === separatorByte) break;
    if (byte <= blank || byte >= firstOdd) return false;
    hash = step(hash, byte);
  }
  found.bytes = packed;
  found.from = start;
  found.to = end;
  found.hash = mixed(hash);
  return true;
}

const blank = 0x20;
const firstOdd = 0x7f;

// FNV-1a, its bits mixed once more at the end, because the lower ones choose the place in a table.
const seed = 0x811c9dc5;
const step = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);
function mixed(sum: number): number {
  const hash = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}
