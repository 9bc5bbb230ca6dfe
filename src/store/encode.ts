import { createHash } from 'node:crypto';

/** 128 bits that stand for a text of any length and content; no two texts share them in practice. */
export function hash(...words: readonly string[]): Buffer {
  const sum = createHash('sha256');
  // UTF-16 keeps even broken characters apart; the length keeps lists apart.
  for (const word of words) sum.update(`${word.length}:`).update(word, 'utf16le');
  return sum.digest().subarray(0, 16);
}

/** Bytes as both drivers take them, without a copy. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes as the ports promise them, whatever the driver answered. */
export const asBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Groups of at most `size`, in order. */
export function* groups<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
