import { setMaxListeners } from 'node:events';
import { acted, end, endWith, isCancelling } from '../../sync/state/progress.ts';
import type { Act, State } from '../../sync/state/state.ts';
import { CallError, problemOf } from '../../sync/words/failure.ts';
import { Fenced, ProblemError, takenOver } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Board, Job } from '../job.ts';
import type { Hold, Keeper } from '../keeper.ts';
import type { Clock, Log, Scope, Store, Table } from '../ports.ts';
import { logEnd, logProgress } from './log-run.ts';
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

/** A run that this process carries out. */
export interface Active {
  readonly run: Run;
  readonly board: Board;
  /**
   * Ends the run: nothing more is sent, what is on its way comes to its end. The act is stored at once. Answers
   * whether it was the first to say so.
   */
  cancel(act: Act): Promise<boolean>;
}

/** What the launcher works with. */
export interface LauncherParts {
  readonly store: Pick<Store, 'journal'>;
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long calls in flight may take when the program stops, in ms. */
const graceful = 10_000;

/** Runs that are under way in this process. */
export class Launcher {
  readonly #parts: LauncherParts;
  readonly #active = new Map<string, Active>();
  readonly #soon = new AbortController();
  readonly #now = new AbortController();
  #launched = (): void => undefined;
  /** Aborted once the program takes no more work. */
  readonly stopping = this.#soon.signal;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
    // Each run, and each call for one, listens.
    setMaxListeners(0, this.#soon.signal, this.#now.signal);
  }

  /** Takes the table for a run, or names the run that holds it. @param patience see {@link Keeper} */
  async lease(
    scope: Scope,
    run: string,
    patience?: AbortSignal,
  ): Promise<Leased | { readonly heldBy: string }> {
    const lost = new AbortController();
    const patient = patience ? AbortSignal.any([patience, this.stopping]) : this.stopping;
    const onLost = (): void => lost.abort(new Fenced(scope.table));
    const kept = await this.#parts.keeper.take(scope.table, run, onLost, patient);
    return 'heldBy' in kept ? kept : { ...kept, lost: lost.signal };
  }

  /** Lets a run go; from now on it is active, until its work has ended one way or the other. */
  launch(ready: Ready, leased: Leased, work: Work): Run {
    const { id, board } = ready;
    const flight: Flight = {
      ...{ ready, leased, work },
      cancelled: new AbortController(),
      away: new AbortController(),
      noting: Promise.resolve(),
    };
    // Told to stop by an order that an earlier life of the run has taken already.
    if (isCancelling(board.state())) flight.cancelled.abort(stopOrder());
    const ended = this.#carryOut(flight);
    const { state, watch, meter } = board;
    const lost = AbortSignal.any([leased.lost, flight.away.signal]);
    const run: Run = { id, state, watch, meter, ended, lost };
    this.#active.set(id, { run, board, cancel: (act) => this.#cancel(flight, act) });
    this.#launched();
    return run;
  }

  async #cancel(flight: Flight, act: Act): Promise<boolean> {
    const { ready, leased, cancelled } = flight;
    if (cancelled.signal.aborted) return false;
    ready.board.set((now) => acted(now, act));
    cancelled.abort(stopOrder());
    flight.noting = this.#parts.store.journal
      .saveState(ready.id, ready.board.state(), leased.fence)
      .catch((error: unknown) => this.#parts.log.warn('run.not-saved', { run: ready.id, error }));
    await flight.noting;
    return true;
  }

  async #carryOut(flight: Flight): Promise<State> {
    const { ready, leased, work, cancelled } = flight;
    const { id, scope, board, table } = ready;
    const { log } = this.#parts;
    const cancel = cancelled.signal;
    const stop = {
      soon: AbortSignal.any([this.stopping, leased.lost, cancel]),
      now: AbortSignal.any([this.#now.signal, leased.lost]),
    };
    logProgress(board, scope.table, log);
    let isFenced = false;
    try {
      await work({ run: id, scope, table, board, fence: leased.fence, hold: leased, stop, cancel });
    } catch (error) {
      isFenced = leased.lost.aborted || error instanceof Fenced;
      const reason = isFenced ? new Fenced(scope.table) : error;
      const isCancelled = cancel.aborted && !isFenced;
      const at = this.#parts.clock.now();
      board.set((state) => (isCancelled ? end(state, 'cancelled', at) : this.conclude(state, reason)));
    }
    // What was stored of an order to stop must not come after how the run ended.
    await flight.noting;
    // A run that another instance took over is theirs to store.
    const isOurs = !isFenced && !leased.lost.aborted && (await this.#save(board.state(), leased.fence));
    if (!isOurs && !isFenced) board.set((state) => this.conclude(state, new Fenced(scope.table)));
    if (this.#goesOn(board.state())) flight.away.abort(new HandedOver());
    await leased.release();
    this.#active.delete(id);
    logEnd(board.state(), log);
    return board.state();
  }

  #goesOn({ status }: State): boolean {
    return status === 'interrupted' && this.stopping.aborted;
  }

  /**
   * Stores how a run ended, and answers whether it was still ours to store. One that was told to stop stays open in
   * the journal: it goes on after the restart.
   */
  async #save(state: State, fence: number): Promise<boolean> {
    const stored: State = this.#goesOn(state) ? { ...state, status: 'running', endedAt: null } : state;
    try {
      await this.#parts.store.journal.saveState(state.run, stored, fence);
    } catch (error) {
      if (error instanceof Fenced) return false;
      this.#parts.log.error('run.not-saved', { run: state.run, error });
    }
    return true;
  }

  /** What stopped a run, in its state. */
  conclude(state: State, error: unknown): State {
    const at = this.#parts.clock.now();
    if (error instanceof Fenced) return end({ ...state, error: takenOver }, 'interrupted', at);
    if (this.stopping.aborted) return end(state, 'interrupted', at);
    if (error instanceof ProblemError) return endWith(state, error.problems, at);
    if (error instanceof CallError) return endWith(state, [problemOf(error.failure)], at);
    this.#parts.log.error('run.crashed', { run: state.run, error });
    return endWith(state, [internal], at);
  }

  /** Told of each run that was let go. */
  onLaunch(listener: () => void): void {
    this.#launched = listener;
  }

  find(run: string): Active | undefined {
    return this.#active.get(run);
  }

  all(): readonly Active[] {
    return [...this.#active.values()];
  }

  async stop(): Promise<void> {
    const over = new AbortController();
    this.#soon.abort(new Error('the program stops'));
    const late = this.#parts.clock.sleep(graceful, over.signal).then(
      () => this.#now.abort(new Error('the program stops now')),
      () => undefined,
    );
    await Promise.all(this.all().map(({ run }) => run.ended));
    over.abort();
    await late;
  }
}

/** A run under way, and what can be done to it. */
interface Flight {
  readonly ready: Ready;
  readonly leased: Leased;
  readonly work: Work;
  readonly cancelled: AbortController;
  /** Aborted when the run is not this process's any more. */
  readonly away: AbortController;
  /** The order to stop it, on its way to the store. */
  noting: Promise<void>;
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

/** Whether nothing that writes may begin at this moment: somebody has frozen everything. */
export type IsHeld = () => Promise<boolean>;
