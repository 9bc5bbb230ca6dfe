import type { ColumnRule, Plain } from '../definition/definition.ts';
import { type Text, text } from '../words/text.ts';
import type { ColumnType, Value } from './column.ts';
import { plainDecimal } from './kinds/number.ts';
import { textLimit } from './kinds/text.ts';

/**
 * Returns what a column's rule does to a value before its field reads it: `trim`, `map`, `default`, `truncate`, in this
 * order; undefined for nothing. @param onMet called with each entry of `map` that replaces a value
 */
export function transform(
  rule: ColumnRule,
  type: ColumnType = 'any',
  onMet: (entry: string) => void = () => undefined,
): ((value: Value) => Value) | undefined {
  const steps = [
    trimming(rule),
    mapping(rule, type, onMet),
    defaulting(rule),
    truncating(rule, type),
  ].flatMap((step) => step ?? []);
  if (steps.length === 0) return undefined;
  return (value) => steps.reduce((now, step) => step(now), value);
}

type Step = (value: Value) => Value;

function trimming({ trim }: ColumnRule): Step | undefined {
  return trim ? (value) => (typeof value === 'string' ? value.trim() : value) : undefined;
}

/** Columns of numbers: 1 and 1.00 are the same entry of a `map`. */
const numeric: ReadonlySet<ColumnType> = new Set(['integer', 'decimal', 'float', 'bit', 'year']);

/** Bytes are never looked up. What is cut into several values is looked up as a whole first, then each of them. */
function mapping(
  { map, split }: ColumnRule,
  type: ColumnType,
  onMet: (entry: string) => void,
): Step | undefined {
  if (map === undefined) return undefined;
  const table = new Map(Object.entries(map).map(([from, to]) => [from, plainValue(to)]));
  const byNumber = new Map([...table.keys()].map((from) => [plainDecimal(from), from]));
  const separator = split ?? (type === 'set' ? ',' : undefined);

  function entryFor(value: string | number): string | undefined {
    const written = String(value);
    if (table.has(written)) return written;
    if (typeof value !== 'number' && !numeric.has(type)) return undefined;
    const number = plainDecimal(written);
    return number === undefined ? undefined : byNumber.get(number);
  }

  function replaced(value: string | number): Value | undefined {
    const entry = entryFor(value);
    if (entry === undefined) return undefined;
    onMet(entry);
    return table.get(entry);
  }

  return (value) => {
    if (value === null || value instanceof Uint8Array) return value;
    const whole = replaced(value);
    if (whole !== undefined) return whole;
    if (separator === undefined || typeof value !== 'string' || !value.includes(separator)) return value;
    const words = value.split(separator).map((word) => {
      const other = replaced(word.trim());
      return other === undefined ? word : String(other ?? '');
    });
    return words.join(separator);
  };
}

function defaulting({ default: instead }: ColumnRule): Step | undefined {
  if (instead === undefined) return undefined;
  const stand = plainValue(instead);
  return (value) => (value === null || value === '' ? stand : value);
}

/** Cuts by characters as people count them (a 4-byte one is one), never to more than {@link textLimit}. */
function truncating({ truncate }: ColumnRule, type: ColumnType): Step | undefined {
  // Digits of a number are no text to be shortened; long numbers only come as texts.
  if (truncate === undefined || numeric.has(type)) return undefined;
  return (value) => (typeof value === 'string' && value.length > truncate ? cut(value, truncate) : value);
}

function cut(value: string, most: number): string {
  let end = 0;
  let characters = 0;
  for (const character of value) {
    if (characters === most || end + character.length > textLimit) break;
    characters++;
    end += character.length;
  }
  return value.slice(0, end);
}

const plainValue = (plain: Plain): Value => (typeof plain === 'boolean' ? String(plain) : plain);

const entriesShown = 10;

/** Says that entries of a column's `map` replaced nothing. @param hidden whether they must not be shown */
export function unmetNotes(column: string, entries: readonly string[], hidden: boolean): readonly Text[] {
  if (entries.length === 0) return [];
  const names = entries.slice(0, entriesShown).map((entry) => `\`${entry}\``);
  const more = entries.length > entriesShown ? ' …' : '';
  const zh = hidden ? `${entries.length} 项` : `${names.join('、')}${more}`;
  const en = hidden ? `${entries.length} of them` : `${names.join(', ')}${more}`;
  const note = text(
    `列「${column}」的 map 有从未用到的写法：${zh}。本次查询没有一行是这样的值；如果不是本意，请对照查询里实际的值。`,
    `The map for ${column} has entries that no row of the query has: ${en}. If that is not meant, compare them with the values that the query gives.`,
  );
  return [note];
}
