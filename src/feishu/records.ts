import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordPage } from '../run/ports.ts';
import { CallError } from '../sync/failure.ts';
import type { TableRecord } from '../sync/field.ts';
import { oddAnswer } from './failure.ts';
import type { Room } from './http.ts';
import { turner } from './pages.ts';
import { idReader, parsed, RawRecord } from './raw-page.ts';
import { shape, words } from './shape.ts';

/** Records of one search page: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search */
const pageSize = 500;
/** How often a read begins again because Feishu no longer knew a page token. */
const restartsMax = 3;
/** "Fail", which Feishu also answers to a page token that it does not know (any more). */
const failCode = 1254002;

/** Fetches one page: the `data` of the answer, which may hold what is in the room. */
export type FetchPage = (
  size: number,
  token: string | undefined,
  room: Room,
  signal: AbortSignal,
) => Promise<unknown>;

/** Reads one record: one without ID or fields fails the read. */
function recordOf(item: unknown): TableRecord {
  const one = shape(item instanceof RawRecord ? parsed(item) : item);
  const id = words(one?.['record_id']);
  const fields = shape(one?.['fields']);
  if (id === undefined || !fields) {
    throw new CallError(oddAnswer('a record without ID or fields', 'unknown', false));
  }
  return { id, fields };
}

/**
 * The records of a page: those that came unparsed stay so until somebody wants them otherwise.
 * @param left whether another answer may stand by now where these came
 */
function recordsOf(items: readonly unknown[], left: () => boolean): Pick<RecordPage, 'records' | 'raw'> {
  if (items.length === 0 || !items.every((item) => item instanceof RawRecord)) {
    return { records: items.map(recordOf) };
  }
  let records: readonly TableRecord[] | undefined;
  return {
    raw: items,
    get records() {
      if (!records && left()) throw new Error('The records of a page were asked for after the next page.');
      records ??= items.map(recordOf);
      return records;
    },
  };
}

/**
 * Reads all pages, asking for the next one while the caller works on this one.
 * An answer that is too large halves the page size and begins again; so does a page token that Feishu lost.
 */
export async function* readPages(fetch: FetchPage, outer: AbortSignal): AsyncGenerator<RecordPage, void> {
  const inner = new AbortController();
  const stop = (): void => inner.abort(outer.reason);
  outer.throwIfAborted();
  outer.addEventListener('abort', stop, { once: true });
  // One is written while the other one is read: a page is asked for only when the caller has left the one before the last.
  const rooms: readonly [Room, Room] = [{ bytes: undefined }, { bytes: undefined }];
  let asked = 0;
  const ask = (size: number, token: string | undefined): Promise<unknown> => {
    const page = fetch(size, token, rooms[asked++ % 2 === 0 ? 0 : 1], inner.signal);
    // Awaited later, or never when the caller has left.
    page.catch(() => undefined);
    return page;
  };
  try {
    let size = pageSize;
    let restarts = 0;
    let restarted = false;
    let pages = turner(idReader());
    let token: string | undefined;
    let coming = ask(size, token);
    for (;;) {
      let answer: unknown;
      try {
        answer = await coming;
      } catch (error) {
        const again = beginsAgain(error, size, token, restarts);
        if (!again) throw error;
        ({ size, restarts } = again);
        restarted = true;
        pages = turner(idReader());
        token = undefined;
        coming = ask(size, token);
        continue;
      }
      const page = pages.turn(answer);
      const total = page.data['total'];
      if (typeof total !== 'number' || !Number.isFinite(total)) {
        throw new CallError(oddAnswer('a page does not say how many records there are', 'unknown', false));
      }
      let left = false;
      const records = recordsOf(page.items, () => left);
      token = page.next;
      if (token !== undefined) {
        coming = ask(size, token);
        // The request leaves before the caller's work on this page keeps the thread busy.
        await nextTurn();
      }
      yield Object.assign(records, { total, restarted });
      left = true;
      restarted = false;
      if (token === undefined) return;
    }
  } finally {
    outer.removeEventListener('abort', stop);
    inner.abort(new Error('The read was left.'));
  }
}

function beginsAgain(error: unknown, size: number, token: string | undefined, restarts: number) {
  if (!(error instanceof CallError)) return undefined;
  if (error.failure.verdict === 'smaller' && size > 1) return { size: Math.floor(size / 2), restarts };
  if (error.failure.code === failCode && token !== undefined && restarts < restartsMax) {
    return { size, restarts: restarts + 1 };
  }
  return undefined;
}
