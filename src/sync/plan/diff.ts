import type { Mode } from '../definition/definition.ts';
import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { keyIn, type Mapping } from '../fields/mapping.ts';
import type { Target } from '../fields/target.ts';
import { type Change, createOf, type Difference } from './change.ts';
import { cellsIn, hashOfRow, rowText, seedOf } from './row.ts';
import type { HeldRecord, TableIndex } from './table-index.ts';

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
