import type { ColumnRule, Definition } from '../definition/definition.ts';
import type { Field } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';
import type { Column, Homeless, KnownField, Pair } from './column.ts';
import { noFit, refusal } from './fits.ts';
import { writable } from './kinds/kinds.ts';
import { lookupProblems } from './lookup.ts';
import {
  doubledFields,
  fieldName,
  goneFields,
  isFilledKey,
  isKey,
  keyProblems,
  kindProblems,
  missingFields,
  renamed,
  retyped,
  twoFields,
  unknownPrivate,
  unknownRules,
  vanished,
} from './pairing-problems.ts';

/** What a definition is compared with. */
export interface Layout {
  readonly columns: readonly Column[];
  readonly fields: readonly Field[];
  readonly known?: readonly KnownField[] | undefined;
}

/** Columns and fields brought together, with all that is wrong or worth telling about it. */
export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly homeless: readonly Homeless[];
  readonly problems: readonly Problem[];
  readonly notes: readonly Text[];
}

/**
 * Finds each column's field by name, or by the ID that it had before when the name is gone. A name that is another
 * field than before, while the old one still exists, is a problem: nobody's guess.
 */
export function pairUp(definition: Definition, { columns, fields, known = [] }: Layout): Pairing {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const byId = new Map(fields.map((field) => [field.id, field]));
  const before = new Map(known.map((one) => [one.column, one]));
  const keys = new Set(definition.key.map(({ column }) => column));
  const pairs: Pair[] = [];
  const homeless: Homeless[] = [];
  const notes: Text[] = [];
  const unsure: Problem[] = [];
  columns.forEach((column, at) => {
    const rule = Object.hasOwn(definition.fields, column.name) ? definition.fields[column.name] : undefined;
    if (rule?.skip && !keys.has(column.name)) return;
    const to = fieldName(definition, column.name);
    const was = before.get(column.name);
    const old = was && was.name === to ? byId.get(was.id) : undefined;
    const field = byName.get(to) ?? old;
    if (!field) {
      const gone = was !== undefined && was.name === to;
      homeless.push({ column, at, rule: rule ?? {}, to, isKey: keys.has(column.name), gone });
      return;
    }
    if (old && field !== old) unsure.push(twoFields(to, old));
    if (field.name !== to) notes.push(renamed(to, field));
    if (was && was.id === field.id && was.kind !== field.kind) notes.push(retyped(was, field));
    if (rule) notes.push(...idleRules(rule, field));
    pairs.push({ column, at, rule: rule ?? {}, field });
  });
  const goesOn = ({ column, id }: KnownField): boolean =>
    columns.some(({ name }) => name === column) || pairs.some(({ field }) => field.id === id);
  notes.push(...known.filter((one) => !goesOn(one)).map(vanished));
  const lost = homeless.filter((one) => hopeless(one) === undefined);
  const problems = [
    ...homeless.flatMap((one) => hopeless(one) ?? []),
    ...missingFields(
      lost.filter(({ gone }) => !gone),
      fields.filter((field) => !pairs.some((pair) => pair.field === field)),
    ),
    ...goneFields(lost.filter(({ gone }) => gone)),
    ...unsure,
    ...unknownRules(definition, columns),
    ...unknownPrivate(definition, columns, fields),
    ...pairs.flatMap((pair) =>
      isFilledKey(definition, pair) ? [] : kindProblems(pair, isKey(definition, pair)),
    ),
    ...pairs.flatMap(lookupProblems),
    ...doubledFields(pairs),
    ...keyProblems(definition, columns, pairs),
  ];
  return { pairs, homeless, problems, notes };
}

/** Why a column without a field could fill none of the kind that is meant; then creating one does not help. */
export function hopeless({ column, rule, to }: Homeless): Problem | undefined {
  const problem = refusal(column, { name: to, kind: rule.as ?? 'text' }, rule);
  return problem?.code === noFit ? problem : undefined;
}

/** What to remember for the next time. The name is the one that the definition uses. */
export const knownFields = (pairs: readonly Pair[], definition: Definition): readonly KnownField[] =>
  pairs.map(({ column, field }) => ({
    column: column.name,
    id: field.id,
    name: fieldName(definition, column.name),
    kind: field.kind,
  }));

/** Says which parts of a column's rule do nothing, because its field is of a kind that does not look at them. */
export function idleRules(rule: ColumnRule, { name, kind }: Pick<Field, 'name' | 'kind'>): readonly Text[] {
  const notes = (Object.keys(rule) as (keyof ColumnRule)[]).flatMap((word) => {
    const heeding = Object.entries(writable).flatMap(([one, { heeds }]) =>
      heeds?.includes(word) ? [one] : [],
    );
    if (rule[word] === undefined || heeding.length === 0 || heeding.includes(kind)) return [];
    const list = heeding.join(', ');
    return text(
      `字段「${name}」是 ${kind}，定义里的 ${word} 对它不起作用（只对 ${list} 起作用）。`,
      `${word} does nothing for ${name}: its field is ${kind}, and only ${list} look at it.`,
    );
  });
  if (rule.missing === undefined || rule.by !== undefined) return notes;
  return [
    ...notes,
    text(
      `字段「${name}」写了 missing 却没有 by，什么都不会查找，missing 不起作用。`,
      `missing does nothing for ${name}: without by nothing is looked up.`,
    ),
  ];
}
