import { type Definition, lifetimeOf } from '../../sync/definition/definition.ts';
import { heldDeletes, viewNotes } from '../../sync/plan/policy.ts';
import type { State, WaitReason } from '../../sync/state/state.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import type { Job, Parts } from '../job.ts';
import { type Basis, fingerprintOf, type Plan, writePlan } from '../plan.ts';
import type { RunRecord, Scope } from '../ports.ts';
import { type Comparison, compare } from './compare.ts';
import { type Left, termsOf, wasAgreed } from './left.ts';
import { type Creating, openSides, prepareFields, type Sides, viewOf } from './open-sides.ts';
import { trustRead } from './ownership.ts';
import { fieldsSignature, knownRefused, type Refused } from './plan-writer.ts';
import { type BothRead, openSpools, readSides, type Spools, tableNotes } from './read-sides.ts';
import { type Approved, type History, history, rowsPerChunk, stillToAsk, whyWait } from './reasons.ts';

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
  /** What becomes of fields that the table lacks. */
  readonly creating: Creating;
  /** Nothing is ever sent of this plan: it leaves no trace in what is remembered. */
  readonly planOnly: boolean;
  /** Whether rows that Feishu refused before are sent again, as a person has asked. */
  readonly retryRefused: boolean;
}

/** All that planning has found out, from step to step. */
interface Found {
  readonly sides: Sides;
  readonly read: BothRead;
  readonly before: History;
  readonly within: ReadonlySet<string> | undefined;
  readonly compared: Comparison;
}

/** Reads both sides, compares them, stores the plan and why it must wait. Writes nothing to the table. */
export async function makePlan(planning: Planning): Promise<Plan> {
  const { job, definition, parts, signal, asked } = planning;
  signal.throwIfAborted();
  job.board.set((state) => ({ ...state, phase: 'reading' }));
  const prepare: NonNullable<Parameters<typeof openSides>[2]['prepare']> = (both, table) =>
    prepareFields(both, { ...parts, table, creating: asked.creating, signal });
  const sides = await openSides(definition, job.table, { ...parts, signal, prepare });
  const before = await history(parts.store, job.scope, fingerprintOf(definition, sides.mapping));
  const refused = await refusedBefore(planning, sides);
  const spools = openSpools(parts.place);
  try {
    const read = await readSides(sides, { ...reading(planning), spools });
    showComparing(planning, sides, read);
    const began = parts.clock.monotonic();
    const within = await viewOf(sides, signal);
    const compared = await compareSides(planning, { sides, read, before, within }, { spools, refused });
    await trustRead(sides.target.table, read.records, compared.missing, signal);
    const [tooMany, ...others] = compared.newOptions.problems();
    if (tooMany) throw new ProblemError([tooMany, ...others]);
    const found: Found = { sides, read, before, within, compared };
    const plan = planOf(planning, found, await reasonsOf(planning, found));
    showPlanned(planning, found, parts.clock.monotonic() - began);
    await store(planning, found, plan);
    await refused?.end();
    return plan;
  } finally {
    await spools.close();
  }
}

const refusedBefore = ({ job, parts, asked }: Planning, { mapping, target }: Sides) =>
  knownRefused({
    rejects: parts.store.rejects,
    scope: job.scope,
    run: job.run,
    fields: fieldsSignature(mapping.targets, target.fields),
    again: asked.retryRefused,
    planOnly: asked.planOnly,
  });

/** How a run reads: what it shows and measures meanwhile. */
const reading = ({ job, parts, signal }: Planning) => ({
  people: parts.people,
  meter: job.board.meter,
  signal,
  onRead: (seen: Partial<State['reading']>): void =>
    job.board.set((state) => ({ ...state, reading: { ...state.reading, ...seen } })),
  async timed<T>(what: 'source' | 'table', work: () => Promise<T>): Promise<T> {
    const began = parts.clock.monotonic();
    try {
      return await work();
    } finally {
      const took = parts.clock.monotonic() - began;
      job.board.set((state) => ({ ...state, ms: { ...state.ms, [what]: state.ms[what] + took } }));
    }
  },
});

function showComparing({ job }: Planning, { notes, mapping }: Sides, { rows, records }: BothRead): void {
  job.board.set((state) => ({
    ...state,
    phase: 'comparing',
    notes: [
      ...notes,
      ...rows.notes,
      // A map may name what is rare: that would be on the card of every scheduled run.
      ...(state.acts[0]?.by.kind === 'schedule' ? [] : rows.unmet),
      ...tableNotes(records, mapping),
    ],
  }));
}

async function compareSides(
  { job, definition, parts, left }: Planning,
  { sides, read, before, within }: Omit<Found, 'compared'>,
  { spools, refused }: { readonly spools: Spools; readonly refused: Refused | undefined },
): Promise<Comparison> {
  const { run, scope, fence } = job;
  const chunkSize = await rowsPerChunk(definition, sides.target.table, parts.store);
  const keeps = before.handMade === 'keep' && definition.deletes === 'ask';
  const rules = keeps ? { ...definition, deletes: 'ours' as const } : definition;
  const both = { spool: spools.rows, bad: spools.bad, source: read.rows, table: read.records };
  const rest = { mapping: sides.mapping, chunkSize, within, resolver: read.resolver, refused, left };
  const where = { run, scope, store: parts.store, fence, known: before.ledger };
  return compare({ ...both, ...rest, definition: rules }, where);
}

/** Why the plan must wait for a person; nothing where somebody has said yes to all of it before. */
async function reasonsOf(
  { job, definition, parts, approved, left }: Planning,
  { sides, read, before, compared }: Found,
): Promise<readonly WaitReason[]> {
  const { mapping, target } = sides;
  const { rows, records } = read;
  const seen = { definition, mapping, about: target.about, rows, records, found: compared, before };
  const reasons = stillToAsk(approved, compared, whyWait(seen));
  if (!left || reasons.length === 0) return reasons;
  return (await wasAgreed(job.run, left, compared.succession?.add ?? [], parts.store)) ? [] : reasons;
}

function planOf({ definition, approved, left }: Planning, found: Found, waits: readonly WaitReason[]): Plan {
  const { sides, read, compared } = found;
  const { mapping, target } = sides;
  const { rows, records } = read;
  const withoutDeletes = approved?.withoutDeletes ?? left?.plan.withoutDeletes ?? false;
  return {
    targets: mapping.targets,
    key: mapping.key,
    fields: fieldsSignature(mapping.targets, target.fields),
    revision: records.revision,
    hash: compared.hash,
    confirmCreates: records.moved,
    mode: definition.mode,
    rounds: definition.rounds,
    concurrency: definition.concurrency,
    records: records.index.size,
    basis: basisOf(read, compared, left),
    newOptions: compared.newOptions.names(),
    asksHandMade: waits.some(({ code }) => code === 'hand-made'),
    fingerprint: fingerprintOf(definition, mapping),
    filled: mapping.targets.flatMap(({ id }, at) => (rows.filled[at] ? [id] : [])),
    known: mapping.known,
    waits,
    samples: compared.samples,
    lifetime: lifetimeOf(definition),
    withoutDeletes: waits.length === 0 && withoutDeletes,
    terms: termsOf(definition),
    numbers: Object.fromEntries(compared.numbers),
  };
}

/** Rows that the run has written already count as that; those that are planned once more are counted as rows twice. */
function basisOf({ rows }: BothRead, found: Comparison, left: Left | undefined): Basis {
  const settled = found.succession?.settle ?? [];
  const arrived = settled.reduce((sum, { outcome }) => sum + outcome.wrote.length, 0);
  return {
    read: rows.rows + (left?.written ?? 0) + arrived - found.writtenBefore,
    unchanged: found.unchanged - found.writtenBefore,
    invalid: found.invalid,
    rejected: rows.rejected + found.rejected,
    kept: found.kept,
  };
}

function showPlanned({ job }: Planning, { read, within, compared }: Found, took: number): void {
  const { creates, updates, back, deletes, badRows, strangers, held, outside } = compared;
  job.board.set((state) => ({
    ...state,
    badRows,
    notes: [
      ...state.notes,
      ...strangers,
      ...(read.resolver?.notes() ?? []),
      ...(held > 0 ? [heldDeletes(read.rows.keyless, held)] : []),
      ...viewNotes(outside, within),
    ],
    planned: { creates, updates, back, deletes },
    ms: { ...state.ms, diff: state.ms.diff + took },
  }));
}

async function store({ job, parts, asked }: Planning, { sides, compared }: Found, plan: Plan): Promise<void> {
  const { run, scope, fence, board } = job;
  const { journal, facts } = parts.store;
  await journal.saveState(run, board.state(), fence);
  // What has changed is told again until a person has said yes to it.
  const isSettled = !asked.planOnly && !plan.waits.some(({ code }) => code === 'changed');
  if (isSettled) await facts.fields.keep(scope, sides.mapping.known);
  for (const { chunk, outcome } of compared.succession?.settle ?? [])
    await journal.settle(run, scope, chunk, outcome, fence);
  const stored = { text: writePlan(plan), fingerprint: plan.fingerprint };
  await journal.savePlan(run, stored, fence, compared.succession);
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
