import { type Definition, lifetimeOf } from '../../sync/definition/definition.ts';
import { keptDeletes, reasonsToWait, viewNotes } from '../../sync/plan/policy.ts';
import type { State, WaitReason } from '../../sync/state/state.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import { count, text } from '../../sync/words/text.ts';
import { factsRead, KnownRun } from '../known.ts';
import { type Basis, fingerprintOf, type Plan, writePlan } from '../plan.ts';
import type { RunRecord, Scope, ShortCutFacts } from '../ports.ts';
import { allDrift } from '../shown.ts';
import { type Comparison, compare, type Planning, type Read } from './compare.ts';
import { type Approved, type Left, termsOf, wasAgreed } from './left.ts';
import { confirmGone } from './lookup.ts';
import { openSides, type Sides, viewOf } from './open-sides.ts';
import { fieldsSignature } from './plan-writer.ts';
import {
  type BothRead,
  openSpools,
  readRecords,
  readSides,
  readWanted,
  type SourceRead,
  type TableRead,
  tableNotes,
} from './read-sides.ts';
import { learned, openShortCut, readShort, remember } from './short-cut.ts';
import { aloneMemory } from './spool.ts';
import { history, keysSetBack, nowMadeByHand, trusted } from './trust.ts';

/** A plan, and the table from which it was made. */
export interface Planned {
  readonly plan: Plan;
  readonly known: KnownRun;
}

/** Reads both sides, compares them, stores the plan and why it must wait. Writes nothing to the table. */
export async function makePlan(planning: Planning): Promise<Planned> {
  const { job, definition, parts, signal, asked } = planning;
  signal.throwIfAborted();
  job.board.set((state) => ({ ...state, phase: 'reading' }));
  const sides = await openSides(definition, job.table, { ...parts, signal }, { ...parts, ...asked });
  const before = await history(parts.store, job.scope, fingerprintOf(definition, sides.mapping));
  const spools = openSpools(parts.place);
  try {
    const readAt = parts.clock.now();
    const read = await readBoth(planning, { sides, before, spools });
    const { both } = read;
    showComparing(planning, sides, both);
    const began = parts.clock.monotonic();
    const found = await compare(planning, read);
    await confirmGone(found.lostLinks, sides.target.table, signal);
    const [tooMany, ...others] = found.newOptions.problems();
    if (tooMany) throw new ProblemError([tooMany, ...others]);
    const plan = planOf(planning, read, found, await reasonsOf(planning, read, found));
    showPlanned(planning, read, found, parts.clock.monotonic() - began);
    await store(planning, found, plan);
    return { plan, known: knownBy(planning, read, readAt) };
  } finally {
    spools.close();
  }
}

/** What a plan is made from. */
type Sources = Pick<Read, 'sides' | 'before' | 'spools'>;

/** Reads both sides: of the table only what is needed, where it is known. */
async function readBoth(planning: Planning, from: Sources): Promise<Read> {
  const { job, signal, parts, left } = planning;
  const { sides, before, spools } = from;
  const { known, shortCut } = before;
  const how = { ...reading(planning), spools };
  const within = await viewOf(sides, signal);
  // What was cut off is settled by a whole read.
  const open = left
    ? undefined
    : await openShortCut(known, shortCut, { sides, now: parts.clock.now(), signal });
  if (!open) return readWhole(planning, from, await readSides(sides, how), within);
  spools.rows.allow(aloneMemory);
  const wanted = await readWanted(sides, how);
  const short = await how.timed('table', () => readShort(sides, open, { ...wanted, spools, within, signal }));
  if (typeof short !== 'string') {
    how.onRead({ records: open.table.size, total: open.table.size });
    job.board.set((state) => ({ ...state, read: 'shortcut' }));
    parts.log.info('short-cut.used', { run: job.run, ...job.scope, calls: job.board.state().calls.read });
    const { asKnown, ...read } = short;
    return {
      ...{ sides, both: { ...wanted, ...read }, spools, before, within, asKnown },
      ...{ keysBack: 0, movedKeys: 0 },
    };
  }
  parts.log.info('short-cut.left', { run: job.run, ...job.scope, why: short });
  const isFalse = short === 'false' && (await sides.target.table.revision(signal)) === sides.target.revision;
  const facts = isFalse ? { ...shortCut, agreed: 0, distrusted: parts.clock.now() } : shortCut;
  await learn(planning, facts, before);
  const since = { ...from, before: { ...before, shortCut: facts } };
  return readWhole(planning, since, { ...wanted, records: await readRecords(sides, how) }, within);
}

/** Looks into what a whole read of the table lacks, and whether the short cut would have been right. */
async function readWhole(
  planning: Planning,
  { sides, before, spools }: Sources,
  first: BothRead,
  within: Read['within'],
): Promise<Read> {
  const { job, signal, parts } = planning;
  const again = (): Promise<TableRead> => readRecords(sides, reading(planning));
  const { records, agrees, ...looked } = await trusted(first, { sides, before, again, signal });
  job.board.set((state) => ({ ...state, read: 'whole' }));
  const { known, shortCut } = before;
  if (known)
    await learn(
      planning,
      learned(known, shortCut, { sides, read: records, agrees, now: parts.clock.now() }),
      before,
    );
  return { sides, both: { ...first, records }, spools, before, within, asKnown: undefined, ...looked };
}

/** Remembers what was learned of the short cut. */
const learn = (
  { job, parts }: Planning,
  facts: ShortCutFacts,
  { shortCut: before }: Pick<Read['before'], 'shortCut'>,
): Promise<void> => remember(facts, before, { ...parts, run: job.run, scope: job.scope });

/** What the run keeps of the table once it has ended. */
const knownBy = (
  { job }: Planning,
  { sides, both, before, asKnown, keysBack }: Read,
  readAt: number,
): KnownRun =>
  new KnownRun(both.records.index.known, {
    // What the run writes, it fills.
    ...factsRead(
      sides,
      both.records.filled.map((has, at) => has || both.rows.filled[at] === true),
    ),
    run: job.run,
    readAt: asKnown === undefined ? readAt : (before.known?.note?.readAt ?? 0),
    // A record that stands under another key than it is known by is not as it is known.
    revision: both.records.moved || keysBack > 0 ? undefined : both.records.revision,
    isKept: asKnown === both.rows.rows && before.known?.note?.writes.calls === 0,
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

/** Why the plan must wait for a person; nothing where somebody has said yes to all of it before. */
async function reasonsOf(
  { job, definition, parts, approved, left }: Planning,
  read: Read,
  found: Comparison,
): Promise<readonly WaitReason[]> {
  const reasons = stillToAsk(approved, found, whyWait(definition, read, found));
  if (!left || reasons.length === 0) return reasons;
  return (await wasAgreed(job.run, left, found.succession?.add ?? [], parts.store)) ? [] : reasons;
}

function planOf(
  { definition, approved, left }: Planning,
  { sides, both: { rows, records } }: Read,
  found: Comparison,
  waits: readonly WaitReason[],
): Plan {
  const { targets, key, known } = sides.mapping;
  const { mode, rounds, concurrency } = definition;
  const withoutDeletes = approved?.withoutDeletes ?? left?.plan.withoutDeletes ?? false;
  return {
    ...{ targets, key, known, mode, rounds, concurrency, waits },
    fields: fieldsSignature(sides),
    revision: records.revision,
    hash: found.hash,
    confirmCreates: records.moved,
    records: records.index.size,
    basis: basisOf(rows, found, left),
    newOptions: found.newOptions.names(),
    asksHandMade: waits.some(({ code }) => code === 'hand-made'),
    fingerprint: fingerprintOf(definition, sides.mapping),
    filled: targets.flatMap(({ id }, at) => (rows.filled[at] ? [id] : [])),
    samples: found.samples,
    lifetime: lifetimeOf(definition),
    withoutDeletes: waits.length === 0 && withoutDeletes,
    terms: termsOf(definition),
    numbers: Object.fromEntries(found.numbers),
  };
}

/** Rows that the run has written already count as that; those that are planned once more are counted as rows twice. */
function basisOf(rows: SourceRead, found: Comparison, left: Left | undefined): Basis {
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

function showPlanned(
  { job, left, definition }: Planning,
  { both, within, before }: Read,
  found: Comparison,
  took: number,
): void {
  const { creates, updates, drift, deletes, badRows, strangers, kept, held, outside } = found;
  job.board.set((state) => ({
    ...state,
    badRows,
    notes: [
      ...state.notes,
      ...(found.keysBack > 0 ? [keysSetBack(found.keysBack)] : []),
      ...strangers,
      ...(both.resolver?.notes() ?? []),
      ...(held > 0 ? [keptDeletes(both.rows.keyless, held)] : []),
      ...viewNotes(outside, within),
      ...nowMadeByHand(definition, before.known),
    ],
    planned: { creates, updates, back: drift.records, deletes },
    drift: left ? allDrift(left.drift.all(), drift) : drift,
    handMade: kept - held,
    ms: { ...state.ms, diff: state.ms.diff + took },
  }));
}

async function store({ job, parts, asked }: Planning, found: Comparison, plan: Plan): Promise<void> {
  const { run, scope, fence, board } = job;
  const { journal, facts, rejects } = parts.store;
  await journal.saveState(run, board.state(), fence);
  // What has changed is told again until a person has said yes to it.
  const isSettled = !asked.planOnly && !plan.waits.some(({ code }) => code === 'changed');
  if (isSettled) await facts.fields.keep(scope, plan.known);
  for (const { chunk, outcome } of found.succession?.settle ?? [])
    await journal.settle({ run, scope, chunk, outcome, fence });
  const stored = { text: writePlan(plan), fingerprint: plan.fingerprint };
  await journal.savePlan(run, stored, fence, found.succession);
  // Rows that changed, are fine by now, or are to be sent again.
  if (!asked.planOnly) await rejects.forget(scope, asked.retryRefused ? undefined : run);
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

/** Why a plan must wait for a person; nothing when it may be carried out at once. */
export function whyWait(
  { mode, deletes, brake }: Definition,
  { sides, both: { rows, records }, before, movedKeys }: Read,
  found: Comparison,
): readonly WaitReason[] {
  return reasonsToWait({
    ...before,
    ...{ mode, brake, policy: deletes },
    known: before.known?.table.size ?? 0,
    withoutKey: records.index.withoutKey.length,
    movedKeys,
    handMadeAllowed: before.handMade !== undefined,
    sourceRows: rows.rows,
    records: records.index.size,
    ...{ creates: found.creates, updates: found.updates, deletes: found.deletes },
    handMade: found.handMade,
    newOptions: found.newOptions.size,
    advanced: sides.target.about.advanced,
    // Fields that had values after the last success, have some in the query, and read as empty in every record.
    emptied: sides.mapping.targets.flatMap(({ id, name }, at) =>
      before.filled.has(id) && rows.filled[at] && !records.filled[at] ? [name] : [],
    ),
  });
}

/** A plan that was made again needs no second yes when it is the same; of another one it says what has changed. */
export function stillToAsk(
  approved: Approved | undefined,
  found: Pick<Comparison, 'hash' | 'creates' | 'updates' | 'deletes'>,
  reasons: readonly WaitReason[],
): readonly WaitReason[] {
  if (approved === undefined) return reasons;
  if (approved.hash === found.hash) return [];
  return [...reasons, approved.fieldsToBe ? fieldsMade : moved(approved.planned, found)];
}

function moved(
  before: State['planned'],
  now: Pick<Comparison, 'creates' | 'updates' | 'deletes'>,
): WaitReason {
  const parts = [
    ['新增', 'creates', before.creates, now.creates],
    ['更新', 'updates', before.updates, now.updates],
    ['删除', 'deletes', before.deletes, now.deletes],
  ] as const;
  const other = parts.filter(([, , then, after]) => then !== after);
  const zh = other.map(([name, , then, after]) => `${name} ${count(then)} → ${count(after)}`).join('，');
  const en = other.map(([, name, then, after]) => `${count(then)} → ${count(after)} ${name}`).join(', ');
  return {
    code: 'moved',
    message: text(
      `确认之前数据或表格又变了（${zh || '数目没变，内容变了'}）。什么都没有写入；这是新的计划，请再确认一次。`,
      `The data or the table moved before the approval (${en || 'the same numbers, other content'}). Nothing was written; this is the new plan, please approve it again.`,
    ),
  };
}

const fieldsMade: WaitReason = {
  code: 'moved',
  message: text(
    '缺少的字段刚刚建好，计划按新的字段重新做了一遍，还没有写入任何行。请看过后再确认一次。',
    'The missing fields were created, and the plan was made again with them; no row was written yet. Please look at it and approve it again.',
  ),
};
