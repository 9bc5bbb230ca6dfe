import type { Definition } from '../sync/definition/definition.ts';
import { isToBe } from '../sync/fields/schema.ts';
import { end, unplanned, verdictOf } from '../sync/state/progress.ts';
import type { Act, State, WaitReason } from '../sync/state/state.ts';
import { codeWord, problemOf } from '../sync/words/failure.ts';
import { ProblemError, problem } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';
import type { Job, Parts } from './job.ts';
import { type KnownRun, keepLeft } from './known.ts';
import type { Planning } from './plan/compare.ts';
import { type Left, leftBy, onlyFinished, termsOf } from './plan/left.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Creating } from './plan/open-sides.ts';
import { asLeft, counted, foreseen, type Plan, storedPlan, writePlan } from './plan.ts';
import type { RunRecord, Scope, Store } from './ports.ts';
import { ChunkLog, type Stopped } from './upload/chunk-log.ts';
import { settleDoubt, upload } from './upload/upload.ts';

/**
 * The story of a run: read both sides, compare, ask a person where the plan is unusual, write only what differs.
 * Ends with a final state on the board, or rejects with what stopped it.
 */
export async function runSync(
  job: Job,
  definition: Definition,
  parts: Parts,
  planOnly: boolean,
): Promise<void> {
  await follow(job, await planned(planning(job, definition, parts)), parts, planOnly);
}

/** A plan, when the read began from which it was made (monotonic, ms), and the table as it was read. */
interface Fresh {
  readonly plan: Plan;
  readonly readAt: number;
  readonly known?: KnownRun;
}

async function planned(job: Planning): Promise<Fresh> {
  const readAt = job.parts.clock.monotonic();
  return { ...(await makePlan(job)), readAt };
}

/** Follows a plan: shows it, waits for a person, or sends what of it is still to be sent. */
async function follow(job: Job, fresh: Fresh, parts: Parts, planOnly: boolean): Promise<void> {
  const { plan } = fresh;
  if (planOnly || plan.waits.length > 0) job.cancel.throwIfAborted();
  if (planOnly) return showPlan(job, plan, parts);
  if (plan.waits.length > 0) return wait(job, plan, parts);
  await carryOut(job, fresh, parts);
}

/** What a run goes on with: its record, and the definition as it is saved now. */
export interface GoingOn {
  readonly record: RunRecord;
  readonly definition: Definition | ProblemError;
  /** Given when a person said yes to the plan that was shown, with its deletes or without them. */
  readonly approval?: { readonly withoutDeletes: boolean } | undefined;
}

/**
 * Goes on with a run that waited, was cut off, was stopped, or left something: its rest is planned anew from both sides
 * as they are now. Nothing of it is sent when its definition has changed since, or is gone.
 */
export async function goOnSync(job: Job, going: GoingOn, parts: Parts): Promise<void> {
  const { record, definition, approval } = going;
  const { planOnly, planned: shown } = job.board.state();
  const before = storedPlan(record);
  const finished = before && (await onlyFinished(record, before, parts.store, job.fence));
  const stored = finished?.plan;
  // Nobody has said yes to it yet: both sides are read again when somebody does.
  if (stored && stored.waits.length > 0 && !approval)
    return follow(job, { plan: stored, readAt: never }, parts, planOnly);
  const left = finished && (await leftBy(record, finished, parts.store));
  if (left) await keepLeft(job, left, parts.store);
  // A plan that is approved before anything of it was sent is made as if for the first time.
  const behind = left && (isBegun(left) || !approval) ? left : undefined;
  if (behind) {
    job.board.set((state) => counted(state, behind.plan.basis, behind.chunks.map(asLeft)));
    const isOver = isOutdated(behind.plan, definition);
    if (isOver || job.cancel.aborted) await settleLeft(job, behind.plan, parts);
    job.cancel.throwIfAborted();
    if (isOver) return close(job, parts);
  }
  if (definition instanceof ProblemError) throw definition;
  if (!behind) {
    await parts.store.journal.dropPlan(job.run, job.fence);
    job.board.set(unplanned);
  }
  const approved = stored &&
    approval && { hash: stored.hash, planned: shown, ...approval, fieldsToBe: stored.targets.some(isToBe) };
  const next = await planned({ ...planning(job, definition, parts), approved, left: behind });
  if (stored && approval && next.plan.waits.length === 0)
    await rememberYes(job, { shown: stored, agreed: next.plan, ...approval }, parts);
  await follow(job, next, parts, planOnly);
}

const isBegun = ({ written, tried }: Left): boolean => written > 0 || tried.size > 0;

/** Whether nothing more of a plan may be sent, because its definition changed. A plan of an older program does not tell. */
export const isOutdated = ({ terms }: Plan, definition: GoingOn['definition']): boolean =>
  definition instanceof ProblemError || (terms !== undefined && terms !== termsOf(definition));

/** A plan that was shown, and the same plan as it was made again when somebody had said yes to it. */
interface Yes {
  readonly shown: Plan;
  readonly agreed: Plan;
  readonly withoutDeletes: boolean;
}

async function rememberYes({ scope }: Job, yes: Yes, { store }: Parts): Promise<void> {
  const { facts } = store;
  const { shown, agreed, withoutDeletes } = yes;
  if (shown.asksHandMade) await facts.handMade.keep(scope, withoutDeletes ? 'keep' : 'delete');
  await facts.agreed.keep(scope, agreed.fingerprint);
  await facts.fields.keep(scope, agreed.known);
}

const never = Number.NEGATIVE_INFINITY;

/** Ends a run of which nothing more is sent. */
function close({ board }: Job, { clock }: Parts): void {
  board.set((state) => end({ ...state, notes: [...state.notes, outdated] }, 'interrupted', clock.now()));
}

/** Finds out what was written of what was on its way; nothing is sent. */
const settleLeft = async (job: Job, plan: Plan, parts: Parts): Promise<void> =>
  settleDoubt(await openUpload(job, { plan, readAt: never }, parts));

const outdated = text(
  '这次同步中断之后，定义改过或不在了，所以剩下的没有写入。请再次同步：它会按现在的定义和数据重新计划。',
  'The definition has changed since this run was interrupted, or is gone, so the rest was not written. Run it again: it is planned again from the current definition and data.',
);

/** Sends what a plan holds, and ends the run. */
async function carryOut(job: Job, fresh: Fresh, parts: Parts): Promise<void> {
  const { board, run, scope, fence } = job;
  const { store, clock } = parts;
  const began = clock.monotonic();
  const log = await openUpload(job, fresh, parts);
  if (fresh.plan.withoutDeletes)
    for (const chunk of log.open()) if (chunk.kind === 'delete') await log.put(chunk, 'dropped');
  board.set((state) => ({ ...state, phase: 'uploading' }));
  log.show();
  await store.journal.saveState(run, board.state(), fence);
  let stopped: Stopped | undefined;
  try {
    stopped = await upload(log);
  } finally {
    await fresh.known?.keep(job, store, job.stop.now);
  }
  const took = clock.monotonic() - began;
  board.set((state) => ({ ...state, ms: { ...state.ms, upload: state.ms.upload + took } }));
  if (stopped) throw stoppedBy(stopped);
  board.set((state) => end(state, verdictOf(state), clock.now()));
  if (board.state().status === 'done') await rememberFilled(store, scope, fresh.plan.filled);
}

/** Opens the base's lane and the record of the chunks. */
async function openUpload(job: Job, fresh: Fresh, parts: Parts): Promise<ChunkLog> {
  const lane = await parts.lanes.open(job.table.base);
  lane.limit(fresh.plan.concurrency);
  return ChunkLog.open({ job, ...fresh, lane, parts });
}

/** Whether what goes on is a retry: going on with a cancelled run asks for nothing that Feishu has refused. */
const wantsRefused = ({ acts }: State): boolean =>
  acts.findLast(({ op }) => !passedOver.has(op))?.op === 'retry';

/** These change nothing about what was wanted before them. */
const passedOver: ReadonlySet<Act['op']> = new Set<Act['op']>([
  'restart',
  'cancel',
  'apply',
  'apply-no-deletes',
]);

async function showPlan(job: Job, plan: Plan, { store, clock }: Parts): Promise<void> {
  const chunks = await store.journal.chunks(job.run);
  const { waits: reasons, samples } = plan;
  const waiting = { reasons, samples, until: null };
  // Nobody has said yes to it: whoever finds it stored, after a kill, asks first.
  const stored = { ...plan, waits: [...reasons, onlyShown] };
  await store.journal.savePlan(
    job.run,
    { text: writePlan(stored), fingerprint: plan.fingerprint },
    job.fence,
  );
  job.board.set((state) => end(foreseen({ ...state, waiting }, plan.basis, chunks), 'planned', clock.now()));
}

const onlyShown: WaitReason = {
  code: 'only-shown',
  message: text(
    '这个计划只是用来看的，要执行请确认。',
    'This plan was made to be looked at; apply it to carry it out.',
  ),
};

async function wait(job: Job, plan: Plan, { store, clock }: Parts): Promise<void> {
  const chunks = await store.journal.chunks(job.run);
  const waiting = { reasons: plan.waits, samples: plan.samples, until: clock.now() + plan.lifetime };
  job.board.set((state) => end({ ...counted(state, plan.basis, chunks), waiting }, 'waiting', clock.now()));
}

function planning(job: Job, definition: Definition, parts: Parts): Planning {
  const state = job.board.state();
  const asked = {
    creating: creating(state, definition),
    planOnly: state.planOnly,
    retryRefused: wantsRefused(state),
  };
  return { job, definition, parts, asked, signal: AbortSignal.any([job.stop.soon, job.stop.now]) };
}

function creating({ acts, planOnly }: State, definition: Definition): Creating {
  if (!planOnly && acts.some(({ op }) => op === 'create')) return 'all';
  if (definition.create !== 'fields') return 'none';
  return planOnly ? 'shown' : 'new';
}

function stoppedBy({ failure, chunks }: Stopped): Error {
  return problem({ ...problemOf(failure), code: chunks > 1 ? 'same-failure' : codeWord(failure) });
}

/** Notes which fields have values by a success. */
export async function rememberFilled(
  { facts }: Pick<Store, 'facts'>,
  scope: Scope,
  filled: readonly string[],
): Promise<void> {
  const before = await facts.filled.of(scope);
  if (JSON.stringify(before) !== JSON.stringify(filled)) await facts.filled.keep(scope, filled);
}
