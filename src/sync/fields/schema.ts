import type { ColumnRule, Definition, Plain } from '../definition/definition.ts';
import type { Field, WritableKind } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';
import type { ColumnDetail, Homeless } from './column.ts';
import { writable } from './kinds/kinds.ts';
import { significantDigits } from './kinds/number.ts';
import { hopeless, type Layout, pairUp } from './pairing.ts';
import { transform } from './transform.ts';

/** What a field is to hold and how it shows it. */
export type FieldShape =
  /** `digits` after the point, 0 to {@link digitsShown}. */
  | { readonly kind: 'number'; readonly digits: number }
  /** `time`: shows the time of day too. */
  | { readonly kind: 'date'; readonly time: boolean }
  | { readonly kind: 'select' | 'multi'; readonly options: readonly string[] }
  | {
      readonly kind: Exclude<WritableKind, 'number' | 'date' | 'select' | 'multi' | 'link'>;
    };

/** A field that is to be created. */
export type NewField = FieldShape & { readonly name: string };

/** What a column is for: `index` is a key column that becomes the first column of a new table. */
export type Role = 'plain' | 'key' | 'index';

/** Digits after the point that a number field shows at most: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
export const digitsShown = 4;

/** Options of one select field; an ENUM with more becomes text. https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/guide */
const optionsMost = 5_000;

/** Words that people, and only people, are named by. */
const personWords: ReadonlySet<string> = new Set(['open_id', 'user_id', 'union_id', 'email', 'mobile']);

const plainText: FieldShape = { kind: 'text' };

/**
 * The field that suits a column: by its rule's `as`, then by what the rule makes of values, then by the column's type.
 * Undefined for links, which nobody can make without knowing their table.
 */
export function fieldFor(column: ColumnDetail, rule: ColumnRule, role: Role): FieldShape | undefined {
  if (rule.as !== undefined) return asWanted(rule.as, column, rule);
  const shape = changed(column, rule);
  return shape && role !== 'plain' ? naming(shape, column, role) : shape;
}

/** The field of the kind that the definition asks for. */
function asWanted(kind: WritableKind, column: ColumnDetail, rule: ColumnRule): FieldShape | undefined {
  if (kind === 'link') return undefined;
  if (kind === 'date') return { kind, time: column.type !== 'date' };
  if (kind === 'select' || kind === 'multi') return { kind, options: optionsOf(column, rule) };
  if (kind !== 'number') return { kind };
  const own = ownShape(column);
  return own.kind === 'number' ? own : { kind, digits: column.flag ? 0 : (shownScale(column) ?? 2) };
}

/** The field by the column's own type and what its rule makes of the values. */
function changed(column: ColumnDetail, rule: ColumnRule): FieldShape | undefined {
  if (rule.by !== undefined) return personWords.has(rule.by) ? { kind: 'person' } : undefined;
  if (rule.split !== undefined) return { kind: 'multi', options: [] };
  const own = ownShape(column);
  if (own.kind === 'select' || own.kind === 'multi') return { ...own, options: optionsOf(column, rule) };
  const words = Object.values(rule.map ?? {}).filter((word) => word !== null);
  if (words.length === 0) return own;
  if (words.every(isFlag)) return { kind: 'checkbox' };
  if (words.every(isNumber)) return own.kind === 'checkbox' ? whole : own;
  return column.flag ? { kind: 'select', options: optionsOf(column, rule) } : plainText;
}

/** A truth value, or one in capitals, which stand as they were written. */
const isFlag = (word: Plain): boolean =>
  typeof word === 'boolean' || /^(?:True|TRUE|False|FALSE)$/.test(String(word));

/** A number, or one whose zeros are kept as they were written: 1.50. */
const isNumber = (word: Plain): boolean =>
  typeof word === 'number' || (typeof word === 'string' && /^-?\d+\.\d+$/.test(word));

/** A key must be a kind that can name rows, and must keep every digit. */
function naming(shape: FieldShape, column: ColumnDetail, role: Role): FieldShape {
  if (shape.kind === 'checkbox') return whole;
  const { canBeKey, canBeIndex } = writable[shape.kind];
  const fits = canBeKey && (role === 'key' || canBeIndex);
  const tooLong = shape.kind === 'number' && (column.digits ?? 0) > significantDigits;
  return fits && !tooLong ? shape : plainText;
}

const whole: FieldShape = { kind: 'number', digits: 0 };

/** What a column's values are by themselves. */
function ownShape(column: ColumnDetail): FieldShape {
  switch (column.type) {
    case 'integer':
    case 'bit':
      if (column.flag) return { kind: 'checkbox' };
      return isTooWide(column) ? plainText : whole;
    case 'year':
      return whole;
    case 'decimal':
    case 'float':
      return { kind: 'number', digits: shownScale(column) ?? 2 };
    case 'date':
      return { kind: 'date', time: false };
    case 'datetime':
    case 'timestamp':
      return { kind: 'date', time: true };
    case 'enum':
    case 'set': {
      const options = column.options ?? [];
      const kind = column.type === 'enum' ? 'select' : 'multi';
      return options.length > optionsMost ? plainText : { kind, options };
    }
    case 'any':
      return column.scale === undefined ? plainText : { kind: 'number', digits: shownScale(column) ?? 2 };
    case 'text':
    case 'time':
    case 'json':
    case 'binary':
    case 'geometry':
      return plainText;
  }
}

/** Whether whole numbers of this column are meant to be longer than a number field keeps: bits count in twos. */
function isTooWide({ type, digits = 0, unsigned }: ColumnDetail): boolean {
  return type === 'bit' ? digits > 49 : unsigned === true && digits > significantDigits;
}

const shownScale = ({ scale }: ColumnDetail): number | undefined =>
  scale === undefined ? undefined : Math.min(scale, digitsShown);

/** The options that a column's values make, changed as its rule changes values. */
function optionsOf(column: ColumnDetail, rule: ColumnRule): readonly string[] {
  const words = column.options ?? (column.flag ? ['0', '1'] : []);
  const change = transform(rule);
  const names = words.map((word) => String((change ? change(word) : word) ?? ''));
  const all = [...new Set(names)].filter((name) => name !== '');
  return all.length > optionsMost ? [] : all;
}

/** Fields of one table at most: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/create */
export const fieldsMost = 300;

/** Fields to create, and what stands in the way of creating them. */
export interface Creation {
  readonly fields: readonly NewField[];
  readonly problems: readonly Problem[];
}

/** Columns whose field the table lacks. @param also whether those count whose field was deleted since it was written */
export const homelessColumns = (definition: Definition, layout: Layout, also: boolean): readonly Homeless[] =>
  pairUp(definition, layout).homeless.filter(({ gone }) => also || !gone);

/** What must be created so that these columns have their fields in a table with `there` fields. */
export function creationOf(
  homeless: readonly Homeless[],
  columns: readonly ColumnDetail[],
  there: number,
): Creation {
  const fields: NewField[] = [];
  const problems: Problem[] = [];
  const details = new Map(columns.map((column) => [column.name, column]));
  for (const one of homeless) {
    // Told by the mapping itself: no field would take what the column holds.
    if (hopeless(one)) continue;
    const { column, rule, to, isKey } = one;
    const shape = fieldFor(details.get(column.name) ?? column, rule, isKey ? 'key' : 'plain');
    if (!shape) problems.push(notCreatable(to));
    else if (to.trim() === '' || to.trim() !== to) problems.push(badName(to));
    else if (!fields.some(({ name }) => name === to)) fields.push({ ...shape, name: to });
  }
  if (there + fields.length > fieldsMost) problems.push(tooMany(there, fields.length));
  return { fields, problems };
}

/** All fields of a new table: the key first, then the columns in their order. */
export function tableOf(definition: Definition, columns: readonly ColumnDetail[]): Creation {
  const homeless = homelessColumns(definition, { columns, fields: [] }, false);
  const [first] = definition.key;
  const index = homeless.find(({ column }) => column.name === first?.column);
  const rest = creationOf(
    homeless.filter((one) => one !== index),
    columns,
    index ? 1 : 0,
  );
  if (!index) return rest;
  const column = columns.find(({ name }) => name === index.column.name) ?? index.column;
  const shape = fieldFor(column, index.rule, 'index');
  if (!shape) return { ...rest, problems: [notCreatable(index.to), ...rest.problems] };
  return { ...rest, fields: [{ ...shape, name: index.to }, ...rest.fields] };
}

/** A field as it will be once it is created. */
export const fieldToBe = (field: NewField, at: number): Field => ({
  id: `${toBe}${at}`,
  name: field.name,
  kind: field.kind,
  look: '',
  primary: false,
  ...('options' in field ? { options: field.options } : {}),
});

const toBe = 'to-be-';

/** Whether a field is one that {@link fieldToBe} made up. */
export const isToBe = ({ id }: Pick<Field, 'id'>): boolean => id.startsWith(toBe);

/** The fields in words: 「金额」（数字）、「状态」（单选）. */
export function namesOf(fields: readonly NewField[]): Text {
  return text(
    fields.map(({ name, kind }) => `「${name}」（${writable[kind].title.zh}）`).join(''),
    fields.map(({ name, kind }) => `"${name}" (${writable[kind].title.en})`).join(', '),
  );
}

const notCreatable = (name: string): Problem => ({
  code: 'field-not-creatable',
  message: text(
    `字段「${name}」是关联，同步不能新建：要选关联哪一张表`,
    `the field "${name}" is a link and cannot be created by a sync: a link needs its table`,
  ),
  cure: text('请在多维表格里自己新建这个字段。', 'Create this field in the table by hand.'),
});

const badName = (name: string): Problem => ({
  code: 'bad-field-name',
  message: text(
    `字段名「${name}」为空或前后有空格`,
    `the field name "${name}" is empty or has blanks at its ends`,
  ),
  cure: text('在查询里改列名，或在 fields 里写 to。', 'Rename the column in the query, or say to in fields.'),
});

const tooMany = (there: number, more: number): Problem => ({
  code: 'too-many-fields',
  message: text(
    `一张表最多 ${fieldsMost} 个字段：已有 ${there} 个，还要新建 ${more} 个`,
    `a table has at most ${fieldsMost} fields: there are ${there}, and ${more} more are wanted`,
  ),
  cure: text(
    '在定义的 fields 里对不需要的列写 skip，或在表格里删掉不用的字段。',
    'Say skip for columns that are not needed, or delete fields of the table that nobody uses.',
  ),
});
