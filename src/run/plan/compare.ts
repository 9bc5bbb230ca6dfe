import type { Definition, Mode } from '../../sync/definition/definition.ts';
import type { FieldKind } from '../../sync/definition/field.ts';
import type { Key } from '../../sync/fields/key.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import type { Resolver } from '../../sync/fields/lookup.ts';
import { keyIn, type Mapping } from '../../sync/fields/mapping.ts';
import { type Change, hashOfRow, seedOf, type Written } from '../../sync/plan/change.ts';
import { type Compared, diff, whyBadKey } from '../../sync/plan/diff.ts';
import { holdsDeletes, type NewOptions, newOptions } from '../../sync/plan/policy.ts';
import { badGroups } from '../../sync/state/counts.ts';
import type { BadGroup, BadRow, Sample } from '../../sync/state/state.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import type { Rejects, Scope, Store } from '../ports.ts';
import { listedKey, listedParts, listedValue, sampler, shownKey } from '../shown.ts';
import { type Left, type Sorter, type Succession, sorter } from './left.ts';
import { heldBack, type LeftOver, owned, type Witness, witness } from './ownership.ts';
import { planWriter, type Refused, refusedWriter } from './plan-writer.ts';
import type { SourceRead, SourceRow, TableRead } from './read-sides.ts';
import type { Spool } from './spool.ts';

/** The outcome of comparing both sides; the changes themselves are in the journal as chunks. */
export interface Comparison extends LeftOver {
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
  readonly unchanged: number;
  /** Of these, rows that differ from records outside of the view, which are left alone. */
  readonly outside: number;
  readonly invalid: number;
  /** Rows with a word that names nobody. */
  readonly rejected: number;
  /** Updates that set back what somebody changed. */
  readonly back: number;
  /** Rows to be created that the ledger knows as records. */
  readonly missing: ReturnType<Witness['missing']>;
  /** Select options that the plan would create. */
  readonly newOptions: NewOptions;
  readonly hash: string;
  /** The highest chunk numbers, by the letters before them. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Of a run that goes on: what becomes of its chunks, and the rows found as it has written them. */
  readonly succession: Succession | undefined;
  readonly writtenBefore: number;
  /** Bad rows by reason, those included that Feishu refused before. */
  readonly badRows: readonly BadGroup[];
  readonly samples: readonly Sample[];
  /** Said when not one row found its record, though both sides have some. */
  readonly strangers: readonly Text[];
}

/** What the comparison works with. */
export interface Sides {
  readonly definition: Definition;
  readonly mapping: Mapping;
  readonly spool: Spool<SourceRow>;
  /** Rows that were refused while they were read. */
  readonly bad: Spool<BadRow>;
  readonly source: SourceRead;
  readonly table: TableRead;
  readonly chunkSize: number;
  /** IDs of records outside of which nothing is updated or deleted. */
  readonly within: ReadonlySet<string> | undefined;
  /** Turns words into IDs, where the mapping asks for it. */
  readonly resolver: Resolver | undefined;
  /** Rows that Feishu refused in earlier runs. */
  readonly refused: Refused | undefined;
  /** What a run that goes on has behind it. */
  readonly left: Left | undefined;
}

/** Where the plan of a run goes, and what is known of its table. */
export interface Comparing {
  readonly run: string;
  readonly scope: Scope;
  readonly store: Pick<Store, 'journal' | 'ledger' | 'rejects'>;
  /** Of the lease: whoever lost the table stores nothing of the plan any more. */
  readonly fence: number;
  /** Records that the ledger knows in this scope. */
  readonly known: number;
}

/** Walks through both sides once and lets the changes flow into the journal, chunk by chunk. */
export async function compare(sides: Sides, job: Comparing): Promise<Comparison> {
  const { mapping, table, left } = sides;
  const { run, scope, fence } = job;
  const { journal, ledger, rejects } = job.store;
  const bad = badRowsOf(run, rejects, fence);
  const samples = sampler(mapping, (at, id) => table.names.get(id) ?? sides.resolver?.called(at, id));
  const options = newOptions(mapping.targets);
  const { chunkSize } = sides;
  const into = { run, journal, fence, targets: mapping.targets, chunkSize, numbers: left?.numbers };
  const before = left && sorter(left);
  const plan = planWriter(into);
  const refused = refusedWriter(into);
  const seen = witness(ledger, scope, job.known);

  async function take(change: Change): Promise<void> {
    samples.take(change);
    options.see(change);
    plan.count(change);
    if (!before?.take(change)) await plan.add(change);
  }

  /** Returns the changes that Feishu has not refused as they are. */
  async function sendable(changes: readonly Written[]): Promise<readonly Written[]> {
    if (!sides.refused || changes.length === 0) return changes;
    const sifted = await sides.refused.sift(changes);
    for (const { change, row } of sifted.refused) {
      bad.count(row.told);
      await refused.add(change, row);
    }
    return sifted.send;
  }

  for await (const group of sides.bad.groups()) for (const row of group) await bad.take(row);
  const judge = judging(sides, bad, before);
  for await (const group of sides.spool.groups())
    for (const change of await sendable(await judge.rows(group)))
      for (const one of (await seen.take(change)) ?? []) await take(one);
  await refused.end();
  for (const row of untouchable(sides)) await bad.list(row);
  for (const change of await seen.rest()) await take(change);
  const deletes = holdsDeletes(sides.source)
    ? heldBack(judge.leftOver())
    : await owned(judge.leftOver(), sides.definition.deletes, (ids) => ledger.known(scope, ids), take);
  await plan.end();
  const succession = await before?.end(table.index.has, (chunk) => journal.body(run, chunk));
  return {
    ...plan.counts(),
    ...judge.counts(),
    ...deletes,
    back: seen.back(),
    missing: seen.missing(),
    newOptions: options,
    hash: plan.hash(succession?.add ?? []),
    numbers: new Map([...plan.numbers(), ...refused.numbers()]),
    succession,
    badRows: await bad.end(),
    samples: samples.all(),
    strangers: judge.strangers(),
  };
}

/** Judges the query's rows, counts those that need no change, and lists those that cannot be sent. */
function judging(sides: Sides, bad: BadRows, before: Sorter | undefined) {
  const { definition, mapping, source, table, resolver } = sides;
  const { row: judge, leftOver } = diff(mapping, table.index, source.times, definition.mode, sides.within);
  const ready = resolver && resolving(mapping, resolver);
  const meetings = meetingsOf(sides);
  const seed = seedOf(mapping.targets);
  const counts = { same: 0, left: 0, outside: 0, invalid: 0, rejected: 0, written: 0 };

  /** Whether the run itself has written a row that needs no change, before it was cut off. */
  function isWritten(cells: readonly Cell[]): boolean {
    const key = keyIn(mapping, cells);
    const record = table.index.find(key)?.id ?? '';
    return before?.same(key, () => ({ key, record, hash: hashOfRow(cells, seed) })) === true;
  }

  /** Returns the change that a row needs, if any. */
  async function change({ row, cells: words }: SourceRow): Promise<Written | undefined> {
    const cells = ready ? ready(words) : words;
    if ('bad' in cells) {
      counts.rejected++;
      await bad.take({ kind: 'rejected', row, ...cells.bad });
      return undefined;
    }
    const found = judge(cells);
    meetings.see(found, () => keyIn(mapping, cells));
    if (found.kind === 'create' || found.kind === 'update') return found;
    counts[found.kind === 'delete' ? 'left' : found.kind]++;
    if ((found.kind === 'same' || found.kind === 'left') && isWritten(cells)) counts.written++;
    if (found.kind === 'invalid') await bad.take(invalidRow(row, found, sides));
    return undefined;
  }

  return {
    async rows(group: readonly SourceRow[]): Promise<readonly Written[]> {
      const changes: Written[] = [];
      for (const row of group) {
        const one = await change(row);
        if (one) changes.push(one);
      }
      return changes;
    },
    leftOver,
    counts: () => ({
      unchanged: counts.same + counts.left + counts.outside,
      outside: counts.outside,
      invalid: counts.invalid,
      rejected: counts.rejected,
      writtenBefore: counts.written,
    }),
    strangers: (): readonly Text[] => meetings.notes(),
  };
}

/** Returns what turns a row's words into IDs, or says why the row cannot be sent. */
export function resolving(
  mapping: Mapping,
  resolver: Resolver,
): (words: readonly Cell[]) => readonly Cell[] | { readonly bad: Omit<BadRow, 'kind' | 'row'> } {
  return (words) => {
    const cells = resolver.row(words);
    if (!('bad' in cells)) return cells;
    const key = listedKey(mapping, keyIn(mapping, words));
    const at = mapping.targets.findIndex(({ name }) => name === cells.field);
    const value = listedValue(mapping.targets[at], words[at] ?? '');
    return { bad: { key, field: cells.field, reason: cells.bad.bad, value } };
  };
}

/**
 * Notices that not one row of the query found its record, though the table has some: then the keys are most likely
 * written in two ways.
 */
function meetingsOf({ definition, mapping, table }: Pick<Sides, 'definition' | 'mapping' | 'table'>) {
  let strangers = 0;
  let met = false;
  let first: Key = '';
  return {
    /** Takes what the comparison says of one row. @param keyOf the row's key, asked for once */
    see(found: Compared, keyOf: () => Key): void {
      if (met || (found.kind === 'invalid' && found.why !== 'doubled-table')) return;
      met = found.kind !== 'create' && !('absent' in found);
      if (strangers++ === 0) first = keyOf();
    },
    notes(): readonly Text[] {
      const [held] = table.index.records();
      if (met || strangers === 0 || !held) return [];
      const rows = count(strangers);
      const records = count(table.index.size);
      const [wanted, there] = [shownKey(mapping, first), shownKey(mapping, held[0])];
      const { zh, en } = outcome[definition.mode];
      return [
        text(
          `查询的 ${rows} 行没有一行在表格的 ${records} 条记录里找到同一个主键，${zh}。查询里的主键如「${wanted}」，表格里的如「${there}」：如果不是本意，请核对 key 的列和字段。`,
          `Not one of the query's ${rows} rows found a record with its key among the table's ${records}: ${en}. A key of the query is "${wanted}", one of the table "${there}": if that is not meant, compare the column and the field of key.`,
        ),
      ];
    },
  };
}

const asNew = text('全部当作新行', 'all of them count as new');

const outcome: Readonly<Record<Mode, Text>> = {
  update: text('所以一条都没有更新', 'nothing is updated'),
  upsert: asNew,
  append: asNew,
  mirror: asNew,
};

/** Both sides, as far as bad keys are looked at. */
interface Place {
  readonly mapping: Pick<Mapping, 'targets' | 'key'>;
  readonly table: TableRead;
  readonly source: SourceRead;
}

type Invalid = Extract<Compared, { kind: 'invalid' }>;

/** A row whose key is empty or doubled, as it is listed. */
export function invalidRow(
  row: number,
  { key, parts, why }: Invalid,
  { mapping, table, source }: Place,
): BadRow {
  const records = why === 'doubled-table' ? { value: idsOf(table.index.doubled.get(key) ?? []) } : {};
  const loose = why === 'empty' ? parts.some(isBlank) : why === 'doubled-table' || source.loose.has(key);
  const reason = whyBadKey(why, kindsOf(mapping), loose);
  return { kind: 'invalid', key: listedParts(mapping, key === '' ? [''] : parts), row, reason, ...records };
}

const isBlank = (part: string): boolean => part !== '' && part.trim() === '';

const kindsOf = ({ key, targets }: Place['mapping']): readonly FieldKind[] =>
  key.flatMap((at) => targets[at]?.kind ?? []);

/** The table's own records that no run can touch, where no row of the query tells of them. */
export function* untouchable({ mapping, table, source }: Place): Generator<BadRow> {
  const { index } = table;
  for (const [key, records] of index.doubled) {
    if (source.times.has(key)) continue;
    const value = idsOf(records);
    const reason = whyBadKey('doubled-table', kindsOf(mapping), true);
    yield { kind: 'table', key: listedKey(mapping, key), row: null, reason, value };
  }
  const reason = whyBadKey('empty', [], false);
  for (const value of index.withoutKey) yield { kind: 'table', key: '', row: null, reason, value };
}

/** Record IDs as they are listed. */
export const idsOf = (records: readonly string[]): string =>
  records.slice(0, recordsShown).join(' ') + (records.length > recordsShown ? ' …' : '');

const recordsShown = 20;

/** Bad rows that go to the store at once. */
const batch = 500;

/** Takes the bad rows of a run: all go to the store, their reasons are counted. */
interface BadRows {
  take(row: BadRow): Promise<void>;
  /** Stores what is worth telling and is no row of the query. */
  list(row: BadRow): Promise<void>;
  /** Counts a row that a chunk holds: it needs no place of its own in the store. */
  count(row: BadRow): void;
  /** Stores what is left and answers the counts. */
  end(): Promise<readonly BadGroup[]>;
}

/** Begins the list of a run's bad rows. */
function badRowsOf(run: string, rejects: Pick<Rejects, 'addRows'>, fence: number): BadRows {
  const groups = badGroups();
  let waiting: BadRow[] = [];
  async function store(): Promise<void> {
    const rows = waiting;
    waiting = [];
    await rejects.addRows(run, rows, fence);
  }
  async function list(row: BadRow): Promise<void> {
    waiting.push(row);
    if (waiting.length === batch) await store();
  }
  return {
    take(row) {
      groups.take(row);
      return list(row);
    },
    list,
    count: (row) => groups.take(row),
    async end() {
      await store();
      return groups.all();
    },
  };
}
