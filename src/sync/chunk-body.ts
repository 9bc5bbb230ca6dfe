import type { Change } from './change.ts';

/** Stores the changes of one kind as bytes, one after the other. */
export interface BodyWriter {
  add(change: Change): void;
  /** The bytes; nothing may be added after that. */
  end(): Uint8Array;
}

/** Changes that wait as objects to be written: those of a whole chunk would be moved about by the garbage collector. */
const unwrittenMost = 50;

/** What rows to be created begin with; a list of the other changes begins with a bracket. */
const rowsMark = 0x01;
const openBracket = 0x5b;
const comma = 0x2c;
const lengthBytes = 4;

/** Starts a body; {@link decodeChanges} reads it back. */
export function bodyWriter(): BodyWriter {
  let bytes = Buffer.allocUnsafe(0);
  let used = 0;
  let unwritten: Change[] = [];

  function makeRoom(most: number): void {
    if (used + most <= bytes.length) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(used + most, bytes.length * 2));
    bytes.copy(wider, 0, 0, used);
    bytes = wider;
  }

  /** A row is packed already: its key and it are copied, each after its length in bytes. */
  function addRow({ key, packed }: Create): void {
    makeRoom(1 + 2 * lengthBytes + key.length * utf8Most + packed.length);
    if (used === 0) bytes[used++] = rowsMark;
    const keyAt = used + lengthBytes;
    const keyLength = bytes.write(key, keyAt, 'utf8');
    bytes.writeUInt32LE(keyLength, used);
    used = bytes.writeUInt32LE(packed.length, keyAt + keyLength);
    bytes.set(packed, used);
    used += packed.length;
  }

  function writeList(): void {
    if (unwritten.length === 0) return;
    const json = JSON.stringify(unwritten);
    unwritten = [];
    makeRoom(json.length * utf8Most);
    // A list is appended to another one by its first bracket taking the place of the last one.
    const at = Math.max(0, used - 1);
    used = at + bytes.write(json, at, 'utf8');
    if (at > 0) bytes[at] = comma;
  }

  return {
    add(change) {
      if (change.kind === 'create') return addRow(change);
      unwritten.push(change);
      if (unwritten.length === unwrittenMost) writeList();
    },
    end() {
      writeList();
      return bytes.subarray(0, used);
    },
  };
}

/** Bytes that UTF-8 takes for a UTF-16 unit at most. */
const utf8Most = 3;

type Create = Extract<Change, { kind: 'create' }>;

/** Stores the changes of a chunk as bytes; {@link decodeChanges} reads them back. */
export function encodeChanges(changes: readonly Change[]): Uint8Array {
  const writer = bodyWriter();
  for (const change of changes) writer.add(change);
  return writer.end();
}

/** Reads the changes of a chunk back; packed rows are views of its bytes. */
export function decodeChanges(body: Uint8Array): readonly Change[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes[0] !== openBracket) return rowsIn(bytes);
  return JSON.parse(bytes.toString('utf8')) as Change[];
}

function rowsIn(bytes: Buffer): readonly Create[] {
  const rows: Create[] = [];
  for (let at = 1; at < bytes.length; ) {
    const keyAt = at + lengthBytes;
    const keyEnd = keyAt + bytes.readUInt32LE(at);
    const rowAt = keyEnd + lengthBytes;
    at = rowAt + bytes.readUInt32LE(keyEnd);
    const key = bytes.toString('utf8', keyAt, keyEnd);
    rows.push({ kind: 'create', key, packed: bytes.subarray(rowAt, at) });
  }
  return rows;
}
