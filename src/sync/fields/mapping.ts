import type { Definition } from '../definition/definition.ts';
import type { Field, Fields } from '../definition/field.ts';
import type { Problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';
import type { Zone } from '../words/zone.ts';
import {
  type Column,
  type ColumnType,
  type Filled,
  isCut,
  type KnownField,
  type Lookup,
  type Pair,
  type Target,
  type Value,
} from './column.ts';
import { type Key, keyOf, normal } from './key.ts';
import { mayBeNumbers, type Unsaid } from './kinds/date.ts';
import { filledAs } from './kinds/formula.ts';
import { type Bad, type Cell, isBad, type Kind, type Place, unfit } from './kinds/kind.ts';
import { kindOf, kinds } from './kinds/kinds.ts';
import { lookupOf } from './lookup.ts';
import { knownFields, pairUp } from './pairing.ts';
import { fieldName } from './pairing-problems.ts';
import { transform, unmetNote } from './transform.ts';

/** The first value of a row that does not fit. */
export interface Misfit {
  readonly field: string;
  /** Position of its column in the query. */
  readonly column: number;
  readonly bad: Bad;
}

/** How the query's rows become the table's cells. Position in `targets` is position in every row's cells. */
export interface Mapping {
  readonly targets: readonly Target[];
  /** Positions of the key's parts in `targets`. */
  readonly key: readonly number[];
  /** Where the columns go, to be remembered. */
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
  /** Reads one record of the table. */
  held(fields: Fields): readonly Cell[];
}

/** Everything that stands between a query and its table, at least one thing. */
export type Mismatches = readonly [Problem, ...Problem[]];

/**
 * Compares the query's columns with the table's fields and the definition's rules.
 * Answers the mapping, or every mismatch at once.
 * @param known where the columns went before
 */
export function mapColumns(
  definition: Definition,
  columns: readonly Column[],
  fields: readonly Field[],
  zone: Zone,
  known: readonly KnownField[] = [],
): Mapping | Mismatches {
  const { pairs, problems, notes } = pairUp(definition, columns, fields, known);
  const [first, ...others] = problems;
  return first ? [first, ...others] : compile(definition, pairs, notes, zone);
}

/** Whether {@link mapColumns} found mismatches. */
export const isMismatch = (result: Mapping | Mismatches): result is Mismatches => Array.isArray(result);

function compile(
  definition: Definition,
  pairs: readonly Pair[],
  notes: readonly Text[],
  zone: Zone,
): Mapping {
  const isHidden = ({ column, field }: Pair): boolean =>
    [column.name, field.name, fieldName(definition, column.name)].some((name) =>
      definition.private.includes(name),
    );
  const targets = pairs.map((pair) => ({
    id: pair.field.id,
    name: pair.field.name,
    kind: pair.field.kind,
    hidden: isHidden(pair),
    ...(kinds.has(pair.field.kind) ? {} : { filled: filledOf(pair, zone) }),
    ...(pair.rule.empty === 'keep' ? { keep: true as const } : {}),
    ...(pair.field.options === undefined ? {} : { options: pair.field.options }),
    ...asked(lookupOf(pair.rule, pair.field)),
  }));
  const keepCut = definition.source.cut === 'keep';
  const unmet = pairs.map(({ rule }) => new Set(Object.keys(rule.map ?? {})));
  const readers = pairs.map((pair, at) => ({
    at: pair.at,
    read: readerOf(pair, { zone, hidden: isHidden(pair), keepCut }, (entry) => unmet[at]?.delete(entry)),
  }));
  const holders = pairs.map((pair) => ({ name: pair.field.name, read: kindOfPair(pair, zone).held }));
  const key = definition.key.map((part) => pairs.findIndex((pair) => pair.column.name === part.column));
  const spelt = key.filter((at) => anySpelling.has(pairs[at]?.column.type ?? 'any'));
  return {
    targets,
    key,
    known: knownFields(pairs, definition),
    notes,
    unsaid: pairs.flatMap(({ column, field, rule }, at) =>
      field.kind === 'date' && rule.unit === undefined && mayBeNumbers.has(column.type)
        ? [{ column: column.name, field: field.name, at }]
        : [],
    ),
    wanted(row) {
      const cells = new Array<Cell>(readers.length);
      for (let at = 0; at < readers.length; at++) {
        const reader = readers[at] as (typeof readers)[number];
        const cell = reader.read(row[reader.at] ?? null);
        if (isBad(cell)) {
          // The others count as seen for their maps all the same.
          for (const other of readers.slice(at + 1)) other.read(row[other.at] ?? null);
          return { field: targets[at]?.name ?? '', column: reader.at, bad: cell };
        }
        cells[at] = cell;
      }
      return cells;
    },
    unmet: () =>
      pairs.flatMap((pair, at) => {
        const entries = [...(unmet[at] ?? [])];
        return entries.length === 0 ? [] : [unmetNote(pair.column.name, entries, isHidden(pair))];
      }),
    rowKey(row) {
      return keyOf(
        key.map((at) => {
          const reader = readers[at];
          const cell = reader?.read(row[reader.at] ?? null) ?? '';
          return isBad(cell) ? '' : cell;
        }),
      );
    },
    isLoose: (row, cells) =>
      spelt.some((at) => String(row[readers[at]?.at ?? -1] ?? '') !== normal(cells[at] ?? '')),
    held: (record) =>
      holders.map(({ name, read }) => {
        const raw = record[name];
        // A field named `constructor` that is empty in this record reads as a function of every object.
        return raw === undefined || raw === null || typeof raw === 'function' ? '' : read(raw);
      }),
  };
}

/** Columns that spell one and the same key in several ways; the server spells the others in one. */
const anySpelling: ReadonlySet<ColumnType> = new Set(['text', 'enum', 'json', 'any']);

/** The key of a row or record, from its cells. */
export const keyIn = (mapping: Pick<Mapping, 'key'>, cells: readonly Cell[]): Key =>
  keyOf(mapping.key.map((at) => cells[at] ?? ''));

/** How a definition has its values read. */
interface Reading extends Pick<Place, 'zone' | 'hidden'> {
  /** Whether texts that the database cut short are values. */
  readonly keepCut: boolean;
}

/** Reads a column's values: BIT as its number, then what its rule does to them, then the field's kind. */
function readerOf(
  pair: Pair,
  { zone, hidden, keepCut }: Reading,
  onMet: (entry: string) => void,
): (value: Value) => Cell | Bad {
  const place = { ...pair, zone, hidden };
  const read = kindOfPair(pair, zone).wanted(place);
  const change = transform(pair.rule, pair.column.type, onMet);
  const ready = (value: Value): Cell | Bad => (value === null ? '' : read(value));
  const changed = change ? (value: Value) => ready(change(value)) : ready;
  if (keepCut || pair.column.cutAt === undefined) return changed;
  return (value) => (isCut(value, pair.column) ? unfit(place, value, wasCut) : changed(value));
}

const wasCut = {
  zh: '的内容被数据库截断了',
  en: 'was cut short by the database, so it is no value',
  advice: text(
    '请缩短查询拼接的内容（如 GROUP_CONCAT），或在定义里写 source: cut: keep，写入剩下的部分。',
    'Have the query put less together (GROUP_CONCAT), or say cut: keep under source to write what is left.',
  ),
};

const asked = (lookup: Lookup | undefined): Pick<Target, 'lookup'> => (lookup ? { lookup } : {});

const filledOf = ({ column }: Pair, zone: Zone): Filled => ({ as: filledAs(column.type), zone: zone.name });

const kindOfPair = (pair: Pair, zone: Zone): Kind => kindOf(pair.field.kind, filledOf(pair, zone)) as Kind;
