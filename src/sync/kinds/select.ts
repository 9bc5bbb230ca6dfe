import type { Value } from '../value.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';
import { heldText, textKind } from './text.ts';

/** Options that one cell of a multiple select holds. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
export const optionsPerCell = 1_000;

/** A single select: the option's name. */
export const selectKind: Kind = {
  wanted: textKind.wanted,
  held: heldText,
  written: (cell) => (cell === '' ? null : cell),
};

/** A multiple select: a set of names, compared without order or doubles. Canonical: their sorted JSON array. */
export const multiKind: Kind = {
  wanted: (place) => (value) => setOf(place, value),
  held: (raw) => (Array.isArray(raw) ? canonicalSet(raw.map(heldText)) : canonicalSet([heldText(raw)])),
  written: (cell) => (cell === '' ? null : (JSON.parse(cell) as string[])),
};

function setOf(place: Place, value: Exclude<Value, null>): Cell | Bad {
  const names = namesIn(place, value);
  if (!Array.isArray(names)) return names;
  const cell = canonicalSet(names);
  return names.length > optionsPerCell && (JSON.parse(cell) as string[]).length > optionsPerCell
    ? unfit(
        place,
        value,
        `最多 ${optionsPerCell} 个选项`,
        `holds more than ${optionsPerCell} options, too many`,
      )
    : cell;
}

/** A SET column is split at commas, another column where its rule says so; a JSON array gives its members. */
function namesIn(place: Place, value: Exclude<Value, null>): string[] | Bad {
  const whole = textKind.wanted(place)(value);
  if (isBad(whole)) return whole;
  const separator = place.rule.split ?? (place.column.type === 'set' ? ',' : undefined);
  if (separator !== undefined) return whole.split(separator).map((name) => name.trim());
  if (whole.startsWith('[')) {
    const parsed = jsonArray(whole);
    if (parsed) return parsed.map(heldText);
  }
  return [whole];
}

function jsonArray(source: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(source);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function canonicalSet(names: readonly string[]): Cell {
  const set = [...new Set(names)].filter((name) => name !== '').sort();
  return set.length === 0 ? '' : JSON.stringify(set);
}
