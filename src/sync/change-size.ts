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
    kind,
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
  readonly kind: FieldKind;
}

const colonAndComma = 4;
const around = 60;
const clearing = 4;

/** Bytes that packed cells take in a call; empty ones are left out. */
function rowSize(packed: Uint8Array, columns: readonly (Column | undefined)[]): number {
  let bytes = 0;
  let column = 0;
  let length = 0;
  let escapes = 0;
  let members = 1;
  for (let at = 0; at <= packed.length; at++) {
    const byte = at < packed.length ? (packed[at] ?? 0) : separatorByte;
    if (byte === separatorByte) {
      if (length > 0) bytes += cellSize(columns[column], length, escapes, members);
      column++;
      length = 0;
      escapes = 0;
      members = 1;
      continue;
    }
    length++;
    if (byte < blank) escapes += longEscape;
    else if (byte === quote || byte === backslash) escapes++;
    else if (byte === comma && packed[at - 1] === quote && packed[at + 1] === quote) members++;
  }
  return bytes;
}

const blank = 0x20;
const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
/** What `\u001f` takes more than the byte that it stands for. */
const longEscape = 5;
const quotes = 4;
/** What stands around the words and the link of a link. */
const linkParts = 20;

/** @param escapes bytes that JSON takes more for the characters of the cell @param members of a set */
function cellSize(column: Column | undefined, length: number, escapes: number, members: number): number {
  const { name = 0, kind = 'text' } = column ?? {};
  const text = length + escapes + quotes;
  // A link is sent twice, as link and as words.
  if (kind === 'url') return name + linkParts + 2 * text;
  const wrapping = wrappings.get(kind);
  // The cell of a set is the JSON of its members already.
  return name + (wrapping === undefined ? text : Math.max(quotes, length + members * wrapping));
}

/** What each member of a set is sent in, in bytes: `{"id":` and `}`. */
const wrappings: ReadonlyMap<FieldKind, number> = new Map([
  ['multi', 0],
  ['link', 0],
  ['person', 7],
  ['group', 7],
  ['attachment', 15],
]);
