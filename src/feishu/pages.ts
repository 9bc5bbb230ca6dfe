import { CallError } from '../sync/failure.ts';
import { oddAnswer } from './failure.ts';
import { list, type Shape, shape, words } from './shape.ts';

/** One page of a list, checked. */
export interface Page {
  readonly items: readonly unknown[];
  /** Token of the next page; undefined on the last one. */
  readonly next: string | undefined;
  readonly data: Shape;
}

/** Pages without an item that a list may have in a row; more is an answer that leads nowhere. */
const emptyPages = 3;

const odd = (message: string): CallError => new CallError(oddAnswer(message, 'unknown', false));

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
