import type { Value } from '../value.ts';
import { type Bad, type Cell, type Kind, type Place, unfit } from './kind.ts';
import { bitsToInteger } from './number.ts';

const words: ReadonlyMap<string, Cell> = new Map([
  ['1', 'true'],
  ['0', ''],
  ['true', 'true'],
  ['false', ''],
  ['', ''],
]);

/** Checkboxes. One that was never touched is false, so false and empty are one: `''`. */
export const checkboxKind: Kind = {
  wanted: (place) => (value) => flagOf(place, value),
  held: (raw) => (raw === true || raw === 'true' ? 'true' : ''),
  written: (cell) => cell === 'true',
};

function flagOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const word =
    value instanceof Uint8Array ? bitsToInteger(value).toString() : String(value).trim().toLowerCase();
  return words.get(word) ?? unfit(place, value, '只接受 0、1、true、false', 'is not 0, 1, true or false');
}
