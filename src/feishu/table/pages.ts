import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordPage } from '../../run/ports.ts';
import type { TableRecord } from '../../sync/definition/field.ts';
import { CallError } from '../../sync/words/failure.ts';
import { odd } from '../calls/failure.ts';
import { list, type Shape, shape, words } from '../calls/shape.ts';

/** Records of one search page: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search */
const pageSize = 500;
/** How often a read begins again because Feishu no longer knew a page token. */
const restartsMax = 3;
/** "Fail", which Feishu also answers to a page token that it does not know (any more). */
const failCode = 1254002;

/** Fetches one page: the `data` of the answer. */
export type FetchPage = (size: number, token: string | undefined, signal: AbortSignal) => Promise<unknown>;

/** Returns a record's ID, or undefined where it has none. */
export const recordId = (item: unknown): string | undefined => words(shape(item)?.['record_id']);

/** Reads one record: one without ID or fields fails the read. */
function recordOf(item: unknown): TableRecord {
  const id = recordId(item);
  const fields = shape(shape(item)?.['fields']);
  if (id === undefined || !fields) {
    throw odd('a record without ID or fields');
  }
  return { id, fields };
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
  const ask = (size: number, token: string | undefined): Promise<unknown> => {
    const page = fetch(size, token, inner.signal);
    // Awaited later, or never when the caller has left.
    page.catch(() => undefined);
    return page;
  };
  try {
    let size = pageSize;
    let restarts = 0;
    let restarted = false;
    let pages = turner(recordId);
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
        pages = turner(recordId);
        token = undefined;
        coming = ask(size, token);
        continue;
      }
      const page = pages.turn(answer);
      const total = page.data['total'];
      if (typeof total !== 'number' || !Number.isFinite(total)) {
        throw odd('a page does not say how many records there are');
      }
      const records = page.items.map(recordOf);
      token = page.next;
      if (token !== undefined) {
        coming = ask(size, token);
        // The request leaves before the caller's work on this page keeps the thread busy.
        await nextTurn();
      }
      yield { records, total, restarted };
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

/** One page of a list, checked. */
export interface Page {
  readonly items: readonly unknown[];
  /** Token of the next page; undefined on the last one. */
  readonly next: string | undefined;
  readonly data: Shape;
}

/** Pages without an item that a list may have in a row; more is an answer that leads nowhere. */
const emptyPages = 3;

/**
 * Checks page after page of one list, so that no odd answer looks like its end.
 * Only `has_more` ends a list: some last pages carry a token all the same.
 */
export interface Turner {
  turn(data: unknown): Page;
}

/** Starts a {@link Turner}. @param idOf what tells the items of a page from those of the page before */
export function turner(idOf: (item: unknown) => string | undefined): Turner {
  const seen = new Set<string>();
  let first: string | undefined;
  let empty = 0;
  let page = 0;
  return {
    turn: (answer) => {
      page += 1;
      const data = shape(answer);
      if (!data) throw odd(`page ${page} has no data`);
      const more = data['has_more'];
      if (typeof more !== 'boolean') throw odd(`page ${page} does not say whether there are more`);
      const items =
        list(data['items']) ?? (data['items'] == null && !more && data['total'] === 0 ? [] : undefined);
      if (!items) throw odd(`page ${page} has no items`);
      const head = idOf(items[0]);
      if (head !== undefined && head === first) throw odd(`page ${page} repeats the page before`);
      first = head;
      empty = items.length === 0 ? empty + 1 : 0;
      if (!more) return { items, next: undefined, data };
      const next = words(data['page_token']);
      if (next === undefined) throw odd(`page ${page} says that there are more but has no page token`);
      if (seen.has(next)) throw odd(`page ${page} repeats a page token`);
      if (empty >= emptyPages) throw odd(`${empty} empty pages in a row`);
      seen.add(next);
      return { items, next, data };
    },
  };
}

/** Reads a short list (fields, tables) to its end. */
export async function wholeList(
  idOf: (item: unknown) => string | undefined,
  fetch: (token: string | undefined) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const pages = turner(idOf);
  const all: unknown[] = [];
  let token: string | undefined;
  do {
    const page = pages.turn(await fetch(token));
    all.push(...page.items);
    token = page.next;
  } while (token !== undefined);
  return all;
}
