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
  /** Whether it kept moving through every try, and not even the count agrees. */
  readonly moving: boolean;
}

/** How often a table that moves is read before the run makes do with it. */
const tries = 3;

/**
 * Reads all records of a table; some at a time, so that clicks never wait for a whole table.
 *
 * The change counter is taken before and after: equal means that the read is exact. If it moved, as many
 * records must have been read as the last page says there are; else the table is read again. A count that agrees
 * is no proof: a record deleted from a page already read lets the next page begin one record too late.
 * @param from `revision`: the change counter before the read
 * @param begin called for each try, and where a page says that the read began anew
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
  for (let attempt = 1; ; attempt++) {
    let read = begin();
    let total = 0;
    for await (const page of table.records(fields, signal)) {
      if (page.restarted) read = begin();
      for (let at = 0; at < page.records.length; at += rowsPerTurn) {
        read.take(page.records.slice(at, at + rowsPerTurn));
        await nextTurn();
      }
      total = page.total;
      from.onPage?.(read.count(), total);
    }
    const revision = await table.revision(signal);
    const moved = revision !== before;
    const moving = moved && read.count() !== total;
    if (!moving || attempt === tries) return { read, revision, moved, moving };
    before = revision;
  }
}
