import type { Fields, TableRecord } from '../definition/field.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { kinds } from '../fields/kinds/kinds.ts';
import type { Target } from '../fields/target.ts';
import type { ChunkKind } from '../state/state.ts';
import { bytesPerCall, deletesPerCall } from '../words/limits.ts';
import { type Change, encodeChanges } from './change.ts';

/** An ordered group of changes of one kind, sent in one call. */
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
/** The order of sending. */
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
 * Groups changes into chunks as they come, one open chunk a kind in memory. A chunk closes at `size` rows
 * (deletes never above 500) or when the body of its call would pass 1 MB.
 * @param mark stands before their IDs, to tell two groups of one run apart
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
