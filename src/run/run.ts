import type { Definition } from '../sync/definition.ts';
import type { Failure } from '../sync/failure.ts';
import { problem } from '../sync/problem.ts';
import { end, verdictOf } from '../sync/progress.ts';
import type { WaitReason } from '../sync/state.ts';
import { text } from '../sync/text.ts';
import type { Board } from './board.ts';
import type { Lanes } from './lane.ts';
import { chunkSizeOf, handMadeGrant, type Made, makePlan, type Planning } from './make-plan.ts';
import type { Plan } from './plan.ts';
import type { Chance, ChunkRecord, Clock, Log, Scope, Sources, Store, Table } from './ports.ts';
import { counted, foreseen } from './scoreboard.ts';
import type { StopSignals } from './send.ts';
import { type Stopped, upload } from './upload.ts';

/** What all runs of the program share. */
export interface Parts {
  readonly sources: Sources;
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
  readonly stop: StopSignals;
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
  const made = await makePlan(planning(job, definition, parts));
  if (planOnly) return showPlan(job, made, parts);
  if (made.reasons.length > 0) return wait(job, made, made.reasons, parts);
  await carryOut(job, made.plan, parts);
}

/**
 * Carries out a plan that waited for a person. If the table moved meanwhile it is planned again: the same plan goes
 * on, another one is shown and waits.
 */
export async function applyPlan(
  job: Job,
  approved: Plan,
  definition: Definition,
  parts: Parts,
): Promise<void> {
  const { store } = parts;
  let plan = approved;
  if ((await job.table.revision(job.stop.now)) !== approved.revision) {
    await store.journal.dropPlan(job.run);
    const made = await makePlan(planning(job, definition, parts));
    if (made.plan.hash !== approved.hash) return wait(job, made, [...made.reasons, moved], parts);
    plan = made.plan;
  }
  if (plan.asksHandMade) await store.memory.remember(handMadeGrant(job.scope), 'yes');
  await carryOut(job, plan, parts);
}

/**
 * Sends what of a stored plan is still to be sent, and ends the run.
 * @param again also the chunks that failed: somebody pressed retry
 */
export async function carryOut(job: Job, plan: Plan, parts: Parts, again = false): Promise<void> {
  const { board, run, scope, stop } = job;
  const { store, clock } = parts;
  const began = clock.now();
  const known = new Map((await store.journal.chunks(run)).map((chunk) => [chunk.id, chunk]));
  const show = (chunks: readonly ChunkRecord[]): void => {
    for (const chunk of chunks) known.set(chunk.id, chunk);
    board.set((state) => counted(state, plan.basis, [...known.values()]));
  };
  board.set((state) => counted({ ...state, phase: 'uploading' }, plan.basis, [...known.values()]));
  await store.journal.saveState(run, board.state());
  const lane = await parts.lanes.open(job.table.base);
  lane.limit(plan.concurrency);
  const stopped = await upload({
    ...job,
    plan,
    lane,
    again,
    journal: store.journal,
    records: plan.records,
    clock,
    chance: parts.chance,
    rounds: plan.rounds,
    confirmCreates: plan.confirmCreates,
    onChunks: show,
    onRejected: (row) => board.set((state) => ({ ...state, badRows: [...state.badRows, row] })),
    onRound: (round) =>
      board.set((state) => ({
        ...state,
        phase: 'uploading',
        rounds: state.rounds + (round > 0 ? 1 : 0),
        resumeAt: null,
      })),
    onPause: (_round, until) => board.set((state) => ({ ...state, phase: 'pausing', resumeAt: until })),
    onTooMany: (rows) => rememberSize(store, scope, rows),
  });
  board.set((state) => ({ ...state, ms: { ...state.ms, upload: state.ms.upload + clock.now() - began } }));
  if (stopped) throw stoppedBy(stopped);
  stop.soon.throwIfAborted();
  board.set((state) => end(state, verdictOf(state), clock.now()));
}

async function showPlan(job: Job, made: Made, { store, clock }: Parts): Promise<void> {
  const chunks = await store.journal.chunks(job.run);
  job.board.set((state) =>
    end(foreseen({ ...state, waiting: null }, made.plan.basis, chunks), 'planned', clock.now()),
  );
}

async function wait(
  job: Job,
  made: Made,
  reasons: readonly WaitReason[],
  { store, clock }: Parts,
): Promise<void> {
  const chunks = await store.journal.chunks(job.run);
  const waiting = { reasons, samples: made.samples };
  job.board.set((state) =>
    end({ ...counted(state, made.plan.basis, chunks), waiting }, 'waiting', clock.now()),
  );
}

function rememberSize(store: Store, scope: Scope, refused: number): void {
  store.memory
    .remember(chunkSizeOf(scope), String(Math.max(1, Math.floor(refused / 2))))
    .catch(() => undefined);
}

const planning = (job: Job, definition: Definition, parts: Parts): Planning => ({
  ...parts,
  run: job.run,
  scope: job.scope,
  table: job.table,
  board: job.board,
  definition,
  signal: AbortSignal.any([job.stop.soon, job.stop.now]),
});

const moved: WaitReason = {
  code: 'moved',
  message: text(
    '表格或数据在你确认之前变了，这是新的计划，请再确认一次。',
    'The table or the data moved before the approval: this is the new plan, please approve it again.',
  ),
};

function stoppedBy({ failure, chunks }: Stopped): Error {
  return problem({ ...problemOf(failure), code: chunks > 1 ? 'same-failure' : codeWord(failure) });
}

const codeWord = (failure: Failure): string => (failure.code === null ? failure.how : String(failure.code));

/** A failed call in words for the person who can act. */
export function problemOf(failure: Failure) {
  const code = failure.code === null ? '' : ` ${failure.code}`;
  return {
    code: codeWord(failure),
    message: text(
      `飞书返回错误${code}：${failure.message}`,
      `Feishu answered with an error${code}: ${failure.message}`,
    ),
    cure:
      failure.cure ??
      text(
        '请稍后再试；如果一直这样，把日志 ID 发给飞书支持。',
        'Try again later; if it stays, give the log ID to Feishu support.',
      ),
    ...(failure.logId === undefined ? {} : { logId: failure.logId }),
  };
}
