import type { Definition, Mode } from '../../sync/definition/definition.ts';
import type { FieldKind } from '../../sync/definition/field.ts';
import type { Key } from '../../sync/fields/key.ts';
import type { Cell } from '../../sync/fields/kinds/kind.ts';
import { keyIn, type Mapping } from '../../sync/fields/mapping.ts';
import { type Change, printOfRow, type Written } from '../../sync/plan/change.ts';
import { type Compared, diff, type HeldRecord, type TableIndex, whyBadKey } from '../../sync/plan/diff.ts';
import { digitsOf, type KnownTable } from '../../sync/plan/known.ts';
import { keepsDeletes, type NewOptions, newOptions } from '../../sync/plan/policy.ts';
import { badGroups } from '../../sync/state/counts.ts';
import type { BadGroup, BadRow, Drift, Sample } from '../../sync/state/state.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import type { Job, Parts } from '../job.ts';
import { drifts, listedKey, listedParts, listedValue, sampler, shownKey } from '../shown.ts';
import { type Approved, type Left, type Sorter, type Succession, sorter } from './left.ts';
import { type LostLinks, lostLinks } from './lookup.ts';
import type { Creating, Sides } from './open-sides.ts';
import { fieldsSignature, planWriter, refusedBefore, rowsPerChunk } from './plan-writer.ts';
import type { BothRead, SourceRow, Spools } from './read-sides.ts';
import { driftSince, type History, heldBack, type LeftOver, owned } from './trust.ts';

/** What planning works with. */
export interface Planning {
  readonly job: Job;
  readonly definition: Definition;
  readonly parts: Parts;
  readonly signal: AbortSignal;
  readonly asked: Asked;
  /** The plan that a person said yes to; it is made again, and must come out the same. */
  readonly approved?: Approved | undefined;
  /** What a run that goes on has behind it. */
  readonly left?: Left | undefined;
}

/** What is asked of a plan. */
export interface Asked {
  readonly creating: Creating;
  /** Nothing is ever sent of this plan: it leaves no trace in what is remembered. */
  readonly planOnly: boolean;
  /** Whether rows that Feishu refused before are sent again, as a person has asked. */
  readonly retryRefused: boolean;
}

/** Both sides once they are read. */
export interface Read {
  readonly sides: Sides;
  readonly both: BothRead;
  readonly spools: Spools;
  readonly before: History;
  /** IDs of records outside of which nothing is updated or deleted. */
  readonly within: ReadonlySet<string> | undefined;
  /** Rows that are as they were when they needed no change; undefined where the table was read whole. */
  readonly asKnown: number | undefined;
  /** Records under a key that somebody gave them: found under their rows' again, and under another row's. */
  readonly keysBack: number;
  readonly movedKeys: number;
}

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
  readonly drift: Drift;
  /** Keys that the plan sets back. */
  readonly keysBack: number;
  /** Select options that the plan would create. */
  readonly newOptions: NewOptions;
  readonly hash: string;
  /** The highest chunk numbers, by the letters before them. */
  readonly numbers: Numbers;
  /** Of a run that goes on: what becomes of its chunks, and the rows found as it has written them. */
  readonly succession: Succession | undefined;
  readonly writtenBefore: number;
  /** Bad rows by reason, those included that Feishu refused before. */
  readonly badRows: readonly BadGroup[];
  readonly samples: readonly Sample[];
  /** Links that the plan empties, and whose records were not read. */
  readonly lostLinks: LostLinks;
  /** Said when not one row found its record, though both sides have some. */
  readonly strangers: readonly Text[];
}

/** Walks through both sides once and lets the changes flow into the journal, chunk by chunk. */
export async function compare(planning: Planning, read: Read): Promise<Comparison> {
  const { job, left, definition } = planning;
  const { run } = job;
  const { journal, rejects } = planning.parts.store;
  const { sides, both, spools, before } = read;
  const { mapping } = sides;
  const { index, names } = both.records;
  const bad = badRowsOf((rows) => rejects.addRows(run, rows, job.fence));
  const samples = sampler(mapping, (at, id) => names.get(id) ?? both.resolver?.called(at, id));
  const options = newOptions(mapping.targets);
  const chunkSize = await rowsPerChunk(definition, sides.target, planning.parts.store);
  const into = { job, journal, targets: mapping.targets, chunkSize, numbers: left?.numbers };
  const sorted = left && sorter(left);
  const plan = planWriter(into);
  const refused = await refusedBefore(into, { rejects, fields: fieldsSignature(sides), ...planning.asked });
  const drift = drifts(mapping, (at, id) => names.get(id) ?? both.resolver?.called(at, id));

  async function take(change: Change): Promise<void> {
    samples.take(change);
    drift.take(change);
    options.see(change);
    plan.count(change);
    if (!sorted?.take(change)) await plan.add(change);
  }

  for await (const group of spools.bad.groups()) for (const row of group) await bad.take(row);
  const judge = judging(planning, read, { bad, sorted });
  const rows = read.asKnown === undefined ? spools.rows : spools.unlike;
  for await (const group of rows.groups()) {
    const changes = await refused.sift(await judge.rows(group), bad.count);
    for (const change of changes) await take(change);
  }
  await refused.end();
  for (const row of untouchable(mapping, both)) await bad.list(row);
  const keeps = before.handMade === 'keep' && definition.deletes === 'ask';
  const deletes = keepsDeletes(both.rows)
    ? heldBack(judge.leftOver())
    : await owned(
        judge.leftOver(),
        keeps ? 'ours' : definition.deletes,
        ({ key }) => isOurs(index, key),
        take,
      );
  await plan.end();
  const succession = await sorted?.end(index.has, (chunk) => journal.body(run, chunk));
  return {
    ...plan.counts(),
    ...judge.counts(),
    ...deletes,
    drift: drift.all(),
    newOptions: options,
    hash: plan.hash(succession?.add ?? []),
    numbers: higher(plan.numbers(), refused.numbers()),
    succession,
    badRows: await bad.end(),
    samples: samples.all(),
    strangers: judge.strangers(),
    lostLinks: judge.lostLinks,
  };
}

/** Whether we made the record with a key. */
export const isOurs = ({ find, known }: TableIndex, key: Key): boolean => known.isOurs(find(key)?.slot ?? -1);

type Numbers = ReadonlyMap<string, number>;

/** The higher number for each letters: both count on from where the run was, each its own. */
const higher = (one: Numbers, other: Numbers): Numbers =>
  new Map(
    [...one, ...other].map(([letters]) => [
      letters,
      Math.max(one.get(letters) ?? 0, other.get(letters) ?? 0),
    ]),
  );

/** Judges the query's rows, counts those that need no change, and lists those that cannot be sent. */
function judging(
  { definition, left }: Planning,
  { sides, both, within, before, asKnown = 0 }: Read,
  { bad, sorted }: { readonly bad: BadRows; readonly sorted: Sorter | undefined },
) {
  const { mapping } = sides;
  const { index } = both.records;
  const { known } = index;
  const since = driftSince(before.known, index, sides);
  const hasDrifted = (held: HeldRecord): boolean => since(held) || left?.back.has(held.id) === true;
  const judge = judgeOf({ mapping, both, within }, definition.mode, hasDrifted);
  const meetings = meetingsOf(definition.mode, mapping, index, asKnown > 0);
  const links = lostLinks(mapping, both.resolver);
  const counts = { same: asKnown, left: 0, outside: 0, invalid: 0, rejected: 0, written: 0, keysBack: 0 };

  /** Whether the run itself has written a row that needs no change, before it was cut off. */
  function isWritten(cells: readonly Cell[]): boolean {
    const key = keyIn(mapping, cells);
    const { id: record = '', slot = -1 } = index.find(key) ?? {};
    const made = sorted?.mayHaveMade(key) === true && { made: true as const };
    return sorted?.same(key, () => ({ key, record, hash: digitsOf(known.held(slot)), ...made })) === true;
  }

  /** Notes that a row's record is ours where a create of the run, which nobody answered, may have made it. */
  function own(cells: readonly Cell[]): void {
    const key = keyIn(mapping, cells);
    const { slot } = index.find(key) ?? {};
    if (slot !== undefined && sorted?.mayHaveMade(key)) known.own(slot);
  }

  return {
    /** Returns the changes that the rows need. */
    async rows(group: readonly SourceRow[]): Promise<readonly Written[]> {
      const changes: Written[] = [];
      for (const row of group) {
        const { found, cells, wrong } = judge.row(row);
        if (found.kind !== 'rejected') meetings.see(found, () => keyIn(mapping, cells));
        if (found.kind === 'create' || found.kind === 'update') changes.push(found);
        else counts[found.kind === 'delete' ? 'left' : found.kind]++;
        if (found.kind === 'update') {
          if (index.find(found.key)?.mistyped) counts.keysBack++;
          links.see(found, row.cells);
        }
        agree(known, found, cells);
        if (sorted) own(cells);
        if ((found.kind === 'same' || found.kind === 'left') && isWritten(cells)) counts.written++;
        if (wrong) await bad.take(wrong);
      }
      return changes;
    },
    leftOver: judge.leftOver,
    counts: () => ({
      unchanged: counts.same + counts.left + counts.outside,
      outside: counts.outside,
      invalid: counts.invalid,
      rejected: counts.rejected,
      keysBack: counts.keysBack,
      writtenBefore: counts.written,
    }),
    strangers: meetings.notes,
    lostLinks: links.all,
  };
}

/** Notes in a known table the row that needs no change of a record. */
export function agree(known: KnownTable, found: Judged['found'], cells: readonly Cell[]): void {
  if (!('slot' in found)) return;
  const isExact = found.kind === 'same' && found.exact;
  known.agree(found.slot, isExact ? known.held(found.slot) : printOfRow(cells));
}

/** What is said of one row, and how it is listed when it cannot be sent. */
interface Judged {
  readonly found: Compared | { readonly kind: 'rejected' };
  /** With IDs in the place of words. */
  readonly cells: readonly Cell[];
  readonly wrong?: BadRow;
}

/** Compares the query's rows with the records, as a definition of that mode does. */
export function judgeOf(
  { mapping, both, within }: Pick<Sides, 'mapping'> & Pick<Read, 'both' | 'within'>,
  mode: Mode,
  hasDrifted?: ReturnType<typeof driftSince>,
) {
  const { rows, records, resolver } = both;
  const { row: judge, leftOver } = diff(mapping, records.index, {
    mode,
    times: rows.times,
    within,
    ...(hasDrifted && { hasDrifted }),
  });

  function row({ row: number, cells: words }: SourceRow): Judged {
    const cells = resolver ? resolver.row(words) : words;
    if ('bad' in cells) {
      const { field, bad } = cells;
      const at = mapping.targets.findIndex(({ name }) => name === field);
      const value = listedValue(mapping.targets[at], words[at] ?? '');
      const key = listedKey(mapping, keyIn(mapping, words));
      const wrong = { kind: 'rejected', row: number, key, field, reason: bad.bad, value } as const;
      return { found: { kind: 'rejected' }, cells: words, wrong };
    }
    const found = judge(cells);
    return {
      found,
      cells,
      ...(found.kind === 'invalid' && { wrong: invalidRow(number, found, mapping, both) }),
    };
  }

  return { row, leftOver };
}

/**
 * Notices that not one row of the query found its record, though the table has some: then the keys are most likely
 * written in two ways.
 */
function meetingsOf(mode: Mode, mapping: Mapping, index: TableIndex, someMet: boolean) {
  let strangers = 0;
  let met = someMet;
  let first: Key = '';
  return {
    /** Takes what the comparison says of one row. @param keyOf the row's key, asked for once */
    see(found: Compared, keyOf: () => Key): void {
      if (met || (found.kind === 'invalid' && found.why !== 'doubled-table')) return;
      met = found.kind !== 'create' && !(found.kind === 'left' && found.slot === undefined);
      if (strangers++ === 0) first = keyOf();
    },
    notes(): readonly Text[] {
      const [held] = index.records();
      if (met || strangers === 0 || !held) return [];
      const [rows, records] = [count(strangers), count(index.size)];
      const [wanted, there] = [shownKey(mapping, first), shownKey(mapping, held[0])];
      const { zh, en } = outcome[mode];
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

/** A row whose key is empty or doubled, as it is listed. */
function invalidRow(
  row: number,
  { key, parts, why }: Extract<Compared, { kind: 'invalid' }>,
  mapping: Mapping,
  { rows, records }: BothRead,
): BadRow {
  const loose = why === 'empty' ? parts.some(isBlank) : why === 'doubled-table' || rows.loose.has(key);
  const reason = whyBadKey(why, kindsOf(mapping), loose);
  const listed = {
    kind: 'invalid',
    key: listedParts(mapping, key === '' ? [''] : parts),
    row,
    reason,
  } as const;
  return why === 'doubled-table' ? { ...listed, value: idsOf(records.index.doubled.get(key) ?? []) } : listed;
}

const isBlank = (part: string): boolean => part !== '' && part.trim() === '';

const kindsOf = ({ key, targets }: Mapping): readonly FieldKind[] =>
  key.flatMap((at) => targets[at]?.kind ?? []);

/** The table's own records that no run can touch, where no row of the query tells of them. */
export function* untouchable(mapping: Mapping, { rows, records }: BothRead): Generator<BadRow> {
  const doubled = whyBadKey('doubled-table', kindsOf(mapping), true);
  for (const [key, ids] of records.index.doubled)
    if (!rows.times.has(key))
      yield { kind: 'table', key: listedKey(mapping, key), row: null, reason: doubled, value: idsOf(ids) };
  const empty = whyBadKey('empty', [], false);
  for (const value of records.index.withoutKey)
    yield { kind: 'table', key: '', row: null, reason: empty, value };
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
function badRowsOf(add: (rows: readonly BadRow[]) => Promise<void>): BadRows {
  const groups = badGroups();
  let waiting: BadRow[] = [];
  async function store(): Promise<void> {
    const rows = waiting;
    waiting = [];
    await add(rows);
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
