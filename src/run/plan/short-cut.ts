import { wholeEvery } from '../../sync/definition/definition.ts';
import { keyIn } from '../../sync/fields/mapping.ts';
import { printOfRow, rowText } from '../../sync/plan/change.ts';
import { tableIndex } from '../../sync/plan/diff.ts';
import { type KnownTable, printOf, unknown } from '../../sync/plan/known.ts';
import { fieldsPrint, inTurns, mappingPrint } from '../known.ts';
import type { Known, KnownNote, Log, Scope, ShortCutFacts, Store, Table } from '../ports.ts';
import type { Sides } from './open-sides.ts';
import { type BothRead, nameList, type Spools, type TableRead, type WantedRead } from './read-sides.ts';

// A table whose change counter, number of records and fields are those of the last run is taken to be as that run left
// it. Feishu's pages name adding and deleting records as what moves the counter, and nothing of edits; so this is only
// done where whole reads have shown it to be right, and never again where one has not.

/** Whole reads in a row that must have found a table as the short cut would have taken it. */
const proofs = 3;
/** Runs in which own writes alone moved the change counter by the same step. */
const steps = 3;

export const nothingLearned: ShortCutFacts = {
  ...{ agreed: 0, distrusted: null },
  ...{ byCall: 0, byRecord: 0, alike: 0, told: '' },
};

/** Whether the table should be as it is known. `untold`: own writes moved its counter by a step that nobody knows yet. */
type Standing = 'other' | 'untold' | 'same';

/** Says what the table's note and its change counter mean. */
function standing(
  note: KnownNote | undefined,
  facts: ShortCutFacts,
  sides: Sides,
  revision: number,
): Standing {
  if (note?.revision !== revision) return 'other';
  if (note.fields !== fieldsPrint(sides) || note.mapping !== mappingPrint(sides)) return 'other';
  return note.writes.calls === 0 || seenSteps(note, facts) >= steps ? 'same' : 'untold';
}

/** What is learned from a whole read. @param agrees whether it found the table as it was known */
export function learned(
  { note }: Pick<Known, 'note'>,
  facts: ShortCutFacts,
  { sides, read, agrees, now }: Learning,
): ShortCutFacts {
  const stands = read.moved ? 'other' : standing(note, facts, sides, read.revision);
  if (!note || stands === 'other') return facts;
  if (!agrees)
    return stands === 'same' ? { ...facts, agreed: 0, distrusted: facts.distrusted ?? now } : facts;
  const told = note.writes.calls === 0 || note.run === facts.told ? facts : toldBy(note, facts);
  return stands === 'same' ? { ...told, agreed: facts.agreed + 1 } : told;
}

/** What the writes of one run tell. */
function toldBy({ run, writes: { calls, records, step } }: KnownNote, facts: ShortCutFacts): ShortCutFacts {
  const next = (before: number, moved: number): number => (step === moved ? before + 1 : 0);
  return calls === records
    ? { ...facts, told: run, alike: next(facts.alike, calls) }
    : {
        ...{ ...facts, told: run },
        ...{ byCall: next(facts.byCall, calls), byRecord: next(facts.byRecord, records) },
      };
}

interface Learning {
  readonly sides: Sides;
  readonly read: Pick<TableRead, 'revision' | 'moved'>;
  readonly agrees: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Calls that read a table whole: its pages, and its change counter once more. */
const callsToRead = (records: number, { pageSize }: Pick<Table, 'pageSize'>): number =>
  Math.ceil(records / pageSize) + 1;

/** Why a table is read whole. */
export type WholeReason =
  /** The definition wants it so. */
  | { readonly kind: 'asked' }
  /** A whole read has not found what the short cut would have taken it for (ms). */
  | { readonly kind: 'distrusted'; readonly since: number }
  /** No run has kept it. */
  | { readonly kind: 'unknown' }
  /** That takes no more calls. */
  | { readonly kind: 'small'; readonly records: number }
  /** So many whole reads have shown that the short cut would be right, of those that are needed. */
  | { readonly kind: 'unproven'; readonly agreed: number; readonly needed: number }
  /** The last run wrote, and how far that moves the change counter was seen so many times, of those that are needed. */
  | { readonly kind: 'untold'; readonly seen: number; readonly needed: number }
  /** It is time. */
  | { readonly kind: 'due' }
  /** It, its fields or the mapping changed since. */
  | { readonly kind: 'changed' };

/** How often own writes were seen to move the change counter as those of the last run did. */
function seenSteps({ writes: { calls, records, step } }: KnownNote, facts: ShortCutFacts): number {
  const { byCall, byRecord, alike } = facts;
  if (calls === records) return step === calls ? alike + byCall + byRecord : 0;
  return step === calls ? byCall : step === records ? byRecord : 0;
}

/** Says why a run reads a table whole; undefined where it tries the short cut. */
export function whyWhole(
  known: Known | undefined,
  facts: ShortCutFacts,
  { sides, now }: Pick<Learning, 'sides' | 'now'>,
): WholeReason | undefined {
  const every = wholeEvery(sides.definition);
  if (every === 0) return { kind: 'asked' };
  if (facts.distrusted !== null) return { kind: 'distrusted', since: facts.distrusted };
  if (!known?.note) return { kind: 'unknown' };
  const { table, note } = known;
  // A page or two cost no more than asking.
  const { pageSize } = sides.target.table;
  if (table.size <= pageSize) return { kind: 'small', records: pageSize };
  const stands = standing(note, facts, sides, sides.target.revision);
  if (stands === 'untold') return { kind: 'untold', seen: seenSteps(note, facts), needed: steps };
  if (facts.agreed < proofs) return { kind: 'unproven', agreed: facts.agreed, needed: proofs };
  const age = now - note.readAt;
  if (age < 0 || age >= every) return { kind: 'due' };
  return stands === 'same' && note.total === table.size ? undefined : { kind: 'changed' };
}

/**
 * Returns the known table where it may stand for the table itself; one call asks for the number of records, where
 * nothing else speaks against it.
 */
export async function openShortCut(
  known: Known | undefined,
  facts: ShortCutFacts,
  { sides, now, signal }: Pick<Learning, 'sides' | 'now'> & { readonly signal: AbortSignal },
): Promise<Required<Known> | undefined> {
  if (!known?.note || whyWhole(known, facts, { sides, now })) return undefined;
  const { table, note } = known;
  return (await sides.target.table.total(signal)) === note.total ? { table, note } : undefined;
}

/** Remembers what was learned of the short cut, and logs it: each event by its own name, to be counted. */
export async function remember(
  facts: ShortCutFacts,
  before: ShortCutFacts,
  { scope, store, log, run }: Remembering,
): Promise<void> {
  if (facts === before) return;
  // Somebody has put it on trial again meanwhile.
  const { distrusted } = (await store.facts.shortCut.of(scope)) ?? nothingLearned;
  if (distrusted !== before.distrusted) return;
  await store.facts.shortCut.keep(scope, facts);
  const about = { ...(run === undefined ? {} : { run }), ...scope };
  if (facts.distrusted !== null && before.distrusted === null) log.warn('short-cut.distrusted', about);
  else if (facts.agreed > before.agreed) log.info('short-cut.agreed', { ...about, agreed: facts.agreed });
}

/** Puts the short cut of a table on trial again. Answers since when it was switched off (ms), null where it is not. */
export async function trustAgain(
  scope: Scope,
  { store, log }: Pick<Remembering, 'store' | 'log'>,
): Promise<number | null> {
  const before = (await store.facts.shortCut.of(scope)) ?? nothingLearned;
  if (before.distrusted === null) return null;
  await store.facts.shortCut.keep(scope, { ...before, agreed: 0, distrusted: null });
  log.info('short-cut.trusted', { ...scope });
  return before.distrusted;
}

interface Remembering {
  readonly scope: Scope;
  readonly store: Pick<Store, 'facts'>;
  readonly log: Log;
  /** Undefined where no run learned it. */
  readonly run?: string;
}

/** What is read of a table that is known. */
export interface ShortRead extends Pick<BothRead, 'records' | 'resolver'> {
  /** Rows of the query that are as they were when they needed no change; the others are in `spools.unlike`. */
  readonly asKnown: number;
}

/**
 * Reads of a known table only the records that are to be changed or deleted, by ID. Answers `dear` where a whole read
 * takes fewer calls, and `false` where a record is not as it is known.
 */
export async function readShort(
  sides: Sides,
  { table: known, note }: Required<Known>,
  { rows, resolver: given, spools, within, signal }: ShortReading,
): Promise<ShortRead | 'dear' | 'false'> {
  const { mapping, target } = sides;
  // What it has to tell is told of each row once.
  const resolver = given?.anew();
  const { seen, concerned, asKnown } = await sortOut(sides, known, { rows, resolver, spools });
  // That not one row finds its record is told by a whole read.
  if (asKnown === 0) return 'dear';
  const slots = [...concerned, ...(await leftOver(sides, known, { seen, within }))];
  const { lookSize } = target.table;
  if (Math.ceil(slots.length / lookSize) > callsToRead(known.size, target.table)) return 'dear';
  const index = tableIndex(known, known.size - slots.length);
  const names = nameList(mapping);
  for (let from = 0; from < slots.length; from += lookSize) {
    const group = slots.slice(from, from + lookSize);
    const { present } = await target.table.look(group.map(known.record), signal);
    const records = new Map(present.map(({ id, fields }) => [id, fields]));
    for (const slot of group) {
      const id = known.record(slot);
      const fields = records.get(id);
      if (!fields) return 'false';
      const cells = mapping.held(fields);
      names.see(fields);
      const [key, row] = [keyIn(mapping, cells), rowText(cells)];
      if (printOf(key) !== known.key(slot) || printOf(row) !== known.held(slot)) return 'false';
      index.add(id, key, row, slot);
    }
  }
  const filled = mapping.targets.map(({ id }) => note.filled.includes(id));
  const records = {
    index,
    ...{ filled, names: names.all },
    ...{ revision: target.revision, moved: false },
  };
  return { records, asKnown, resolver: given && { ...given, notes: () => resolver?.notes() ?? [] } };
}

/** What the short cut works with. */
interface ShortReading extends WantedRead {
  readonly spools: Spools;
  /** IDs of records outside of which nothing is updated or deleted. */
  readonly within: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
}

/** Finds the records without a row that are told of, or may be deleted. */
async function leftOver(
  { definition: { mode } }: Sides,
  known: KnownTable,
  { seen, within }: Pick<ShortReading, 'within'> & { readonly seen: Uint8Array },
): Promise<readonly number[]> {
  const left: number[] = [];
  for await (const slots of inTurns(known.slots()))
    for (const slot of slots) {
      if (seen[slot] === 1) continue;
      const mayGo = mode === 'mirror' && (!within || within.has(known.record(slot)));
      if (mayGo || known.key(slot) === unknown || known.isDoubled(known.key(slot))) left.push(slot);
    }
  return left;
}

/** Sorts the query's rows into those that need no change, as before, and the others. */
async function sortOut(
  { mapping }: Sides,
  known: KnownTable,
  { rows, resolver, spools }: WantedRead & { readonly spools: Spools },
) {
  /** Which records have a row, by slot. */
  const seen = new Uint8Array(known.end);
  const concerned = new Set<number>();
  let asKnown = 0;
  for (const key of rows.rejectedKeys) for (const slot of known.find(printOf(key))) seen[slot] = 1;
  for await (const group of spools.rows.groups())
    for (const row of group) {
      const resolved = resolver ? resolver.row(row.cells) : row.cells;
      const cells = 'bad' in resolved ? row.cells : resolved;
      const key = keyIn(mapping, cells);
      const slots = known.find(printOf(key));
      for (const slot of slots) seen[slot] = 1;
      const [slot, another] = slots;
      const isAlone = slot !== undefined && another === undefined && rows.times.get(key) === 1;
      if (isAlone && resolved === cells && known.agreed(slot) === printOfRow(cells)) {
        asKnown++;
        continue;
      }
      for (const one of slots) concerned.add(one);
      spools.unlike.append(row);
    }
  return { seen, concerned, asKnown };
}
