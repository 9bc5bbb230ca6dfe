import type { CallMeter, Clock, Log } from '../run/ports.ts';
import { linked } from '../run/runs/linked.ts';
import { createBell } from './bell.ts';
import { lastPatchFrom, nextPatchAt } from './pace.ts';
import type { CardJson, Chat } from './ports.ts';
import { factsOf, isRefused, pauseAfter, troubleOf } from './trouble.ts';

/** One message whose card is kept fresh: the newest wins, never two patches in flight, at the pace of `pace`. */
export interface Canvas {
  /**
   * Begins a showing: the pace starts anew.
   * @param shown the card that the message shows already
   * @param meter counts the patches
   */
  begin(shown?: CardJson, meter?: CallMeter): void;
  /** Shows this when the pace allows, unless something newer comes first. */
  show(draw: () => CardJson): void;
  /**
   * Shows this as soon as may be, and tries hard. Resolves when it is shown or given up, with false where Feishu refuses
   * to change the message; never rejects.
   */
  finish(draw: () => CardJson): Promise<boolean>;
  /** Looks again whether it may patch: call it when a click was answered. */
  wake(): void;
}

interface CanvasParts {
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

/** A canvas over one message. Trouble is logged once and slows it down or ends it; nothing is thrown. */
export function createCanvas(message: string, { chat, clock, log, held, signal }: CanvasParts): Canvas {
  const bell = createBell();
  let wanted: Wanted | undefined;
  let working = false;
  let shown = '';
  let counter: CallMeter | undefined;
  let [startedAt, patchedAt, patches] = [0, 0, 0];
  let [failures, notBefore] = [0, 0];

  const dueAt = (one: Wanted): number => {
    if (held()) return Number.POSITIVE_INFINITY;
    const due = one.last ? lastPatchFrom(patchedAt) : nextPatchAt(startedAt, patchedAt, patches);
    return Math.max(due, notBefore);
  };

  const drop = (one: Wanted, isShown: boolean) => {
    if (wanted === one) wanted = undefined;
    one.settled(isShown);
  };

  const failed = (one: Wanted, error: unknown) => {
    failures += 1;
    const trouble = troubleOf(error);
    const over = trouble !== 'later' || (one.last && (isRefused(error) || failures >= lastTries));
    const facts = { message, trouble, ...factsOf(error) };
    if (over) log.warn('card.given-up', facts);
    else if (failures === 1) log.warn('card.not-shown', facts);
    notBefore =
      over && trouble !== 'later'
        ? Number.POSITIVE_INFINITY
        : clock.monotonic() + pauseAfter(error, failures);
    if (!over) return;
    drop(one, trouble === 'later' && !isRefused(error));
    // What was asked for meanwhile can never be shown either.
    if (wanted && notBefore === Number.POSITIVE_INFINITY) drop(wanted, false);
  };

  const patch = async (one: Wanted): Promise<void> => {
    try {
      const card = one.draw();
      const json = JSON.stringify(card);
      if (json !== shown) {
        patches += 1;
        await chat.patch(message, card, counter);
        patchedAt = clock.monotonic();
        shown = json;
        [failures, notBefore] = [0, 0];
      }
      drop(one, true);
    } catch (error) {
      patchedAt = clock.monotonic();
      failed(one, error);
    }
  };

  const work = async (): Promise<void> => {
    while (wanted && !signal.aborted) {
      const wait = dueAt(wanted) - clock.monotonic();
      if (wait <= 0) await patch(wanted);
      else await either(bell.rung(), clock, wait, signal);
    }
    wanted?.settled(true);
    wanted = undefined;
    working = false;
  };

  const want = (next: Wanted) => {
    // A card that can never be shown again takes nothing more.
    if (notBefore === Number.POSITIVE_INFINITY || signal.aborted) {
      next.settled(signal.aborted);
      return;
    }
    wanted?.settled(true);
    wanted = next;
    if (next.last) failures = 0;
    // Anything else is due when what it replaces was.
    if (next.last) bell.ring();
    if (working) return;
    working = true;
    void work();
  };

  return {
    begin(card, meter) {
      counter = meter;
      if (card) shown = JSON.stringify(card);
      startedAt = clock.monotonic();
      patchedAt = card ? startedAt : startedAt - 1000;
      [patches, failures, notBefore] = [0, 0, 0];
    },
    show: (draw) => want({ draw, last: false, settled: () => undefined }),
    finish: (draw) => new Promise<boolean>((settled) => want({ draw, last: true, settled })),
    wake: () => bell.ring(),
  };
}

/** Waits for the bell or for a time, whichever comes first. */
async function either(rung: Promise<void>, clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const wait = linked(signal);
  const time = ms === Number.POSITIVE_INFINITY ? aborted(wait.signal) : clock.sleep(ms, wait.signal);
  await Promise.race([rung, time.catch(() => undefined)]);
  wait.end();
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
