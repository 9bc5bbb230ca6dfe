import { createHash } from 'node:crypto';
import type { Scope } from '../../run/ports.ts';
import type { Key } from '../../sync/fields/key.ts';

/** Keys or record IDs asked about in one statement. */
export const perQuestion = 500;

/** 128 bits, as 22 letters, that stand for texts of any length and content; no two share them in practice. */
export function hash(...words: readonly string[]): string {
  const sum = createHash('sha256');
  // UTF-16 keeps even broken characters apart; the length keeps lists apart.
  for (const word of words) sum.update(`${word.length}:`).update(word, 'utf16le');
  return sum.digest().subarray(0, 16).toString('base64url');
}

/** What every database stores and compares exactly; `~` is left out so that it can mark the others. */
const plain = /^[!-}]{1,63}$/;

/**
 * A key as it is found in the store, at most 63 characters: itself where it is plain, else its beginning and hash.
 *
 * Neighbours stay neighbours, so that a chunk's entries land on few pages: a bare hash makes settling a chunk
 * of 1,000 rows about five times slower.
 */
export function keyId(key: string): string {
  if (plain.test(key)) return key;
  return `${key.slice(0, 40).replaceAll(/[^!-}\u4e00-\u9fff]/g, '_')}~${hash(key)}`;
}

/** Bytes as both drivers take them, without a copy. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes as the ports promise them, whatever the driver answered. */
export const asBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Groups of at most `most`, in order; what is larger by itself comes alone.
 * @param sizeOf what an item counts; 1 when not given
 */
export function* groups<T>(
  items: readonly T[],
  most: number,
  sizeOf: (item: T) => number = () => 1,
): Generator<T[]> {
  let group: T[] = [];
  let total = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (group.length > 0 && total + size > most) {
      yield group;
      group = [];
      total = 0;
    }
    group.push(item);
    total += size;
  }
  if (group.length > 0) yield group;
}

/** Stands for a definition on a table. */
export const scopeHash = ({ definition, table }: Scope): string => hash(definition, table);

/** Asks about keys, many at once, and answers what is found of each. */
export async function byKey<R extends { readonly key_id: string }>(
  keys: readonly Key[],
  ask: (ids: readonly string[]) => Promise<readonly R[]>,
): Promise<Map<Key, Omit<R, 'key_id'>>> {
  const found = new Map<Key, Omit<R, 'key_id'>>();
  for (const group of groups(keys, perQuestion)) {
    const ids = new Map(group.map((key) => [keyId(key), key]));
    for (const { key_id, ...row } of await ask([...ids.keys()])) found.set(ids.get(key_id) ?? '', row);
  }
  return found;
}
