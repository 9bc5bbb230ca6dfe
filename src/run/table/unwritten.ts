import type { Key } from '../../sync/fields/key.ts';
import { type Change, decodeChanges } from '../../sync/plan/change.ts';
import type { BadRow } from '../../sync/state/state.ts';
import { text } from '../../sync/words/text.ts';
import { listedKey } from '../bad-rows.ts';
import { type Plan, storedPlan } from '../plan.ts';
import type { ChunkRecord, RefusedRow, RunRecord, Scope, Store } from '../ports.ts';

/** A row of a run that was not (surely) written. */
export interface Unwritten extends Omit<BadRow, 'kind'> {
  readonly kind: BadRow['kind'] | 'failed' | 'unknown' | 'delete-failed' | 'delete-unknown';
}

type Kept = Pick<Store, 'journal' | 'ledger' | 'rejects'>;

/** Every row that a run did not write, some at a time: its bad rows first, then those of its chunks. */
export async function* unwritten(run: RunRecord, store: Kept): AsyncGenerator<readonly Unwritten[]> {
  const { id, scope } = run;
  yield* store.rejects.rows(id);
  const plan = storedPlan(run);
  if (!plan) return;
  for (const chunk of await store.journal.chunks(id)) {
    if (chunk.status !== 'failed' && chunk.status !== 'unknown' && chunk.status !== 'rejected') continue;
    const changes = decodeChanges(await store.journal.body(id, chunk.id));
    const open = chunk.written > 0 ? await notConfirmed(changes, id, scope, store) : changes;
    yield chunk.status === 'rejected'
      ? refused(
          open,
          await store.rejects.known(
            scope,
            open.map(({ key }) => key),
          ),
          (one) => failed(one, chunk, plan),
        )
      : open.map((change) => failed(change, chunk, plan));
  }
}

/** Some rows of a chunk may have been found written when it was read back. */
async function notConfirmed(
  changes: readonly Change[],
  run: string,
  scope: Scope,
  { ledger }: Kept,
): Promise<readonly Change[]> {
  const keys = changes.map(({ key }) => key);
  const confirmed = await ledger.confirmedBy(scope, run, keys);
  const records = changes.flatMap((change) => (change.kind === 'delete' ? [change.record] : []));
  const there = await ledger.known(scope, records);
  return changes.filter((change) =>
    change.kind === 'delete' ? there.has(change.record) : !confirmed.has(change.key),
  );
}

function refused(
  changes: readonly Change[],
  known: ReadonlyMap<Key, RefusedRow>,
  otherwise: (change: Change) => Unwritten,
): readonly Unwritten[] {
  return changes.map((change) => known.get(change.key)?.told ?? { ...otherwise(change), kind: 'rejected' });
}

function failed(change: Change, { status, failure }: ChunkRecord, plan: Plan): Unwritten {
  const open = status === 'unknown' ? 'unknown' : 'failed';
  const message = failure?.message ?? '';
  return {
    kind: change.kind === 'delete' ? `delete-${open}` : open,
    key: listedKey(plan, change.key),
    row: null,
    ...(failure === null || failure.code === null ? {} : { code: failure.code }),
    reason: message === '' ? text('没有应答', 'no answer') : text(message, message),
  };
}
