import type { Value } from '../value.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kind.ts';
import { heldText, textKind } from './text.ts';

/** Options that one cell of a multiple select holds. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
export const optionsPerCell = 1_000;

/** A single select: the option's name. */
export const selectKind: Kind = {
  wanted: (place) => {
    const known = knownOptions(place);
    const read = textKind.wanted(place);
    return (value) => {
      const name = read(value);
      return known && !isBad(name) && name !== '' && !known.has(name) ? noOption(place, name) : name;
    };
  },
  held: heldText,
  written: (cell) => (cell === '' ? null : cell),
};

/** A multiple select: a set of names, compared without order or doubles. Canonical: their sorted JSON array. */
export const multiKind: Kind = {
  wanted: (place) => {
    const known = knownOptions(place);
    return (value) => setOf(place, value, known);
  },
  held: (raw) => (Array.isArray(raw) ? canonicalSet(raw.map(heldText)) : canonicalSet([heldText(raw)])),
  written: (cell) => (cell === '' ? null : (JSON.parse(cell) as string[])),
};

function setOf(
  place: Place,
  value: Exclude<Value, null>,
  known: ReadonlySet<string> | undefined,
): Cell | Bad {
  const names = namesIn(place, value);
  if (!Array.isArray(names)) return names;
  const set = [...new Set(names)].filter((name) => name !== '').sort();
  if (set.length > optionsPerCell) {
    return unfit(
      place,
      value,
      `最多 ${optionsPerCell} 个选项`,
      `holds more than ${optionsPerCell} options, too many`,
    );
  }
  const stranger = known && set.find((name) => !known.has(name));
  if (stranger !== undefined) return noOption(place, stranger);
  return set.length === 0 ? '' : JSON.stringify(set);
}

/** The options that there are, where the column's rule forbids new ones. */
const knownOptions = ({ rule, field }: Place): ReadonlySet<string> | undefined =>
  rule.options === 'reject' ? new Set(field.options ?? []) : undefined;

const noOption = (place: Place, name: string): Bad =>
  unfit(
    place,
    name,
    '没有这个选项（定义不允许新建选项）',
    'is no option (the definition allows no new ones)',
  );

/** The option names in a canonical cell of a select field. */
export const optionsIn = (kind: 'select' | 'multi', cell: Cell): readonly string[] =>
  cell === '' ? [] : kind === 'select' ? [cell] : (JSON.parse(cell) as string[]);

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
