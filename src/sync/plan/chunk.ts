import type { Fields, TableRecord } from '../definition/field.ts';
import type { Target } from '../fields/column.ts';
import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { kinds } from '../fields/kinds/kinds.ts';
import type { ChunkKind } from '../state/state.ts';
import { bytesPerCall, deletesPerCall } from '../words/limits.ts';
import { type Change, createOf, encodeChanges } from './change.ts';
import { differ } from './diff.ts';

export interface Chunk {
  /** `C001`, `U012`, `D003`: stable for the whole run. Parts of a split chunk are `C001.1`. */
  readonly id: string;
  readonly kind: ChunkKind;
  /** Position in the order of sending: creates, then updates, then deletes. */
  readonly seq: number;
  readonly changes: readonly Change[];
}

/** A chunk as it is stored. */
export interface PackedChunk extends Omit<Chunk, 'changes'> {
  readonly rows: number;
  /** How many of the changes set back what somebody changed. */
  readonly back: number;
  /** The changes; `decodeChanges` reads them. */
  readonly body: Uint8Array;
}

const letters: Readonly<Record<ChunkKind, string>> = { create: 'C', update: 'U', delete: 'D' };
export const kindOrder: readonly ChunkKind[] = ['create', 'update', 'delete'];
/** Room between the chunks of one kind and the next in that order. */
const kindGap = 1_000_000;

export const chunkId = (kind: ChunkKind, number: number): string =>
  letters[kind] + String(number).padStart(3, '0');

/** Takes the name of a chunk, or of a part of one, apart: `RC012.1` is number 12 of those that begin with `RC`. */
export function numberOf(id: string): { readonly letters: string; readonly number: number } {
  const [, name = '', number = '0'] = /^([A-Z]+)(\d+)/.exec(id) ?? [];
  return { letters: name, number: Number(number) };
}

/**
 * Groups changes into chunks as they come. A chunk closes at `size` rows (deletes never above 500), or when the body of
 * its call would pass 1 MB. @param mark stands before their IDs, to tell two groups of one run apart
 * @param numbers the highest number so far, by the letters before it
 */
export function chunker(
  size: number,
  targets: readonly Target[],
  mark = '',
  numbers: ReadonlyMap<string, number> = new Map(),
) {
  const open = new Map<ChunkKind, { readonly changes: Change[]; bytes: number }>();
  const last = new Map(numbers);

  function close(kind: ChunkKind): PackedChunk | undefined {
    const full = open.get(kind);
    if (!full) return undefined;
    open.delete(kind);
    const name = mark + letters[kind];
    const number = (last.get(name) ?? 0) + 1;
    last.set(name, number);
    return {
      id: mark + chunkId(kind, number),
      kind,
      seq: kindOrder.indexOf(kind) * kindGap + number,
      rows: full.changes.length,
      back: backIn(full.changes),
      body: encodeChanges(full.changes),
    };
  }

  return {
    /** Adds a change; answers the chunk that it closed, if any. */
    add(change: Change): PackedChunk | undefined {
      const most = change.kind === 'delete' ? Math.min(size, deletesPerCall) : size;
      const bytes = bytesIn(change, targets);
      const current = open.get(change.kind);
      if (current && current.changes.length < most && current.bytes + bytes <= bytesPerCall) {
        current.changes.push(change);
        current.bytes += bytes;
        return undefined;
      }
      const closed = close(change.kind);
      open.set(change.kind, { changes: [change], bytes: aroundRecords + bytes });
      return closed;
    },
    /** The highest number so far, by the letters before it. */
    numbers: (): ReadonlyMap<string, number> => last,
    /** Closes what is still open. */
    rest: (): PackedChunk[] => kindOrder.flatMap((kind) => close(kind) ?? []),
  };
}

/** Bytes of `{"records":[]}`. */
const aroundRecords = 14;

/** Bytes that a change takes in the body of its call, with a comma. */
function bytesIn(change: Change, targets: readonly Target[]): number {
  if (change.kind === 'delete') return change.record.length + '"",'.length;
  const sent =
    change.kind === 'create'
      ? { fields: createdFields(change.cells, targets) }
      : { record_id: change.record, fields: updatedRecord(change, targets).fields };
  return Buffer.byteLength(JSON.stringify(sent)) + 1;
}

/** How many of the changes set back what somebody changed. */
export const backIn = (changes: readonly Change[]): number =>
  changes.reduce((sum, change) => sum + (change.kind === 'update' && change.back ? 1 : 0), 0);

/** What a create call takes for a row: empty cells are left out. */
export function createdFields(cells: readonly Cell[], targets: readonly Target[]): Fields {
  const fields: Record<string, unknown> = {};
  targets.forEach((target, at) => {
    const cell = cells[at] ?? '';
    if (cell !== '') put(fields, target, cell);
  });
  return fields;
}

/** What an update call takes for a row: only the cells that differ; empty ones are cleared. */
export function updatedRecord(
  change: Extract<Change, { kind: 'update' }>,
  targets: readonly Target[],
): TableRecord {
  const fields: Record<string, unknown> = {};
  for (const [at, wanted] of change.differences) {
    const target = targets[at];
    if (target) put(fields, target, wanted);
  }
  return { id: change.record, fields };
}

function put(fields: Record<string, unknown>, { name, kind }: Target, cell: Cell): void {
  const value = kinds.get(kind)?.written(cell);
  // Objects take this name for something else, and the field would not be sent.
  if (name !== '__proto__') fields[name] = value;
  else Object.defineProperty(fields, name, { value, enumerable: true });
}

/** A piece of a chunk, which takes its place together with the others; named like the chunk with `.1`, `.2` … */
export interface Part extends Chunk {
  /** Rows that the chunk counts among those that are set back. */
  readonly back: number;
}

type Whole = Pick<Chunk, 'id' | 'kind' | 'seq'>;
type Lot = Pick<Part, 'changes'> & Partial<Part>;

const partOf = ({ id, kind, seq }: Whole, lot: Lot, number: number): Part => ({
  ...{ kind, seq, back: backIn(lot.changes), ...lot },
  id: partId(id, number),
});

/** Makes a part of each lot that is not empty. */
const partsOf = (whole: Whole, ...lots: readonly Lot[]): Part[] =>
  lots.filter(({ changes }) => changes.length > 0).map((lot, at) => partOf(whole, lot, at + 1));

/** The name of a part. @param number from 1 */
export const partId = (whole: string, number: number): string => `${whole}.${number}`;

/** Characters that the name of a chunk may have. */
const nameMost = 64;
/** Above this, room is kept in the name for cutting in halves, which takes two characters for each time. */
const pointedMost = 30;

/** Whether a chunk's parts can still be named. */
export const isDivisible = ({ id }: Pick<Chunk, 'id'>): boolean => id.length + 2 <= nameMost;

const inTwo = (whole: Whole, one: readonly Change[], other: readonly Change[]): readonly [Part, Part] => [
  partOf(whole, { changes: one }, 1),
  partOf(whole, { changes: other }, 2),
];

/** Cuts changes in two, of which the first is never the larger one. */
export function halves(whole: Whole, changes: readonly Change[]): readonly [Part, Part] {
  const middle = Math.floor(changes.length / 2);
  return inTwo(whole, changes.slice(0, middle), changes.slice(middle));
}

/** Cuts one change off: alone it shows whether it was the one. */
export const apart = (whole: Whole, changes: readonly Change[], at: number): readonly [Part, Part] =>
  inTwo(whole, changes.slice(at, at + 1), changes.toSpliced(at, 1));

/** Cuts changes in the two lots given; an empty one is left out. */
export const cut = (whole: Whole, one: readonly Change[], other: readonly Change[]): readonly Part[] =>
  partsOf(whole, { changes: one }, { changes: other });

/**
 * Which of the changes, as sent, Feishu points at: `records[3].fields.…` or a record's ID. Undefined when it points
 * nowhere, or when the chunk has been cut so often already that halves are what is left.
 */
export function pointedAt(
  { id }: Whole,
  changes: readonly Change[],
  pointer: string | undefined,
): number | undefined {
  if (pointer === undefined || id.length > pointedMost) return undefined;
  const place = /^records\[(\d+)\]/.exec(pointer)?.[1];
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
 * Plans updates of records that are gone again: as an update of the record that has the key by now, else as a create.
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
      const found = differ(targets, row, other.cells);
      // With nothing left to change the call stays as it is: it does no harm, and confirms the record.
      const differences = found.length > 0 ? found : change.differences;
      updates.push({ ...change, record: other.record, differences });
    } else {
      creates.push(createOf(key, row));
      back += change.back ? 1 : 0;
    }
  }
  const parts = partsOf(
    whole,
    { changes: updates },
    { changes: creates, kind: 'create', back },
    { changes: lost },
  );
  return lost.length > 0 ? { parts: parts.slice(0, -1), lost: parts.at(-1) } : { parts, lost: undefined };
}

/** What is sent in place of a chunk of creates: those that nobody has made, and updates of the records of others. */
export const foundParts = (
  whole: Whole,
  creates: readonly Change[],
  updates: readonly Change[],
): Replanned => ({
  parts: partsOf(whole, { changes: creates }, { changes: updates, kind: 'update' }),
  lost: undefined,
});
