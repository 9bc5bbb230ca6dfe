import { z } from 'zod';
import type { Parsed } from '../definition/definition.ts';
import type { Target } from '../fields/column.ts';
import type { Key } from '../fields/key.ts';
import type { Cell } from '../fields/kinds/kind.ts';
import { checked, unreadable } from '../state/stored.ts';
import { type Print, printOf } from './known.ts';

const word = z.string();
/** Canonical cells by position in the mapping. */
const cells = z.array(word);
/** One cell that differs: position in the mapping, wanted and held canonical value. */
const difference = z.tuple([z.int(), word, word]);
export type Difference = Parsed<typeof difference>;

const changeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('create'), key: word, cells }),
  z.object({
    ...{ kind: z.literal('update'), key: word, record: word, differences: z.array(difference) },
    /** Hash of the whole wanted row. */
    hash: word,
    /** Print of the record's cells once they are written, as sixteen hex digits. */
    after: word.exactOptional(),
    /** Somebody changed the record since it was known last, and is set back. */
    back: z.literal(true).exactOptional(),
    /** The whole wanted row, to make the record anew should it be gone; not where the mode makes no records. */
    row: cells.exactOptional(),
  }),
  z.object({ kind: z.literal('delete'), key: word, record: word, cells }),
]);
const changesSchema = z.array(changeSchema);

/** What must happen to one record. */
export type Change = Parsed<typeof changeSchema>;

export type Written = Exclude<Change, { kind: 'delete' }>;

export type Create = Extract<Change, { kind: 'create' }>;

export type Update = Extract<Change, { kind: 'update' }>;

export const createOf = (key: Key, cells: readonly Cell[]): Create => ({ kind: 'create', key, cells });

/** Returns what a change writes into the field at a position; `''` where it writes nothing there. */
export function wantedAt(change: Change, at: number): Cell {
  if (change.kind === 'create') return change.cells[at] ?? '';
  return change.kind === 'update' ? (change.differences.find(([one]) => one === at)?.[1] ?? '') : '';
}

/** Returns the changes of a chunk as they are stored: JSON in UTF-8. */
export const encodeChanges = (changes: readonly Change[]): Uint8Array => Buffer.from(JSON.stringify(changes));

/** Undoes {@link encodeChanges}; also reads what version 0.1.0 stored. @throws ProblemError when it cannot be read */
export function decodeChanges(body: Uint8Array): readonly Change[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let changes: unknown;
  try {
    changes = bytes[0] === firstMark ? firstCreates(bytes) : JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw unreadable(rowsOfChunk, String(bytes[0]), error);
  }
  return checked(rowsOfChunk, changes, changesSchema);
}

const rowsOfChunk = 'the rows of a chunk';
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

// Cells are joined with the unit separator; where a cell holds one itself, it and the mark are escaped.
const separator = '\u001f';
const mark = '\u001e';

/** Returns a row's canonical cells as one text; two rows are the same exactly when their texts are. */
export const rowText = (cells: readonly Cell[]): string =>
  (cells.some((cell) => marks.test(cell)) ? cells.map(escaped) : cells).join(separator);

const marks = new RegExp(`[${mark}${separator}]`);
const escaped = (cell: Cell): string => cell.replaceAll(mark, `${mark}0`).replaceAll(separator, `${mark}1`);

/** Returns the print of a row: the same for cells that are read and for those that are wanted. */
export const printOfRow = (cells: readonly Cell[]): Print => printOf(rowText(cells));

/** Undoes {@link rowText}. */
export function cellsIn(row: string): readonly Cell[] {
  const cells = row.split(separator);
  if (!row.includes(mark)) return cells;
  return cells.map((cell) => cell.replaceAll(`${mark}1`, separator).replaceAll(`${mark}0`, mark));
}

/**
 * Returns a 53-bit hash of a text as 14 hex digits, no protection against wanted collisions. It is stored: it never
 * changes. @param seed tells apart the same text of different things
 */
export function hashOf(text: string, seed = 0): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (const byte of Buffer.from(text)) {
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16).padStart(14, '0');
}

/** Returns the hash of a row, to tell whether what was confirmed is still what is wanted. */
export const hashOfRow = (cells: readonly Cell[], seed = 0): string => hashOf(rowText(cells), seed);

/** Returns the seed for rows that go to these fields: a new mapping must not be taken for somebody's change. */
export const seedOf = (targets: readonly Pick<Target, 'id' | 'kind'>[]): number =>
  Number.parseInt(hashOf(JSON.stringify(targets.map(({ id, kind }) => [id, kind]))).slice(-8), 16);
