import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KnownTable, printIn, printOf, unknown } from '../sync/plan/known.ts';
import { rowsPerTurn } from '../sync/words/limits.ts';
import type { Job } from './job.ts';
import type { Sides } from './plan/open-sides.ts';
import type { KnownNote, LedgerEntry, Outcome, Store } from './ports.ts';

const hashed = (what: unknown): string =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 32);

/** Hash of what decides which cells of a record are compared, and how: what is known under another one says nothing. */
export function mappingPrint({ mapping, definition, origin }: Sides): string {
  const { mode, view } = definition;
  const targets = mapping.targets.map(({ id, kind, filled, keep, lookup }) => [
    id,
    kind,
    filled,
    keep,
    lookup,
  ]);
  return hashed([targets, mapping.key, mode, view, origin.query.timeZone]);
}

/** Hash of all fields of a table: options count, which records show by their names. */
export const fieldsPrint = ({ target }: Sides): string => hashed(target.fields);

/** What is kept of a read whatever its records are. @param filled which columns have a value in any record */
export const factsRead = (
  sides: Sides,
  filled: readonly boolean[],
): Pick<KnownNote, 'fields' | 'mapping' | 'filled'> => ({
  ...{ fields: fieldsPrint(sides), mapping: mappingPrint(sides) },
  filled: sides.mapping.targets.flatMap(({ id }, at) => (filled[at] ? [id] : [])),
});

/** What a read of a table showed, as far as it is kept. */
export interface ReadFacts extends Pick<KnownNote, 'fields' | 'mapping' | 'filled' | 'readAt' | 'run'> {
  /** The table's change counter before anything was written; undefined where it moved during the read. */
  readonly revision: number | undefined;
  /** Whether the store holds the very same already. */
  readonly isKept: boolean;
}

/** A table as a run has read it, with what the run writes; kept as known when the run comes to its end. */
export class KnownRun {
  /** Its records when it was read. */
  readonly table: KnownTable;
  readonly #read: ReadFacts;
  readonly #wrote = new Map<string, LedgerEntry>();
  readonly #removed = new Set<string>();
  /** Calls that were sent, and those that were answered; records that these wrote or deleted. */
  #sent = 0;
  #calls = 0;
  #records = 0;
  /** Whether anything was sent of which is not sure that it moved the change counter once. */
  #unsure = false;

  constructor(table: KnownTable, read: ReadFacts) {
    this.table = table;
    this.#read = read;
  }

  /** Notes that a call which writes is about to go. */
  sending(): void {
    this.#sent++;
  }

  /** Takes what a chunk has confirmed. @param isClean whether one call did it that was sent once */
  confirm({ wrote, removed }: Pick<Outcome, 'wrote' | 'removed'>, isClean: boolean): void {
    for (const entry of wrote) this.#wrote.set(entry.record, entry);
    for (const record of removed) this.#removed.add(record);
    if (!isClean) this.#unsure = true;
    this.#calls += 1;
    this.#records += wrote.length + removed.length;
  }

  /** Keeps the table as it is now; the event loop goes on turning. @param table asked for its change counter */
  async keep(
    { scope, fence, table }: Pick<Job, 'scope' | 'fence' | 'table'>,
    { known }: Pick<Store, 'known'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { revision: before, isKept, ...read } = this.#read;
    if (isKept && this.#sent + this.#calls === 0) return;
    await fold(this.table, { wrote: this.#wrote, removed: this.#removed }, write);
    const [calls, records] = [this.#calls, this.#records];
    const after = calls === 0 ? before : await table.revision(signal).catch(() => undefined);
    const isSure = !this.#unsure && this.#sent === calls;
    const isExact = before !== undefined && after !== undefined && isSure;
    const writes = { calls, records, step: isExact ? after - before : 0 };
    const note = { ...read, revision: isExact ? after : never, total: this.table.seen, writes };
    await known.keep(scope, { note, table: this.table }, fence);
  }
}

/** A change counter that no table has: what is known under it is never taken for the table itself. */
const never = -1;

/** Keeps what a run has confirmed that was cut off, beside what was known before it. */
export async function keepLeft(
  { run, scope, fence }: Pick<Job, 'run' | 'scope' | 'fence'>,
  left: Pick<Outcome, 'wrote' | 'removed'>,
  { known }: Pick<Store, 'known'>,
): Promise<void> {
  if (left.wrote.length + left.removed.length === 0) return;
  const { table = new KnownTable(), note = nothingRead(run) } = (await known.load(scope)) ?? {};
  const wrote = new Map(left.wrote.map((entry) => [entry.record, entry]));
  await fold(table, { wrote, removed: new Set(left.removed) }, mayHaveChanged);
  await known.keep(scope, { table, note: { ...note, revision: never } }, fence);
}

const nothingRead = (run: string): KnownNote => ({
  ...{ run, revision: never, total: 0, fields: '', mapping: '', filled: [], readAt: 0 },
  writes: { calls: 0, records: 0, step: 0 },
});

/** Brings a table up to what was written and deleted since it was read. */
async function fold(
  table: KnownTable,
  {
    wrote,
    removed,
  }: { readonly wrote: ReadonlyMap<string, LedgerEntry>; readonly removed: ReadonlySet<string> },
  note: (table: KnownTable, slot: number, entry: LedgerEntry) => void,
): Promise<void> {
  if (wrote.size + removed.size === 0) return;
  const fresh = new Map(wrote);
  for await (const slots of inTurns(table.slots()))
    for (const slot of slots) {
      const record = table.record(slot);
      const entry = fresh.get(record);
      if (removed.has(record)) table.drop(slot);
      else if (entry) note(table, slot, entry);
      fresh.delete(record);
    }
  for await (const entries of inTurns(fresh))
    for (const [record, entry] of entries)
      if (!removed.has(record)) note(table, table.add(record, printOf(entry.key), unknown), entry);
}

/** Records or keys that are gone through before the event loop turns. */
const perTurn = 5 * rowsPerTurn;

/** Goes through many records or keys some at a time; the event loop turns between. */
export async function* inTurns<T>(all: Iterable<T>): AsyncGenerator<readonly T[], void> {
  let some: T[] = [];
  for (const one of all) {
    some.push(one);
    if (some.length < perTurn) continue;
    yield some;
    some = [];
    await nextTurn();
  }
  yield some;
}

function write(table: KnownTable, slot: number, { key, hash, made }: LedgerEntry): void {
  const print = printIn(hash);
  table.put(slot, printOf(key), print);
  table.agree(slot, print);
  if (made) table.own(slot);
}

/** Notes of a record that was written at some time that nobody knows what it holds: others may have written it since. */
function mayHaveChanged(table: KnownTable, slot: number, { hash, made }: LedgerEntry): void {
  if (table.held(slot) !== printIn(hash)) table.put(slot, table.key(slot), unknown);
  if (made) table.own(slot);
}
