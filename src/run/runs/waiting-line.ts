import { outOfQueue } from '../../sync/progress.ts';
import type { Queue, State } from '../../sync/state.ts';
import type { IsHeld } from '../held.ts';
import type { Launcher, Leased, Ready, Work } from './launcher.ts';
import { linked } from './linked.ts';
import type { Clock, Log, RunRecord, Store } from '../ports.ts';
import { HandedOver, type Run } from './runs.ts';

/** Runs of this process whose table another definition's run holds: they start by themselves, first come, first served. */
export interface WaitingLine {
  /** Stores the run as waiting, and lets it go once its turn has come and the table is free. */
  join(ready: Ready, work: Work): Promise<Run>;
  find(run: string): Run | undefined;
  /** Has a run look at once whether it is still wanted. */
  wake(run: string): void;
  /** Resolves when none stands in it any more: after the launcher has stopped. Those that stood in it stay open. */
  settled(): Promise<void>;
}

interface LineParts {
  readonly store: Pick<Store, 'journal' | 'leases'>;
  readonly launch: Launcher;
  readonly clock: Clock;
  readonly log: Log;
  readonly isHeld: IsHeld;
}

interface Standing {
  readonly run: Run;
  wake(): void;
}

/** Where a run sleeps between two looks. */
interface Bed {
  /** Sleeps until the next look; not at all when it was roused since the last. */
  nap(): Promise<void>;
  roused(): boolean;
}

/** How often is looked whether the table is free, in ms. */
const lookEvery = 1000;

export function waitingLine({
  store: { journal, leases },
  launch,
  clock,
  log,
  isHeld,
}: LineParts): WaitingLine {
  const standing = new Map<string, Standing>();
  const waits = new Set<Promise<unknown>>();

  async function holderOf(table: string): Promise<Queue['holder']> {
    const run = (await leases.holder(table))?.run;
    if (run === undefined) return null;
    const state = launch.find(run)?.board.state() ?? (await journal.findRun(run))?.state;
    if (!state) return null;
    const { definition, title, startedAt: since, changes, acts } = state;
    return { definition, title, since, changes, by: acts.find(({ op }) => op === 'start')?.by ?? null };
  }

  const placeOf = async (id: string, table: string): Promise<number> => {
    const queued = (await journal.openRuns()).filter((one) => one.scope.table === table && one.state.queue);
    return queued.findIndex((one) => one.id === id) + 1;
  };

  /** Lets it go; nothing when somebody ended it at this very moment. */
  async function go({ id, ...ready }: Ready, record: RunRecord, leased: Leased, work: Work) {
    // What its buttons mean changes: from now on there is something to stop.
    const now: State = { ...outOfQueue(record.state), version: record.state.version + 1 };
    if (!(await journal.replaceState(id, record.state, now))) {
      await leased.release();
      return undefined;
    }
    ready.board.set(() => now);
    standing.delete(id);
    return launch.launch({ id, ...ready }, leased, work);
  }

  /** Answers the run once it goes, or how it ended without; nothing when it is another process's by now. */
  async function wait(ready: Ready, work: Work, bed: Bed): Promise<Run | State | undefined> {
    const { id, scope, board } = ready;
    while (!launch.stopping.aborted) {
      const record = await journal.findRun(id);
      if (!record?.state.queue) return record?.state.status === 'running' ? undefined : record?.state;
      const place = await placeOf(id, scope.table);
      // A plan writes nothing: it is made while everything is frozen too.
      const frozen = !record.state.planOnly && (await isHeld());
      const leased = place === 1 && !frozen ? await launch.lease(scope, id) : undefined;
      if (leased && 'fence' in leased) {
        const run = await go(ready, record, leased, work);
        if (run) return run;
        continue;
      }
      const holder = await holderOf(scope.table);
      // Somebody may have ended it meanwhile: what is known here is old then.
      const queue: Queue = { place, holder, ...(frozen && { frozen }) };
      if (!bed.roused()) board.set((state) => ({ ...state, queue }));
      await bed.nap();
    }
    return undefined;
  }

  function makeBed(): Bed & { rouse(): void } {
    let roused = false;
    let end = (): void => undefined;
    return {
      roused: () => roused,
      async nap() {
        const one = linked(launch.stopping);
        end = one.end;
        if (!roused) await clock.sleep(lookEvery, one.signal).catch(() => undefined);
        one.end();
        roused = false;
      },
      rouse() {
        roused = true;
        end();
      },
    };
  }

  function stand(ready: Ready, work: Work): Run {
    const { id, board } = ready;
    const away = new AbortController();
    const { rouse, ...bed } = makeBed();
    const patiently = async (): Promise<Run | State | undefined> => {
      for (;;) {
        try {
          return await wait(ready, work, bed);
        } catch (error) {
          log.warn('queue.not-read', { run: id, error });
          await bed.nap();
        }
      }
    };
    const ended = patiently().then(async (turn) => {
      standing.delete(id);
      if (turn === undefined) away.abort(launch.stopping.aborted ? new HandedOver() : undefined);
      else if ('ended' in turn) {
        if (turn.lost.aborted) away.abort(turn.lost.reason);
        turn.lost.addEventListener('abort', () => away.abort(turn.lost.reason), { once: true });
        await turn.ended;
      } else board.set(() => turn);
      return board.state();
    });
    waits.add(ended);
    void ended.finally(() => waits.delete(ended));
    const { state, watch, meter } = board;
    const run: Run = { id, state, watch, meter, ended, lost: away.signal };
    standing.set(id, { run, wake: rouse });
    return run;
  }

  return {
    async join(ready, work) {
      const { id, scope, board } = ready;
      board.set((state) => ({ ...state, queue: { place: 1, holder: null } }));
      const record = { id, scope, fingerprint: '', plan: '', state: board.state(), card: null };
      await journal.createRun(record);
      const run = stand(ready, work);
      // Whoever shows it first has something to say at once.
      const [place, holder] = await Promise.all([placeOf(id, scope.table), holderOf(scope.table)]);
      if (standing.has(id)) board.set((state) => ({ ...state, queue: { place, holder } }));
      return run;
    },
    find: (run) => standing.get(run)?.run,
    wake: (run) => standing.get(run)?.wake(),
    async settled() {
      while (waits.size > 0) await Promise.all(waits);
    },
  };
}
