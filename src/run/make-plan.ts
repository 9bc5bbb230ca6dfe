import type { Definition } from '../sync/definition.ts';
import { lifetimeOf } from '../sync/lifetime.ts';
import { isMismatch, type Mapping, mapColumns } from '../sync/mapping.ts';
import { heldDeletes, viewNotes } from '../sync/policy.ts';
import { ProblemError } from '../sync/problem.ts';
import type { BadRow } from '../sync/state.ts';
import { zoneOf } from '../sync/zone.ts';
import type { Board } from './board.ts';
import { type Comparison, compare } from './compare.ts';
import { type Creating, prepareFields } from './create-fields.ts';
import { history, rowsPerChunk } from './history.ts';
import type { Place } from './job.ts';
import type { Lanes } from './lane.ts';
import { type Left, termsOf, wasAgreed } from './left.ts';
import { type Basis, fingerprintOf, type Plan, writePlan } from './plan.ts';
import type { Chance, Clock, People, RunRecord, Scope, Sources, Store, Table } from './ports.ts';
import { queryOf } from './query.ts';
import { readSides } from './read-sides.ts';
import type { SourceRead, SourceRow } from './read-source.ts';
import { tableNotes } from './read-table.ts';
import { type Approved, stillToAsk, whyWait } from './reasons.ts';
import { fieldsSignature, knownRefused } from './refused.ts';
import { openSpool } from './spool.ts';
import { allOf } from './together.ts';
import { trustRead } from './trust.ts';

/** What planning works with. */
export interface Planning {
  readonly run: string;
  readonly definition: Definition;
  readonly scope: Scope;
  /** Of the lease: whoever lost the table stores nothing of the plan any more. */
  readonly fence: number;
  readonly table: Table;
  readonly board: Board;
  readonly sources: Sources;
  readonly people: People;
  readonly store: Store;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly place: Place;
  readonly signal: AbortSignal;
  /** What becomes of fields that the table lacks. */
  readonly creating: Creating;
  /** Nothing is ever sent of this plan: it leaves no trace in what is remembered. */
  readonly planOnly: boolean;
  /** Whether rows that Feishu refused before are sent again, as a person has asked. */
  readonly retryRefused: boolean;
  /** The plan that a person said yes to; it is made again, and must come out the same. */
  readonly approved?: Approved;
  /** What a run that goes on has behind it. */
  readonly left?: Left | undefined;
}

/** Reads both sides, compares them, stores the plan and why it must wait. Writes nothing to the table. */
export async function makePlan(job: Planning): Promise<Plan> {
  const { definition, store, board, signal, clock } = job;
  signal.throwIfAborted();
  const source = job.sources(definition.source.connection);
  const query = queryOf(definition, job.place.timeZone);
  const zone = zoneOf(query.timeZone);
  board.set((state) => ({ ...state, phase: 'reading' }));
  const [about, fields, first, columns] = await allOf([
    job.table.about(signal),
    job.table.fields(signal),
    job.table.revision(signal),
    source.columns(query, signal),
  ]);
  const known = (await store.facts.fields.of(job.scope)) ?? [];
  const describe = () => source.describe(query, signal);
  const schema = await prepareFields({ ...job, columns, fields, zone, known, describe });
  const { table } = schema;
  const revision = schema.created ? await table.revision(signal) : first;
  const mapping = mapColumns(definition, columns, schema.fields, zone, known);
  if (isMismatch(mapping)) throw new ProblemError(mapping);
  const fingerprint = fingerprintOf(definition, mapping);
  const before = await history(store, job.scope, fingerprint);

  const signature = fieldsSignature(mapping.targets, schema.fields);
  const { rejects } = store;
  const asked = { rejects, scope: job.scope, run: job.run, fields: signature, again: job.retryRefused };
  const refused = await knownRefused({ ...asked, planOnly: job.planOnly });

  const spool = openSpool<SourceRow>({ folder: job.place.folder });
  const bad = openSpool<BadRow>({ folder: job.place.folder, memory: 4 * 1024 * 1024 });
  try {
    const { rows, records, resolver } = await readSides({
      ...{ source, query, columns, table, about, revision, mapping, zone, spool, bad, signal },
      people: job.people,
      meter: board.meter,
      onRead: (seen) => showReading(board, seen),
      timed: (what, work) => timed(job, what, work),
    });
    board.set((state) => ({
      ...state,
      phase: 'comparing',
      notes: [
        ...schema.notes,
        ...mapping.notes,
        ...rows.notes,
        // A map may name what is rare: that would be on the card of every scheduled run.
        ...(state.acts[0]?.by.kind === 'schedule' ? [] : rows.unmet),
        ...tableNotes(records, mapping),
      ],
    }));
    const began = clock.monotonic();
    const chunkSize = await rowsPerChunk(definition, table, store);
    const within = definition.view === 'limit' ? await table.inView(keyNames(mapping), signal) : undefined;
    const keeps = before.handMade === 'keep' && definition.deletes === 'ask';
    const rules = keeps ? { ...definition, deletes: 'ours' as const } : definition;
    const read = { spool, bad, source: rows, table: records };
    const { left } = job;
    const sides = { ...read, definition: rules, mapping, chunkSize, within, resolver, refused, left };
    const { run, scope, fence } = job;
    const found = await compare(sides, { run, scope, store, fence, known: before.ledger });
    await trustRead(table, records, found.missing, signal);
    const [tooMany, ...others] = found.newOptions.problems();
    if (tooMany) throw new ProblemError([tooMany, ...others]);
    const unusual = whyWait({ definition, mapping, about, rows, records, found, before });
    const asked = stillToAsk(job.approved, found, unusual);
    const reasons =
      left && asked.length > 0 && (await wasAgreed(job.run, left, found.succession?.add ?? [], store))
        ? []
        : asked;
    const plan: Plan = {
      targets: mapping.targets,
      key: mapping.key,
      fields: signature,
      revision: records.revision,
      hash: found.hash,
      confirmCreates: records.moved,
      mode: definition.mode,
      rounds: definition.rounds,
      concurrency: definition.concurrency,
      records: records.index.size,
      basis: basisOf(rows, found, left),
      newOptions: found.newOptions.names(),
      asksHandMade: reasons.some(({ code }) => code === 'hand-made'),
      fingerprint,
      filled: mapping.targets.flatMap(({ id }, at) => (rows.filled[at] ? [id] : [])),
      known: mapping.known,
      waits: reasons,
      samples: found.samples,
      lifetime: lifetimeOf(definition),
      withoutDeletes:
        reasons.length === 0 && (job.approved?.withoutDeletes ?? left?.plan.withoutDeletes) === true,
      terms: termsOf(definition),
      numbers: Object.fromEntries(found.numbers),
    };
    board.set((state) => ({
      ...state,
      badRows: found.badRows,
      notes: [
        ...state.notes,
        ...found.strangers,
        ...(resolver?.notes() ?? []),
        ...(found.held > 0 ? [heldDeletes(rows.keyless, found.held)] : []),
        ...viewNotes(found.outside, within),
      ],
      planned: {
        creates: found.creates,
        updates: found.updates,
        back: found.back,
        deletes: found.deletes,
      },
      ms: { ...state.ms, diff: state.ms.diff + clock.monotonic() - began },
    }));
    await store.journal.saveState(job.run, board.state(), job.fence);
    // What has changed is told again until a person has said yes to it.
    const settled = !job.planOnly && !reasons.some(({ code }) => code === 'changed');
    if (settled) await store.facts.fields.keep(job.scope, mapping.known);
    await refused?.end();
    for (const { chunk, outcome } of found.succession?.settle ?? [])
      await store.journal.settle(job.run, job.scope, chunk, outcome, job.fence);
    const stored = { text: writePlan(plan), fingerprint };
    await store.journal.savePlan(job.run, stored, job.fence, found.succession);
    return plan;
  } finally {
    await spool.close();
    await bad.close();
  }
}

const keyNames = (mapping: Mapping): readonly string[] =>
  mapping.key.map((at) => mapping.targets[at]?.name ?? '');

/** Rows that the run has written already count as that; those that are planned once more are counted as rows twice. */
const basisOf = (rows: SourceRead, found: Comparison, left: Left | undefined): Basis => ({
  read: rows.rows + (left?.written ?? 0) + arrivedIn(found) - found.writtenBefore,
  unchanged: found.unchanged - found.writtenBefore,
  invalid: found.invalid,
  rejected: rows.rejected + found.rejected,
  kept: found.kept,
});

const arrivedIn = ({ succession }: Comparison): number =>
  (succession?.settle ?? []).reduce((sum, { outcome }) => sum + outcome.wrote.length, 0);

function showReading(board: Board, seen: { rows?: number; records?: number; total?: number }): void {
  board.set((state) => ({ ...state, reading: { ...state.reading, ...seen } }));
}

async function timed<T>(job: Planning, what: 'source' | 'table', work: () => Promise<T>): Promise<T> {
  const began = job.clock.monotonic();
  try {
    return await work();
  } finally {
    const took = job.clock.monotonic() - began;
    job.board.set((state) => ({ ...state, ms: { ...state.ms, [what]: state.ms[what] + took } }));
  }
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
