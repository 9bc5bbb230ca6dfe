import type { Change } from '../../sync/plan/change.ts';
import { type Chunk, type Replanned, recordOf, replan } from '../../sync/plan/chunk.ts';
import type { Failure } from '../../sync/words/failure.ts';
import type { Plan } from '../plan.ts';
import type { Table } from '../ports.ts';
import { findKeys, keyReader } from './find-keys.ts';
import type { Upload } from './upload-job.ts';

/** Records of changes that a refusal may be about. */
export interface Gone {
  /** Really gone. */
  readonly absent: readonly string[];
  /** There, but the app may not see them. */
  readonly forbidden: readonly string[];
}

/**
 * Finds out which records of a refused call are gone. Rejects with `CallError` when that cannot be told.
 * The one that Feishu names is looked up alone at first: it mostly is the only one, and a call holds ten times as many
 * records as a look-up does. When that did not help, all of them are looked up.
 * @param pointer what Feishu names; undefined to look up all
 */
export async function findGone(
  table: Pick<Table, 'look'>,
  changes: readonly Change[],
  pointer: string | undefined,
  signal: AbortSignal,
): Promise<Gone> {
  const ids = changes.flatMap((change) => recordOf(change) ?? []);
  const named = ids.filter((id) => id === pointer);
  if (named.length > 0 && named.length < ids.length) {
    const { absent, forbidden } = await table.look(named, signal);
    if (absent.length + forbidden.length > 0) return { absent, forbidden };
  }
  return table.look(ids, signal);
}

/** Records that are to be deleted, as they are now. */
export interface ToDelete extends Gone {
  /** Those that still have the key for which they are deleted. */
  readonly still: readonly Change[];
  /** Those that somebody gave another key since. */
  readonly others: readonly Change[];
}

/** Looks up records by ID before they are deleted. Rejects with `CallError` when that cannot be told. */
export async function stillToDelete(
  table: Pick<Table, 'look'>,
  { targets, key }: Pick<Plan, 'targets' | 'key'>,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<ToDelete> {
  const ids = changes.flatMap((change) => recordOf(change) ?? []);
  const { present, absent, forbidden } = await table.look(ids, signal);
  const keyIn = keyReader(targets, key);
  const keys = new Map(present.map((record) => [record.id, keyIn(record)]));
  const there = changes.filter((change) => keys.has(recordOf(change) ?? ''));
  const isStill = (change: Change): boolean => keys.get(recordOf(change) ?? '') === change.key;
  return { absent, forbidden, still: there.filter(isStill), others: there.filter((one) => !isStill(one)) };
}

/**
 * Plans the updates of records that are gone again, by key: somebody may have made the record anew already. Rejects
 * with `CallError` when that cannot be told.
 */
export async function planAnew(
  { job, plan, records }: Upload,
  chunk: Pick<Chunk, 'id' | 'kind' | 'seq'>,
  changes: readonly Change[],
  gone: ReadonlySet<string>,
): Promise<Replanned> {
  const { table, stop } = job;
  const asked = changes.filter(
    (change) => change.kind === 'update' && change.row !== undefined && gone.has(change.record),
  );
  const held =
    asked.length > 0
      ? await findKeys({ table, plan, signal: stop.now }, asked, records())
      : new Map<never, never>();
  return replan(chunk, changes, gone, { held, targets: plan.targets });
}

/** Whether the record that is gone is one that a cell names, as a link does, and not one to be written. */
export const isInCell = ({ verdict, pointer }: Failure, sent: readonly Change[]): boolean =>
  verdict === 'gone' &&
  pointer !== undefined &&
  !pointer.startsWith('records[') &&
  sent[0]?.kind !== 'delete' &&
  !sent.some((change) => recordOf(change) === pointer);
