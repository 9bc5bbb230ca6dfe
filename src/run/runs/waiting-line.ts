import { outOfQueue } from '../../sync/state/progress.ts';
import { isGoing, type Queue, type State } from '../../sync/state/state.ts';
import { linked } from '../job.ts';
import { freshRecord } from '../plan/make-plan.ts';
import type { Clock, Log, RunRecord, Store } from '../ports.ts';
import type { IsHeld, Launcher, Leased, Ready, Work } from './launcher.ts';
import { HandedOver, type Run } from './runs.ts';

/** What the line works with. */
interface LineParts {
  readonly store: Pick<Store, 'journal' | 'leases'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly isHeld: IsHeld;
}

interface Standing {
  readonly run: Run;
  wake(): void;
}

/** How often is looked whether the table is free, in ms. */
const lookEvery = 1000;

/** Runs of this process whose table another definition's run holds: they start by themselves, first come, first served. */
export class WaitingLine {
  readonly #parts: LineParts;
  readonly #launch: Launcher;
  readonly #standing = new Map<string, Standing>();
  readonly #waits = new Set<Promise<unknown>>();

  constructor(parts: LineParts, launch: Launcher) {
    this.#parts = parts;
    this.#launch = launch;
  }

  /** Stores the run as waiting, and lets it go once its turn has come and the table is free. */
  async join(ready: Ready, work: Work): Promise<Run> {
    const { id, scope, board } = ready;
    board.set((state) => ({ ...state, queue: { place: 1, holder: null } }));
    await this.#parts.store.journal.createRun(freshRecord(id, scope, board.state()));
    const run = this.#stand(ready, work);
    // Whoever shows it first has something to say at once.
    const [place, holder] = await Promise.all([this.#placeOf(id, scope.table), this.#holderOf(scope.table)]);
    if (this.#standing.has(id)) board.set((state) => ({ ...state, queue: { place, holder } }));
    return run;
  }

  find(run: string): Run | undefined {
    return this.#standing.get(run)?.run;
  }

  /** Has a run look at once whether it is still wanted. */
  wake(run: string): void {
    this.#standing.get(run)?.wake();
  }

  /** Resolves when none stands in it any more: after the launcher has stopped. Those that stood in it stay open. */
  async settled(): Promise<void> {
    while (this.#waits.size > 0) await Promise.all(this.#waits);
  }

  #stand(ready: Ready, work: Work): Run {
    const { id, board } = ready;
    const away = new AbortController();
    const bed = new Sleep(this.#parts.clock, this.#launch.stopping);
    const ended = this.#waitPatiently(ready, work, bed).then(async (turn) => {
      this.#standing.delete(id);
      if (turn === undefined) away.abort(this.#launch.stopping.aborted ? new HandedOver() : undefined);
      else if ('ended' in turn) {
        if (turn.lost.aborted) away.abort(turn.lost.reason);
        turn.lost.addEventListener('abort', () => away.abort(turn.lost.reason), { once: true });
        await turn.ended;
      } else board.set(() => turn);
      return board.state();
    });
    this.#waits.add(ended);
    void ended.finally(() => this.#waits.delete(ended));
    const { state, watch, meter } = board;
    const run: Run = { id, state, watch, meter, ended, lost: away.signal };
    this.#standing.set(id, { run, wake: () => bed.rouse() });
    return run;
  }

  async #waitPatiently(ready: Ready, work: Work, bed: Sleep): Promise<Run | State | undefined> {
    for (;;) {
      try {
        return await this.#wait(ready, work, bed);
      } catch (error) {
        this.#parts.log.warn('queue.not-read', { run: ready.id, error });
        await bed.sleep();
      }
    }
  }

  /** Answers the run once it goes, or how it ended without; nothing when it is another process's by now. */
  async #wait(ready: Ready, work: Work, bed: Sleep): Promise<Run | State | undefined> {
    const { id, scope, board } = ready;
    const { store, isHeld } = this.#parts;
    while (!this.#launch.stopping.aborted) {
      const record = await store.journal.findRun(id);
      if (!record?.state.queue) return record && (isGoing(record.state) ? undefined : record.state);
      const place = await this.#placeOf(id, scope.table);
      // A plan writes nothing: it is made while everything is frozen too.
      const frozen = !record.state.planOnly && (await isHeld());
      const leased = place === 1 && !frozen ? await this.#launch.lease(scope, id) : undefined;
      if (leased && 'fence' in leased) {
        const run = await this.#go(ready, record, leased, work);
        if (run) return run;
        continue;
      }
      const holder = await this.#holderOf(scope.table);
      // Somebody may have ended it meanwhile: what is known here is old then.
      const queue: Queue = { place, holder, ...(frozen && { frozen }) };
      if (!bed.isRoused()) board.set((state) => ({ ...state, queue }));
      await bed.sleep();
    }
    return undefined;
  }

  /** Lets it go; nothing when somebody ended it at this very moment. */
  async #go({ id, ...ready }: Ready, record: RunRecord, leased: Leased, work: Work) {
    // What its buttons mean changes: from now on there is something to stop.
    const now: State = { ...outOfQueue(record.state), version: record.state.version + 1 };
    if (!(await this.#parts.store.journal.replaceState(id, record.state, now))) {
      await leased.release();
      return undefined;
    }
    ready.board.set(() => now);
    this.#standing.delete(id);
    return this.#launch.launch({ id, ...ready }, leased, work);
  }

  async #holderOf(table: string): Promise<Queue['holder']> {
    const { journal, leases } = this.#parts.store;
    const run = (await leases.holder(table))?.run;
    if (run === undefined) return null;
    const state = this.#launch.find(run)?.board.state() ?? (await journal.findRun(run))?.state;
    if (!state) return null;
    const { definition, title, startedAt: since, changes, acts } = state;
    return { definition, title, since, changes, by: acts.find(({ op }) => op === 'start')?.by ?? null };
  }

  async #placeOf(id: string, table: string): Promise<number> {
    const open = await this.#parts.store.journal.openRuns();
    const queued = open.filter((one) => one.scope.table === table && one.state.queue);
    return queued.findIndex((one) => one.id === id) + 1;
  }
}

/** The pause between two looks, which somebody can cut short. */
class Sleep {
  readonly #clock: Clock;
  readonly #stopping: AbortSignal;
  #isRoused = false;
  #end = (): void => undefined;

  constructor(clock: Clock, stopping: AbortSignal) {
    this.#clock = clock;
    this.#stopping = stopping;
  }

  isRoused(): boolean {
    return this.#isRoused;
  }

  /** Sleeps until the next look; not at all when it was roused since the last. */
  async sleep(): Promise<void> {
    const one = linked(this.#stopping);
    this.#end = one.end;
    if (!this.#isRoused) await this.#clock.sleep(lookEvery, one.signal).catch(() => undefined);
    one.end();
    this.#isRoused = false;
  }

  rouse(): void {
    this.#isRoused = true;
    this.#end();
  }
}
