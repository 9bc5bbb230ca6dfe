import { withBad } from '../sync/bad-groups.ts';
import type { Definition } from '../sync/definition.ts';
import { codeWord, problemOf } from '../sync/failure-problem.ts';
import { problem } from '../sync/problem.ts';
import { end, unplanned, verdictOf } from '../sync/progress.ts';
import { isOpen, isRetryable } from '../sync/round.ts';
import { isToBe } from '../sync/schema.ts';
import type { Act, State, WaitReason } from '../sync/state.ts';
import { type Text, text } from '../sync/text.ts';
import type { Board } from './board.ts';
import type { Creating } from './create-fields.ts';
import { rememberFilled } from './history.ts';
import type { Hold } from './keeper.ts';
import type { Lanes } from './lane.ts';
import { makePlan, type Planning } from './make-plan.ts';
import { type Plan, writePlan } from './plan.ts';
import type {
  Chance,
  ChunkRecord,
  Clock,
  Log,
  Outcome,
  People,
  Scope,
  Sources,
  Store,
  Table,
} from './ports.ts';
import { followRenames } from './renames.ts';
import { counted, foreseen } from './scoreboard.ts';
import type { StopSignals } from './send.ts';
import { movedSince, standing } from './standing.ts';
import { type Stopped, upload } from './upload.ts';

/** What all runs of the program share. */
export interface Parts {
  readonly sources: Sources;
  readonly people: People;
  readonly store: Store;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly timeZone: string;
  /** Folder for rows that do not fit in memory. */
  readonly folder: string;
}

/** One run on its opened and leased table. */
export interface Job {
  readonly run: string;
  readonly scope: Scope;
  readonly table: Table;
  readonly board: Board;
  readonly fence: number;
  /** The lease under which the table is written to. */
  readonly hold: Hold;
  readonly stop: StopSignals;
  /** Aborted when a person has cancelled the run; `stop.soon` is then, too. */
  readonly cancel: AbortSignal;
}

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
  await follow(job, await makePlan(planning(job, definition, parts)), parts, planOnly);
}

/** How a plan is gone on with. */
export interface Going {
  /** Also the chunks that failed are sent: somebody pressed retry. */
  readonly again: boolean;
  /** Some time after it was made: people may have been in the table since. */
  readonly later: boolean;
}

/** Follows a plan: shows it, waits for a person, or sends what of it is still to be sent. */
export async function follow(
  job: Job,
  plan: Plan,
  parts: Parts,
  planOnly: boolean,
  going: Going = { again: false, later: false },
): Promise<void> {
  if (planOnly || plan.waits.length > 0) job.cancel.throwIfAborted();
  if (planOnly) return showPlan(job, plan, parts);
  if (plan.waits.length > 0) return wait(job, plan, parts);
  await carryOut(job, plan, parts, going);
}

/**
 * Carries out a plan that waited for a person, or that one had asked to see. Both sides are read again: the same plan goes on, another one is
 * shown and waits.
 */
export async function applyPlan(
  job: Job,
  approved: Plan,
  definition: Definition,
  parts: Parts,
  withoutDeletes: boolean,
): Promise<void> {
  const { journal, facts } = parts.store;
  const { planned } = job.board.state();
  await journal.dropPlan(job.run, job.fence);
  job.board.set(unplanned);
  const plan = await makePlan({
    ...planning(job, definition, parts),
    approved: {
      ...{ hash: approved.hash, planned, withoutDeletes },
      fieldsToBe: approved.targets.some(isToBe),
    },
  });
  if (plan.waits.length === 0) {
    if (approved.asksHandMade) await facts.handMade.keep(job.scope, withoutDeletes ? 'keep' : 'delete');
    await facts.agreed.keep(job.scope, plan.fingerprint);
    await facts.fields.keep(job.scope, plan.known);
  }
  await follow(job, plan, parts, false);
}

/** Sends what of a plan is still to be sent, and ends the run. */
async function carryOut(job: Job, stored: Plan, parts: Parts, { again, later }: Going): Promise<void> {
  const { board, run, scope, stop } = job;
  const { store, clock } = parts;
  const began = clock.monotonic();
  const refusedToo = again && wantsRefused(board.state());
  if (refusedToo) await sendRefused(job, store);
  const known = new Map((await store.journal.chunks(run)).map((chunk) => [chunk.id, chunk]));
  const show = (chunks: readonly ChunkRecord[]): void => {
    for (const chunk of chunks) known.set(chunk.id, chunk);
    board.set((state) => counted(state, stored.basis, [...known.values()]));
  };
  for (const chunk of stored.withoutDeletes ? [...known.values()].filter(isOpenDelete) : []) {
    known.set(chunk.id, { ...chunk, status: 'dropped' });
    await store.journal.settle(run, scope, chunk.id, leftOut, job.fence);
  }
  board.set((state) => counted({ ...state, phase: 'uploading' }, stored.basis, [...known.values()]));
  await store.journal.saveState(run, board.state(), job.fence);
  const tell = (note: Text): void => board.set((state) => ({ ...state, notes: [...state.notes, note] }));
  // A plan of yesterday may name fields that are called otherwise by now, or others that are called so.
  const begun = [...known.values()].some(({ attempts }) => attempts > 0);
  const renamed = begun ? await followRenames(job.table, stored.targets, stop.now) : undefined;
  const plan = renamed ? { ...stored, targets: renamed.targets } : stored;
  renamed?.notes.forEach(tell);
  const lane = await parts.lanes.open(job.table.base);
  lane.limit(plan.concurrency);
  const confirmCreates =
    plan.confirmCreates || (later && (await movedSince(job.table, plan, begun, stop.now)));
  const records = (): number => plan.records + addedBy([...known.values()]);
  const stopped = await upload({
    ...job,
    plan,
    lane,
    again,
    refusedToo,
    journal: store.journal,
    records,
    clock,
    chance: parts.chance,
    rounds: plan.rounds,
    confirmCreates,
    onChunks: show,
    onNote: tell,
    onRejected: (row) => board.set((state) => ({ ...state, badRows: withBad(state.badRows, row) })),
    onRound: (round) =>
      board.set((state) => ({
        ...state,
        phase: 'uploading',
        rounds: Math.max(state.rounds, round),
        resumeAt: null,
      })),
    onPause: (_round, until) => board.set((state) => ({ ...state, phase: 'pausing', resumeAt: until })),
    onTooMany: (rows) => rememberSize(store, scope, rows),
  });
  board.set((state) => ({
    ...state,
    ms: { ...state.ms, upload: state.ms.upload + clock.monotonic() - began },
  }));
  if ([...known.values()].some(({ status }) => isRetryable(status)))
    await leave(job, plan, parts, confirmCreates ? null : records());
  if (stopped) throw stoppedBy(stopped);
  board.set((state) => end(state, verdictOf(state), clock.now()));
  if (board.state().status !== 'done') return;
  await rememberFilled(store, scope, plan.filled);
}

/** By how many records the plan has made the table longer so far. */
const addedBy = (chunks: readonly ChunkRecord[]): number =>
  chunks.reduce((sum, { kind, written }) => sum + perRow[kind] * written, 0);
const perRow = { create: 1, update: 0, delete: -1 } as const;

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

/** Somebody wants the rows sent again that Feishu refused: what was known of them is told anew. */
async function sendRefused({ board, scope }: Job, { rejects }: Store): Promise<void> {
  await rejects.forget(scope);
  board.set((state) => ({ ...state, badRows: state.badRows.filter(({ code }) => code === undefined) }));
}

const isOpenDelete = ({ kind, status }: ChunkRecord): boolean => kind === 'delete' && isOpen(status);

/** How a chunk comes out that a person has taken out of the plan. */
const leftOut: Outcome = {
  status: 'dropped',
  written: 0,
  failure: null,
  wrote: [],
  removed: [],
  refused: null,
  parts: [],
};

/**
 * Notes how the table stands at the end, so that a later retry can tell whether somebody else was there since.
 * @param own records that it has when nobody else was there before either; null when somebody was
 */
async function leave(
  { run, table, fence, stop }: Job,
  plan: Plan,
  { store }: Parts,
  own: number | null,
): Promise<void> {
  const now = own === null ? null : await standing(table, plan, stop.now).catch(() => null);
  const left = now?.records === own ? now : null;
  await store.journal.savePlan(run, writePlan({ ...plan, left }), plan.fingerprint, fence);
}

async function showPlan(job: Job, plan: Plan, { store, clock }: Parts): Promise<void> {
  const chunks = await store.journal.chunks(job.run);
  const { waits: reasons, samples } = plan;
  const waiting = { reasons, samples, until: null };
  // Nobody has said yes to it: whoever finds it stored, after a kill, asks first.
  const stored = { ...plan, waits: [...reasons, onlyShown] };
  await store.journal.savePlan(job.run, writePlan(stored), plan.fingerprint, job.fence);
  job.board.set((state) => end(foreseen({ ...state, waiting }, plan.basis, chunks), 'planned', clock.now()));
}

const onlyShown: WaitReason = {
  code: 'only-shown',
  message: text(
    '这个计划只是用来看的，要应用请确认。',
    'This plan was made to be looked at; apply it to carry it out.',
  ),
};

async function wait(job: Job, plan: Plan, { store, clock }: Parts): Promise<void> {
  const chunks = await store.journal.chunks(job.run);
  const waiting = { reasons: plan.waits, samples: plan.samples, until: clock.now() + plan.lifetime };
  job.board.set((state) => end({ ...counted(state, plan.basis, chunks), waiting }, 'waiting', clock.now()));
}

function rememberSize(store: Store, scope: Scope, refused: number): void {
  store.facts.chunkSize.keep(scope.table, Math.max(1, Math.floor(refused / 2))).catch(() => undefined);
}

const planning = (job: Job, definition: Definition, parts: Parts): Planning => ({
  ...parts,
  run: job.run,
  scope: job.scope,
  fence: job.fence,
  table: job.table,
  board: job.board,
  definition,
  creating: creating(job.board.state(), definition),
  planOnly: job.board.state().planOnly,
  retryRefused: wantsRefused(job.board.state()),
  signal: AbortSignal.any([job.stop.soon, job.stop.now]),
});

function creating({ acts, planOnly }: State, definition: Definition): Creating {
  if (!planOnly && acts.some(({ op }) => op === 'create')) return 'all';
  if (definition.create !== 'fields') return 'none';
  return planOnly ? 'shown' : 'new';
}

function stoppedBy({ failure, chunks }: Stopped): Error {
  return problem({ ...problemOf(failure), code: chunks > 1 ? 'same-failure' : codeWord(failure) });
}
