import { acted, canApply, canResume, canRetry, end, goOn, isCancelling } from '../../sync/state/progress.ts';
import { type Act, type Actor, isGoing, type State } from '../../sync/state/state.ts';
import { board } from '../job.ts';
import type { Clock, Log, Order, Orders, RunRecord, Scope } from '../ports.ts';
import { type GoingOn, goOnSync } from '../run.ts';
import { type Launcher, orRelease, type Work } from './launcher.ts';
import type { KnownRuns, LeftRuns } from './left-runs.ts';
import type { Acted, Applying } from './runs.ts';

/** What people do to runs that are there. */
export class Presses {
  readonly #known: KnownRuns;
  readonly #left: LeftRuns;

  constructor(known: KnownRuns, left: LeftRuns) {
    this.#known = known;
    this.#left = left;
  }

  /** Sends what a run that came to its end has left. */
  retry(run: string, by: Actor, version?: number, patience?: AbortSignal): Promise<Acted> {
    const pressing = { fits: canRetry, workOf: this.#going(), version, patience };
    return this.#press(run, this.#act('retry', by), pressing);
  }

  /** Sends what a run that was cancelled has left. */
  resumeCancelled(run: string, by: Actor, version?: number): Promise<Acted> {
    const pressing = { fits: canResume, workOf: this.#going(), version };
    return this.#press(run, this.#act('resume', by), pressing);
  }

  async apply(run: string, by: Actor, version?: number, how: Applying = {}): Promise<Acted> {
    const { withoutDeletes = false, patience } = how;
    const act = this.#act(withoutDeletes ? 'apply-no-deletes' : 'apply', by);
    await this.#left.expire(run);
    const workOf = this.#going({ withoutDeletes });
    return this.#press(run, act, { fits: canApply, workOf, version, patience });
  }

  #act(op: Act['op'], by: Actor): Act {
    return { op, by, at: this.#known.parts.clock.now() };
  }

  #going(approval?: GoingOn['approval']): (record: RunRecord) => Work {
    const known = this.#known;
    return (record) => async (job) =>
      goOnSync(job, { record, definition: await known.saved(record), approval }, known.parts);
  }

  /** The way of every press: find the run, refuse what is stale, take the table, look again, go. */
  async #press(id: string, act: Act, { fits, workOf, version, patience }: Pressing): Promise<Acted> {
    const { launch, parts } = this.#known;
    const { journal } = parts.store;
    const isStale = (state: State): boolean => !fits(state) || isOther(state, version);
    const state = await this.#known.live(id);
    if (!state) return { kind: 'no-such-run' };
    if (launch.find(id) || isStale(state)) return { kind: 'stale', state };
    // What was made to be looked at is carried out from now on.
    const on = board(acted(goOn({ ...state, planOnly: false }), act));
    const table = await this.#known.openTable(state.link, on);
    const scope: Scope = { definition: state.definition, table: `${table.base}/${table.id}` };
    const leased = await launch.lease(scope, id, patience);
    if ('heldBy' in leased) return this.#known.busy(leased.heldBy);
    return orRelease(leased, async () => {
      const record = await journal.findRun(id);
      const isPassed = !record || isStale(record.state) || record.state.version !== state.version;
      const isPlanless = record?.plan === '';
      // Somebody who threw the plan away at this very moment was first.
      const isLate = isPassed || isPlanless || !(await journal.replaceState(id, record.state, on.state()));
      if (!isLate) {
        const run = launch.launch({ id, scope, board: on, table }, leased, workOf(record));
        return { kind: 'going', run };
      }
      await leased.release();
      if (isPlanless && !isStale(record.state)) return { kind: 'no-such-run' };
      return isPassed ? { kind: 'stale', state: record?.state ?? state } : this.#tooLate(state);
    });
  }

  async cancel(id: string, by: Actor, version?: number): Promise<Acted> {
    const { parts, launch } = this.#known;
    const state = await this.#known.live(id);
    if (!state) return { kind: 'no-such-run' };
    if (isWaiting(state)) return this.discard(id, by, version);
    if (state.queue) return this.#leave(state, by, version);
    const isPassed = !isGoing(state) || isCancelling(state);
    if (isPassed || isOther(state, version)) return { kind: 'stale', state };
    const act = this.#act('cancel', by);
    const active = launch.find(id);
    if (active) {
      const isFirst = await active.cancel(act);
      return { kind: isFirst ? 'asked' : 'stale', state: active.board.state() };
    }
    const { version: now } = state;
    await parts.store.orders.post({
      id: parts.chance.uuid(),
      run: id,
      op: 'cancel',
      by,
      version: now,
      at: act.at,
    });
    // Nobody carries it out any more: taking it over is what finds out what was written.
    const run = await this.#left.takeOver(id);
    return run ? { kind: 'going', run } : { kind: 'asked', state };
  }

  async discard(id: string, by: Actor, version?: number): Promise<Acted> {
    const state = await this.#known.live(id);
    if (!state) return { kind: 'no-such-run' };
    if (!isWaiting(state) || isOther(state, version)) return { kind: 'stale', state };
    return this.#endNow(state, { ...state, waiting: null }, this.#act('discard', by));
  }

  /** Takes a run out of the line, in whichever process it stands: nobody works on it yet. */
  async #leave(state: State, by: Actor, version?: number): Promise<Acted> {
    const left = isOther(state, version)
      ? await this.#tooLate(state)
      : await this.#endNow(state, state, this.#act('cancel', by));
    this.#known.line.wake(state.run);
    return left;
  }

  /** Ends a run that nobody works on, unless it is stored otherwise than it was seen. @param state what it ends as */
  async #endNow(seen: State, state: State, act: Act): Promise<Acted> {
    const over = end(acted(state, act), 'cancelled', act.at);
    return (await this.#known.parts.store.journal.replaceState(seen.run, seen, over))
      ? { kind: 'settled', state: over }
      : this.#tooLate(seen);
  }

  /** Somebody else was first: how the run stands since. */
  async #tooLate(state: State): Promise<Acted> {
    return { kind: 'stale', state: (await this.#known.live(state.run)) ?? state };
  }
}

/** What a press does, and in which states of the run. */
interface Pressing {
  readonly fits: (state: State) => boolean;
  readonly workOf: (record: RunRecord) => Work;
  /** The one that the button carried. */
  readonly version?: number | undefined;
  /** See `Keeper`. */
  readonly patience?: AbortSignal | undefined;
}

const isWaiting = (state: State): boolean => state.status === 'waiting';

/** Whether somebody saw another state of the run than this one. */
const isOther = (state: State, version: number | undefined): boolean =>
  version !== undefined && version !== state.version;

/** How often orders are looked for, in ms; only while this process carries a run out. */
export const ordersEvery = 900;

/** Carries out what was asked of this process's runs at other instances. */
export interface Orderly {
  stop(): Promise<void>;
}

/** Begins to look for orders with each run that is let go, and ends with the last one. */
export function orderly(orders: Orders, launch: Launcher, clock: Clock, log: Log): Orderly {
  const over = new AbortController();
  let looking: Promise<void> | undefined;

  async function carryOut({ id, run, op, by, version, at }: Order): Promise<void> {
    const active = launch.find(run);
    if (!active) return;
    // Of another version it was meant for what the run was doing before.
    if (active.board.state().version === version) {
      await active.cancel({ op, by, at });
      log.info('run.ordered', { run, op });
    }
    await orders.take(id);
  }

  async function look(): Promise<void> {
    while (launch.all().length > 0 && !over.signal.aborted) {
      try {
        for (const order of await orders.of(launch.all().map(({ run }) => run.id))) await carryOut(order);
      } catch (error) {
        log.warn('order.not-read', { error });
      }
      await clock.sleep(ordersEvery, over.signal).catch(() => undefined);
    }
    looking = undefined;
  }

  launch.onLaunch(() => {
    looking ??= look();
  });

  return {
    async stop() {
      over.abort();
      await looking;
    },
  };
}
