import type { Change, Difference } from './change.ts';
import type { Mode } from './definition.ts';
import { hashOf, seedOf } from './hash.ts';
import { type Key, keyOf } from './key.ts';
import { keyReader, keyTexts } from './key-bytes.ts';
import type { KeyCounts } from './key-table.ts';
import type { Mapping, Target } from './mapping.ts';
import { cellAt, unpackBytes, unpackCells } from './pack.ts';
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
  /** Judges one row of the query, given as packed canonical cells, which begin at `from`. */
  row(packed: Uint8Array, from?: number): Compared;
  /** The key of a row, given in the same way. */
  keyIn(packed: Uint8Array, from?: number): Key;
  /** After all rows: records whose key no row had; empty unless the mode mirrors. */
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
  times: KeyCounts,
  mode: Mode,
  within?: ReadonlySet<string>,
): Diff {
  // Slots whose key some row had: most of them, so that few keys have to be looked up in the end.
  const seen = new Uint8Array(index.size);
  const seed = seedOf(mapping.targets);

  const partsIn = (packed: Uint8Array, from: number): readonly string[] =>
    mapping.key.map((at) => cellAt(packed, at, from));
  const keyIn = (packed: Uint8Array, from = 0): Key => keyOf(partsIn(packed, from));

  const readKey = keyReader(mapping.key);
  const textOf = keyTexts();
  const invalid = (packed: Uint8Array, from: number, why: Why): Compared => ({
    kind: 'invalid',
    key: keyIn(packed, from),
    parts: partsIn(packed, from),
    why,
  });

  function row(packed: Uint8Array, from = 0): Compared {
    const key = readKey(packed, from);
    if (key.from === key.to) return invalid(packed, from, 'empty');
    if ((times.get(key) ?? 0) > 1) return invalid(packed, from, 'doubled-source');
    const slot = index.find(key);
    if (slot < 0) {
      if (mode === 'update') return { kind: 'left', absent: true };
      return { kind: 'create', key: textOf(key), packed: packed.subarray(from) };
    }
    seen[slot] = 1;
    if (index.isDoubled(slot)) return invalid(packed, from, 'doubled-table');
    if (index.equals(slot, packed, from)) return { kind: 'same' };
    return mode === 'append' ? { kind: 'left' } : updated(index.record(slot), packed, from);
  }

  function updated(record: HeldRecord, packed: Uint8Array, from: number): Compared {
    const cells = unpackBytes(packed.subarray(from));
    const differences = differ(mapping.targets, cells, unpackCells(record.cells));
    if (differences.length === 0) return { kind: 'same' };
    if (within && !within.has(record.id)) return { kind: 'outside' };
    const hash = hashOf(packed.subarray(from), seed);
    const anew = mode === 'update' ? {} : { row: cells };
    return { kind: 'update', key: keyIn(packed, from), record: record.id, differences, hash, ...anew };
  }

  function* leftOver(): Iterable<Change> {
    if (mode !== 'mirror') return;
    for (const [key, slot] of index.slots((one) => seen[one] === 1)) {
      if (times.has(key) || index.isDoubled(slot)) continue;
      const record = index.record(slot);
      if (within && !within.has(record.id)) continue;
      yield { kind: 'delete', key, record: record.id, cells: unpackCells(record.cells) };
    }
  }

  return { row, keyIn, leftOver };
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
