import type { ColumnRule, Plain } from './definition.ts';
import type { Value } from './value.ts';

/**
 * What a column's rule does to a value before its field reads it, in this order: `trim`, `map`, `default`,
 * `truncate`. Undefined when the rule does nothing of the kind. Anything more is the query's job.
 */
export function transform(rule: ColumnRule): ((value: Value) => Value) | undefined {
  const steps = [trimming(rule), mapping(rule), defaulting(rule), truncating(rule)].flatMap(
    (step) => step ?? [],
  );
  if (steps.length === 0) return undefined;
  return (value) => steps.reduce((now, step) => step(now), value);
}

type Step = (value: Value) => Value;

function trimming({ trim }: ColumnRule): Step | undefined {
  return trim ? (value) => (typeof value === 'string' ? value.trim() : value) : undefined;
}

/** Values that are not listed stay as they are; bytes are never looked up. */
function mapping({ map }: ColumnRule): Step | undefined {
  if (map === undefined) return undefined;
  const table = new Map(Object.entries(map).map(([from, to]) => [from, plainValue(to)]));
  return (value) => {
    if (value === null || value instanceof Uint8Array) return value;
    const to = table.get(String(value));
    return to === undefined ? value : to;
  };
}

function defaulting({ default: instead }: ColumnRule): Step | undefined {
  if (instead === undefined) return undefined;
  const stand = plainValue(instead);
  return (value) => (value === null || value === '' ? stand : value);
}

/** Cuts by characters as people count them: a 4-byte character is one. */
function truncating({ truncate }: ColumnRule): Step | undefined {
  if (truncate === undefined) return undefined;
  return (value) => {
    if (typeof value !== 'string' || value.length <= truncate) return value;
    const points = [...value];
    return points.length > truncate ? points.slice(0, truncate).join('') : value;
  };
}

const plainValue = (plain: Plain): Value => (typeof plain === 'boolean' ? String(plain) : plain);
