import { type Definition, lifetimeOf } from '../../sync/definition/definition.ts';
import { end, goOn, isCancelling, wentOn } from '../../sync/state/progress.ts';
import { type Actor, isGoing, type State } from '../../sync/state/state.ts';
import { Fenced, ProblemError, problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { type Board, board, type Parts } from '../job.ts';
import type { Keeper } from '../keeper.ts';
import { onlyFinished } from '../plan/left.ts';
import { asLeft, counted, storedPlan } from '../plan.ts';
import type { OpenTable, RunRecord, Scope, Table } from '../ports.ts';
import { type GoingOn, goOnSync } from '../run.ts';
import { resolved } from '../target.ts';
import { type IsHeld, Launcher, type Leased, orRelease, type Work } from './launcher.ts';
import type { Run, Started } from './runs.ts';
import { WaitingLine } from './waiting-line.ts';

/** What keeping runs needs besides the parts of a run. */
export interface Surroundings {
  readonly openTable: OpenTable;
  readonly keeper: Keeper;
  /** The definition as it is saved now. Rejects with a `ProblemError`. */
  readonly definition: (name: string) => Promise<Definition>;
  /** Asked before anything begins to write, or goes on after a restart. */
  readonly isHeld: IsHeld;
}

/** How often, and after how many ms, is looked again for a run that holds the table but is not stored yet. */
const busyTries = 40;
const busyPause = 50;
const pressTries = 10;

/** The runs that this process carries out or that stand in its line, and those in the journal. */
export class KnownRuns {
  readonly parts: Parts;
  readonly around: Surroundings;
  readonly launch: Launcher;
  readonly line: WaitingLine;

  constructor(parts: Parts, around: Surroundings) {
    this.parts = parts;
    this.around = around;
    this.launch = new Launcher({ ...parts, keeper: around.keeper });
    this.line = new WaitingLine({ ...parts, isHeld: around.isHeld }, this.launch);
  }

  /** A run of this process. */
  here(run: string): Run | undefined {
    return this.launch.find(run)?.run ?? this.line.find(run);
  }

  /** A run as it is now, or as it was last stored. */
  async live(run: string): Promise<State | undefined> {
    return this.here(run)?.state() ?? (await this.parts.store.journal.findRun(run))?.state;
  }

  /** Answers that a run holds the table. */
  async busy(run: string): Promise<Extract<Started, { kind: 'busy' }>> {
    // Whoever has just taken the table may not have stored the run yet.
    for (let tries = 0; tries < busyTries; tries++) {
      const state = await this.live(run);
      const own = this.here(run);
      // A press that has just taken the table is about to let the run go: then there is more to show.
      if (state && (isGoing(state) || tries >= pressTries))
        return { kind: 'busy', state, ...(own ? { run: own } : {}) };
      await this.parts.clock.sleep(busyPause, this.launch.stopping);
    }
    throw problem(heldByStranger);
  }

  openTable(address: string, on: Board): Promise<Table> {
    return this.around.openTable(address, on.meter, this.launch.stopping);
  }

  /** The definition of a run as it is saved now, with the table that counts, or what is wrong with it. */
  async saved({ scope }: RunRecord): Promise<GoingOn['definition']> {
    try {
      return await resolved(await this.around.definition(scope.definition), this.parts.store.facts);
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
}

const heldByStranger = {
  code: 'table-held',
  message: text('另一个运行占着这个表格。', 'Another run holds this table.'),
  cure: text('请过一分钟再试。', 'Try again in a minute.'),
};

/** Runs that a process left: it stopped or was killed. */
export class LeftRuns {
  readonly #known: KnownRuns;

  constructor(known: KnownRuns) {
    this.#known = known;
  }

  /** A run of the scope that a killed process left half done. */
  async of({ definition, table }: Scope): Promise<RunRecord | undefined> {
    return (await this.#known.parts.store.journal.openRuns()).find(
      ({ id, state, scope }) =>
        isGoing(state) &&
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
    if (isGoing(left.state)) {
      if (!left.state.planOnly && (await isHeld())) return undefined;
      return (await keeper.isFree(left.scope.table)) ? this.#resume(left) : undefined;
    }
    const over = await this.expire(left.id);
    return over && endedRun(board(over));
  }

  async #resume({ id, scope }: RunRecord): Promise<Run | undefined> {
    const { launch, parts } = this.#known;
    try {
      const leased = await launch.lease(scope, id);
      if ('heldBy' in leased) return undefined;
      return await orRelease(leased, async () => {
        const record = await parts.store.journal.findRun(id);
        if (!record || !isGoing(record.state)) {
          await leased.release();
          return undefined;
        }
        if (await this.isOld(record)) return this.#endAsItIs(record, leased);
        return this.goOn(record, record.state.acts[0]?.by ?? { kind: 'cli' }, leased);
      });
    } catch (error) {
      // Whoever took it over in between goes on with it.
      if (error instanceof Fenced) parts.log.info('run.resumed-elsewhere', { run: id });
      else parts.log.error('run.not-resumed', { run: id, error });
      return undefined;
    }
  }

  /** Closes a plan whose time to wait is over; answers the state from then on, nothing when it was not to be closed. */
  async expire(run: string): Promise<State | undefined> {
    const { store, clock } = this.#known.parts;
    const state = (await store.journal.findRun(run))?.state;
    const over = state?.status === 'waiting' && (state.waiting?.until ?? 0) <= clock.now();
    return over ? this.#replace(state, expired(state, nobody, clock.now())) : undefined;
  }

  /** Whether a run was cut off so long ago that nobody expects it to go on. */
  async isOld({ state, scope }: RunRecord): Promise<boolean> {
    const { parts, around } = this.#known;
    const saved = await around.definition(scope.definition).catch(() => undefined);
    const since = state.acts.findLast(({ op }) => op !== 'restart')?.at ?? state.startedAt;
    return parts.clock.now() - since > lifetimeOf(saved);
  }

  /** Closes a run that was cut off, with the counts of what is known to be written. Its table must be leased. */
  async interrupt(left: RunRecord): Promise<State | undefined> {
    const { store, clock } = this.#known.parts;
    const { state } = left;
    const plan = storedPlan(left);
    const finished = plan && (await onlyFinished(left, plan, store));
    const known = finished ? counted(state, finished.plan.basis, finished.chunks.map(asLeft)) : state;
    const over = end({ ...known, notes: [...known.notes, cutOff] }, 'interrupted', clock.now());
    return this.#replace(state, over);
  }

  async #replace(before: State, after: State): Promise<State | undefined> {
    const { journal } = this.#known.parts.store;
    return (await journal.replaceState(before.run, before, after)) ? after : undefined;
  }

  async #endAsItIs(left: RunRecord, leased: Leased): Promise<Run | undefined> {
    const over = await this.interrupt(left);
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

/** A plan that nobody can apply any more, and why. */
export const expired = (state: State, why: Text, at: number): State =>
  end({ ...state, waiting: null, notes: [...state.notes, why] }, 'expired', at);

const nobody = text(
  '没有人在期限内确认，什么都没有写入。请再次同步。',
  'Nobody decided in time; nothing was written. Run it again.',
);

const cutOff = text(
  '程序在这次同步中途停止，时间太久，不再继续。请再次同步：它会从现在的数据开始。',
  'The program stopped in the middle of this run, too long ago to continue it. Run it again: it starts from the current data.',
);

/** Rejects with a `ProblemError` while nothing may begin, also where that was allowed a moment ago. */
export async function refuseHeld(isHeld: IsHeld): Promise<void> {
  if (await isHeld()) throw problem(frozen);
}

const frozen = {
  code: 'frozen',
  message: text('全部同步已被冻结，没有开始。', 'Everything is frozen; nothing was started.'),
  cure: text(
    '先解冻，然后再试：/sync thaw，或在服务器上运行 bitable-sync thaw。',
    'Thaw it first: /sync thaw, or bitable-sync thaw on the server.',
  ),
};
