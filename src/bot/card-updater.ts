import { once } from 'node:events';
import { linked } from '../run/job.ts';
import type { CallMeter, Clock, Log } from '../run/ports.ts';
import { factsOf, isRefused, pauseAfter, troubleOf } from './failures.ts';
import type { CardJson, Chat } from './ports.ts';

export interface UpdaterParts {
  readonly chat: Pick<Chat, 'patch'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a click on the message is unanswered: a patch would be refused, or would undo the answer. */
  readonly held: () => boolean;
  readonly signal: AbortSignal;
}

interface Wanted {
  readonly draw: () => CardJson;
  readonly last: boolean;
  readonly settled: (shown: boolean) => void;
}

/** Attempts to show the last state. */
const lastTries = 6;
const never = Number.POSITIVE_INFINITY;

/**
 * Keeps the card of one message fresh: the newest wins, never two patches in flight, at the pace of {@link nextPatchAt}.
 * Trouble is logged once and slows it down or ends it; nothing is thrown.
 */
export class CardUpdater {
  readonly #message: string;
  readonly #parts: UpdaterParts;
  #wanted: Wanted | undefined;
  #working = false;
  #shown = '';
  #meter: CallMeter | undefined;
  #startedAt = 0;
  #patchedAt = 0;
  #patches = 0;
  #failures = 0;
  #notBefore = 0;
  /** Ends the waiting that goes on at this moment. */
  #wakeUp = (): void => undefined;

  constructor(message: string, parts: UpdaterParts) {
    this.#message = message;
    this.#parts = parts;
  }

  /** Begins a showing: the pace starts anew. @param shown the card that the message shows already */
  begin(shown?: CardJson, meter?: CallMeter): void {
    this.#meter = meter;
    if (shown) this.#shown = JSON.stringify(shown);
    this.#startedAt = this.#parts.clock.monotonic();
    this.#patchedAt = shown ? this.#startedAt : this.#startedAt - 1000;
    [this.#patches, this.#failures, this.#notBefore] = [0, 0, 0];
  }

  /** Shows this when the pace allows, unless something newer comes first. */
  show(draw: () => CardJson): void {
    this.#want({ draw, last: false, settled: () => undefined });
  }

  /**
   * Shows this as soon as may be, and tries hard. Resolves when it is shown or given up, with false where Feishu refuses
   * to change the message; never rejects.
   */
  finish(draw: () => CardJson): Promise<boolean> {
    return new Promise((settled) => this.#want({ draw, last: true, settled }));
  }

  /** Looks again whether it may patch: call it when a click was answered. */
  wake(): void {
    this.#wakeUp();
  }

  #want(next: Wanted): void {
    const { signal } = this.#parts;
    // A card that can never be shown again takes nothing more.
    if (this.#notBefore === never || signal.aborted) {
      next.settled(signal.aborted);
      return;
    }
    this.#wanted?.settled(true);
    this.#wanted = next;
    if (next.last) this.#failures = 0;
    // Anything else is due when what it replaces was.
    if (next.last) this.wake();
    if (this.#working) return;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    const { clock, signal } = this.#parts;
    while (this.#wanted && !signal.aborted) {
      const wait = this.#dueAt(this.#wanted) - clock.monotonic();
      if (wait <= 0) await this.#patch(this.#wanted);
      else await this.#sleep(wait);
    }
    this.#wanted?.settled(true);
    this.#wanted = undefined;
    this.#working = false;
  }

  #dueAt({ last }: Wanted): number {
    if (this.#parts.held()) return never;
    const due = last
      ? lastPatchFrom(this.#patchedAt)
      : nextPatchAt(this.#startedAt, this.#patchedAt, this.#patches);
    return Math.max(due, this.#notBefore);
  }

  /** Waits so long, or until it is woken. */
  async #sleep(ms: number): Promise<void> {
    const wait = linked(this.#parts.signal);
    const woken = new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
    const time = ms === never ? once(wait.signal, 'abort') : this.#parts.clock.sleep(ms, wait.signal);
    await Promise.race([woken, time.catch(() => undefined)]);
    wait.end();
  }

  async #patch(one: Wanted): Promise<void> {
    const { chat, clock } = this.#parts;
    try {
      const card = one.draw();
      const json = JSON.stringify(card);
      if (json !== this.#shown) {
        this.#patches += 1;
        await chat.patch(this.#message, card, this.#meter);
        this.#patchedAt = clock.monotonic();
        this.#shown = json;
        [this.#failures, this.#notBefore] = [0, 0];
      }
      this.#drop(one, true);
    } catch (error) {
      this.#patchedAt = clock.monotonic();
      this.#failed(one, error);
    }
  }

  #failed(one: Wanted, error: unknown): void {
    const { log, clock } = this.#parts;
    this.#failures += 1;
    const trouble = troubleOf(error);
    const over = trouble !== 'later' || (one.last && (isRefused(error) || this.#failures >= lastTries));
    const facts = { message: this.#message, trouble, ...factsOf(error) };
    if (over) log.warn('card.given-up', facts);
    else if (this.#failures === 1) log.warn('card.not-shown', facts);
    this.#notBefore =
      over && trouble !== 'later' ? never : clock.monotonic() + pauseAfter(error, this.#failures);
    if (!over) return;
    this.#drop(one, trouble === 'later' && !isRefused(error));
    // What was asked for meanwhile can never be shown either.
    if (this.#wanted && this.#notBefore === never) this.#drop(this.#wanted, false);
  }

  #drop(one: Wanted, isShown: boolean): void {
    if (this.#wanted === one) this.#wanted = undefined;
    one.settled(isShown);
  }
}

/** Patches that one showing of a run may take; free tenants have 10,000 calls a month. */
export const mostPatches = 60;

const second = 1000;
const minute = 60 * second;

/** Milliseconds between two patches by the showing's age, and by how many patches are used up already. */
const byAge = [
  [10 * second, second],
  [minute, 3 * second],
  [never, 10 * second],
] as const;
const byCount = [
  [40, 0],
  [50, 30 * second],
  [55, 2 * minute],
  [mostPatches - 1, 10 * minute],
  // The last one is kept for the last state.
  [never, never],
] as const;

const pauseFor = (table: typeof byAge | typeof byCount, value: number): number =>
  table.find(([below]) => value < below)?.[1] ?? 0;

/**
 * When the next patch may go out: one a second in the first 10 s, every 3 s in the first minute, then every
 * 10 s, and ever fewer towards {@link mostPatches}, so that a run of an hour still moves. Infinity when only
 * the last state may still be shown. All in milliseconds.
 */
export const nextPatchAt = (startedAt: number, lastPatchAt: number, patches: number): number =>
  lastPatchAt + Math.max(pauseFor(byAge, lastPatchAt - startedAt), pauseFor(byCount, patches));

/** When the last state may go out: it waits for a second after the patch before, and for nothing else. */
export const lastPatchFrom = (lastPatchAt: number): number => lastPatchAt + second;
