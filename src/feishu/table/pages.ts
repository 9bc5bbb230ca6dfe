import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordPage } from '../../run/ports.ts';
import type { TableRecord } from '../../sync/definition/field.ts';
import { CallError } from '../../sync/words/failure.ts';
import { odd } from '../calls/failure.ts';
import { list, type Shape, shape, words } from '../calls/http.ts';

/** Records of one search page: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search */
const pageSize = 500;
/** Tables or fields of one page: https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-field/list */
const listPage = 100;
/** How often a read begins again because Feishu no longer knew a page token. */
const restartsMax = 3;
/** "Fail", which Feishu also answers to a page token that it does not know (any more). */
const failCode = 1254002;

/** Which page a call asks for: the first one without a token. */
export interface Paging {
  readonly page_size: number;
  readonly page_token?: string;
}

const paging = (size: number, token: string | undefined): Paging => ({
  page_size: size,
  ...(token !== undefined && { page_token: token }),
});

/** Returns a record's ID, or undefined where it has none. */
export const recordId = (item: unknown): string | undefined => words(shape(item)?.['record_id']);

/** Reads one record: one without ID or fields fails the read. */
function recordOf(item: unknown): TableRecord {
  const id = recordId(item);
  const fields = shape(shape(item)?.['fields']);
  if (id === undefined || !fields) throw odd('a record without ID or fields');
  return { id, fields };
}

/**
 * Reads all pages, asking for the next one while the caller works on this one.
 * An answer that is too large halves the page size and begins again; so does a page token that Feishu lost.
 * @param fetch answers the `data` of a page
 */
export async function* readPages(
  fetch: (page: Paging, signal: AbortSignal) => Promise<unknown>,
  outer: AbortSignal,
): AsyncGenerator<RecordPage, void> {
  outer.throwIfAborted();
  const left = new AbortController();
  const signal = AbortSignal.any([outer, left.signal]);
  const ask = (size: number, token: string | undefined): Promise<unknown> => {
    const page = fetch(paging(size, token), signal);
    // Awaited later, or never when the caller has left.
    page.catch(() => undefined);
    return page;
  };
  try {
    let size = pageSize;
    let restarts = 0;
    let restarted = false;
    let pages = pageChecks('record_id');
    let token: string | undefined;
    let coming = ask(size, token);
    for (;;) {
      let page: Page;
      try {
        page = pages(await coming);
      } catch (error) {
        const failure = error instanceof CallError ? error.failure : undefined;
        const isLost = failure?.code === failCode && token !== undefined && restarts < restartsMax;
        if (failure?.verdict === 'smaller' && size > 1) size = Math.floor(size / 2);
        else if (isLost) restarts += 1;
        else throw error;
        restarted = true;
        pages = pageChecks('record_id');
        token = undefined;
        coming = ask(size, token);
        continue;
      }
      const total = page.data['total'];
      if (typeof total !== 'number' || !Number.isFinite(total))
        throw odd('a page does not say how many records there are');
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
    left.abort(new Error('The read was left.'));
  }
}

/** One page of a list, checked. */
interface Page {
  readonly items: readonly unknown[];
  /** Token of the next page; undefined on the last one. */
  readonly next: string | undefined;
  readonly data: Shape;
}

/** Pages without an item that a list may have in a row; more is an answer that leads nowhere. */
const emptyPages = 3;

/**
 * Makes what checks page after page of one list, so that no odd answer looks like its end. Only `has_more` ends it: some
 * last pages carry a token all the same. @param id member of an item that tells it from others
 */
function pageChecks(id: string): (answer: unknown) => Page {
  const seen = new Set<string>();
  let first: string | undefined;
  let empty = 0;
  let page = 0;
  return (answer) => {
    page += 1;
    const data = shape(answer);
    if (!data) throw odd(`page ${page} has no data`);
    const { has_more: more, total } = data;
    if (typeof more !== 'boolean') throw odd(`page ${page} does not say whether there are more`);
    const items = list(data['items']) ?? (data['items'] == null && !more && total === 0 ? [] : undefined);
    if (!items) throw odd(`page ${page} has no items`);
    const head = words(shape(items[0])?.[id]);
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
  };
}

/** Reads a short list (fields, tables) to its end. @param id member of an item that tells it from others */
export async function wholeList(
  id: string,
  fetch: (page: Paging) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const check = pageChecks(id);
  const all: unknown[] = [];
  let token: string | undefined;
  do {
    const page = check(await fetch(paging(listPage, token)));
    all.push(...page.items);
    token = page.next;
  } while (token !== undefined);
  return all;
}
