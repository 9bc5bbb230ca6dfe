import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { unreadable } from '../state/stored.ts';
import { cellsIn } from './row.ts';

/** One cell that differs: position in the mapping, wanted and held canonical value. */
export type Difference = readonly [at: number, wanted: Cell, held: Cell];

/** What must happen to one record. */
export type Change =
  | { readonly kind: 'create'; readonly key: Key; readonly cells: readonly Cell[] }
  | {
      readonly kind: 'update';
      readonly key: Key;
      readonly record: string;
      readonly differences: readonly Difference[];
      /** Hash of the whole wanted row, for the ledger. */
      readonly hash: string;
      /** The row is what was confirmed last: somebody changed the record since, and is set back. */
      readonly back?: true;
      /** The whole wanted row, to make the record anew should it be gone; not where the mode makes no records. */
      readonly row?: readonly Cell[];
    }
  | { readonly kind: 'delete'; readonly key: Key; readonly record: string; readonly cells: readonly Cell[] };

/** A row that is to be written. */
export type Written = Exclude<Change, { kind: 'delete' }>;

/** A row that is to be created. */
export type Create = Extract<Change, { kind: 'create' }>;

/** A record that is to be changed. */
export type Update = Extract<Change, { kind: 'update' }>;

export const createOf = (key: Key, cells: readonly Cell[]): Create => ({ kind: 'create', key, cells });

/** Returns what a change writes into the field at a position; `''` where it writes nothing there. */
export function wantedAt(change: Change, at: number): Cell {
  if (change.kind === 'create') return change.cells[at] ?? '';
  return change.kind === 'update' ? (change.differences.find(([one]) => one === at)?.[1] ?? '') : '';
}

/** Returns the changes of a chunk as they are stored: JSON in UTF-8. */
export const encodeChanges = (changes: readonly Change[]): Uint8Array => Buffer.from(JSON.stringify(changes));

/**
 * Undoes {@link encodeChanges}; reads what version 0.1.0 stored, too. The first byte tells the format.
 * @throws ProblemError when the bytes are torn, or a newer program wrote them
 */
export function decodeChanges(body: Uint8Array): readonly Change[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    if (bytes[0] === firstMark) return firstCreates(bytes);
    const changes: unknown = JSON.parse(bytes.toString('utf8'));
    if (Array.isArray(changes) && changes.every(isChange)) return changes;
  } catch (error) {
    throw unreadable('the rows of a chunk', String(bytes[0]), error);
  }
  throw unreadable('the rows of a chunk', 'not a list of changes');
}

/** By hand, because a chunk has up to 1,000 of them: it takes a tenth of the time that JSON takes. */
function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, key, record, cells, differences, hash, back, row } = value as Unchecked;
  if (typeof key !== 'string') return false;
  if (kind === 'create') return isRow(cells);
  if (typeof record !== 'string') return false;
  if (kind === 'delete') return isRow(cells);
  const isWhole = typeof hash === 'string' && (back === undefined || back === true);
  return kind === 'update' && isWhole && isDifferent(differences) && (row === undefined || isRow(row));
}

type Unchecked = Readonly<Partial<Record<keyof Create | keyof Update | 'record', unknown>>>;

const isRow = (cells: unknown): cells is readonly Cell[] =>
  Array.isArray(cells) && cells.every((cell) => typeof cell === 'string');

const isDifferent = (all: unknown): all is readonly Difference[] =>
  Array.isArray(all) &&
  all.every(
    (one) => Array.isArray(one) && one.length === 3 && Number.isInteger(one[0]) && isRow([one[1], one[2]]),
  );

const firstMark = 0x01;

/** Version 0.1.0 stored creates as a mark, then for each its key and its row, each behind its length in four bytes. */
function firstCreates(bytes: Buffer): readonly Create[] {
  const creates: Create[] = [];
  let at = 1;
  const next = (): string => {
    const from = at + 4;
    at = from + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new RangeError('cut short');
    return bytes.toString('utf8', from, at);
  };
  while (at < bytes.length) creates.push(createOf(next(), cellsIn(next())));
  return creates;
}
