import type { Target } from './mapping.ts';

/**
 * A 53-bit hash of bytes as 14 hex digits: quick, spread well, no protection against somebody who wants a
 * collision. For telling whether what was confirmed is still what is wanted.
 * @param seed tells apart the same bytes of different things
 */
export function hashOf(bytes: Uint8Array, seed = 0): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16).padStart(14, '0');
}

/**
 * The seed for rows that go to these fields: the same cells in other fields are another row, so that a new mapping is
 * not taken for somebody's change.
 */
export const seedOf = (targets: readonly Pick<Target, 'id' | 'kind'>[]): number =>
  Number.parseInt(
    hashOf(Buffer.from(JSON.stringify(targets.map(({ id, kind }) => [id, kind])))).slice(-8),
    16,
  );
