import pLimit from 'p-limit';
import { answered, refused, refusedPause, rememberWidth, startWidth, type Width } from '../sync/plan/pace.ts';
import type { Chance, Clock, Fact } from './ports.ts';

/** Where the writes of one base queue up. */
export interface Lane {
  /**
   * Carries out a job when it is its turn. Rejects with the signal's reason when that comes first.
   * @param job gives its place free by its end, or before, when what is left does not concern the base
   */
  run<T>(job: (free: () => void) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Resolves when nothing queues any more, so that a job put in now is the next. */
  room(): Promise<void>;
  /**
   * Resolves when a write may go out, which is at once unless the lane has narrowed meanwhile; answers how many are under
   * way now, and how to say that it has come back.
   */
  sends(): Promise<{ readonly atOnce: number; back(): void }>;
  /**
   * Tells how a write came out, so that the lane can widen.
   * @param atOnce writes that were under way when it was sent; the lane's width when not given
   */
  answered(atOnce?: number): void;
  /** Tells that the base was busy or throttled: the lane narrows and everybody in it waits. */
  refused(retryAfter: number | undefined, signal: AbortSignal, atOnce?: number): Promise<void>;
  /** Fixes the width (1 to 8), or lets it be found out. */
  limit(width: number | 'auto'): void;
}

/** The lanes of this process, one a base, under one app-wide rate. */
export interface Lanes {
  /** Opens a base's lane; at its first opening what was remembered of it counts. */
  open(base: string): Promise<Lane>;
}

/**
 * Writes a second that Feishu takes of one app and kind of call.
 * https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control
 */
const writesPerSecond = 50;

/** Makes the lanes. @param remembered the widths of earlier runs, by base */
export function openLanes(remembered: Fact<string, string>, clock: Clock, chance: Chance): Lanes {
  const lanes = new Map<string, Promise<Lane>>();
  const turn = bucket(clock);

  async function openLane(base: string): Promise<Lane> {
    let width: Width = startWidth(await remembered.of(base));
    let fixed: number | undefined;
    let freeAt = 0;
    let underWay = 0;
    const limiter = pLimit(width.width);
    const freed: (() => void)[] = [];
    const returned: (() => void)[] = [];

    function become(next: Width): void {
      const changed = rememberWidth(width) !== rememberWidth(next);
      width = next;
      limiter.concurrency = fixed ?? width.width;
      if (changed && fixed === undefined) remembered.keep(base, rememberWidth(next)).catch(() => undefined);
    }

    async function turnThen<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
      for (const resolve of freed.splice(0)) resolve();
      const wait = freeAt - clock.monotonic();
      if (wait > 0) await clock.sleep(wait, signal);
      await turn(signal);
      return job();
    }

    return {
      run: (job, signal) =>
        new Promise((resolve, reject) => {
          const place = (): Promise<void> =>
            new Promise((free) => {
              turnThen(() => job(free), signal)
                .then(resolve, reject)
                .finally(free);
            });
          limiter(place).catch(reject);
        }),
      async room() {
        while (limiter.pendingCount > 0) await new Promise<void>((resolve) => freed.push(resolve));
      },
      async sends() {
        // Writes that had their turn before the lane narrowed would meet each other again.
        while (underWay >= limiter.concurrency) await new Promise<void>((resolve) => returned.push(resolve));
        underWay++;
        const back = (): void => {
          underWay--;
          for (const resolve of returned.splice(0)) resolve();
        };
        return { atOnce: underWay, back };
      },
      answered: (atOnce) => become(answered(width, clock.now(), atOnce)),
      async refused(retryAfter, signal, atOnce) {
        become(refused(width, clock.now(), atOnce));
        const pause = refusedPause(width, retryAfter, chance.random());
        freeAt = Math.max(freeAt, clock.monotonic() + pause);
        await clock.sleep(pause, signal);
      },
      limit(wanted) {
        fixed = wanted === 'auto' ? undefined : wanted;
        limiter.concurrency = fixed ?? width.width;
      },
    };
  }

  return {
    open(base) {
      const known = lanes.get(base) ?? openLane(base);
      lanes.set(base, known);
      return known;
    },
  };
}

/** Lets `writesPerSecond` through at once and then as many each second. */
function bucket(clock: Clock): (signal: AbortSignal) => Promise<void> {
  let tokens = writesPerSecond;
  let filledAt = clock.monotonic();
  return async (signal) => {
    const now = clock.monotonic();
    tokens = Math.min(writesPerSecond, tokens + ((now - filledAt) / 1000) * writesPerSecond);
    filledAt = now;
    tokens--;
    if (tokens < 0) await clock.sleep((-tokens / writesPerSecond) * 1000, signal);
  };
}
