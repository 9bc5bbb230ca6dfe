import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import type { Target } from '../fields/target.ts';
import { type Change, createOf } from './change.ts';
import { backIn, type Chunk } from './chunk.ts';
import { differ } from './diff.ts';

/** A piece of a chunk, which takes its place together with the others. Its name is the chunk's with `.1`, `.2` … */
export interface Part extends Chunk {
  /** Rows that the chunk counts among those that are set back. */
  readonly back: number;
}

type Whole = Pick<Chunk, 'id' | 'kind' | 'seq'>;

const part = (
  whole: Whole,
  number: number,
  changes: readonly Change[],
  change: Partial<Part> = {},
): Part => ({
  id: partId(whole.id, number),
  kind: whole.kind,
  seq: whole.seq,
  changes,
  back: backIn(changes),
  ...change,
});

/** The name of a part. @param number from 1 */
export const partId = (whole: string, number: number): string => `${whole}.${number}`;

/** Characters that the name of a chunk may have. */
const nameMost = 64;
/** Above this, room is kept in the name for cutting in halves, which takes two characters for each time. */
const pointedMost = 30;

/** Whether a chunk's parts can still be named. */
export const isDivisible = ({ id }: Pick<Chunk, 'id'>): boolean => id.length + 2 <= nameMost;

/** Cuts changes in two, of which the first is never the larger one. */
export function halves(whole: Whole, changes: readonly Change[]): readonly [Part, Part] {
  const middle = Math.floor(changes.length / 2);
  return [part(whole, 1, changes.slice(0, middle)), part(whole, 2, changes.slice(middle))];
}

/** Cuts changes in the two lots given; an empty first one is left out. */
export function cut(whole: Whole, one: readonly Change[], other: readonly Change[]): readonly Part[] {
  return one.length === 0 ? [part(whole, 1, other)] : [part(whole, 1, one), part(whole, 2, other)];
}

/** Cuts one change off: alone it shows whether it was the one. */
export function apart(whole: Whole, changes: readonly Change[], at: number): readonly [Part, Part] {
  return [part(whole, 1, changes.slice(at, at + 1)), part(whole, 2, changes.toSpliced(at, 1))];
}

/**
 * Which of the changes Feishu points at, as they were sent: `records[3].fields.…` or a record's ID. Undefined when it
 * points nowhere, or when the chunk has been cut so often already that halves are what is left.
 */
export function pointedAt(
  { id }: Whole,
  changes: readonly Change[],
  pointer: string | undefined,
): number | undefined {
  if (pointer === undefined || id.length > pointedMost) return undefined;
  const [, place] = /^records\[(\d+)\]/.exec(pointer) ?? [];
  const at =
    place === undefined ? changes.findIndex((change) => recordOf(change) === pointer) : Number(place);
  return at >= 0 && at < changes.length ? at : undefined;
}

/** The record that a change is about; undefined for one that is to be created. */
export const recordOf = (change: Change): string | undefined =>
  change.kind === 'create' ? undefined : change.record;

/** Updates of records that are gone, planned again. */
export interface Replanned {
  /** What is sent in place of the chunk. */
  readonly parts: readonly Part[];
  /** What cannot be written, because the mode makes no records. */
  readonly lost: Part | undefined;
}

/** What the table has for the keys of records that are gone. */
interface Table {
  readonly held: ReadonlyMap<Key, { readonly record: string; readonly cells: readonly Cell[] }>;
  readonly targets: readonly Target[];
}

/**
 * Plans those updates again whose records are gone: of a key that another record has by now as an update of that one,
 * of others as a create. The updates of records that are still there stay.
 * @param gone IDs of the records that are gone
 */
export function replan(
  whole: Whole,
  changes: readonly Change[],
  gone: ReadonlySet<string>,
  { held, targets }: Table,
): Replanned {
  const updates: Change[] = [];
  const creates: Change[] = [];
  const lost: Change[] = [];
  // A row that is created sets nothing back.
  let back = 0;
  for (const change of changes) {
    if (change.kind !== 'update' || !gone.has(change.record)) {
      updates.push(change);
      continue;
    }
    const { key, row } = change;
    const other = held.get(key);
    if (!row) lost.push(change);
    else if (other && !gone.has(other.record)) {
      const differences = differ(targets, row, other.cells);
      // With nothing left to change the call stays as it is: it does no harm, and confirms the record.
      updates.push({
        ...change,
        record: other.record,
        ...(differences.length > 0 ? { differences } : {}),
      });
    } else {
      creates.push(createOf(key, row));
      back += change.back ? 1 : 0;
    }
  }
  const parts: Part[] = [];
  if (updates.length > 0) parts.push(part(whole, parts.length + 1, updates));
  if (creates.length > 0) parts.push(part(whole, parts.length + 1, creates, { kind: 'create', back }));
  return { parts, lost: lost.length > 0 ? part(whole, parts.length + 1, lost) : undefined };
}

/** What is sent in place of a chunk of creates: those that nobody has made, and the updates of records that somebody has. */
export const foundParts = (
  whole: Whole,
  creates: readonly Change[],
  updates: readonly Change[],
): Replanned => ({
  parts: [
    ...(creates.length > 0 ? [part(whole, 1, creates)] : []),
    part(whole, creates.length > 0 ? 2 : 1, updates, { kind: 'update' }),
  ],
  lost: undefined,
});
