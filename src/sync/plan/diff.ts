import type { Mode } from '../definition/definition.ts';
import type { FieldKind } from '../definition/field.ts';
import type { Target } from '../fields/column.ts';
import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { keyIn, type Mapping } from '../fields/mapping.ts';
import { type Text, text } from '../words/text.ts';
import { type Change, cellsIn, createOf, type Difference, hashOfRow, rowText, seedOf } from './change.ts';

/** What the comparison says of one source row. */
export type Compared =
  | Change
  | { readonly kind: 'same' }
  /** Left alone by the mode; `absent`: the table has no such key. */
  | { readonly kind: 'left'; readonly absent?: true }
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

/**
 * Says what must happen so that the table agrees with the query.
 *
 * |                 | key in the table            | key not in the table |
 * |-----------------|-----------------------------|----------------------|
 * | key in query    | update where cells differ   | create               |
 * | key not in query| delete (mirror only)        |                      |
 *
 * `append` leaves existing keys alone, `update` missing ones.
 */
export interface Diff {
  /** Judges one row of the query by its canonical cells. */
  row(cells: readonly Cell[]): Compared;
  /** Records whose key no row has; empty unless the mode mirrors. */
  leftOver(): Iterable<Change>;
}

/**
 * Compares rows one by one with the indexed table.
 * @param times how often each key stands in the query
 * @param within record IDs outside of which nothing is updated or deleted
 */
export function diff(
  mapping: Pick<Mapping, 'targets' | 'key'>,
  index: TableIndex,
  times: ReadonlyMap<Key, number>,
  mode: Mode,
  within?: ReadonlySet<string>,
): Diff {
  const seed = seedOf(mapping.targets);

  function row(cells: readonly Cell[]): Compared {
    const key = keyIn(mapping, cells);
    const invalid = (why: Why): Compared => {
      return { kind: 'invalid', key, parts: mapping.key.map((at) => cells[at] ?? ''), why };
    };
    if (key === '') return invalid('empty');
    if ((times.get(key) ?? 0) > 1) return invalid('doubled-source');
    const held = index.find(key);
    if (!held) return mode === 'update' ? { kind: 'left', absent: true } : createOf(key, cells);
    if (index.isDoubled(key)) return invalid('doubled-table');
    if (held.row === rowText(cells)) return { kind: 'same' };
    return mode === 'append' ? { kind: 'left' } : updated(key, cells, held);
  }

  function updated(key: Key, cells: readonly Cell[], { id, row: held }: HeldRecord): Compared {
    const differences = differ(mapping.targets, cells, cellsIn(held));
    if (differences.length === 0) return { kind: 'same' };
    if (within && !within.has(id)) return { kind: 'outside' };
    const anew = mode === 'update' ? {} : { row: cells };
    return { kind: 'update', key, record: id, differences, hash: hashOfRow(cells, seed), ...anew };
  }

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

/** What is not told apart in keys of a kind of field, as the rest of a sentence. */
const alike: ReadonlyMap<FieldKind, Text> = new Map([
  ['number', text('数字按大小比较：1 和 1.0 是同一个', 'numbers are compared by value: 1 and 1.0 are one')],
  ['date', text('日期按时刻比较，不看写法', 'dates are compared as moments, however they are written')],
]);

const blanksAndForms = text(
  '首尾空白（包括不换行空格）和字母的组合形式（NFC、NFD）不作区分',
  'blanks at the ends, no-break ones too, and composed or decomposed letters (NFC, NFD) are not told apart',
);

/**
 * Says why a row or record with this key is left alone, and what is not told apart where that may be the reason.
 * @param kinds of the key's fields
 * @param loose whether keys were written otherwise than they are compared
 */
export function whyBadKey(why: Why, kinds: readonly FieldKind[], loose: boolean): Text {
  const reason = whys[why];
  if (!loose) return reason;
  if (why === 'empty') return text(`${reason.zh}：只有空白`, `${reason.en}: there is nothing but blanks`);
  const rules = new Set(kinds.map((kind) => alike.get(kind) ?? blanksAndForms));
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
}

/**
 * The table's records by key.
 *
 * Records are added in reading order. A record ID seen again replaces nothing (pages may overlap when
 * somebody edits meanwhile); a key seen again on another record makes the key doubled.
 */
export interface TableIndex {
  add(id: string, key: Key, row: string): void;
  /** Forgets everything, for a read that starts anew. */
  clear(): void;
  /** Whether a record of this ID was added. */
  has(id: string): boolean;
  /** The first record with a key. Doubled keys have one too: ask {@link isDoubled}. */
  find(key: Key): HeldRecord | undefined;
  isDoubled(key: Key): boolean;
  /** Every key with its first record, in reading order. */
  records(): Iterable<readonly [Key, HeldRecord]>;
  /** Different records added, those with doubled or empty keys included. */
  readonly size: number;
  /** IDs of the records that have a doubled key, by key. */
  readonly doubled: ReadonlyMap<Key, readonly string[]>;
  /** IDs of the records whose key is empty. */
  readonly withoutKey: readonly string[];
}

/** Makes an empty index. */
export function tableIndex(): TableIndex {
  const byKey = new Map<Key, HeldRecord>();
  const ids = new Set<string>();
  const doubled = new Map<Key, string[]>();
  let withoutKey: string[] = [];
  return {
    add(id, key, row) {
      if (ids.has(id)) return;
      ids.add(id);
      const first = byKey.get(key);
      if (key === '') withoutKey.push(id);
      else if (first) doubled.set(key, [...(doubled.get(key) ?? [first.id]), id]);
      else byKey.set(key, { id, row });
    },
    clear() {
      byKey.clear();
      ids.clear();
      doubled.clear();
      withoutKey = [];
    },
    has: (id) => ids.has(id),
    find: (key) => byKey.get(key),
    isDoubled: (key) => doubled.has(key),
    records: () => byKey,
    get size() {
      return ids.size;
    },
    doubled,
    get withoutKey() {
      return withoutKey;
    },
  };
}
