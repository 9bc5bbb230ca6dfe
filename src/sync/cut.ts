import type { Column, Value } from './value.ts';

/** Bytes that a character may have at most: a database cuts between characters. */
const longestCharacter = 4;

/** Whether a text fills all the room that the database has for one that it puts together: the rest was cut off. */
export function isCut(value: Value, { cutAt }: Column): boolean {
  // No text has more than three bytes for each of its units.
  if (cutAt === undefined || typeof value !== 'string' || value.length * 3 <= cutAt - longestCharacter) {
    return false;
  }
  const bytes = Buffer.byteLength(value);
  return bytes > cutAt - longestCharacter && bytes <= cutAt;
}
