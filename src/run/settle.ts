import type { Change } from '../sync/change.ts';
import { hashOf, seedOf } from '../sync/hash.ts';
import type { Key } from '../sync/key.ts';
import { packCells } from '../sync/pack.ts';
import type { Plan } from './plan.ts';
import type { LedgerEntry, Table } from './ports.ts';
import { type Found, findKeys } from './readback.ts';
import type { StopSignals } from './send.ts';

/** What reading back showed. */
export interface Settled {
  /** Changes that the table does not have: still to be sent. */
  readonly rest: readonly Change[];
  readonly wrote: readonly LedgerEntry[];
  readonly removed: readonly string[];
}

/** What reading back needs. */
export interface Reader {
  readonly table: Table;
  readonly plan: Plan;
  /** How many records the table has by now, roughly. */
  readonly records: () => number;
  readonly stop: StopSignals;
}

/**
 * Finds out which changes of one kind the table has already.
 * Rejects with `CallError` when it cannot be told: a failed look-up is never "absent".
 * @param signal ends the look-up; when calls in flight are given up, when not given
 */
export async function settleByReading(
  { table, plan, records, stop }: Reader,
  changes: readonly Change[],
  signal: AbortSignal = stop.now,
): Promise<Settled> {
  if (changes[0]?.kind === 'delete') return settleDeletes(table, changes, signal);
  return settledBy(plan, changes, await findKeys(table, plan.targets, plan.key, changes, records(), signal));
}

/** Which creates and updates the table has, by the records that were found. */
export function settledBy(
  plan: Pick<Plan, 'targets'>,
  changes: readonly Change[],
  found: ReadonlyMap<Key, Found>,
): Settled {
  const seed = seedOf(plan.targets);
  const rest: Change[] = [];
  const wrote: LedgerEntry[] = [];
  for (const change of changes) {
    const held = found.get(change.key);
    if (held && isThere(change, held)) {
      const hash = change.kind === 'update' ? change.hash : hashOf(Buffer.from(packCells(held.cells)), seed);
      wrote.push({ key: change.key, record: held.record, hash });
    } else rest.push(change);
  }
  return { rest, wrote, removed: [] };
}

/** A create is there when its key is; an update when every cell that it changes has its new value. */
function isThere(change: Change, held: Found): boolean {
  if (change.kind === 'create') return true;
  return change.kind === 'update' && change.differences.every(([at, wanted]) => held.cells[at] === wanted);
}

async function settleDeletes(
  table: Table,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Settled> {
  const ids = changes.flatMap((change) => (change.kind === 'delete' ? [change.record] : []));
  const { absent } = await table.look(ids, signal);
  const gone = new Set(absent);
  return {
    rest: changes.filter((change) => change.kind !== 'delete' || !gone.has(change.record)),
    wrote: [],
    removed: absent,
  };
}
