import type { ColumnRule, Definition } from './definition.ts';
import type { Field, FieldKind, Fields } from './field.ts';
import { type Key, keyOf } from './key.ts';
import { type Bad, type Cell, isBad, type Kind } from './kinds/kind.ts';
import { filledKeyKinds, keyKinds, kindOf, kinds } from './kinds/kinds.ts';
import type { Problem } from './problem.ts';
import { text } from './text.ts';
import { transform } from './transform.ts';
import type { Column, Value } from './value.ts';
import type { Zone } from './zone.ts';

/** A field that the sync compares, and writes unless it only names the row. */
export interface Target {
  readonly id: string;
  readonly name: string;
  readonly kind: FieldKind;
  /** Feishu fills it: it names the row and is never written. */
  readonly filled?: true;
  /** An empty value leaves what is in the cell. */
  readonly keep?: true;
  /** Select fields: the options that there are. */
  readonly options?: readonly string[];
  /** Whether its values are masked everywhere but in the table. */
  readonly hidden: boolean;
}

/** How the query's rows become the table's cells. Position in `targets` is position in every packed row. */
export interface Mapping {
  readonly targets: readonly Target[];
  /** Positions of the key's parts in `targets`. */
  readonly key: readonly number[];
  /** Reads one row of the query: canonical cells by position, or the first value that does not fit. */
  wanted(row: readonly Value[]): readonly Cell[] | { readonly field: string; readonly bad: Bad };
  /** The key of a query's row, whatever its other values are; `''` when it cannot be told. */
  rowKey(row: readonly Value[]): Key;
  /** Reads one record of the table. */
  held(fields: Fields): readonly Cell[];
}

/** Everything that stands between a query and its table, at least one thing. */
export type Mismatches = readonly [Problem, ...Problem[]];

interface Pair {
  readonly column: Column;
  readonly at: number;
  readonly rule: ColumnRule;
  readonly field: Field;
}

/**
 * Compares the query's columns with the table's fields and the definition's rules.
 * Answers the mapping, or every mismatch at once.
 */
export function mapColumns(
  definition: Definition,
  columns: readonly Column[],
  fields: readonly Field[],
  zone: Zone,
): Mapping | Mismatches {
  const fieldOf = new Map(fields.map((field) => [field.name, field]));
  const keyField = new Map(definition.key.map((part) => [part.column, part.field]));
  const pairs: Pair[] = [];
  const homeless: string[] = [];
  columns.forEach((column, at) => {
    const rule = definition.fields[column.name] ?? {};
    if (rule.skip && !keyField.has(column.name)) return;
    const to = keyField.get(column.name) ?? rule.to ?? column.name;
    const field = fieldOf.get(to);
    if (field) pairs.push({ column, at, rule, field });
    else homeless.push(to);
  });
  const problems = [
    ...missingFields(homeless),
    ...unknownRules(definition, columns),
    ...pairs.flatMap((pair) => (isFilledKey(definition, pair) ? [] : kindProblems(pair))),
    ...doubledFields(pairs),
    ...keyProblems(definition, columns, pairs),
  ];
  const [first, ...others] = problems;
  return first ? [first, ...others] : compile(definition, pairs, zone);
}

/** Whether {@link mapColumns} found mismatches. */
export const isMismatch = (result: Mapping | Mismatches): result is Mismatches => Array.isArray(result);

function compile(definition: Definition, pairs: readonly Pair[], zone: Zone): Mapping {
  const isHidden = ({ column, field }: Pair): boolean =>
    definition.private.includes(column.name) || definition.private.includes(field.name);
  const targets = pairs.map((pair) => ({
    id: pair.field.id,
    name: pair.field.name,
    kind: pair.field.kind,
    hidden: isHidden(pair),
    ...(kinds.has(pair.field.kind) ? {} : { filled: true as const }),
    ...(pair.rule.empty === 'keep' ? { keep: true as const } : {}),
    ...(pair.field.options === undefined ? {} : { options: pair.field.options }),
  }));
  const readers = pairs.map((pair) => ({
    at: pair.at,
    read: readerOf(pair, zone, isHidden(pair)),
  }));
  const holders = pairs.map((pair) => ({ name: pair.field.name, read: kindOfPair(pair).held }));
  const key = definition.key.map((part) => pairs.findIndex((pair) => pair.column.name === part.column));
  return {
    targets,
    key,
    wanted(row) {
      const cells = new Array<Cell>(readers.length);
      for (let at = 0; at < readers.length; at++) {
        const reader = readers[at] as (typeof readers)[number];
        const cell = reader.read(row[reader.at] ?? null);
        if (isBad(cell)) return { field: targets[at]?.name ?? '', bad: cell };
        cells[at] = cell;
      }
      return cells;
    },
    rowKey(row) {
      return keyOf(
        key.map((at) => {
          const reader = readers[at];
          const cell = reader?.read(row[reader.at] ?? null) ?? '';
          return isBad(cell) ? '' : cell;
        }),
      );
    },
    held(record) {
      const cells = new Array<Cell>(holders.length);
      for (let at = 0; at < holders.length; at++) {
        const holder = holders[at] as (typeof holders)[number];
        const raw = record[holder.name];
        // A field named `constructor` that is empty in this record reads as a function of every object.
        const empty = raw === undefined || raw === null || typeof raw === 'function';
        cells[at] = empty ? '' : holder.read(raw);
      }
      return cells;
    },
  };
}

/** The key of a row or record, from its cells. */
export const keyIn = (mapping: Pick<Mapping, 'key'>, cells: readonly Cell[]): Key =>
  keyOf(mapping.key.map((at) => cells[at] ?? ''));

/** Reads a column's values: first what its rule does to them, then the field's kind. */
function readerOf(pair: Pair, zone: Zone, hidden: boolean): (value: Value) => Cell | Bad {
  const read = kindOfPair(pair).wanted({ ...pair, zone, hidden });
  const change = transform(pair.rule);
  if (!change) return (value) => (value === null ? '' : read(value));
  return (value) => {
    const changed = change(value);
    return changed === null ? '' : read(changed);
  };
}

const kindOfPair = (pair: Pair): Kind => kindOf(pair.field.kind) as Kind;

function missingFields(names: readonly string[]): Problem[] {
  if (names.length === 0) return [];
  const list = names.map((name) => `「${name}」`).join('');
  return [
    {
      code: 'no-such-field',
      message: text(
        `表格里没有这些字段：${list}`,
        `the table has no fields ${names.map((name) => `"${name}"`).join(', ')}`,
      ),
      cure: text(
        '在多维表格里新建这些字段（名称完全一致），或在定义的 fields 里写 skip / to。',
        'Create them in the table (exactly these names), or say skip or to in the definition’s fields.',
      ),
    },
  ];
}

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
  if (rule.as === undefined || rule.as === field.kind) return [];
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
