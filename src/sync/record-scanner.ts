import type { RecordBytes } from './field.ts';
import { byteKeys, type KeyBytes } from './key-bytes.ts';
import type { Cell } from './kinds/kind.ts';
import type { Holder } from './mapping.ts';
import { guard, separatorByte } from './pack.ts';

/** Reads records straight from an answer's bytes into packed cells; see {@link recordScanner}. */
export interface RecordScanner {
  /**
   * Reads one record. Answers false where it is not written as Feishu writes one: then it is to be parsed like any
   * JSON. What the others tell holds until the next record.
   */
  read(record: RecordBytes): boolean;
  id(): KeyBytes;
  /** The record's canonical cells, packed; to be copied before the next record. */
  packed(): Buffer;
  /** Whether a cell has a value. */
  has(column: number): boolean;
}

/**
 * Makes a reader that gives, byte for byte, what parsing, reading and packing each cell gives, without an object for
 * each of them: a table of 100,000 records has millions. What most cells are (a text without escapes, a number in
 * its shortest form) is copied as it stands; whatever is anything else is parsed by itself.
 */
export function recordScanner(columns: readonly Holder[]): RecordScanner {
  const names = columns.map(({ name }) => Buffer.from(`"${name}"`));
  const ofId = byteKeys();
  /** By column: where its bytes stand; or the cell, where they had to be parsed. */
  const from = new Int32Array(columns.length);
  const to = new Int32Array(columns.length);
  const parsed = new Array<Cell | undefined>(columns.length);
  /** By place in the record before: its column, or -1. Records name their fields in the same order mostly. */
  const order: number[] = [];
  let scratch = Buffer.allocUnsafe(4096);
  let bytes: Buffer = scratch;
  let at = 0;
  let end = 0;
  let idFrom = 0;
  let idTo = 0;

  const isNext = (byte: number): boolean => at < end && bytes[at] === byte;

  function take(byte: number): boolean {
    if (!isNext(byte)) return false;
    at++;
    return true;
  }

  /** Passes over a text without escapes. */
  function plainText(): boolean {
    if (!take(quote)) return false;
    const next = endOfPlainText(bytes, at, end);
    at = Math.max(at, next);
    return next > 0;
  }

  /** Passes over the members of an object; `member` passes over one value and is told where its name stands. */
  function object(member: (nameFrom: number, nameTo: number) => boolean): boolean {
    if (!take(braceOpen)) return false;
    if (take(braceClose)) return true;
    do {
      const nameFrom = at;
      if (!plainText()) return false;
      const nameTo = at;
      if (!take(colon) || !member(nameFrom, nameTo)) return false;
    } while (take(comma));
    return take(braceClose);
  }

  function skip(): boolean {
    at = endOfValue(bytes, at, end);
    return at > 0;
  }

  const isName = (name: Uint8Array, nameFrom: number, nameTo: number): boolean =>
    nameTo - nameFrom === name.length && beginsAt(bytes, nameFrom, name);

  function columnOf(place: number, nameFrom: number, nameTo: number): number {
    const before = names[order[place] ?? -1];
    if (before && isName(before, nameFrom, nameTo)) return order[place] ?? -1;
    order[place] = names.findIndex((name) => isName(name, nameFrom, nameTo));
    return order[place] ?? -1;
  }

  let textFrom = 0;
  let textTo = 0;

  function segmentMember(nameFrom: number, nameTo: number): boolean {
    const start = at;
    if (!plainText()) return false;
    if (isName(textName, nameFrom, nameTo)) {
      textFrom = start + 1;
      textTo = at - 1;
    }
    return true;
  }

  /** A text as it stands, or the text of its only segment. */
  function copiedText(): boolean {
    textFrom = -1;
    if (take(bracketOpen)) return object(segmentMember) && take(bracketClose) && textFrom >= 0;
    textFrom = at + 1;
    if (!plainText()) return false;
    textTo = at - 1;
    return true;
  }

  /** A number of at most 15 digits in its shortest form: no zeros that could be left out, no exponent. */
  function copiedNumber(): boolean {
    textFrom = at;
    take(minus);
    const whole = digits();
    const bare = bytes[at - 1] === zero && whole === 1;
    let fraction = 0;
    if (take(point)) {
      // What begins with zeros may be so small that its shortest form has an exponent.
      if (bare && isNext(zero)) return false;
      fraction = digits();
      if (fraction === 0 || bytes[at - 1] === zero) return false;
    } else if (bare && at - textFrom > 1) return false;
    textTo = at;
    const first = bytes[textFrom] === minus ? bytes[textFrom + 1] : bytes[textFrom];
    const padded = first === zero && whole > 1;
    return whole > 0 && !padded && whole + fraction <= 15 && (isNext(comma) || isNext(braceClose));
  }

  function digits(): number {
    const start = at;
    while (at < end && (bytes[at] ?? 0) >= zero && (bytes[at] ?? 0) <= nine) at++;
    return at - start;
  }

  function cell(column: number): boolean {
    const { copied, read } = columns[column] as Holder;
    const start = at;
    parsed[column] = undefined;
    if (copied !== undefined && (copied === 'text' ? copiedText() : copiedNumber())) {
      from[column] = textFrom;
      to[column] = textTo;
      return true;
    }
    at = start;
    if (!skip()) return false;
    try {
      const raw: unknown = JSON.parse(bytes.toString('utf8', start, at));
      parsed[column] = raw === null ? '' : read(raw);
    } catch {
      return false;
    }
    return true;
  }

  let place = 0;
  function fieldMember(nameFrom: number, nameTo: number): boolean {
    const column = columnOf(place++, nameFrom, nameTo);
    return column < 0 ? skip() : cell(column);
  }

  let fieldsSeen = 0;
  function recordMember(nameFrom: number, nameTo: number): boolean {
    const start = at;
    if (isName(fieldsName, nameFrom, nameTo)) {
      fieldsSeen++;
      return object(fieldMember);
    }
    if (!isName(idName, nameFrom, nameTo)) return skip();
    idFrom = start + 1;
    if (!plainText()) return false;
    idTo = at - 1;
    return true;
  }

  return {
    read(record) {
      ({ bytes, from: at, to: end } = record);
      from.fill(0);
      to.fill(0);
      parsed.fill(undefined);
      place = 0;
      fieldsSeen = 0;
      idFrom = 0;
      idTo = 0;
      return object(recordMember) && at === end && fieldsSeen > 0 && idTo > idFrom;
    },
    id: () => ofId(bytes, idFrom, idTo),
    has: (column) => (parsed[column] ?? '') !== '' || (to[column] ?? 0) > (from[column] ?? 0),
    packed() {
      let room = end;
      for (const one of parsed) if (one !== undefined) room += one.length * 6;
      if (room > scratch.length) scratch = Buffer.allocUnsafe(room * 2);
      let used = 0;
      for (let column = 0; column < columns.length; column++) {
        if (column > 0) scratch[used++] = separatorByte;
        const odd = parsed[column];
        if (odd !== undefined) used += scratch.write(guard(odd), used, 'utf8');
        else used = copied(bytes, from[column] ?? 0, to[column] ?? 0, scratch, used);
      }
      return scratch.subarray(0, used);
    },
  };
}

// Loops over bytes stand by themselves, where all that they need is at hand: that makes them several times quicker.

/** Where a text without escapes ends, behind its quote, that begins at `start`, behind its quote; -1 for others. */
function endOfPlainText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte === backslash || byte < blank) return -1;
  }
  return -1;
}

function beginsAt(bytes: Uint8Array, from: number, what: Uint8Array): boolean {
  for (let at = 0; at < what.length; at++) if (bytes[from + at] !== what[at]) return false;
  return true;
}

/** Copies bytes and answers where they end then. */
function copied(bytes: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  const shift = at - from;
  for (let i = from; i < to; i++) target[i + shift] = bytes[i] ?? 0;
  return Math.max(from, to) + shift;
}

/** Where a JSON value ends that begins at `start`; -1 when it does not end before `end`. Looks only at brackets and texts. */
export function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) {
      for (at++; at < end && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
      if (at >= end) return -1;
      if (depth === 0) return at + 1;
    } else if (byte === braceOpen || byte === bracketOpen) depth++;
    else if (byte === braceClose || byte === bracketClose) {
      // Ends the object around a number or word.
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (byte === comma && depth === 0) return at;
  }
  return -1;
}

const idName = Buffer.from('"record_id"');
const fieldsName = Buffer.from('"fields"');
const textName = Buffer.from('"text"');

const blank = 0x20;
const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const colon = 0x3a;
const bracketOpen = 0x5b;
const backslash = 0x5c;
const bracketClose = 0x5d;
const braceOpen = 0x7b;
const braceClose = 0x7d;
