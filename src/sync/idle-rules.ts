import type { ColumnRule } from './definition.ts';
import type { Field, FieldKind } from './field.ts';
import { type Text, text } from './text.ts';

/** What only some kinds of field look at. The steps before the field (`trim`, `map` …) work for all of them. */
const heeded: readonly (readonly [keyof ColumnRule, ReadonlySet<FieldKind>])[] = [
  ['unit', new Set(['date'])],
  ['round', new Set(['number', 'date', 'location'])],
  ['split', new Set(['multi', 'person', 'group', 'link', 'attachment'])],
  ['options', new Set(['select', 'multi'])],
];

/** Says which parts of a column's rule do nothing, because its field is of a kind that does not look at them. */
export function idleRules(rule: ColumnRule, { name, kind }: Pick<Field, 'name' | 'kind'>): readonly Text[] {
  const idle = heeded.filter(([word, kinds]) => rule[word] !== undefined && !kinds.has(kind));
  const notes = idle.map(([word, kinds]) => {
    const list = [...kinds].join(', ');
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
