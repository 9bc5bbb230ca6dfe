import type { Mode } from '../definition/definition.ts';
import type { FieldKind } from '../definition/field.ts';
import type { Target } from '../fields/column.ts';
import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { kinds as known } from '../fields/kinds/kinds.ts';
import { keyIn, type Mapping } from '../fields/mapping.ts';
import { type Text, text } from '../words/text.ts';
import {
  type Change,
  cellsIn,
  createOf,
  type Difference,
  hashOfRow,
  printOfRow,
  rowText,
  seedOf,
} from './change.ts';
import { digitsOf, KnownTable, printOf } from './known.ts';

/** What the comparison says of one source row. */
export type Compared =
  | Change
  | { readonly kind: 'same'; readonly slot: number; readonly exact: boolean }
  /** Left alone by the mode; the table has no such key where there is no slot. */
  | { readonly kind: 'left'; readonly slot?: number }
  /** Differs, and is left alone because its record is outside of what may be changed. */
  | { readonly kind: 'outside' }
  /** Not sent, because its key is empty or stands more than once on either side. */
  | {
      readonly kind: 'invalid';
      readonly key: Key;
      /** The key's parts as the row has them, before they are made alike. */
      readonly parts: readonly string[];
      readonly why: Why;
    };

export type Why = 'empty' | 'doubled-source' | 'doubled-table';

/** How rows and records are compared. */
interface Comparison {
  readonly mode: Mode;
  /** How often the query has each key. */
  readonly times: ReadonlyMap<Key, number>;
  /** Record IDs outside of which nothing is updated or deleted. */
  readonly within?: ReadonlySet<string> | undefined;
  /** Whether somebody has changed a record since it was known last; nobody has when not given. */
  hasDrifted?(held: HeldRecord): boolean;
}

/**
 * Says what must happen so that the table agrees with the query. `append` leaves existing keys alone, `update` missing
 * ones; `mirror` deletes records whose key no row has.
 */
export function diff(
  mapping: Pick<Mapping, 'targets' | 'key'>,
  index: TableIndex,
  { mode, times, within, hasDrifted = () => false }: Comparison,
) {
  const seed = seedOf(mapping.targets);

  /** Judges one row of the query by its canonical cells. */
  function row(cells: readonly Cell[]): Compared {
    const key = keyIn(mapping, cells);
    const invalid = (why: Why): Compared => {
      return { kind: 'invalid', key, parts: mapping.key.map((at) => cells[at] ?? ''), why };
    };
    if (key === '') return invalid('empty');
    if ((times.get(key) ?? 0) > 1) return invalid('doubled-source');
    const held = index.find(key);
    if (!held) return mode === 'update' ? { kind: 'left' } : createOf(key, cells);
    if (index.isDoubled(key)) return invalid('doubled-table');
    const { slot } = held;
    if (held.row === rowText(cells)) return { kind: 'same', slot, exact: true };
    return mode === 'append' ? { kind: 'left', slot } : updated(key, cells, held);
  }

  function updated(key: Key, cells: readonly Cell[], held: HeldRecord): Compared {
    const { id, row: text, slot } = held;
    const there = cellsIn(text);
    const differences = differ(mapping.targets, cells, there);
    if (differences.length === 0) return { kind: 'same', slot, exact: false };
    if (within && !within.has(id)) return { kind: 'outside' };
    const wanted = new Map(differences.map(([at, cell]) => [at, cell]));
    return {
      ...{ kind: 'update', key, record: id, differences, hash: hashOfRow(cells, seed) },
      after: digitsOf(printOfRow(there.map((cell, at) => wanted.get(at) ?? cell))),
      ...(mode === 'update' ? {} : { row: cells }),
      ...(hasDrifted(held) ? { back: true } : {}),
    };
  }

  /** Records whose key no row has; none unless the mode mirrors. */
  function* leftOver(): Iterable<Change> {
    if (mode !== 'mirror') return;
    for (const [key, { id, row: held }] of index.records()) {
      const isTouchable = !index.isDoubled(key) && (!within || within.has(id));
      if (isTouchable && !times.has(key)) yield { kind: 'delete', key, record: id, cells: cellsIn(held) };
    }
  }

  return { row, leftOver };
}

/** The cells of a record that must change: those that differ, unless Feishu fills them or an empty value keeps what is there. */
export function differ(
  targets: readonly Target[],
  wanted: readonly string[],
  held: readonly string[],
): Difference[] {
  const differences: Difference[] = [];
  targets.forEach((target, at) => {
    const cell = wanted[at] ?? '';
    const now = held[at] ?? '';
    if (cell !== now && !target.filled && !(target.keep && cell === '')) differences.push([at, cell, now]);
  });
  return differences;
}

const blanksAndForms = text(
  '首尾空白（包括不换行空格）和字母的组合形式（NFC、NFD）不作区分',
  'blanks at the ends, no-break ones too, and composed or decomposed letters (NFC, NFD) are not told apart',
);

/**
 * Says why a row or record is left alone for its key, and what is not told apart where that may be the reason.
 * @param kinds of the key's fields @param loose whether keys were written otherwise than they are compared
 */
export function whyBadKey(why: Why, kinds: readonly FieldKind[], loose: boolean): Text {
  const reason = whys[why];
  if (!loose) return reason;
  if (why === 'empty') return text(`${reason.zh}：只有空白`, `${reason.en}: there is nothing but blanks`);
  const rules = new Set(kinds.map((kind) => known.get(kind)?.alike ?? blanksAndForms));
  const zh = [...rules].map((rule) => rule.zh).join('；');
  const en = [...rules].map((rule) => rule.en).join('; ');
  return text(`${reason.zh}（${zh}）`, `${reason.en} (${en})`);
}

const whys: Readonly<Record<Why, Text>> = {
  empty: text('主键为空', 'the key is empty'),
  'doubled-source': text('查询里这个主键不止一行', 'the query has this key more than once'),
  'doubled-table': text('表格里这个主键不止一条记录', 'the table has this key more than once'),
};

/** One record of the table. */
export interface HeldRecord {
  readonly id: string;
  /** Its canonical cells, see `rowText`. */
  readonly row: string;
  /** Where it is in the known table. */
  readonly slot: number;
  /** Somebody gave it another key. */
  readonly mistyped?: true;
}

/**
 * The table's records by key, in reading order. A key seen again is doubled.
 */
export type TableIndex = ReturnType<typeof tableIndex>;

/**
 * Makes an empty index. @param known gets all records, too @param others how many records it stands for that are not
 * added
 */
export function tableIndex(known = new KnownTable(), others = 0) {
  // A number and a text a record: an object for each would take half as much again at a million.
  const byKey = new Map<Key, number>();
  const rows: string[] = [];
  const mistyped = new Set<number>();
  let size = others;
  /** All IDs, once somebody has asked for one. */
  let ids: Set<string> | undefined;
  const doubled = new Map<Key, string[]>();
  const withoutKey: string[] = [];
  const heldAt = (slot: number): HeldRecord => ({
    ...{ id: known.record(slot), row: rows[slot] ?? '', slot },
    ...(mistyped.has(slot) && { mistyped: true }),
  });
  return {
    /**
     * Takes a record, each once, and returns where it is in the known table.
     * @param at where that is; it is added to that when not given
     */
    add(id: string, key: Key, row: string, at?: number): number {
      size++;
      ids?.add(id);
      const slot = at ?? known.add(id, printOf(key), printOf(row));
      const first = byKey.get(key);
      if (key === '') withoutKey.push(id);
      else if (first !== undefined) doubled.set(key, [...(doubled.get(key) ?? [known.record(first)]), id]);
      else {
        byKey.set(key, slot);
        rows[slot] = row;
      }
      return slot;
    },
    /** Finds records, which somebody gave wrong keys, under the right ones. */
    putBack(records: ReadonlyMap<Key, HeldRecord>): void {
      const back = new Set([...records.values()].map(({ id }) => id));
      const slots = new Set([...records.values()].map(({ slot }) => slot));
      for (const [wrong, slot] of byKey) if (slots.has(slot) && !doubled.has(wrong)) byKey.delete(wrong);
      const left = withoutKey.filter((id) => !back.has(id));
      withoutKey.splice(0, withoutKey.length);
      for (const id of left) withoutKey.push(id);
      for (const [key, { slot, row }] of records) {
        byKey.set(key, slot);
        rows[slot] = row;
        mistyped.add(slot);
        // Whether or not it is set back: its row has a record.
        known.put(slot, printOf(key), known.held(slot));
      }
    },
    known,
    /** Whether a record of this ID was added. */
    has(id: string): boolean {
      ids ??= new Set(seenIn(known));
      return ids.has(id);
    },
    /** The first record with a key. Doubled keys have one too: ask {@link isDoubled}. */
    find(key: Key): HeldRecord | undefined {
      const slot = byKey.get(key);
      return slot === undefined ? undefined : heldAt(slot);
    },
    isDoubled: (key: Key): boolean => doubled.has(key),
    /** Every key with its first record, in reading order. */
    *records(): Generator<readonly [Key, HeldRecord], void> {
      for (const [key, slot] of byKey) yield [key, heldAt(slot)];
    },
    /** Different records added, those with doubled or empty keys included. */
    get size(): number {
      return size;
    },
    /** IDs of the records that have a doubled key, by key. */
    doubled: doubled as ReadonlyMap<Key, readonly string[]>,
    /** IDs of the records whose key is empty. */
    withoutKey: withoutKey as readonly string[],
  };
}

/** The IDs of all records but those that the last read did not show. */
function* seenIn(known: KnownTable): Generator<string> {
  for (const slot of known.slots()) if (!known.isUnseen(slot)) yield known.record(slot);
}
