import { isUtf8 } from 'node:buffer';
import { CallError } from '../sync/failure.ts';
import type { RecordBytes } from '../sync/field.ts';
import { endOfValue } from '../sync/json-bytes.ts';
import { recordScanner } from '../sync/record-scanner.ts';
import { oddAnswer } from './failure.ts';
import { list, shape, words } from './shape.ts';

/** A record of a page that is not parsed yet. */
export class RawRecord implements RecordBytes {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }
}

const comma = 0x2c;
const open = 0x7b;
const close = 0x5d;

/** Reads a page of records; see {@link split}. */
export const splitPage = (bytes: Buffer): unknown => split(bytes, 'items');

/** Reads the answer to a write, which tells all that was written; see {@link split}. */
export const splitWritten = (bytes: Buffer): unknown => split(bytes, 'records');

/**
 * Parses an answer with records all but those: what is around them comes parsed, they as {@link RawRecord}s. So the
 * next call can be made at once, and nobody needs objects for millions of cells.
 * Answers undefined when it is no such answer: then it is to be parsed as a whole, which also tells what is wrong.
 */
function split(bytes: Buffer, name: 'items' | 'records'): unknown {
  // A text cannot hold these bytes: its quotes would be escaped.
  const head = `"${name}":[`;
  const at = bytes.indexOf(head);
  if (at < 0 || !isUtf8(bytes)) return undefined;
  const begin = at + head.length;
  const items: RawRecord[] = [];
  let end = begin;
  while (bytes[end] === open) {
    const next = endOfValue(bytes, end, bytes.length);
    if (next < 0) return undefined;
    items.push(new RawRecord(bytes, end, next));
    end = next;
    if (bytes[next] !== comma) break;
    end++;
  }
  if (bytes[end] !== close || bytes[end - 1] === comma) return undefined;
  try {
    const around = bytes.toString('utf8', 0, begin) + bytes.toString('utf8', end);
    const answer = shape(JSON.parse(around));
    const data = shape(answer?.['data']);
    // The list may have stood elsewhere.
    return list(data?.[name])?.length === 0 ? { ...answer, data: { ...data, [name]: items } } : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the reader of IDs of records, parsed or not; undefined for what has none. */
export function idReader(): (item: unknown) => string | undefined {
  const scan = recordScanner([]);
  const byParsing = (item: RawRecord): unknown => {
    try {
      return parsed(item);
    } catch {
      return undefined;
    }
  };
  return (item) => {
    if (!(item instanceof RawRecord)) return words(shape(item)?.['record_id']);
    const plain = plainId(item);
    if (plain !== undefined) return plain;
    if (!scan.read(item)) return words(shape(byParsing(item))?.['record_id']);
    const { from, to } = scan.id();
    return item.bytes.toString('utf8', from, to);
  };
}

const idHead = Buffer.from('"record_id":"');
const quote = 0x22;
const backslash = 0x5c;

/**
 * The ID of a record where it is the last thing that it tells, as it mostly is: nothing before it need be looked at.
 * What stands right before the brace that closes the record cannot belong to anything inside of it.
 */
function plainId({ bytes, from: begin, to }: RawRecord): string | undefined {
  const end = to - 2;
  const from = bytes.lastIndexOf(quote, end - 1) + 1;
  const head = from - idHead.length;
  if (bytes[end] !== quote || head <= begin || bytes.compare(idHead, 0, idHead.length, head, from) !== 0)
    return undefined;
  for (let at = from; at < end; at++) if (bytes[at] === backslash) return undefined;
  return bytes.toString('utf8', from, end);
}

/** Parses a record. @throws CallError when it is no JSON */
export function parsed({ bytes, from, to }: RawRecord): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to)) as unknown;
  } catch {
    throw new CallError(oddAnswer('a record that is no JSON', 'unknown', false));
  }
}
