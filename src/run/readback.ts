import { type Change, cellsOf } from '../sync/change.ts';
import { CallError, type Verdict } from '../sync/failure.ts';
import type { TableRecord } from '../sync/field.ts';
import { type Key, keyOf } from '../sync/key.ts';
import type { Cell } from '../sync/kinds/kind.ts';
import { kindOf } from '../sync/kinds/kinds.ts';
import type { Target } from '../sync/mapping.ts';
import type { Table } from './ports.ts';

/** A record found again, with its canonical cells by position. */
export interface Found {
  readonly record: string;
  readonly cells: readonly Cell[];
}

/** Keys that one filter call looks up, and records that one page of a whole read gives. */
const keysPerCall = 50;
const recordsPerPage = 500;

/** Characters of a key that surely fits into a filter, which takes 2,000 with its escapes. */
const keyInFilter = 200;

/** Kinds whose values a filter finds exactly; a date filter, say, is cut to its day. */
const filterable = new Set(['text', 'number', 'phone', 'select']);

/**
 * Finds out which keys the table has by now. Rejects when it cannot be told: a failed look-up is never "absent".
 * Filters or reads the whole table, whichever is fewer calls.
 * @param records how many records the table has, roughly
 */
export async function findKeys(
  table: Table,
  targets: readonly Target[],
  key: readonly number[],
  changes: readonly Change[],
  records: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<Key, Found>> {
  const names = targets.map((target) => target.name);
  const only = key.length === 1 ? targets[key[0] ?? -1] : undefined;
  const asked = only && filterable.has(only.kind) ? keyValues(changes) : [];
  const values = asked.every(({ length }) => length <= keyInFilter) ? asked : [];
  const byFilter = values.length > 0 ? Math.ceil(values.length / keysPerCall) : Number.POSITIVE_INFINITY;
  const found = new Map<Key, Found>();

  function take(some: readonly TableRecord[]): void {
    for (const record of some) {
      const cells = targets.map(
        (target) => kindOf(target.kind)?.held(record.fields[target.name] ?? null) ?? '',
      );
      found.set(keyOf(key.map((at) => cells[at] ?? '')), { record: record.id, cells });
    }
  }

  const few = only && byFilter <= Math.ceil(records / recordsPerPage) + 1;
  const matching = few && (await unlessRefused(table.matching(only.name, values, names, signal)));
  if (matching) take(matching);
  else {
    for await (const page of table.records(names, signal)) {
      if (page.restarted) found.clear();
      take(page.records);
    }
  }
  return found;

  /** The key cells as they stand in the changes: a key of one part is the cell, blanks around it aside. */
  function keyValues(all: readonly Change[]): readonly Cell[] {
    const at = key[0] ?? -1;
    return all.map((change) => {
      const row = change.kind === 'update' ? change.row : cellsOf(change);
      return row?.[at] ?? change.key;
    });
  }
}

/**
 * What a filter finds; undefined when Feishu does not take the filter, as it may not for an option that the field does
 * not have: then the whole table tells. Rejects when the look-up failed for any other reason.
 */
async function unlessRefused<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof CallError && !passing.has(error.failure.verdict)) return undefined;
    throw error;
  }
}

/** Of these a whole read would meet the same. */
const passing: ReadonlySet<Verdict> = new Set<Verdict>(['wait', 'round', 'reread']);
