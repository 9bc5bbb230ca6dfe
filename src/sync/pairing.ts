import type { ColumnRule, Definition } from './definition.ts';
import type { Field, FieldKind } from './field.ts';
import { noFit, refusal } from './fits.ts';
import { idleRules } from './idle-rules.ts';
import { filledKeyKinds, keyKinds, kinds } from './kinds/kinds.ts';
import { lookupProblems } from './lookup-problems.ts';
import type { Problem } from './problem.ts';
import { type Text, text } from './text.ts';
import type { Column } from './value.ts';

/** A column of the query and the field that it goes to. */
export interface Pair {
  readonly column: Column;
  /** Position of the column in the query's rows. */
  readonly at: number;
  readonly rule: ColumnRule;
  readonly field: Field;
}

/** Which field a column went to before: found again by its ID when somebody renames it. */
export interface KnownField {
  readonly column: string;
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
}

/** A column whose field the table does not have. */
export interface Homeless {
  readonly column: Column;
  /** Position of the column in the query's rows. */
  readonly at: number;
  readonly rule: ColumnRule;
  /** Name of the field that it is to go to. */
  readonly to: string;
  readonly isKey: boolean;
  /** Whether it went to a field before that somebody has deleted since. */
  readonly gone: boolean;
}

/** Columns and fields brought together, with all that is wrong or worth telling about it. */
export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly homeless: readonly Homeless[];
  readonly problems: readonly Problem[];
  readonly notes: readonly Text[];
}

/**
 * Finds each column's field: by name, or by the ID that it had before when the name is gone. A name that belongs to
 * another field than before, while the old one still exists, is nobody's guess: that is a problem.
 */
export function pairUp(
  definition: Definition,
  columns: readonly Column[],
  fields: readonly Field[],
  known: readonly KnownField[],
): Pairing {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const byId = new Map(fields.map((field) => [field.id, field]));
  const before = new Map(known.map((one) => [one.column, one]));
  const keyField = new Map(definition.key.map((part) => [part.column, part.field]));
  const pairs: Pair[] = [];
  const homeless: Homeless[] = [];
  const notes: Text[] = [];
  const unsure: Problem[] = [];
  columns.forEach((column, at) => {
    const rule = Object.hasOwn(definition.fields, column.name) ? definition.fields[column.name] : undefined;
    if (rule?.skip && !keyField.has(column.name)) return;
    const to = keyField.get(column.name) ?? rule?.to ?? column.name;
    const was = before.get(column.name);
    const old = was && was.name === to ? byId.get(was.id) : undefined;
    const field = byName.get(to) ?? old;
    if (!field) {
      const gone = was !== undefined && was.name === to;
      homeless.push({ column, at, rule: rule ?? {}, to, isKey: keyField.has(column.name), gone });
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
    ...missingFields(lost.filter(({ gone }) => !gone)),
    ...goneFields(lost.filter(({ gone }) => gone)),
    ...unsure,
    ...unknownRules(definition, columns),
    ...pairs.flatMap((pair) => (isFilledKey(definition, pair) ? [] : kindProblems(pair))),
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
  pairs.map(({ column, rule, field }) => ({
    column: column.name,
    id: field.id,
    name: definition.key.find((part) => part.column === column.name)?.field ?? rule.to ?? column.name,
    kind: field.kind,
  }));

const twoFields = (name: string, old: Field): Problem => ({
  code: 'two-fields',
  message: text(
    `「${name}」现在是另一个字段；以前写入的那个改名成了「${old.name}」`,
    `"${name}" is another field now; the one written before is called "${old.name}"`,
  ),
  cure: text(
    `在定义的 fields 里写清楚：{ to: ${old.name} } 或删掉、改回其中一个字段。`,
    `Say which one in the definition's fields ({ to: ${old.name} }), or delete or rename one of the two.`,
  ),
});

const renamed = (name: string, field: Field): Text =>
  text(
    `字段「${name}」在表格里改名为「${field.name}」，照常写入；请更新定义。`,
    `The field "${name}" was renamed to "${field.name}" in the table and is written as before; please update the definition.`,
  );

const retyped = (was: KnownField, field: Field): Text =>
  text(
    `字段「${field.name}」的类型从 ${was.kind} 变成了 ${field.kind}。`,
    `The type of the field "${field.name}" changed from ${was.kind} to ${field.kind}.`,
  );

const vanished = ({ column, name }: KnownField): Text =>
  text(
    `查询不再有「${column}」这一列；字段「${name}」里的内容保持不变。`,
    `The query has no column "${column}" any more; the field "${name}" keeps what it holds.`,
  );

const quoted = (list: readonly Homeless[]): Text => {
  const names = [...new Set(list.map(({ to }) => to))];
  return text(names.map((name) => `「${name}」`).join(''), names.map((name) => `"${name}"`).join(', '));
};

function missingFields(list: readonly Homeless[]): Problem[] {
  if (list.length === 0) return [];
  const names = quoted(list);
  return [
    {
      code: lacksFields,
      message: text(`表格里没有这些字段：${names.zh}`, `the table has no fields ${names.en}`),
      cure: text(
        '在定义里写 create: fields 让同步新建它们，或在多维表格里自己新建（名称完全一致），或在定义的 fields 里写 skip / to。',
        'Say create: fields in the definition to have them created, create them in the table (exactly these names), or say skip or to in the definition’s fields.',
      ),
    },
  ];
}

function goneFields(list: readonly Homeless[]): Problem[] {
  if (list.length === 0) return [];
  const names = quoted(list);
  return [
    {
      code: lostFields,
      message: text(
        `以前写入的字段被删除了：${names.zh}`,
        `fields that were written before have been deleted: ${names.en}`,
      ),
      cure: text(
        '在多维表格里撤销删除或新建同名字段，或在定义的 fields 里写 skip。',
        'Undo the deletion or create fields of these names in the table, or say skip in the definition’s fields.',
      ),
    },
  ];
}

/** The codes of problems that creating fields solves. */
export const lacksFields = 'no-such-field';
export const lostFields = 'field-gone';

function unknownRules(definition: Definition, columns: readonly Column[]): Problem[] {
  const names = new Set(columns.map((column) => column.name));
  return Object.keys(definition.fields)
    .filter((name) => !names.has(name))
    .map((name) => ({
      code: 'no-such-column',
      message: text(
        `fields 里的「${name}」不是查询的列`,
        `fields names "${name}", which is no column of the query`,
      ),
      cure: text(`查询的列：${[...names].join('、')}`, `The query’s columns are: ${[...names].join(', ')}.`),
    }));
}

/** Whether a pair is a key that Feishu itself fills, where that is all right: no row is ever created. */
const isFilledKey = (definition: Definition, { column, field }: Pair): boolean =>
  definition.mode === 'update' &&
  filledKeyKinds.has(field.kind) &&
  definition.key.some((part) => part.column === column.name);

function kindProblems({ column, field, rule }: Pair): Problem[] {
  if (!kinds.has(field.kind)) {
    return [
      {
        code: 'read-only-field',
        message: text(
          `字段「${field.name}」（${field.look}）不能由同步写入`,
          `the field "${field.name}" (${field.look}) cannot be written by a sync`,
        ),
        cure: text(
          `在定义里写 fields: { ${column.name}: skip }，或换一个可写的字段。`,
          `Say fields: { ${column.name}: skip } in the definition, or use a field that can be written.`,
        ),
      },
    ];
  }
  const unfit = refusal(column, field, rule);
  if (rule.as === undefined || rule.as === field.kind) return unfit ? [unfit] : [];
  return [
    {
      code: 'other-kind',
      message: text(
        `定义说「${field.name}」是 ${rule.as}，表格里它是 ${field.kind}（${field.look}）`,
        `the definition says "${field.name}" is ${rule.as}, in the table it is ${field.kind} (${field.look})`,
      ),
      cure: text(
        '改定义里的 as，或改表格里的字段类型。',
        'Change as in the definition, or the field’s type in the table.',
      ),
    },
  ];
}

function doubledFields(pairs: readonly Pair[]): Problem[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { field } of pairs) (seen.has(field.name) ? twice : seen).add(field.name);
  return [...twice].map((name) => ({
    code: 'doubled-field',
    message: text(`有两列写入同一个字段「${name}」`, `two columns go to the field "${name}"`),
    cure: text(
      '改查询里的列名，或在 fields 里用 skip / to。',
      'Rename a column in the query, or say skip or to in fields.',
    ),
  }));
}

function keyProblems(definition: Definition, columns: readonly Column[], pairs: readonly Pair[]): Problem[] {
  return definition.key.flatMap((part): Problem[] => {
    if (!columns.some((column) => column.name === part.column)) {
      return [
        {
          code: 'no-key-column',
          message: text(`查询里没有主键列「${part.column}」`, `the query has no key column "${part.column}"`),
          cure: text(
            `查询的列：${columns.map((column) => column.name).join('、')}。改查询或 key。`,
            `The query’s columns are: ${columns.map((column) => column.name).join(', ')}. Change the query or key.`,
          ),
        },
      ];
    }
    const pair = pairs.find(({ column }) => column.name === part.column);
    if (!pair || !kinds.has(pair.field.kind) || keyKinds.has(pair.field.kind)) return [];
    return [
      {
        code: 'no-key-kind',
        message: text(
          `字段「${pair.field.name}」（${pair.field.look}）不能做主键`,
          `the field "${pair.field.name}" (${pair.field.look}) cannot be a key`,
        ),
        cure: text(
          '主键可以是文本、数字、电话、日期或单选字段。',
          'A key is a text, number, phone, date or single-select field.',
        ),
      },
    ];
  });
}
