import type { TableRecord } from '../../sync/definition/field.ts';
import type { Target } from '../../sync/fields/column.ts';
import { type Key, keyOf } from '../../sync/fields/key.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { kindOf } from '../../sync/fields/kinds/kinds.ts';
import type { Change } from '../../sync/plan/change.ts';
import { type Chunk, type Replanned, recordOf, replan } from '../../sync/plan/chunk.ts';
import { CallError, type Failure, type Verdict } from '../../sync/words/failure.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Plan } from '../plan.ts';
import type { Table } from '../ports.ts';
import type { Upload } from './chunk-log.ts';

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

/** Fields under their names of today, and what to tell about those that changed. */
export interface Renamed {
  readonly targets: readonly Target[];
  readonly notes: readonly Text[];
}

/**
 * Reads the fields once more and finds each target again by its ID. Undefined when no name has changed, when a
 * field is of another kind by now (its values are not what it takes), and when the fields cannot be read: what is
 * wrong then shows at the next write.
 */
export async function followRenames(
  table: Table,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Renamed | undefined> {
  const list = await table.fields(signal).catch((error: unknown) => {
    if (error instanceof CallError) return undefined;
    throw error;
  });
  if (!list) return undefined;
  const fields = new Map(list.map((field) => [field.id, field]));
  const notes: Text[] = [];
  const now: Target[] = [];
  for (const target of targets) {
    const field = fields.get(target.id);
    if (field && field.kind !== target.kind) return undefined;
    const name = field?.name ?? target.name;
    if (name !== target.name) notes.push(renamed(target.name, name));
    now.push({ ...target, name });
  }
  return notes.length === 0 ? undefined : { targets: now, notes };
}

const renamed = (was: string, name: string): Text =>
  text(
    `字段「${was}」在同步期间改名为「${name}」，照常写入。`,
    `The field "${was}" was renamed to "${name}" during the run and is written as before.`,
  );
