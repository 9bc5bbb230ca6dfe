import type { Change, Create, Update } from '../sync/change.ts';
import { differ } from '../sync/diff.ts';
import type { Key } from '../sync/key.ts';
import { hashOfRow, seedOf } from '../sync/row.ts';
import type { Plan } from './plan.ts';
import type { LedgerEntry, Table } from './ports.ts';
import { type Found, findKeys } from './readback.ts';
import type { StopSignals } from './send.ts';

/** What reading back showed. */
export interface Settled {
  /** Changes that the table does not have: still to be sent. */
  readonly rest: readonly Change[];
  /** Creates whose key has a record by now that holds other values: somebody else made or changed it. As its updates. */
  readonly others: readonly Update[];
  readonly wrote: readonly LedgerEntry[];
  /** Of those: creates whose key has a record with other values, which the mode leaves alone. */
  readonly left?: number;
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
  { targets, mode }: Pick<Plan, 'targets' | 'mode'>,
  changes: readonly Change[],
  found: ReadonlyMap<Key, Found>,
): Settled {
  const seed = seedOf(targets);
  const rest: Change[] = [];
  const others: Update[] = [];
  const wrote: LedgerEntry[] = [];
  let left = 0;
  for (const change of changes) {
    const held = found.get(change.key);
    if (!held || change.kind === 'delete') rest.push(change);
    else if (change.kind === 'update') {
      const isThere = change.differences.every(([at, wanted]) => held.cells[at] === wanted);
      if (isThere) wrote.push({ key: change.key, record: held.record, hash: change.hash });
      else rest.push(change);
    } else {
      const update = updateOf(targets, change, held, seed);
      const isOther = update.differences.length > 0;
      // What stands there is left alone by a mode that only adds.
      if (isOther && mode === 'append') left += 1;
      if (isOther && mode !== 'append') others.push(update);
      else wrote.push({ key: change.key, record: held.record, hash: hashOfRow(held.cells, seed) });
    }
  }
  return { rest, others, wrote, left, removed: [] };
}

/** A create as an update of the record that has its key by now. */
function updateOf(targets: Plan['targets'], create: Create, { record, cells }: Found, seed: number): Update {
  const row = create.cells;
  const hash = hashOfRow(row, seed);
  return { kind: 'update', key: create.key, record, differences: differ(targets, row, cells), hash, row };
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
    others: [],
    wrote: [],
    removed: absent,
  };
}
