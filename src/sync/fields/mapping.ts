import type { Definition } from '../definition/definition.ts';
import type { Fields } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';
import type { Zone } from '../words/zone.ts';
import { type ColumnType, isCut, type KnownField, type Pair, type Target, type Value } from './column.ts';
import { type Key, keyOf, normal } from './key.ts';
import { mayBeNumbers, type Unsaid } from './kinds/date.ts';
import { filledAs } from './kinds/formula.ts';
import { type Bad, type Cell, isBad, type Kind, unfit } from './kinds/kind.ts';
import { kindOf, kinds } from './kinds/kinds.ts';
import { lookupOf } from './lookup.ts';
import { knownFields, type Layout, pairUp } from './pairing.ts';
import { fieldName } from './pairing-problems.ts';
import { transform, unmetNotes } from './transform.ts';

/** The first value of a row that does not fit. */
export interface Misfit {
  readonly field: string;
  readonly column: number;
  readonly bad: Bad;
}

/** How the query's rows become the table's cells. Position in `targets` is position in every row's cells. */
export interface Mapping {
  readonly targets: readonly Target[];
  /** Positions of the key's parts in `targets`. */
  readonly key: readonly number[];
  readonly known: readonly KnownField[];
  /** What is worth telling: renamed and retyped fields. */
  readonly notes: readonly Text[];
  /** Columns of numbers that are read as milliseconds though nobody has said so. */
  readonly unsaid: readonly Unsaid[];
  /** Reads one row of the query: canonical cells by position, or the first value that does not fit. */
  wanted(row: readonly Value[]): readonly Cell[] | Misfit;
  /** Says which entries of a `map` none of the rows read so far has met. */
  unmet(): readonly Text[];
  /** The key of a query's row, whatever its other values are; `''` when it cannot be told. */
  rowKey(row: readonly Value[]): Key;
  /** Whether a row spells its key otherwise than it is compared: with blanks at the ends, say, or 1.0 for 1. */
  isLoose(row: readonly Value[], cells: readonly Cell[]): boolean;
  held(fields: Fields): readonly Cell[];
}

/** Everything that stands between a query and its table, at least one thing. */
export type Mismatches = readonly [Problem, ...Problem[]];

/** Compares the query's columns with the table's fields and the definition's rules: the mapping, or every mismatch. */
export function mapColumns(definition: Definition, layout: Layout, zone: Zone): Mapping | Mismatches {
  const { pairs, problems, notes } = pairUp(definition, layout);
  const [first, ...others] = problems;
  return first ? [first, ...others] : { ...compile(definition, pairs, zone), notes };
}

/** Whether {@link mapColumns} found mismatches. */
export const isMismatch = (result: Mapping | Mismatches): result is Mismatches => Array.isArray(result);

function compile(definition: Definition, pairs: readonly Pair[], zone: Zone): Omit<Mapping, 'notes'> {
  const ways = pairs.map((pair) => wayOf(definition, pair, zone));
  const key = definition.key.map((part) => pairs.findIndex((pair) => pair.column.name === part.column));
  const spelt = key.filter((at) => anySpelling.has(pairs[at]?.column.type ?? 'any'));
  return {
    targets: ways.map(({ target }) => target),
    key,
    known: knownFields(pairs, definition),
    unsaid: pairs.flatMap(({ column, field, rule }, at) =>
      field.kind === 'date' && rule.unit === undefined && mayBeNumbers.has(column.type)
        ? [{ column: column.name, field: field.name, at }]
        : [],
    ),
    wanted(row) {
      let misfit: Misfit | undefined;
      // After a misfit the others are read all the same: their maps have met their values.
      const cells = ways.map(({ at, read, target }) => {
        const cell = read(row[at] ?? null);
        if (!isBad(cell)) return cell;
        misfit ??= { field: target.name, column: at, bad: cell };
        return '';
      });
      return misfit ?? cells;
    },
    unmet: () => ways.flatMap(({ unmet, column, target }) => unmetNotes(column, [...unmet], target.hidden)),
    rowKey: (row) =>
      keyOf(
        key.map((at) => {
          const way = ways[at];
          const cell = way?.read(row[way.at] ?? null) ?? '';
          return isBad(cell) ? '' : cell;
        }),
      ),
    isLoose: (row, cells) =>
      spelt.some((at) => String(row[ways[at]?.at ?? -1] ?? '') !== normal(cells[at] ?? '')),
    held: (record) => ways.map(({ held, target }) => held(record[target.name])),
  };
}

/** How one column's values become one field's cells. */
interface Way {
  readonly column: string;
  readonly at: number;
  readonly target: Target;
  read(value: Value): Cell | Bad;
  held(raw: unknown): Cell;
  /** Entries of the rule's `map` that no value has met so far. */
  readonly unmet: ReadonlySet<string>;
}

/** Reads a column's values: what its rule does to them, then the field's kind. */
function wayOf(definition: Definition, pair: Pair, zone: Zone): Way {
  const { column, field, rule, at } = pair;
  const names = [column.name, field.name, fieldName(definition, column.name)];
  const hidden = names.some((name) => definition.private.includes(name));
  const filled = kinds.has(field.kind) ? undefined : { as: filledAs(column.type), zone: zone.name };
  const kind = kindOf(field.kind, filled) as Kind;
  const lookup = lookupOf(rule, field);
  const unmet = new Set(Object.keys(rule.map ?? {}));
  const place = { column, field, rule, zone, hidden };
  const wanted = kind.wanted(place);
  const change = transform(rule, column.type, (entry) => unmet.delete(entry)) ?? ((value: Value) => value);
  const mayBeCut = definition.source.cut !== 'keep' && column.cutAt !== undefined;
  return {
    ...{ column: column.name, at, unmet },
    target: {
      ...{ id: field.id, name: field.name, kind: field.kind, hidden },
      ...(filled && { filled }),
      ...(rule.empty === 'keep' && { keep: true }),
      ...(field.options && { options: field.options }),
      ...(lookup && { lookup }),
    },
    read(value) {
      if (mayBeCut && isCut(value, column)) return unfit(place, value, wasCut);
      const changed = change(value);
      return changed === null ? '' : wanted(changed);
    },
    // A field named `constructor` that is empty in a record reads as a function of every object.
    held: (raw) => (raw === undefined || raw === null || typeof raw === 'function' ? '' : kind.held(raw)),
  };
}

/** Columns that spell one and the same key in several ways; the server spells the others in one. */
const anySpelling: ReadonlySet<ColumnType> = new Set(['text', 'enum', 'json', 'any']);

/** The key of a row or record, from its cells. */
export const keyIn = (mapping: Pick<Mapping, 'key'>, cells: readonly Cell[]): Key =>
  keyOf(mapping.key.map((at) => cells[at] ?? ''));

const wasCut = {
  zh: '的内容被数据库截断了',
  en: 'was cut short by the database, so it is no value',
  advice: text(
    '请缩短查询拼接的内容（如 GROUP_CONCAT），或在定义里写 source: cut: keep，写入剩下的部分。',
    'Have the query put less together (GROUP_CONCAT), or say cut: keep under source to write what is left.',
  ),
};
