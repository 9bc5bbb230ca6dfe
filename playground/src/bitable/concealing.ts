import { Refusal } from '../gateway/reply.ts';
import type { BaseState, ConcealedState, RowState, TableState } from '../world.ts';

/** From what records are hidden for a while. */
export interface Concealment {
  /** Whether pages of records leave them out; default true. */
  readonly lists?: boolean;
  /** Whether totals leave them out; as `lists` when not given. */
  readonly totals?: boolean;
  /**
   * What a look-up by id says of them: `present`, as a fault of lists does (the default); `forbidden`, as a role that hides
   * them does, with advanced permissions, which it turns on; `absent`, as if they were gone. Writes meet the same.
   */
  readonly lookUps?: 'present' | 'forbidden' | 'absent';
  /** After how many searches of their table they are back; a page is one. */
  readonly searches?: number;
  /** After how many milliseconds they are back. */
  readonly ms?: number;
}

/** Hides records as told; answers how to bring them back. Revisions do not move. */
export function conceal(base: BaseState, ids: readonly string[], how: Concealment): () => void {
  const { lists = true, totals = lists, lookUps = 'present' } = how;
  const { searches = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY } = how;
  const made = [...base.tables.values()].flatMap((table) => {
    const own = new Set(ids.filter((id) => table.byId.has(id)));
    const state: ConcealedState = { ids: own, lists, totals, lookUps, searches, until: base.now() + ms };
    return own.size === 0 ? [] : [{ table, state }];
  });
  const lost = ids.find((id) => !made.some(({ state }) => state.ids.has(id)));
  if (lost !== undefined) throw new Error(`There is no record ${lost}.`);
  if (lookUps === 'forbidden') base.advanced = true;
  for (const { table, state } of made) table.concealed.add(state);
  return () => {
    for (const { table, state } of made) table.concealed.delete(state);
  };
}

/** The concealments that hold now; those whose time is over are dropped. */
function holding(base: BaseState, table: TableState): readonly ConcealedState[] {
  for (const one of table.concealed)
    if (one.searches <= 0 || one.until <= base.now()) table.concealed.delete(one);
  return [...table.concealed];
}

/** Answers which of the records that a search found its pages hold, and how many it counts; it counts as a search. */
export function unconcealed(
  base: BaseState,
  table: TableState,
  found: readonly RowState[],
): { readonly listed: readonly RowState[]; readonly total: number } {
  const now = holding(base, table);
  if (now.length === 0) return { listed: found, total: found.length };
  const without = (from: 'lists' | 'totals') =>
    found.filter(({ id }) => !now.some((one) => one[from] && one.ids.has(id)));
  const seen = { listed: without('lists'), total: without('totals').length };
  for (const one of now) one.searches -= 1;
  return seen;
}

/** The record of an id as the app may have it: `absent` and `forbidden` are what it is told of the others. */
export function recordFor(base: BaseState, table: TableState, id: string): RowState | 'absent' | 'forbidden' {
  const row = table.byId.get(id);
  const told = new Set(holding(base, table).flatMap(({ ids, lookUps }) => (ids.has(id) ? [lookUps] : [])));
  if (!row || told.has('absent')) return 'absent';
  const isHidden = base.advanced && (base.access !== 'manage' || table.hiddenRows.has(id));
  return isHidden || told.has('forbidden') ? 'forbidden' : row;
}

/** The record of an id. Throws 1254043 and 1254302. */
export function foundRecord(base: BaseState, table: TableState, id: string): RowState {
  const row = recordFor(base, table, id);
  if (row === 'absent') throw new Refusal(1254043, { msg: `record not found,id = ${id}` });
  if (row === 'forbidden') throw new Refusal(1254302);
  return row;
}
