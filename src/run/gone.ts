import type { Change } from '../sync/change.ts';
import { recordOf } from '../sync/parts.ts';
import type { Table } from './ports.ts';

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
