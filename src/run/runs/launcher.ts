import { setMaxListeners } from 'node:events';
import { CallError } from '../../sync/failure.ts';
import { problemOf } from '../../sync/failure-problem.ts';
import { Fenced, takenOver } from '../../sync/fenced.ts';
import { ProblemError } from '../../sync/problem.ts';
import { acted, end, endWith, isCancelling } from '../../sync/progress.ts';
import type { Act, State } from '../../sync/state.ts';
import { text } from '../../sync/text.ts';
import type { Board } from '../board.ts';
import type { Job } from '../job.ts';
import type { Hold, Keeper } from '../keeper.ts';
import { logEnd, logProgress } from './log-run.ts';
import type { Clock, Journal, Log, Scope, Table } from '../ports.ts';
import { HandedOver, type Run } from './runs.ts';

/** A run that is about to go: its board, where it belongs, its opened table. */
export interface Ready {
  readonly id: string;
  readonly scope: Scope;
  readonly board: Board;
  readonly table: Table;
}

/** What a run does once its table is leased. */
export type Work = (job: Job) => Promise<void>;

/** A leased table, and the signal that the lease was lost. */
export interface Leased extends Hold {
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Runs that are under way in this process. */
export interface Launcher {
  /** Takes the table for a run, or names the run that holds it. @param patience see {@link Keeper} */
  lease(scope: Scope, run: string, patience?: AbortSignal): Promise<Leased | { readonly heldBy: string }>;
  /** Lets a run go; from now on it is active, until its work has ended one way or the other. */
  launch(ready: Ready, leased: Leased, work: Work): Run;
  /** Told of each run that was let go. */
  onLaunch(listener: () => void): void;
  /** What stopped a run, in its state. */
  conclude(state: State, error: unknown): State;
  find(run: string): Active | undefined;
  all(): readonly Active[];
  /** Aborted once the program takes no more work. */
  readonly stopping: AbortSignal;
  stop(): Promise<void>;
}

export interface Active {
  readonly run: Run;
  readonly board: Board;
  /**
   * Ends the run: nothing more is sent, what is on its way comes to its end. The act is stored at once. Answers
   * whether it was the first to say so.
   */
  cancel(act: Act): Promise<boolean>;
}

/** How long calls in flight may take when the program stops, in ms. */
const graceful = 10_000;

/** Makes the launcher of one process. */
export function launcher(journal: Journal, keeper: Keeper, clock: Clock, log: Log): Launcher {
  const active = new Map<string, Active>();
  const soon = new AbortController();
  const now = new AbortController();
  // Each run, and each call for one, listens.
  setMaxListeners(0, soon.signal, now.signal);
  let launched = (): void => undefined;

  function conclude(state: State, error: unknown): State {
    const at = clock.now();
    if (error instanceof Fenced) return end({ ...state, error: takenOver }, 'interrupted', at);
    if (soon.signal.aborted) return end(state, 'interrupted', at);
    if (error instanceof ProblemError) return endWith(state, error.problems, at);
    if (error instanceof CallError) return endWith(state, [problemOf(error.failure)], at);
    log.error('run.crashed', { run: state.run, error });
    return endWith(state, [internal], at);
  }

  async function goThrough(
    { id, scope, board, table }: Ready,
    leased: Leased,
    work: Work,
    cancel: AbortSignal,
    noted: () => Promise<void>,
    handOver: () => void,
  ): Promise<State> {
    const stop = {
      soon: AbortSignal.any([soon.signal, leased.lost, cancel]),
      now: AbortSignal.any([now.signal, leased.lost]),
    };
    logProgress(board, scope.table, log);
    let fenced = false;
    try {
      await work({ run: id, scope, table, board, fence: leased.fence, hold: leased, stop, cancel });
    } catch (error) {
      fenced = leased.lost.aborted || error instanceof Fenced;
      const reason = fenced ? new Fenced(scope.table) : error;
      board.set((state) =>
        cancel.aborted && !fenced ? end(state, 'cancelled', clock.now()) : conclude(state, reason),
      );
    }
    // What was stored of an order to stop must not come after how the run ended.
    await noted();
    // A run that another instance took over is theirs to store.
    const ours = !fenced && !leased.lost.aborted && (await save(board.state(), leased.fence));
    if (!ours && !fenced) board.set((state) => conclude(state, new Fenced(scope.table)));
    if (goesOn(board.state())) handOver();
    await leased.release();
    active.delete(id);
    logEnd(board.state(), log);
    return board.state();
  }

  const goesOn = ({ status }: State): boolean => status === 'interrupted' && soon.signal.aborted;

  /**
   * Stores how a run ended, and answers whether it was still ours to store. One that was told to stop stays open in
   * the journal: it goes on after the restart.
   */
  async function save(state: State, fence: number): Promise<boolean> {
    const stored: State = goesOn(state) ? { ...state, status: 'running', endedAt: null } : state;
    try {
      await journal.saveState(state.run, stored, fence);
    } catch (error) {
      if (error instanceof Fenced) return false;
      log.error('run.not-saved', { run: state.run, error });
    }
    return true;
  }

  return {
    async lease(scope, run, patience) {
      const lost = new AbortController();
      const patient = patience ? AbortSignal.any([patience, soon.signal]) : soon.signal;
      const kept = await keeper.take(scope.table, run, () => lost.abort(new Fenced(scope.table)), patient);
      return 'heldBy' in kept ? kept : { ...kept, lost: lost.signal };
    },
    launch(ready, leased, work) {
      const { id, board } = ready;
      const cancelled = new AbortController();
      // Told to stop by an order that an earlier life of the run has taken already.
      if (isCancelling(board.state())) cancelled.abort(stopOrder());
      const away = new AbortController();
      let noting = Promise.resolve();
      const ended = goThrough(
        ready,
        leased,
        work,
        cancelled.signal,
        () => noting,
        () => away.abort(new HandedOver()),
      );
      const { state, watch, meter } = board;
      const run: Run = { id, state, watch, meter, ended, lost: AbortSignal.any([leased.lost, away.signal]) };
      const cancel = async (act: Act): Promise<boolean> => {
        if (cancelled.signal.aborted) return false;
        board.set((now) => acted(now, act));
        cancelled.abort(stopOrder());
        noting = journal
          .saveState(id, board.state(), leased.fence)
          .catch((error: unknown) => log.warn('run.not-saved', { run: id, error }));
        await noting;
        return true;
      };
      active.set(id, { run, board, cancel });
      launched();
      return run;
    },
    onLaunch(listener) {
      launched = listener;
    },
    conclude,
    find: (run) => active.get(run),
    all: () => [...active.values()],
    stopping: soon.signal,
    async stop() {
      const over = new AbortController();
      soon.abort(new Error('the program stops'));
      const late = clock.sleep(graceful, over.signal).then(
        () => now.abort(new Error('the program stops now')),
        () => undefined,
      );
      await Promise.all([...active.values()].map(({ run }) => run.ended));
      over.abort();
      await late;
    },
  };
}

/** Gives the table free when what needs it could not start. */
export async function orRelease<T>(leased: Leased, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await leased.release();
    throw error;
  }
}

const stopOrder = (): Error => new Error('the run was cancelled');

const internal = {
  code: 'internal',
  message: text('程序内部出错，本次同步停止了。', 'Something broke inside the program, and the run stopped.'),
  cure: text('请看程序日志；再次同步是安全的。', 'See the program’s log; running the sync again is safe.'),
};
