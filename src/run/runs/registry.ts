import type { Definition } from '../../sync/definition/definition.ts';
import { acted, begin } from '../../sync/state/progress.ts';
import type { State } from '../../sync/state/state.ts';
import { Fenced } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { type Board, board, type Parts } from '../job.ts';
import { freshRecord } from '../plan/make-plan.ts';
import { storedPlan } from '../plan.ts';
import type { RunRecord, Scope, Table } from '../ports.ts';
import { isOutdated, runSync } from '../run.ts';
import { openFound } from '../target.ts';
import { type Leased, orRelease, type Ready, type Work } from './launcher.ts';
import { endedRun, expired, KnownRuns, LeftRuns, refuseHeld, type Surroundings } from './left-runs.ts';
import { logEnd } from './log-run.ts';
import { type Orderly, orderly, Presses } from './presses.ts';
import type { Run, RunRequest, Runs, Started } from './runs.ts';

/** Keeps the runs of this process. */
export function openRuns(parts: Parts, around: Surroundings): Runs {
  const known = new KnownRuns(parts, around);
  const left = new LeftRuns(known);
  const presses = new Presses(known, left);
  const starting = new Starting(known, left);
  const orders: Orderly = orderly(parts.store.orders, known.launch, parts.clock, parts.log);
  const { journal } = parts.store;
  const now = ({ id, state }: RunRecord): State => known.here(id)?.state() ?? state;
  return {
    start: (request) => starting.start(request),
    retry: (...press) => presses.retry(...press),
    resumeCancelled: (...press) => presses.resumeCancelled(...press),
    apply: (...press) => presses.apply(...press),
    cancel: (...press) => presses.cancel(...press),
    discard: (...press) => presses.discard(...press),
    find: (run) => known.live(run),
    open: async () =>
      (await journal.openRuns()).map((one) => ({ state: now(one), chat: one.card?.chat ?? null })),
    latest: async (definition, limit) => (await journal.latestRuns(definition, limit)).map(now),
    active: () => known.launch.all().map(({ run }) => run),
    resume: () => left.resume(),
    async stop() {
      await known.launch.stop();
      await Promise.all([orders.stop(), known.line.settled()]);
    },
  };
}

/** A run that is about to begin, on its opened table. */
interface Opened {
  readonly ready: Ready;
  readonly definition: Definition;
  readonly request: RunRequest;
}

/** Begins runs. */
class Starting {
  readonly #known: KnownRuns;
  readonly #left: LeftRuns;

  constructor(known: KnownRuns, left: LeftRuns) {
    this.#known = known;
    this.#left = left;
  }

  async start(request: RunRequest): Promise<Started> {
    const { parts, around } = this.#known;
    if (!request.planOnly) await refuseHeld(around.isHeld);
    const on = board(firstState(request, parts.chance.run(), parts.clock.now()));
    const found = await this.#open(request, on);
    if ('id' in found) return { kind: 'started', run: found };
    const { table, definition } = found;
    const scope: Scope = { definition: definition.name, table: `${table.base}/${table.id}` };
    const opened = { ready: { id: on.state().run, scope, board: on, table }, definition, request };
    const leased = await this.#lease(opened);
    if ('heldBy' in leased)
      return request.queue ? this.#queue(opened, leased.heldBy) : this.#known.busy(leased.heldBy);
    try {
      return await orRelease(leased, () => this.#begin(opened, leased));
    } catch (error) {
      // Lost again before anything began: whoever took the table is to be told, or waited for.
      if (error instanceof Fenced) return this.start(request);
      throw error;
    }
  }

  /** Opens the table of a definition; a run that could not even do that is recorded, and has ended at once. */
  async #open(
    { definition }: RunRequest,
    on: Board,
  ): Promise<{ definition: Definition; table: Table } | Run> {
    const { parts, launch } = this.#known;
    try {
      return await openFound(definition, parts.store.facts, (link) => {
        on.set((state) => ({ ...state, link }));
        return this.#known.openTable(link, on);
      });
    } catch (error) {
      on.set((state) => launch.conclude(state, error));
      logEnd(on.state(), parts.log);
      const scope = { definition: definition.name, table: definition.target };
      await parts.store.journal.createRun(freshRecord(on.state().run, scope, on.state()));
      return endedRun(on);
    }
  }

  /**
   * Takes the table for a new run, or for the one that a process left half done. That is looked up again once the
   * table is ours: another one may have ended meanwhile, or been left.
   */
  async #lease({
    ready: { id, scope },
    request: { planOnly = false, patience },
  }: Opened): Promise<(Leased & { readonly left: RunRecord | undefined }) | { readonly heldBy: string }> {
    const look = async () => (planOnly ? undefined : this.#left.of(scope));
    for (;;) {
      const seen = await look();
      const leased = await this.#known.launch.lease(scope, seen?.id ?? id, patience);
      if ('heldBy' in leased) return leased;
      const left = await orRelease(leased, look);
      if (left?.id === seen?.id) return { ...leased, left };
      await leased.release();
    }
  }

  async #begin(opened: Opened, leased: Leased & { readonly left: RunRecord | undefined }): Promise<Started> {
    const { ready, definition, request } = opened;
    const { left } = leased;
    if (left && (await this.#left.isOld(left))) await this.#left.interrupt(left);
    else if (left) {
      const run = await this.#left.goOn(left, request.by, leased, definition);
      const plan = storedPlan(left);
      if (!plan || !isOutdated(plan, definition)) return { kind: 'started', run };
      // Of another promise: it is only closed, and what is asked for now begins anew.
      await run.ended;
      return this.start(request);
    }
    const { id, scope, board: on } = ready;
    await this.#known.parts.store.journal.createRun(freshRecord(id, scope, on.state()));
    if (!request.planOnly) await this.#overtake(scope, id);
    return { kind: 'started', run: this.#known.launch.launch(ready, leased, this.#work(opened)) };
  }

  /** Waits for its turn; the definition's own run, going on or waiting for its turn already, is shown instead. */
  async #queue(opened: Opened, heldBy: string): Promise<Started> {
    const { ready, request } = opened;
    const { definition, table } = ready.scope;
    const held = await this.#known.busy(heldBy);
    if (held.state.definition === definition) return held;
    const same = (await this.#known.parts.store.journal.openRuns()).find(
      ({ scope, state }) => state.queue && scope.definition === definition && scope.table === table,
    );
    if (same) return this.#known.busy(same.id);
    const run = await this.#known.line.join(ready, async (job) => {
      if (!request.planOnly) await this.#overtake(ready.scope, ready.id);
      await this.#work(opened)(job);
    });
    return { kind: 'started', run };
  }

  #work({ definition, request }: Opened): Work {
    return (job) => runSync(job, definition, this.#known.parts, request.planOnly ?? false);
  }

  /** Plans for the table that still wait are overtaken by a new run. */
  async #overtake(scope: Scope, by: string): Promise<void> {
    const { store, clock } = this.#known.parts;
    for (const { id, state, scope: theirs } of await store.journal.openRuns()) {
      if (id === by || state.status !== 'waiting' || theirs.table !== scope.table) continue;
      await store.journal.replaceState(id, state, expired(state, overtaken, clock.now()));
    }
  }
}

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

const overtaken = text('有一次新的同步代替了这个计划。', 'A newer run took the place of this plan.');
