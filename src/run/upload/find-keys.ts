import type { TableRecord } from '../../sync/definition/field.ts';
import type { Target } from '../../sync/fields/column.ts';
import { type Key, keyOf } from '../../sync/fields/key.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { kindOf } from '../../sync/fields/kinds/kinds.ts';
import type { Change } from '../../sync/plan/change.ts';
import { CallError, type Verdict } from '../../sync/words/failure.ts';
import type { Plan } from '../plan.ts';
import type { Table } from '../ports.ts';

/** A record found again, with its canonical cells by position. */
export interface Found {
  readonly record: string;
  readonly cells: readonly Cell[];
}

/** Records that one page of a whole read gives. */
const recordsPerPage = 500;

/** Characters of a key that surely fits into a filter, which takes 2,000 with its escapes. */
const keyInFilter = 200;

/** Kinds whose values a filter finds exactly; a date filter, say, is cut to its day. */
const filterable = new Set(['text', 'number', 'phone', 'select']);

/** How often a table that moves is read. */
const tries = 2;

/** The table in which keys are looked for. */
export interface Where {
  readonly table: Table;
  readonly plan: Pick<Plan, 'targets' | 'key'>;
  readonly signal: AbortSignal;
}

/**
 * Finds out which keys the table has by now. Rejects when it cannot be told: a failed look-up is never "absent".
 * Filters or reads the whole table, whichever is fewer calls.
 * @param records how many records the table has, roughly
 */
export async function findKeys(
  where: Where,
  changes: readonly Change[],
  records: number,
): Promise<ReadonlyMap<Key, Found>> {
  const { table, plan, signal } = where;
  const { targets, key } = plan;
  const by = filterBy(targets, key, changes);
  const few = by && table.filters(by.field, by.values) <= callsToRead(records);
  const matching =
    few && (await unlessRefused(table.matching(by.field, by.values, namesOf(targets), signal)));
  if (!matching) return readKeys(where, new Set(changes.map((change) => change.key)));
  const found = new Map<Key, Found>();
  const keyIn = keyReader(targets, key);
  const readers = cellReaders(targets);
  for (const record of matching) found.set(keyIn(record), foundIn(readers, record));
  return found;
}

/** Calls of a whole read: its pages, and whether the table stood still meanwhile. */
const callsToRead = (records: number): number => Math.max(1, Math.ceil(records / recordsPerPage)) + 2;

/**
 * Reads the whole table for some keys: again while it moves and one of them may only have been overlooked; what was
 * found in any of the reads counts.
 */
export async function readKeys(
  { table, plan, signal }: Where,
  watched: ReadonlySet<Key>,
): Promise<ReadonlyMap<Key, Found>> {
  const { targets, key } = plan;
  const keyIn = keyReader(targets, key);
  const readers = cellReaders(targets);
  let found: ReadonlyMap<Key, Found> = new Map();
  let before = await table.revision(signal);
  for (let attempt = 1; ; attempt++) {
    const seen = new Map<Key, Found>();
    for await (const page of table.records(namesOf(targets), signal)) {
      if (page.restarted) seen.clear();
      for (const record of page.records) {
        const name = keyIn(record);
        if (watched.has(name)) seen.set(name, foundIn(readers, record));
      }
    }
    found = new Map([...found, ...seen]);
    if (found.size === watched.size || attempt === tries) return found;
    const after = await table.revision(signal);
    if (after === before) return found;
    before = after;
  }
}

const namesOf = (targets: readonly Target[]): readonly string[] => targets.map(({ name }) => name);

/** Makes the reader of a record's key. */
export function keyReader(targets: readonly Target[], key: readonly number[]): (record: TableRecord) => Key {
  const parts = cellReaders(key.flatMap((at) => targets[at] ?? []));
  return ({ fields }) => keyOf(parts.map((read) => read(fields)));
}

type CellReader = (fields: TableRecord['fields']) => Cell;

const cellReaders = (targets: readonly Target[]): readonly CellReader[] =>
  targets.map(({ kind, name, filled }) => {
    const held = kindOf(kind, filled)?.held;
    return (fields) => held?.(fields[name] ?? null) ?? '';
  });

const foundIn = (readers: readonly CellReader[], { id, fields }: TableRecord): Found => ({
  record: id,
  cells: readers.map((read) => read(fields)),
});

/** By which values of which field a filter finds the keys; undefined when none does. */
function filterBy(targets: readonly Target[], key: readonly number[], changes: readonly Change[]) {
  const [at = -1] = key;
  const only = key.length === 1 ? targets[at] : undefined;
  if (!only || !filterable.has(only.kind) || changes.length === 0) return undefined;
  const values = changes.map((change) => {
    // A key of one part is the cell, blanks around it aside.
    const row = change.kind === 'update' ? change.row : change.cells;
    return row?.[at] ?? change.key;
  });
  return values.every(({ length }) => length <= keyInFilter) ? { field: only.name, values } : undefined;
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
