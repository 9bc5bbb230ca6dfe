import { text } from '../../words/text.ts';
import type { Value } from '../value.ts';
import { type Bad, type Cell, isJsonNull, type Kind, type Place, unfit } from './kind.ts';

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
  const written = String(value).trim();
  if (isJsonNull(place, written)) return '';
  // A DECIMAL writes its places out: 1.00.
  const word = words.get(written.toLowerCase().replace(/\.0+$/, ''));
  return (
    word ??
    unfit(
      place,
      value instanceof Uint8Array ? value : written,
      '只接受 0、1、true、false',
      'is not 0, 1, true or false',
      advice,
    )
  );
}

const advice = text(
  '其他写法请在定义里用 map，如 map: { 是: true, 否: false }；是数字就用数字字段（as: number）。',
  'Say map in the definition for other words, such as map: { yes: true, no: false }; for numbers use a number field (as: number).',
);
