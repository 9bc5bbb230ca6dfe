import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TableRecord } from '../../sync/definition/field.ts';
import { rowsPerTurn } from '../../sync/words/limits.ts';
import type { LinkedTable } from '../ports.ts';

/** Takes the records of one whole read. */
interface Taking {
  take(records: readonly TableRecord[]): void;
  /** How many different ones it has. */
  count(): number;
}

/** A table as it was read, and whether it stood still meanwhile. */
export interface StillRead<T> {
  readonly read: T;
  /** The table's change counter after the read. */
  readonly revision: number;
  /** Whether it moved while it was read, though the count agrees: what is missing may only have been overlooked. */
  readonly moved: boolean;
}

/**
 * Reads all records of a table; some at a time, so that clicks never wait for a whole table.
 *
 * The change counter is taken before and after: equal means that the read is exact. If it moved, the count that agrees is
 * no proof: a record deleted from a page already read lets the next page begin one record too late.
 * @param from `revision`: the change counter before the read
 * @param begin called at first, and where the read begins anew
 */
export async function readStill<T extends Taking>(
  table: Pick<LinkedTable, 'records' | 'revision'>,
  from: {
    readonly fields: readonly string[];
    readonly revision: number;
    readonly signal: AbortSignal;
    onPage?(records: number, total: number): void;
  },
  begin: () => T,
): Promise<StillRead<T>> {
  const { fields, signal } = from;
  let before = from.revision;
  let read = begin();
  for await (const page of table.records(fields, signal)) {
    if (page.restarted) {
      read = begin();
      before = await table.revision(signal);
    }
    for (let at = 0; at < page.records.length; at += rowsPerTurn) {
      read.take(page.records.slice(at, at + rowsPerTurn));
      await nextTurn();
    }
    from.onPage?.(read.count(), page.total);
  }
  const revision = await table.revision(signal);
  return { read, revision, moved: revision !== before };
}
