import type { Cell } from './kinds/kind.ts';

/** The text that names a row on both sides; `''` when any of its parts is empty. */
export type Key = string;

/**
 * Makes the key of a row from its canonical key cells: the one normalisation used for query, table and ledger.
 *
 * Blanks around a part do not count and composed and decomposed characters are one (NFC); case counts.
 * Several parts are joined with their lengths, so that no two different lists make the same key.
 */
export function keyOf(parts: readonly Cell[]): Key {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return normal(only);
  const normals = parts.map(normal);
  return normals.includes('') ? '' : normals.map((part) => `${part.length}:${part}`).join('');
}

const ascii = /^[!-~]*$/;

function normal(part: Cell): string {
  return ascii.test(part) ? part : part.trim().normalize('NFC');
}

/** Shows a key to people: its parts with a stroke between them, without the lengths. */
export function showKey(key: Key, parts: number): string {
  if (parts === 1) return key;
  const shown: string[] = [];
  for (let at = 0; at < key.length; ) {
    const colon = key.indexOf(':', at);
    const end = colon + 1 + Number(key.slice(at, colon));
    shown.push(key.slice(colon + 1, end));
    at = end;
  }
  return shown.join(' / ');
}
