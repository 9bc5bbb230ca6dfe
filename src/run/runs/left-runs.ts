import type { Definition } from '../../sync/definition/definition.ts';
import { goOn, isCancelling, wentOn } from '../../sync/state/progress.ts';
import type { Actor } from '../../sync/state/state.ts';
import { Fenced } from '../../sync/words/problem.ts';
import { type Board, board } from '../board.ts';
import type { RunRecord, Scope } from '../ports.ts';
import { goOnSync } from '../run.ts';
import { type Closer, closer } from './closing.ts';
import type { KnownRuns } from './known-runs.ts';
import { type Leased, orRelease, type Work } from './launcher.ts';
import type { Run } from './runs.ts';

/** Runs that a process left: it stopped or was killed. */
export class LeftRuns {
  readonly #known: KnownRuns;
  readonly closing: Closer;

  constructor(known: KnownRuns) {
    this.#known = known;
    this.closing = closer({ ...known.parts, definition: known.around.definition });
  }

  /** A run of the scope that a killed process left half done. */
  async of({ definition, table }: Scope): Promise<RunRecord | undefined> {
    return (await this.#known.parts.store.journal.openRuns()).find(
      ({ id, state, scope }) =>
        state.status === 'running' &&
        !state.planOnly &&
        scope.table === table &&
        scope.definition === definition &&
        this.#known.here(id) === undefined,
    );
  }

  /** Goes on with a run under its own ID. @param definition the saved one when not given */
  async goOn(left: RunRecord, by: Actor, leased: Leased, definition?: Definition): Promise<Run> {
    const { parts, launch } = this.#known;
    const { state, scope, id } = left;
    // An order to stop that came before the end is still one.
    const on = board(isCancelling(state) ? goOn(state) : wentOn(state, by, parts.clock.now()));
    const table = await this.#known.openTable(state.link, on);
    await parts.store.journal.saveState(id, on.state(), leased.fence);
    const work: Work = async (job) => {
      const saved = definition ?? (await this.#known.saved(left));
      await goOnSync(job, { record: left, definition: saved }, parts);
    };
    return launch.launch({ id, scope, board: on, table }, leased, work);
  }

  /**
   * Goes on with what a stopped or killed process left, and closes what is too old. Answers all that have to be shown
   * again.
   */
  async resume(): Promise<readonly Run[]> {
    const records = await this.#known.parts.store.journal.openRuns();
    const open = records.filter(({ id }) => !this.#known.here(id));
    return (await Promise.all(open.map((left) => this.#tend(left)))).flatMap((run) => run ?? []);
  }

  /** Goes on with one run if nobody carries it out any more. */
  async takeOver(id: string): Promise<Run | undefined> {
    const left = await this.#known.parts.store.journal.findRun(id);
    return left && (await this.#known.around.keeper.isFree(left.scope.table))
      ? this.#resume(left)
      : undefined;
  }

  async #tend(left: RunRecord): Promise<Run | undefined> {
    const { isHeld, keeper } = this.#known.around;
    if (left.state.status === 'running') {
      if (!left.state.planOnly && (await isHeld())) return undefined;
      return (await keeper.isFree(left.scope.table)) ? this.#resume(left) : undefined;
    }
    const over = await this.closing.expire(left.id);
    return over && endedRun(board(over));
  }

  async #resume({ id, scope }: RunRecord): Promise<Run | undefined> {
    const { launch, parts } = this.#known;
    try {
      const leased = await launch.lease(scope, id);
      if ('heldBy' in leased) return undefined;
      return await orRelease(leased, async () => {
        const record = await parts.store.journal.findRun(id);
        if (record?.state.status !== 'running') {
          await leased.release();
          return undefined;
        }
        if (await this.closing.isOld(record)) return this.#endAsItIs(record, leased);
        return this.goOn(record, record.state.acts[0]?.by ?? { kind: 'cli' }, leased);
      });
    } catch (error) {
      // Whoever took it over in between goes on with it.
      if (error instanceof Fenced) parts.log.info('run.resumed-elsewhere', { run: id });
      else parts.log.error('run.not-resumed', { run: id, error });
      return undefined;
    }
  }

  async #endAsItIs(left: RunRecord, leased: Leased): Promise<Run | undefined> {
    const over = await this.closing.interrupt(left);
    await leased.release();
    return over && endedRun(board(over));
  }
}

/** A run on which no work is done. */
export const endedRun = ({ state, watch, meter }: Board): Run => ({
  id: state().run,
  state,
  watch,
  meter,
  ended: Promise.resolve(state()),
  lost: new AbortController().signal,
});
