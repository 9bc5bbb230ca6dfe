import pLimit, { type LimitFunction } from 'p-limit';
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
  const around = { remembered, clock, chance, turn: bucket(clock) };
  const openLane = async (base: string): Promise<Lane> =>
    new BaseLane(base, startWidth(await remembered.of(base)), around);
  return {
    open(base) {
      const known = lanes.get(base) ?? openLane(base);
      lanes.set(base, known);
      return known;
    },
  };
}

/** What all lanes share. */
interface Around {
  readonly remembered: Fact<string, string>;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Waits for the app-wide rate. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
}

class BaseLane implements Lane {
  readonly #base: string;
  readonly #around: Around;
  readonly #limiter: LimitFunction;
  #width: Width;
  #fixed: number | undefined;
  /** Until when everybody waits (monotonic, ms). */
  #freeAt = 0;
  #underWay = 0;
  #queued: (() => void)[] = [];
  #returned: (() => void)[] = [];

  constructor(base: string, width: Width, around: Around) {
    this.#base = base;
    this.#width = width;
    this.#around = around;
    this.#limiter = pLimit(width.width);
  }

  run<T>(job: (free: () => void) => Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const place = (): Promise<void> =>
        new Promise((free) => {
          void this.#turn(signal)
            .then(() => job(free))
            .then(resolve, reject)
            .finally(free);
        });
      this.#limiter(place).catch(reject);
    });
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock, turn } = this.#around;
    for (const resolve of this.#queued.splice(0)) resolve();
    const wait = this.#freeAt - clock.monotonic();
    if (wait > 0) await clock.sleep(wait, signal);
    await turn(signal);
  }

  async room(): Promise<void> {
    while (this.#limiter.pendingCount > 0) await new Promise<void>((resolve) => this.#queued.push(resolve));
  }

  async sends(): ReturnType<Lane['sends']> {
    // Writes that had their turn before the lane narrowed would meet each other again.
    while (this.#underWay >= this.#limiter.concurrency)
      await new Promise<void>((resolve) => this.#returned.push(resolve));
    this.#underWay++;
    const back = (): void => {
      this.#underWay--;
      for (const resolve of this.#returned.splice(0)) resolve();
    };
    return { atOnce: this.#underWay, back };
  }

  answered(atOnce?: number): void {
    this.#become(answered(this.#width, this.#around.clock.now(), atOnce));
  }

  async refused(retryAfter: number | undefined, signal: AbortSignal, atOnce?: number): Promise<void> {
    const { clock, chance } = this.#around;
    this.#become(refused(this.#width, clock.now(), atOnce));
    const pause = refusedPause(this.#width, retryAfter, chance.random());
    this.#freeAt = Math.max(this.#freeAt, clock.monotonic() + pause);
    await clock.sleep(pause, signal);
  }

  limit(wanted: number | 'auto'): void {
    this.#fixed = wanted === 'auto' ? undefined : wanted;
    this.#limiter.concurrency = this.#fixed ?? this.#width.width;
  }

  #become(next: Width): void {
    const words = rememberWidth(next);
    const isNew = words !== rememberWidth(this.#width);
    this.#width = next;
    this.#limiter.concurrency = this.#fixed ?? next.width;
    if (isNew && this.#fixed === undefined)
      this.#around.remembered.keep(this.#base, words).catch(() => undefined);
  }
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
