import { isUtf8 } from 'node:buffer';
import type { RecordBytes } from '../sync/field.ts';
import { endOfValue } from '../sync/record-scanner.ts';
import { list, shape } from './shape.ts';

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

const head = '"items":[';
const comma = 0x2c;
const open = 0x7b;
const close = 0x5d;

/**
 * Parses a page of records all but its records: what is around them comes parsed, they as {@link RawRecord}s. So the
 * next page can be asked for at once, and nobody needs objects for millions of cells.
 * Answers undefined when it is no such page: then it is to be parsed as a whole, which also tells what is wrong.
 */
export function splitPage(bytes: Buffer): unknown {
  // A text cannot hold these bytes: its quotes would be escaped.
  const at = bytes.indexOf(head);
  if (at < 0 || !isUtf8(bytes)) return undefined;
  const begin = at + head.length;
  const items: RawRecord[] = [];
  let end = begin;
  while (bytes[end] === open) {
    const next = endOfValue(bytes, end, bytes.length);
    if (next < 0) return undefined;
    items.push(new RawRecord(bytes, end, next));
    end = bytes[next] === comma ? next + 1 : next;
  }
  if (bytes[end] !== close || bytes[end - 1] === comma) return undefined;
  try {
    const around = bytes.toString('utf8', 0, begin) + bytes.toString('utf8', end);
    const answer = shape(JSON.parse(around));
    const data = shape(answer?.['data']);
    // The list may have stood elsewhere.
    return list(data?.['items'])?.length === 0 ? { ...answer, data: { ...data, items } } : undefined;
  } catch {
    return undefined;
  }
}
