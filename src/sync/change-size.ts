import type { Change } from './change.ts';
import type { FieldKind } from './field.ts';
import type { Target } from './mapping.ts';
import { guard, separatorByte } from './pack.ts';

/**
 * Makes what tells how many bytes a change takes in the body of its call, brackets and record ID included; rather too
 * many than too few.
 */
export function changeSizes(targets: readonly Target[]): (change: Change) => number {
  const columns = targets.map(({ name, kind }) => ({
    name: Buffer.byteLength(JSON.stringify(name)) + colonAndComma,
    twice: kind === 'url',
    wrapping: wrappings.get(kind),
  }));
  return (change) => {
    if (change.kind === 'create') return around + rowSize(change.packed, columns);
    if (change.kind === 'delete') return around;
    // An empty cell is sent too, to clear what is there.
    return change.differences.reduce(
      (sum, [at, wanted]) =>
        sum +
        (wanted === ''
          ? clearing + (columns[at]?.name ?? 0)
          : rowSize(Buffer.from(guard(wanted)), [columns[at]])),
      around,
    );
  };
}

interface Column {
  /** Bytes of the field's name and of what stands around it. */
  readonly name: number;
  /** A link is sent twice, as link and as words. */
  readonly twice: boolean;
  /** What each member of a set is sent in, in bytes; undefined for fields of one value. */
  readonly wrapping: number | undefined;
}

const colonAndComma = 4;
const around = 60;
const clearing = 4;

/** Bytes that packed cells take in a call; empty ones are left out. */
function rowSize(packed: Uint8Array, columns: readonly (Column | undefined)[]): number {
  const end = packed.length;
  let bytes = 0;
  let from = 0;
  for (const column of columns) {
    let escapes = 0;
    let to = from;
    for (; to < end; to++) {
      const byte = packed[to] ?? 0;
      if (byte === separatorByte) break;
      escapes += escaping[byte] ?? 0;
    }
    if (column && to > from) bytes += cellSize(column, packed, from, to, escapes);
    from = to + 1;
  }
  return bytes;
}

const blank = 0x20;
const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;

/** What JSON takes more for a byte than the byte itself: `\u001f`, `\"`. */
const escaping = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < blank) return 5;
  return byte === quote || byte === backslash ? 1 : 0;
});

const quotes = 4;
/** What stands around the words and the link of a link. */
const linkParts = 20;

/** @param escapes bytes that JSON takes more for the characters of the cell */
function cellSize(column: Column, packed: Uint8Array, from: number, to: number, escapes: number): number {
  const { name, twice, wrapping } = column;
  const text = to - from + escapes + quotes;
  if (twice) return name + linkParts + 2 * text;
  if (wrapping === undefined) return name + text;
  // The cell of a set is the JSON of its members already.
  return name + Math.max(quotes, to - from + wrapping * members(packed, from, to));
}

/** How many members the cell of a set has, rather too many than too few. */
function members(packed: Uint8Array, from: number, to: number): number {
  let count = 1;
  for (let at = from; at < to; at++)
    if (packed[at] === comma && packed[at - 1] === quote && packed[at + 1] === quote) count++;
  return count;
}

/** What stands around each member of a set: `{"id":` and `}`. */
const wrappings: ReadonlyMap<FieldKind, number> = new Map([
  ['multi', 0],
  ['link', 0],
  ['person', 7],
  ['group', 7],
  ['attachment', 15],
]);
