import type { Change } from './change.ts';
import type { FieldKind, Fields, TableRecord } from './field.ts';
import type { Cell } from './kinds/kind.ts';
import { kinds } from './kinds/kinds.ts';
import { bytesPerCall, deletesPerCall } from './limits.ts';
import type { Target } from './mapping.ts';
import type { ChunkKind } from './state.ts';

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
  /** The changes; {@link decodeChanges} reads them. */
  readonly body: Uint8Array;
}

const letters: Readonly<Record<ChunkKind, string>> = { create: 'C', update: 'U', delete: 'D' };
const order: Readonly<Record<ChunkKind, number>> = { create: 0, update: 1, delete: 2 };
/** Room between the chunks of one kind and the next in the order of sending. */
const kindGap = 1_000_000;

export const chunkId = (kind: ChunkKind, number: number): string =>
  letters[kind] + String(number).padStart(3, '0');

/**
 * Groups changes into chunks as they come, one open chunk a kind in memory, as bytes. A chunk closes at `size` rows
 * (deletes never above 500) or when the body of its call would pass 1 MB.
 * @param mark stands before their IDs, to tell two groups of one run apart
 */
export function chunker(size: number, targets: readonly Target[], mark = '') {
  const open = new Map<ChunkKind, Packer>();
  const numbers = new Map<ChunkKind, number>();
  const columns = targets.map(({ name, kind }) => ({ name: jsonBytes(name) + 2, kind }));

  function close(kind: ChunkKind): PackedChunk | undefined {
    const group = open.get(kind);
    if (!group) return undefined;
    open.delete(kind);
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    return {
      id: mark + chunkId(kind, number),
      kind,
      seq: order[kind] * kindGap + number,
      rows: group.rows(),
      back: group.back(),
      body: group.end(),
    };
  }

  return {
    /** Adds a change; answers the chunk that it closed, if any. */
    add(change: Change): PackedChunk | undefined {
      const most = change.kind === 'delete' ? Math.min(size, deletesPerCall) : size;
      const bytes = sizeOf(change, columns);
      const group = open.get(change.kind);
      if (group && group.rows() < most && group.sent() + bytes <= bytesPerCall) {
        group.add(change, bytes);
        return undefined;
      }
      const closed = close(change.kind);
      const next = packer();
      next.add(change, bytes);
      open.set(change.kind, next);
      return closed;
    },
    /** Closes what is still open. */
    rest: (): PackedChunk[] => (['create', 'update', 'delete'] as const).flatMap((kind) => close(kind) ?? []),
  };
}

type Packer = ReturnType<typeof packer>;

/** Changes that wait as objects to be packed: those of a whole chunk would be moved about by the garbage collector. */
const unpackedMost = 50;

/** Collects changes as the bytes that {@link encodeChanges} makes of them all. */
function packer() {
  let bytes = Buffer.allocUnsafe(0);
  let used = 0;
  let unpacked: Change[] = [];
  let rows = 0;
  let back = 0;
  let sent = 0;

  function pack(): void {
    const json = JSON.stringify(unpacked);
    unpacked = [];
    // A list is appended to another one by its first bracket taking the place of the last one.
    const at = Math.max(0, used - 1);
    // Three bytes a UTF-16 unit is the most that UTF-8 can take.
    const most = at + json.length * 3;
    if (most > bytes.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(most, bytes.length * 2));
      bytes.copy(wider, 0, 0, used);
      bytes = wider;
    }
    used = at + bytes.write(json, at, 'utf8');
    if (at > 0) bytes[at] = comma;
  }

  return {
    /** @param size bytes of the change in the body of its call */
    add(change: Change, size: number): void {
      unpacked.push(change);
      rows++;
      sent += size;
      if (change.kind === 'update' && change.back) back++;
      if (unpacked.length === unpackedMost) pack();
    },
    rows: () => rows,
    back: () => back,
    sent: () => sent,
    end(): Uint8Array {
      if (unpacked.length > 0) pack();
      return bytes.subarray(0, used);
    },
  };
}

const comma = 0x2c;

type Column = { readonly name: number; readonly kind: FieldKind };

/** Bytes that a change takes in the body of its call, brackets and record ID included; rather too many than too few. */
function sizeOf(change: Change, columns: readonly Column[]): number {
  let bytes = 60;
  if (change.kind === 'create') {
    change.cells.forEach((cell, at) => {
      if (cell !== '') bytes += weight(columns[at], cell);
    });
  }
  if (change.kind === 'update') {
    for (const [at, wanted] of change.differences) bytes += weight(columns[at], wanted);
  }
  return bytes;
}

function weight(column: Column | undefined, cell: Cell): number {
  const { name = 0, kind = 'text' } = column ?? {};
  // A link is sent twice, as link and as words.
  if (kind === 'url') return name + 20 + 2 * jsonBytes(cell);
  const wrapping = wrappings.get(kind);
  if (wrapping === undefined) return name + jsonBytes(cell);
  // The cell is the JSON of its members already.
  const members = wrapping === 0 ? 0 : cell.split('","').length;
  return name + Math.max(4, Buffer.byteLength(cell) + members * wrapping);
}

/** What each member of a set is sent in, in bytes: `{"id":` and `}`. */
const wrappings: ReadonlyMap<FieldKind, number> = new Map([
  ['multi', 0],
  ['link', 0],
  ['person', 7],
  ['group', 7],
  ['attachment', 15],
]);

/** Anything but the characters that JSON takes as they are. */
const escaped = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** Bytes of a text in JSON. */
const jsonBytes = (words: string): number =>
  escaped.test(words) ? Buffer.byteLength(JSON.stringify(words)) : Buffer.byteLength(words) + 4;

/** How many of the changes set back what somebody changed. */
export const backIn = (changes: readonly Change[]): number =>
  changes.reduce((sum, change) => sum + (change.kind === 'update' && change.back ? 1 : 0), 0);

/** Stores a chunk's changes as bytes; {@link decodeChanges} reads them back. */
export const encodeChanges = (changes: readonly Change[]): Uint8Array => Buffer.from(JSON.stringify(changes));

export const decodeChanges = (body: Uint8Array): readonly Change[] =>
  JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as Change[];

/** What a create call takes for a row: empty cells are left out. */
export function createdFields(cells: readonly Cell[], targets: readonly Target[]): Fields {
  const fields: Record<string, unknown> = {};
  targets.forEach((target, at) => {
    const cell = cells[at] ?? '';
    if (cell !== '') fields[target.name] = kinds.get(target.kind)?.written(cell);
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
    if (target) fields[target.name] = kinds.get(target.kind)?.written(wanted);
  }
  return { id: change.record, fields };
}
