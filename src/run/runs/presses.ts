import { acted, canApply, canResume, canRetry, end, goOn, isCancelling } from '../../sync/progress.ts';
import type { Act, Actor, State } from '../../sync/state.ts';
import { type Board, board } from '../board.ts';
import type { Closer } from './closing.ts';
import type { Parts } from '../job.ts';
import type { Keeper } from '../keeper.ts';
import { type Launcher, orRelease, type Work } from './launcher.ts';
import type { RunRecord, Scope, Table } from '../ports.ts';
import { type GoingOn, goOnSync } from '../run.ts';
import type { Acted, Run, Runs, Started } from './runs.ts';
import type { WaitingLine } from './waiting-line.ts';

/** What acts on runs need besides the parts of a run. */
interface ActParts extends Parts {
  readonly keeper: Keeper;
  /** The definition of a run as it is saved now, or what is wrong with it. */
  readonly saved: (record: RunRecord) => Promise<GoingOn['definition']>;
  readonly launch: Launcher;
  readonly line: WaitingLine;
  readonly closing: Closer;
  /** The run as it is now, or as it was last stored. */
  live(run: string): Promise<State | undefined>;
  open(address: string, on: Board): Promise<Table>;
  /** Answers that a run holds the table. */
  busy(run: string): Promise<Extract<Started, { kind: 'busy' }>>;
  /** Goes on with a run that a process left. */
  resumeOne(left: RunRecord): Promise<Run | undefined>;
}

/** What people do to runs that are there. */
export function acting(
  parts: ActParts,
): Pick<Runs, 'retry' | 'resumeCancelled' | 'apply' | 'cancel' | 'discard'> {
  const { store, clock, chance, launch, line, closing, live, open, busy } = parts;
  const { journal } = store;

  /** The way of every press: find the run, refuse what is stale, take the table, look again, go. */
  async function press(
    id: string,
    act: Act,
    version: number | undefined,
    { fits, workOf, patience }: Pressing,
  ): Promise<Acted> {
    const isStale = (state: State): boolean => !fits(state) || isOther(state, version);
    const state = await live(id);
    if (!state) return { kind: 'no-such-run' };
    if (launch.find(id) || isStale(state)) return { kind: 'stale', state };
    // What was made to be looked at is carried out from now on.
    const on = board(acted(goOn({ ...state, planOnly: false }), act));
    const table = await open(state.link, on);
    const scope: Scope = { definition: state.definition, table: `${table.base}/${table.id}` };
    const leased = await launch.lease(scope, id, patience);
    if ('heldBy' in leased) return busy(leased.heldBy);
    return orRelease(leased, async () => {
      const record = await journal.findRun(id);
      if (record && record.plan === '' && !isStale(record.state)) {
        await leased.release();
        return { kind: 'no-such-run' };
      }
      const passed = !record?.plan || isStale(record.state) || record.state.version !== state.version;
      if (passed) {
        await leased.release();
        return { kind: 'stale', state: record?.state ?? state };
      }
      // Somebody who threw the plan away at this very moment was first.
      if (!(await journal.replaceState(id, record.state, on.state()))) {
        await leased.release();
        return tooLate(state);
      }
      return { kind: 'going', run: launch.launch({ id, scope, board: on, table }, leased, workOf(record)) };
    });
  }

  /** Somebody else was first: how the run stands since. */
  const tooLate = async (state: State): Promise<Acted> => ({
    kind: 'stale',
    state: (await live(state.run)) ?? state,
  });

  /** Ends a run that nobody works on, unless it is stored otherwise than it was seen. @param state what it ends as */
  async function endNow(seen: State, state: State, act: Act): Promise<Acted> {
    const over = end(acted(state, act), 'cancelled', act.at);
    return (await journal.replaceState(seen.run, seen, over))
      ? { kind: 'settled', state: over }
      : tooLate(seen);
  }

  async function discard(id: string, by: Actor, version?: number): Promise<Acted> {
    const state = await live(id);
    if (!state) return { kind: 'no-such-run' };
    if (!isWaiting(state) || isOther(state, version)) return { kind: 'stale', state };
    return endNow(state, { ...state, waiting: null }, { op: 'discard', by, at: clock.now() });
  }

  /** Takes a run out of the line, in whichever process it stands: nobody works on it yet. */
  async function leave(state: State, by: Actor, version?: number): Promise<Acted> {
    const left = isOther(state, version)
      ? await tooLate(state)
      : await endNow(state, state, { op: 'cancel', by, at: clock.now() });
    line.wake(state.run);
    return left;
  }

  async function cancel(id: string, by: Actor, version?: number): Promise<Acted> {
    const state = await live(id);
    if (!state) return { kind: 'no-such-run' };
    if (isWaiting(state)) return discard(id, by, version);
    if (state.queue) return leave(state, by, version);
    const passed = state.status !== 'running' || isCancelling(state);
    if (passed || isOther(state, version)) return { kind: 'stale', state };
    const at = clock.now();
    const active = launch.find(id);
    if (active) {
      const first = await active.cancel({ op: 'cancel', by, at });
      return { kind: first ? 'asked' : 'stale', state: active.board.state() };
    }
    await store.orders.post({ id: chance.uuid(), run: id, op: 'cancel', by, version: state.version, at });
    // Nobody carries it out any more: taking it over is what finds out what was written.
    const left = await journal.findRun(id);
    const run =
      left && (await parts.keeper.isFree(left.scope.table)) ? await parts.resumeOne(left) : undefined;
    return run ? { kind: 'going', run } : { kind: 'asked', state };
  }

  const going =
    (approval?: GoingOn['approval']) =>
    (record: RunRecord): Work =>
    async (job) =>
      goOnSync(job, { record, definition: await parts.saved(record), approval }, parts);

  /** Sends what an ended run has left. */
  const goFurther =
    (op: 'retry' | 'resume', fits: (state: State) => boolean): Runs['retry'] =>
    (id, by, version, patience) =>
      press(id, { op, by, at: clock.now() }, version, { fits, patience, workOf: going() });

  return {
    retry: goFurther('retry', canRetry),
    resumeCancelled: goFurther('resume', canResume),
    async apply(id, by, version, { withoutDeletes = false, patience } = {}) {
      const at = clock.now();
      await closing.expire(id);
      const op = withoutDeletes ? 'apply-no-deletes' : 'apply';
      const workOf = going({ withoutDeletes });
      return press(id, { op, by, at }, version, { fits: canApply, workOf, patience });
    },
    cancel,
    discard,
  };
}

/** What a press does, and in which states of the run. */
interface Pressing {
  readonly fits: (state: State) => boolean;
  readonly workOf: (record: RunRecord) => Work;
  /** See {@link Keeper}. */
  readonly patience?: AbortSignal | undefined;
}

const isWaiting = (state: State): boolean => state.status === 'waiting';

/** Whether somebody saw another state of the run than this one. */
const isOther = (state: State, version: number | undefined): boolean =>
  version !== undefined && version !== state.version;
