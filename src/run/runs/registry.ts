import type { Definition } from '../../sync/definition.ts';
import { Fenced } from '../../sync/fenced.ts';
import { ProblemError, problem } from '../../sync/problem.ts';
import { acted, begin, goOn, isCancelling, wentOn } from '../../sync/progress.ts';
import type { Actor, State } from '../../sync/state.ts';
import { text } from '../../sync/text.ts';
import { acting } from './presses.ts';
import { type Board, board } from '../board.ts';
import { closer, expired } from './closing.ts';
import { type IsHeld, refuseHeld } from '../held.ts';
import type { Parts } from '../job.ts';
import type { Keeper } from '../keeper.ts';
import { type Leased, launcher, orRelease, type Ready, type Work } from './launcher.ts';
import { logEnd } from './log-run.ts';
import { freshRecord } from '../make-plan.ts';
import { orderly } from './orders.ts';
import type { OpenTable, RunRecord, Scope, Table } from '../ports.ts';
import { type GoingOn, goOnSync, isOutdated, runSync } from '../run.ts';
import type { Run, RunRequest, Runs, Started } from './runs.ts';
import { openFound, resolved } from '../target.ts';
import { waitingLine } from './waiting-line.ts';

/** What the registry needs besides the parts of a run. */
export interface Registry extends Parts {
  readonly openTable: OpenTable;
  readonly keeper: Keeper;
  /** The definition as it is saved now. Rejects with a `ProblemError`. */
  readonly definition: (name: string) => Promise<Definition>;
  /** Asked before anything begins to write, or goes on after a restart. */
  readonly isHeld: IsHeld;
}

/** Keeps the runs of this process. */
export function openRuns(parts: Registry): Runs {
  const { store, clock, chance, log, isHeld } = parts;
  const { journal } = store;
  const launch = launcher(journal, parts.keeper, clock, log);
  const closing = closer(parts);
  const orders = orderly(store.orders, launch, clock, log);
  const line = waitingLine({ store, launch, clock, log, isHeld });

  /** A run of this process. */
  const here = (run: string): Run | undefined => launch.find(run)?.run ?? line.find(run);

  const live = async (run: string): Promise<State | undefined> =>
    here(run)?.state() ?? (await journal.findRun(run))?.state;

  async function busy(run: string): Promise<Extract<Started, { kind: 'busy' }>> {
    // Whoever has just taken the table may not have stored the run yet.
    for (let tries = 0; tries < busyTries; tries++) {
      const state = await live(run);
      const own = here(run);
      // A press that has just taken the table is about to let the run go: then there is more to show.
      if (state?.status === 'running' || (state && tries >= pressTries))
        return { kind: 'busy', state, ...(own ? { run: own } : {}) };
      await clock.sleep(busyPause, launch.stopping);
    }
    throw problem(heldByStranger);
  }

  const open = (address: string, on: Board): Promise<Table> =>
    parts.openTable(address, on.meter, launch.stopping);

  /** The definition of a run as it is saved now, with the table that counts, or what is wrong with it. */
  async function saved({ scope }: RunRecord): Promise<GoingOn['definition']> {
    try {
      return await resolved(await parts.definition(scope.definition), store.facts);
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }

  async function start(request: RunRequest): Promise<Started> {
    const { planOnly = false } = request;
    if (!planOnly) await refuseHeld(isHeld);
    const fresh = board(firstState(request, chance.run(), clock.now()));
    let { definition } = request;
    let table: Table;
    try {
      ({ definition, table } = await openFound(definition, store.facts, (link) => {
        fresh.set((state) => ({ ...state, link }));
        return open(link, fresh);
      }));
    } catch (error) {
      return { kind: 'started', run: await stillborn(fresh, definition, error) };
    }
    const scope: Scope = { definition: definition.name, table: `${table.base}/${table.id}` };
    const id = fresh.state().run;
    const leased = await leaseFor(scope, id, planOnly, request.patience);
    const ready = { id, scope, board: fresh, table };
    const work: Work = (job) => runSync(job, definition, parts, planOnly);
    if ('heldBy' in leased) {
      if (!request.queue) return busy(leased.heldBy);
      return queued(ready, leased.heldBy, async (job) => {
        if (!planOnly) await overtake(scope, id);
        await work(job);
      });
    }
    const going = orRelease(leased, async (): Promise<Started> => {
      const found = leased.left;
      const open = found && (await closing.isOld(found)) ? undefined : found;
      if (found && !open) await closing.interrupt(found);
      if (open) {
        const run = await goOnWith(open, request.by, leased, definition);
        if (!isOutdated(open, definition)) return { kind: 'started', run };
        // Of another promise: it is only closed, and what is asked for now begins anew.
        await run.ended;
        return start(request);
      }
      await journal.createRun(freshRecord(id, scope, fresh.state()));
      if (!planOnly) await overtake(scope, id);
      return { kind: 'started', run: launch.launch(ready, leased, work) };
    });
    // Lost again before anything began: whoever took the table is to be told, or waited for.
    return going.catch((error: unknown) => {
      if (error instanceof Fenced) return start(request);
      throw error;
    });
  }

  /** Waits for its turn; the definition's own run, going on or waiting for its turn already, is shown instead. */
  async function queued(ready: Ready, heldBy: string, work: Work): Promise<Started> {
    const { definition, table } = ready.scope;
    const held = await busy(heldBy);
    if (held.state.definition === definition) return held;
    const same = (await journal.openRuns()).find(
      ({ scope, state }) => state.queue && scope.definition === definition && scope.table === table,
    );
    return same ? busy(same.id) : { kind: 'started', run: await line.join(ready, work) };
  }

  /**
   * Takes the table for a new run, or for the one that a process left half done. That is looked up again once the
   * table is ours: another one may have ended meanwhile, or been left.
   */
  async function leaseFor(
    scope: Scope,
    id: string,
    planOnly: boolean,
    patience: AbortSignal | undefined,
  ): Promise<(Leased & { readonly left: RunRecord | undefined }) | { readonly heldBy: string }> {
    for (;;) {
      const seen = planOnly ? undefined : await leftBehind(scope);
      const leased = await launch.lease(scope, seen?.id ?? id, patience);
      if ('heldBy' in leased) return leased;
      const left = await orRelease(leased, async () => (planOnly ? undefined : leftBehind(scope)));
      if (left?.id === seen?.id) return { ...leased, left };
      await leased.release();
    }
  }

  async function stillOpen(run: string): Promise<RunRecord | undefined> {
    const record = await journal.findRun(run);
    return record?.state.status === 'running' ? record : undefined;
  }

  /** A run that could not even open its table: recorded, and ended at once. */
  async function stillborn(on: Board, definition: Definition, error: unknown): Promise<Run> {
    on.set((state) => launch.conclude(state, error));
    const { run } = on.state();
    logEnd(on.state(), log);
    await journal.createRun(
      freshRecord(run, { definition: definition.name, table: definition.target }, on.state()),
    );
    return endedRun(on);
  }

  /** A run of the scope that a killed process left half done. */
  async function leftBehind(scope: Scope): Promise<RunRecord | undefined> {
    return (await journal.openRuns()).find(
      ({ id, state, scope: theirs }) =>
        state.status === 'running' &&
        !state.planOnly &&
        theirs.table === scope.table &&
        theirs.definition === scope.definition &&
        here(id) === undefined,
    );
  }

  /** Plans for the table that still wait are overtaken by a new run. */
  async function overtake(scope: Scope, by: string): Promise<void> {
    for (const { id, state, scope: theirs } of await journal.openRuns()) {
      if (id === by || state.status !== 'waiting' || theirs.table !== scope.table) continue;
      await journal.replaceState(id, state, expired(state, overtaken, clock.now()));
    }
  }

  /** Goes on with a run under its own ID: with its plan where it has one, from the start otherwise. */
  async function goOnWith(left: RunRecord, by: Actor, leased: Leased, definition?: Definition): Promise<Run> {
    // An order to stop that came before the end is still one.
    const on = board(isCancelling(left.state) ? goOn(left.state) : wentOn(left.state, by, clock.now()));
    const table = await open(left.state.link, on);
    await journal.saveState(left.id, on.state(), leased.fence);
    const work: Work = async (job) =>
      goOnSync(job, { record: left, definition: definition ?? (await saved(left)) }, parts);
    return launch.launch({ id: left.id, scope: left.scope, board: on, table }, leased, work);
  }

  async function resumeOne(left: RunRecord): Promise<Run | undefined> {
    try {
      const leased = await launch.lease(left.scope, left.id);
      if ('heldBy' in leased) return undefined;
      return await orRelease(leased, async () => {
        const open = await stillOpen(left.id);
        if (open && (await closing.isOld(open))) return endAsItIs(open, leased);
        if (open) return goOnWith(open, open.state.acts[0]?.by ?? { kind: 'cli' }, leased);
        await leased.release();
        return undefined;
      });
    } catch (error) {
      // Whoever took it over in between goes on with it.
      if (error instanceof Fenced) log.info('run.resumed-elsewhere', { run: left.id });
      else log.error('run.not-resumed', { run: left.id, error });
      return undefined;
    }
  }

  /** Sees to one open run that this process does not carry out: goes on with it, or closes it when it is too old. */
  async function tend(left: RunRecord): Promise<Run | undefined> {
    if (left.state.status === 'running') {
      if (!left.state.planOnly && (await isHeld())) return undefined;
      return (await parts.keeper.isFree(left.scope.table)) ? resumeOne(left) : undefined;
    }
    const over = await closing.expire(left.id);
    return over && endedRun(board(over));
  }

  async function endAsItIs(left: RunRecord, leased: Leased): Promise<Run | undefined> {
    const over = await closing.interrupt(left);
    await leased.release();
    return over && endedRun(board(over));
  }

  const acts = acting({ ...parts, launch, line, closing, live, open, busy, resumeOne, saved });

  return {
    start,
    ...acts,
    async open() {
      const records = await journal.openRuns();
      return records.map(({ id, state, card }) => ({
        state: here(id)?.state() ?? state,
        chat: card?.chat ?? null,
      }));
    },
    find: live,
    async latest(definition, limit) {
      const records = await journal.latestRuns(definition, limit);
      return records.map(({ id, state }) => here(id)?.state() ?? state);
    },
    active: () => launch.all().map(({ run }) => run),
    async resume() {
      const open = (await journal.openRuns()).filter(({ id }) => !here(id));
      return (await Promise.all(open.map(tend))).flatMap((run) => run ?? []);
    },
    async stop() {
      await launch.stop();
      await Promise.all([orders.stop(), line.settled()]);
    },
  };
}

/** A run on which no work is done. */
const endedRun = ({ state, watch, meter }: Board): Run => ({
  id: state().run,
  state,
  watch,
  meter,
  ended: Promise.resolve(state()),
  lost: new AbortController().signal,
});

function firstState(request: RunRequest, run: string, at: number): State {
  const { definition, by, planOnly = false, createFields = false, retryRejected = false } = request;
  const first = begin({
    run,
    definition: definition.name,
    title: definition.title,
    link: definition.target,
    planOnly,
    roundsMax: definition.rounds,
    by,
    at,
  });
  if (createFields) return acted(first, { op: 'create', by, at });
  return retryRejected ? acted(first, { op: 'retry', by, at }) : first;
}

/** How often, and after how many ms, is looked again for a run that holds the table but is not stored yet. */
const busyTries = 40;
const busyPause = 50;
const pressTries = 10;
const heldByStranger = {
  code: 'table-held',
  message: text('另一个运行占着这个表格。', 'Another run holds this table.'),
  cure: text('请过一分钟再试。', 'Try again in a minute.'),
};

const overtaken = text('有一次新的同步代替了这个计划。', 'A newer run took the place of this plan.');
