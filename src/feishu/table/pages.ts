import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, RecordPage } from '../../run/ports.ts';
import type { TableRecord } from '../../sync/definition/field.ts';
import { CallError } from '../../sync/words/failure.ts';
import { backoff } from '../../sync/words/limits.ts';
import { count, text } from '../../sync/words/text.ts';
import { odd } from '../calls/failure.ts';
import { list, type Shape, shape, words } from '../calls/http.ts';

/** Records of one search page: https://open.feishu.cn/document/docs/bitable-v1/app-table-record/search */
export const pageSize = 500;
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

/** What a read waits by. */
interface Waiting {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal?: AbortSignal | undefined;
}

/** How often a list is read until nothing is odd about it and its different items are as many as it says. */
const readsMax = 3;

/** Waits before a list is read again: 1 s, then 2 s, in which a count that lags comes right. */
const beforeReading = (reads: number, { clock, signal }: Waiting): Promise<void> =>
  clock.sleep(backoff(reads - 1, 1000, 30_000), signal);

/**
 * Reads all records of a search, each once though pages may overlap while somebody edits, asking for the next page while the caller works on this one. The read begins anew,
 * which an empty page tells beforehand, where an answer is too large (with half the page size), where Feishu lost a page
 * token, and where a page is odd or the different records are not as many as the last one says; it fails when that does
 * not help.
 * @param fetch answers the `data` of a page
 */
export async function* readPages(
  fetch: (page: Paging, signal: AbortSignal) => Promise<unknown>,
  { clock, signal: outer }: Waiting & { readonly signal: AbortSignal },
): AsyncGenerator<RecordPage, void> {
  outer.throwIfAborted();
  const left = new AbortController();
  const signal = AbortSignal.any([outer, left.signal]);
  let size = pageSize;
  let lost = 0;
  try {
    for (let reads = 1; ; ) {
      const seen = new Set<string>();
      let total = 0;
      let isBegun = false;
      try {
        for await (const page of onePass((paging) => fetch(paging, signal), size)) {
          total = page.total;
          isBegun = true;
          yield { ...page, records: page.records.filter(({ id }) => seen.size < seen.add(id).size) };
        }
        if (seen.size === total) return;
        throw notWhole('record_id', seen.size, total);
      } catch (error) {
        const failure = error instanceof CallError ? error.failure : undefined;
        const isLost = failure?.code === failCode && isBegun && lost < restartsMax;
        if (failure?.verdict === 'smaller' && size > 1) size = Math.floor(size / 2);
        else if (isLost) lost += 1;
        else if (reads < readsMax && isOdd(error)) await beforeReading(reads++, { clock, signal });
        else throw error;
      }
      yield { records: [], total, restarted: true };
    }
  } finally {
    left.abort(new Error('The read was left.'));
  }
}

/** Reads from the first page to the last, once. */
async function* onePass(
  fetch: (page: Paging) => Promise<unknown>,
  size: number,
): AsyncGenerator<RecordPage, void> {
  const ask = (token: string | undefined): Promise<unknown> => {
    const page = fetch(paging(size, token));
    // Awaited later, or never when the caller has left.
    page.catch(() => undefined);
    return page;
  };
  const check = pageChecks('record_id');
  let coming: Promise<unknown> | undefined = ask(undefined);
  while (coming) {
    const { items, next, data } = check(await coming);
    const total = totalOf(data);
    const records = items.map(recordOf);
    coming = next === undefined ? undefined : ask(next);
    // The request leaves before the caller's work on this page keeps the thread busy.
    if (coming) await nextTurn();
    yield { records, total, restarted: false };
  }
}

/** How many records a page says that there are. */
export function totalOf(page: unknown): number {
  const total = shape(page)?.['total'];
  if (typeof total === 'number' && Number.isFinite(total)) return total;
  throw odd('a page does not say how many records there are');
}

const nouns = {
  record_id: ['records', text('条记录', 'records')],
  field_id: ['fields', text('个字段', 'fields')],
  table_id: ['tables', text('张数据表', 'tables')],
} as const;

/** A list that is not as long as it says, however often it is read. */
function notWhole(id: keyof typeof nouns, held: number, total: number): CallError {
  const [word, { zh, en }] = nouns[id];
  return new CallError({
    ...{ how: 'threw', code: null, word: `${word}-overlooked`, verdict: 'round', mayHaveHappened: false },
    message: `a list holds ${held} ${word} and says that there are ${total}`,
    what: text(
      `飞书说共有 ${count(total)} ${zh}，读了 ${readsMax} 次，列表里的数目却是 ${count(held)}：列表不完整，没有据此做任何事。`,
      `Feishu counts ${count(total)} ${en}, but after ${readsMax} reads its list still holds ${count(held)}: the list is not whole, so nothing was done with it.`,
    ),
    cure: text(
      '请过几分钟再试一次。如果一直这样，而多维表格开启了高级权限，请给应用一个可以查看全部内容的角色。',
      'Try again in a few minutes. If it stays and the Base has advanced permissions on, give the app a role that sees everything.',
    ),
  });
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

/** Whether an answer came that cannot be right. */
const isOdd = (error: unknown): boolean => {
  const { code, status, silence } = error instanceof CallError ? error.failure : {};
  return code === null && status === undefined && silence === undefined;
};

/**
 * Reads a short list (fields, tables) to its end, again where a page is odd or its different items are not as many as it
 * says. An answer without `total` is taken as it is. @param id member of an item that tells it from others
 */
export async function wholeList(
  id: 'field_id' | 'table_id',
  fetch: (page: Paging) => Promise<unknown>,
  waiting: Waiting,
): Promise<readonly unknown[]> {
  for (let reads = 1; ; reads++) {
    try {
      return await listOnce(id, fetch);
    } catch (error) {
      if (reads === readsMax || !isOdd(error)) throw error;
      await beforeReading(reads, waiting);
    }
  }
}

async function listOnce(
  id: 'field_id' | 'table_id',
  fetch: (page: Paging) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const check = pageChecks(id);
  const all = new Map<unknown, unknown>();
  let page: Page;
  let token: string | undefined;
  do {
    page = check(await fetch(paging(listPage, token)));
    for (const item of page.items) all.set(words(shape(item)?.[id]) ?? item, item);
    token = page.next;
  } while (token !== undefined);
  const { total } = page.data;
  if (typeof total === 'number' && total !== all.size) throw notWhole(id, all.size, total);
  return [...all.values()];
}
