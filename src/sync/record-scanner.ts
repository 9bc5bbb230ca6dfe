import type { RecordBytes } from './field.ts';
import { copied, endOfPlainNumber, endOfPlainText, endOfValue, passed } from './json-bytes.ts';
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
 *
 * Records of one table mostly name their fields in the same order. So a record is first read as those before it were:
 * what stands between the values is then only compared. Whatever is written otherwise is read member by member.
 */
export function recordScanner(columns: readonly Holder[]): RecordScanner {
  const names = columns.map(({ name }) => Buffer.from(`"${name}"`));
  /** With what stands before and behind a name when it is not the first one. */
  const leads = columns.map(({ name }) => Buffer.from(`,"${name}":`));
  const ofId = byteKeys();
  /** By column: where its bytes stand; or the cell, where it had to be parsed. */
  const from = new Int32Array(columns.length);
  const to = new Int32Array(columns.length);
  const parsed = new Array<Cell | undefined>(columns.length).fill(undefined);
  let parsedCells = 0;
  /** The columns in the order in which records name them. */
  const order: number[] = [];
  /** The columns of this record, in its order, when it was read member by member. */
  let seen: number[] = [];
  let scratch = Buffer.allocUnsafe(4096);
  let bytes: Buffer = scratch;
  let at = 0;
  let end = 0;
  let idFrom = 0;
  let idTo = 0;

  function take(byte: number): boolean {
    if (at >= end || bytes[at] !== byte) return false;
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
    nameTo - nameFrom === name.length && passed(bytes, nameFrom, nameTo, name) > 0;

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
    const start = passed(bytes, at, end, segmentHead);
    const stop = start < 0 ? -1 : endOfPlainText(bytes, start, end);
    const next = stop < 0 ? -1 : passed(bytes, stop, end, segmentTail);
    if (next > 0) {
      textFrom = start;
      textTo = stop - 1;
      at = next;
      return true;
    }
    textFrom = -1;
    if (take(bracketOpen)) return object(segmentMember) && take(bracketClose) && textFrom >= 0;
    textFrom = at + 1;
    if (!plainText()) return false;
    textTo = at - 1;
    return true;
  }

  function copiedNumber(): boolean {
    const next = endOfPlainNumber(bytes, at, end);
    if (next < 0) return false;
    textFrom = at;
    textTo = next;
    at = next;
    return true;
  }

  function cell(column: number): boolean {
    const { copied, read } = columns[column] as Holder;
    const start = at;
    if (parsed[column] !== undefined) forget(column);
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
      parsedCells++;
    } catch {
      return false;
    }
    return true;
  }

  function forget(column: number): void {
    parsed[column] = undefined;
    parsedCells--;
  }

  function fieldMember(nameFrom: number, nameTo: number): boolean {
    const column = names.findIndex((name) => isName(name, nameFrom, nameTo));
    if (column < 0) return skip();
    seen.push(column);
    return cell(column);
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

  function reset(start: number): void {
    at = start;
    from.fill(0);
    to.fill(0);
    if (parsedCells > 0) parsed.fill(undefined);
    parsedCells = 0;
  }

  /** Reads a record that names its fields in the known order, or some of them, and its ID behind them. */
  function readInOrder(start: number): boolean {
    reset(passed(bytes, start, end, recordHead));
    if (at < 0) return false;
    let first = 1;
    for (let place = 0; place < order.length; place++) {
      const column = order[place] as number;
      const value = passed(bytes, at, end, leads[column] as Buffer, first);
      // A cell that is empty is not named at all.
      if (value < 0) continue;
      at = value;
      first = 0;
      if (!cell(column)) return false;
    }
    idFrom = passed(bytes, at, end, idHead);
    if (idFrom < 0) return false;
    at = endOfPlainText(bytes, idFrom, end);
    idTo = at - 1;
    return idTo > idFrom && at === end - 1 && bytes[at] === braceClose;
  }

  function readByMember(start: number): boolean {
    reset(start);
    fieldsSeen = 0;
    idFrom = 0;
    idTo = 0;
    seen = [];
    const read = object(recordMember) && at === end && fieldsSeen > 0 && idTo > idFrom;
    if (read) remember(order, seen);
    return read;
  }

  return {
    read(record) {
      ({ bytes, to: end } = record);
      return readInOrder(record.from) || readByMember(record.from);
    },
    id: () => ofId(bytes, idFrom, idTo),
    has: (column) => (parsed[column] ?? '') !== '' || (to[column] ?? 0) > (from[column] ?? 0),
    packed() {
      let room = end;
      if (parsedCells > 0) for (const one of parsed) if (one !== undefined) room += one.length * 6;
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

/** Puts a record's columns into the known order: what is new goes behind the one before it, what stood otherwise moves. */
function remember(order: number[], seen: readonly number[]): void {
  let next = 0;
  for (const column of new Set(seen)) {
    const known = order.indexOf(column);
    if (known < next) {
      if (known >= 0) {
        order.splice(known, 1);
        next--;
      }
      order.splice(next, 0, column);
    } else next = known;
    next++;
  }
}

const idName = Buffer.from('"record_id"');
const fieldsName = Buffer.from('"fields"');
const textName = Buffer.from('"text"');
const recordHead = Buffer.from('{"fields":{');
const idHead = Buffer.from('},"record_id":"');
const segmentHead = Buffer.from('[{"text":"');
const segmentTail = Buffer.from(',"type":"text"}]');

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
const braceOpen = 0x7b;
const braceClose = 0x7d;
