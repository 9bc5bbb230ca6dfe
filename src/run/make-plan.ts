import type { Definition } from '../sync/definition.ts';
import { isMismatch, type Mapping, mapColumns } from '../sync/mapping.ts';
import type { KnownField } from '../sync/pairing.ts';
import { reasonsToWait } from '../sync/policy.ts';
import { ProblemError } from '../sync/problem.ts';
import type { WaitReason } from '../sync/state.ts';
import { text } from '../sync/text.ts';
import { zoneOf } from '../sync/zone.ts';
import type { Board } from './board.ts';
import { type Comparison, compare } from './compare.ts';
import { type Creating, prepareFields } from './create-fields.ts';
import type { Lanes } from './lane.ts';
import { findPeople, readLinked, resolverOf } from './lookup.ts';
import { type Basis, fingerprintOf, type Plan, writePlan } from './plan.ts';
import type { Chance, Clock, People, RunRecord, Scope, Sources, Store, Table } from './ports.ts';
import { queryOf } from './query.ts';
import { readSource, type SourceRead } from './read-source.ts';
import { readTable, type TableRead, tableNotes } from './read-table.ts';
import { openSpool } from './spool.ts';

/** What planning works with. */
export interface Planning {
  readonly run: string;
  readonly definition: Definition;
  readonly scope: Scope;
  readonly table: Table;
  readonly board: Board;
  readonly sources: Sources;
  readonly people: People;
  readonly store: Store;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly chance: Chance;
  /** The zone of dates without one, unless the definition names its own. */
  readonly timeZone: string;
  /** Folder for what does not fit in memory. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** What becomes of fields that the table lacks. */
  readonly creating: Creating;
  /** Nothing is ever sent of this plan: it leaves no trace in what is remembered. */
  readonly planOnly: boolean;
  /** Hash of the plan that a person said yes to before it had to be made again. */
  readonly approved?: string;
}

/** Reads both sides, compares them, stores the plan and why it must wait. Writes nothing to the table. */
export async function makePlan(job: Planning): Promise<Plan> {
  const { definition, store, board, signal, clock } = job;
  const source = job.sources(definition.source.connection);
  const query = queryOf(definition, job.timeZone);
  const zone = zoneOf(query.timeZone);
  board.set((state) => ({ ...state, phase: 'reading' }));
  const [about, fields, first, columns] = await allOf([
    job.table.about(signal),
    job.table.fields(signal),
    job.table.revision(signal),
    source.columns(query, signal),
  ]);
  const known = await recallFields(store, job.scope);
  const describe = () => source.describe(query, signal);
  const schema = await prepareFields({ ...job, columns, fields, zone, known, describe });
  const { table } = schema;
  const revision = schema.created ? await table.revision(signal) : first;
  const mapping = mapColumns(definition, columns, schema.fields, zone, known);
  if (isMismatch(mapping)) throw new ProblemError(mapping);
  const fingerprint = fingerprintOf(definition, mapping);
  const before = await history(store, job.scope, fingerprint);

  const spool = openSpool({ folder: job.folder });
  try {
    const [[rows, people], [records, linked]] = await sideBySide(
      signal,
      async (both) => {
        const read = await timed(job, 'source', () =>
          readSource(source, query, columns, mapping, spool, (n) => showReading(board, { rows: n }), both),
        );
        return [read, await findPeople(job.people, read.people, board.meter, both)] as const;
      },
      (both) =>
        sideBySide(
          both,
          (all) =>
            timed(job, 'table', () =>
              readTable(
                table,
                mapping,
                revision,
                (n, total) => showReading(board, { records: n, total }),
                all,
              ),
            ),
          (all) => readLinked(table, mapping.targets, zone, about.advanced, all),
        ),
    );
    board.set((state) => ({
      ...state,
      phase: 'comparing',
      notes: [...schema.notes, ...mapping.notes, ...tableNotes(records)],
    }));
    const began = clock.now();
    const chunkSize = await rowsPerChunk(definition, table, store);
    const within = definition.view === 'limit' ? await table.inView(keyNames(mapping), signal) : undefined;
    const resolver = resolverOf(mapping.targets, people, linked);
    const sides = { definition, mapping, spool, source: rows, table: records, chunkSize, within, resolver };
    const found = await compare(sides, job.run, job.scope, store.journal, store.ledger);
    const [tooMany, ...others] = found.newOptions.problems();
    if (tooMany) throw new ProblemError([tooMany, ...others]);
    const reasons = stillToAsk(job, found, whyWait({ definition, about, rows, records, found, before }));
    const plan: Plan = {
      targets: mapping.targets,
      key: mapping.key,
      revision: records.revision,
      hash: found.hash,
      confirmCreates: records.moved,
      rounds: definition.rounds,
      concurrency: definition.concurrency,
      records: records.index.size,
      basis: basisOf(rows, found),
      newOptions: found.newOptions.names(),
      asksHandMade: reasons.some(({ code }) => code === 'hand-made'),
      fingerprint,
      known: mapping.known,
      waits: reasons,
      samples: found.samples,
      left: null,
    };
    board.set((state) => ({
      ...state,
      badRows: found.badRows,
      notes: [...state.notes, ...(resolver?.notes() ?? [])],
      planned: { creates: found.creates, updates: found.updates, deletes: found.deletes },
      ms: { ...state.ms, diff: state.ms.diff + clock.now() - began },
    }));
    await store.journal.saveState(job.run, board.state());
    // What has changed is told again until a person has said yes to it.
    const settled = !job.planOnly && !reasons.some(({ code }) => code === 'changed');
    if (settled) await rememberFields(store, job.scope, mapping.known);
    await store.journal.savePlan(job.run, writePlan(plan), fingerprint);
    return plan;
  } finally {
    await spool.close();
  }
}

/**
 * Waits for all. Of several failures the one in words for people is told: a table that is not there fails each call,
 * and only one of them knows the names of those that are.
 */
async function allOf<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const reasons = (await Promise.allSettled(work)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof ProblemError) ?? reasons[0];
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>;
}

const keyNames = (mapping: Mapping): readonly string[] =>
  mapping.key.map((at) => mapping.targets[at]?.name ?? '');

/** What is known from earlier runs of the scope. */
interface History {
  readonly ledger: number;
  readonly handMadeAllowed: boolean;
  readonly succeededBefore: boolean;
  readonly changed: boolean;
}

async function history(store: Store, scope: Scope, fingerprint: string): Promise<History> {
  const [ledger, allowed, agreed, last] = await Promise.all([
    store.ledger.size(scope),
    store.memory.recall(handMadeGrant(scope)),
    store.memory.recall(agreedPrint(scope)),
    store.journal.lastDone(scope),
  ]);
  return {
    ledger,
    handMadeAllowed: allowed !== undefined,
    succeededBefore: last !== undefined,
    changed: last !== undefined && last.fingerprint !== fingerprint && agreed !== fingerprint,
  };
}

/** Under which name a person's yes to deleting hand-made records is remembered. */
export const handMadeGrant = (scope: Scope): string => `hand-made:${scope.definition}@${scope.table}`;

/** Under which name the query, key and mapping are remembered that a person last said yes to. */
export const agreedPrint = (scope: Scope): string => `agreed:${scope.definition}@${scope.table}`;

/** Under which name it is remembered where the columns went. */
const fieldsOf = (scope: Scope): string => `fields:${scope.definition}@${scope.table}`;

/** Where the columns of a definition went when that was last agreed. */
export const recallFields = async (
  { memory }: Pick<Store, 'memory'>,
  scope: Scope,
): Promise<readonly KnownField[]> =>
  JSON.parse((await memory.recall(fieldsOf(scope))) ?? '[]') as KnownField[];

/** Keeps where the columns go, so that a field is found again when somebody renames it. */
export const rememberFields = (
  { memory }: Pick<Store, 'memory'>,
  scope: Scope,
  known: readonly KnownField[],
): Promise<void> => memory.remember(fieldsOf(scope), JSON.stringify(known));

/** Under which name the chunk size that a table took is remembered. */
export const chunkSizeOf = (scope: Pick<Scope, 'table'>): string => `chunk-size:${scope.table}`;

async function rowsPerChunk(definition: Definition, table: Table, store: Store): Promise<number> {
  const wanted = definition.chunkSize === 'auto' ? table.chunkSize : definition.chunkSize;
  const took = Number(await store.memory.recall(chunkSizeOf({ table: `${table.base}/${table.id}` })));
  return took > 0 ? Math.min(wanted, took) : wanted;
}

function whyWait(seen: {
  readonly definition: Definition;
  readonly about: { readonly advanced: boolean };
  readonly rows: SourceRead;
  readonly records: TableRead;
  readonly found: Comparison;
  readonly before: History;
}): readonly WaitReason[] {
  const { definition, about, rows, records, found, before } = seen;
  const reasons = reasonsToWait({
    ...before,
    mode: definition.mode,
    sourceRows: rows.rows,
    records: records.index.size,
    creates: found.creates,
    updates: found.updates,
    deletes: found.deletes,
    handMade: found.handMade,
    newOptions: found.newOptions.size,
    policy: definition.deletes,
    brake: definition.brake,
    advanced: about.advanced,
  });
  return records.moving && found.deletes > 0 ? [...reasons, moving] : reasons;
}

/** A plan that was made again needs no second yes when it is the same. */
function stillToAsk(
  { approved }: Planning,
  { hash }: Comparison,
  reasons: readonly WaitReason[],
): readonly WaitReason[] {
  if (approved === undefined) return reasons;
  return approved === hash ? [] : [...reasons, moved];
}

const moved: WaitReason = {
  code: 'moved',
  message: text(
    '表格或数据在你确认之前变了，这是新的计划，请再确认一次。',
    'The table or the data moved before the approval: this is the new plan, please approve it again.',
  ),
};

const moving: WaitReason = {
  code: 'moved',
  message: text(
    '读取三次期间表格一直在变，删除要等人确认。',
    'The table kept changing through three reads, so its deletes wait for a person.',
  ),
};

const basisOf = (rows: SourceRead, found: Comparison): Basis => ({
  read: rows.rows,
  unchanged: found.unchanged,
  invalid: found.invalid,
  rejected: rows.rejected + found.rejected,
  kept: found.kept,
});

function showReading(board: Board, seen: { rows?: number; records?: number; total?: number }): void {
  board.set((state) => ({ ...state, reading: { ...state.reading, ...seen } }));
}

async function timed<T>(job: Planning, what: 'source' | 'table', work: () => Promise<T>): Promise<T> {
  const began = job.clock.now();
  try {
    return await work();
  } finally {
    const took = job.clock.now() - began;
    job.board.set((state) => ({ ...state, ms: { ...state.ms, [what]: state.ms[what] + took } }));
  }
}

/** Does two things at once; when one fails the other is given up, and both have ended before this rejects. */
async function sideBySide<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const give = new AbortController();
  const both = AbortSignal.any([signal, give.signal]);
  const work = [one(both), other(both)] as const;
  for (const part of work) part.catch((error: unknown) => give.abort(error));
  const [first, second] = await Promise.allSettled(work);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  throw give.signal.reason;
}

/** The record of a run that has no plan yet. */
export const freshRecord = (run: string, scope: Scope, state: RunRecord['state']): RunRecord => ({
  id: run,
  scope,
  fingerprint: '',
  plan: '',
  state,
  card: null,
});
