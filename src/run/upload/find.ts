import type { TableRecord } from '../../sync/definition/field.ts';
import type { Target } from '../../sync/fields/column.ts';
import { type Key, keyOf } from '../../sync/fields/key.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { kindOf } from '../../sync/fields/kinds/kinds.ts';
import type { Change } from '../../sync/plan/change.ts';
import { recordOf } from '../../sync/plan/chunk.ts';
import { CallError, type Failure, type Verdict } from '../../sync/words/failure.ts';
import { type Text, text } from '../../sync/words/text.ts';
import type { Plan } from '../plan.ts';
import type { Table } from '../ports.ts';

/** A record found again, with its canonical cells by position. */
export interface Found {
  readonly record: string;
  readonly cells: readonly Cell[];
}

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
  const by = filterBy(plan, changes);
  const few = by && table.filters(by.field, by.values) <= callsToRead(records, table.pageSize);
  const matching = few && (await unlessRefused(table.matching(by.field, by.values, namesOf(plan), signal)));
  if (!matching) return readKeys(where, new Set(changes.map(({ key }) => key)));
  return new Map(matching.map(recordReader(plan)));
}

/** Calls of a whole read: its pages, and whether the table stood still meanwhile. */
const callsToRead = (records: number, pageSize: number): number =>
  Math.max(1, Math.ceil(records / pageSize)) + 2;

/**
 * Reads the whole table for some keys: again while it moves and one of them may only have been overlooked; what was
 * found in any of the reads counts.
 */
export async function readKeys(
  { table, plan, signal }: Where,
  watched: ReadonlySet<Key>,
): Promise<ReadonlyMap<Key, Found>> {
  const read = recordReader(plan);
  const found = new Map<Key, Found>();
  let before = await table.revision(signal);
  for (let attempt = 1; ; attempt++) {
    let seen = new Map<Key, Found>();
    for await (const page of table.records(namesOf(plan), signal)) {
      if (page.restarted) seen = new Map();
      for (const [key, record] of page.records.map(read)) if (watched.has(key)) seen.set(key, record);
    }
    for (const [key, record] of seen) found.set(key, record);
    if (found.size === watched.size || attempt === tries) return found;
    const after = await table.revision(signal);
    if (after === before) return found;
    before = after;
  }
}

const namesOf = ({ targets }: Where['plan']): readonly string[] => targets.map(({ name }) => name);

/** Makes the reader of a record: its key, and what was found under it. */
function recordReader({ targets, key }: Where['plan']) {
  const kinds = targets.map(({ kind, filled }) => kindOf(kind, filled));
  return ({ id, fields }: TableRecord): readonly [key: Key, found: Found] => {
    const cells = targets.map(({ name }, at) => kinds[at]?.held(fields[name] ?? null) ?? '');
    return [keyOf(key.map((at) => cells[at] ?? '')), { record: id, cells }];
  };
}

/** By which values of which field a filter finds the keys; undefined when none does. */
function filterBy({ targets, key }: Where['plan'], changes: readonly Change[]) {
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

/** Records of changes that a refusal may be about: really gone, and there but hidden from the app. */
type Gone = Pick<Awaited<ReturnType<Table['look']>>, 'absent' | 'forbidden'>;

/** IDs of the records that changes are about. */
export const recordsOf = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => recordOf(change) ?? []);

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
  const ids = recordsOf(changes);
  const named = ids.filter((id) => id === pointer);
  if (named.length > 0 && named.length < ids.length) {
    const seen = await table.look(named, signal);
    if (seen.absent.length + seen.forbidden.length > 0) return seen;
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
  { table, plan, signal }: Where,
  changes: readonly Change[],
): Promise<ToDelete> {
  const { present, absent, forbidden } = await table.look(recordsOf(changes), signal);
  const read = recordReader(plan);
  const keys = new Map(present.map((record) => [record.id, read(record)[0]]));
  const there = changes.filter((change) => keys.has(recordOf(change) ?? ''));
  const isStill = (change: Change): boolean => keys.get(recordOf(change) ?? '') === change.key;
  return { absent, forbidden, still: there.filter(isStill), others: there.filter((one) => !isStill(one)) };
}

/** Whether the record that is gone is one that a cell names, as a link does, and not one to be written. */
export const isInCell = ({ verdict, pointer }: Failure, sent: readonly Change[]): boolean =>
  verdict === 'gone' &&
  pointer !== undefined &&
  !pointer.startsWith('records[') &&
  sent[0]?.kind !== 'delete' &&
  !recordsOf(sent).includes(pointer);

/** Fields under their names of today, and what to tell about those that changed. */
interface Renamed {
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
    if (error instanceof CallError) return [];
    throw error;
  });
  const fields = new Map(list.map((field) => [field.id, field]));
  const now = targets.map((target) => ({ ...target, name: fields.get(target.id)?.name ?? target.name }));
  const notes = targets.flatMap(({ name: was }, at) => {
    const name = now[at]?.name ?? was;
    return name === was ? [] : [renamed(was, name)];
  });
  const isOther = targets.some(({ id, kind }) => (fields.get(id)?.kind ?? kind) !== kind);
  return isOther || notes.length === 0 ? undefined : { targets: now, notes };
}

const renamed = (was: string, name: string): Text =>
  text(
    `字段「${was}」在同步期间改名为「${name}」，照常写入。`,
    `The field "${was}" was renamed to "${name}" during the run and is written as before.`,
  );
