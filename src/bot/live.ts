import { runCard } from '../cards/runCard.ts';
import { linked } from '../run/linked.ts';
import type { Clock, Journal, Log } from '../run/ports.ts';
import { HandedOver, type Run } from '../run/runs.ts';
import type { State } from '../sync/state.ts';
import type { Locale } from '../sync/text.ts';
import { type Canvas, createCanvas } from './canvas.ts';
import type { CardJson, Chat } from './ports.ts';
import { factsOf, pauseAfter, troubleOf } from './trouble.ts';

/** Where a run is shown. */
export type Place =
  /** A new card that answers a message, or stands by itself. `copy`: the run has its own card elsewhere. */
  | {
      readonly kind: 'reply';
      readonly to?: string;
      /** Begins a thread where there is none. */
      readonly thread?: boolean;
      readonly chat: string;
      readonly once: string;
      readonly copy: boolean;
    }
  /** A card that stands already. `chat`: given when the run does not know it as its own yet. */
  | {
      readonly kind: 'card';
      readonly message: string;
      readonly chat?: string;
      readonly copy?: boolean;
    };

/** Keeps cards of runs fresh. Trouble with showing is logged and never touches a run. */
export interface Live {
  /** Shows a run until it ends; resolves when the last state is shown or given up. Never rejects. */
  follow(run: Run, place: Place, approvers: readonly string[]): Promise<void>;
  /** Draws a card once more, as for a click on one that was out of date. Never rejects. */
  refresh(message: string, state: State, approvers: readonly string[]): Promise<void>;
  /** Holds patches of a message back while a click on it is unanswered; answers how to let go. */
  hold(message: string): () => void;
}

export interface LiveParts {
  readonly chat: Chat;
  readonly journal: Pick<Journal, 'saveCard'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly locale: Locale;
  readonly timeZone: string;
  /** Shows every run once more as it is and follows it no longer. */
  readonly leaving: AbortSignal;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
}

/** Attempts to send the first card. */
const firstTries = 6;
/** A card on which nothing changed is drawn again after this time, so that its clock does not stand still. */
const idle = 15_000;

export function createLive(parts: LiveParts): Live {
  const { chat, journal, clock, log, locale, timeZone, leaving, signal } = parts;
  const holds = new Map<string, number>();
  const canvases = new Map<string, { readonly canvas: Canvas; users: number }>();

  const draw = (state: State, approvers: readonly string[], copy: boolean, stopped = false): CardJson =>
    runCard(state, { now: clock.now(), timeZone, locale, approvers, copy, stopped });

  /** Lends the message's canvas: all showings of one message share it, so that no two patch at once. */
  const withCanvas = async (message: string, use: (canvas: Canvas) => Promise<void>): Promise<void> => {
    const held = () => (holds.get(message) ?? 0) > 0;
    const entry = canvases.get(message) ?? {
      canvas: createCanvas(message, { chat, clock, log, held, signal }),
      users: 0,
    };
    canvases.set(message, entry);
    entry.users += 1;
    try {
      await use(entry.canvas);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) canvases.delete(message);
    }
  };

  const first = async (
    run: Run,
    place: Place & { kind: 'reply' },
    approvers: readonly string[],
  ): Promise<{ readonly message: string; readonly card: CardJson } | undefined> => {
    let recalled = false;
    for (let failures = 1; ; failures++) {
      const card = draw(run.state(), approvers, place.copy);
      try {
        const message =
          recalled || place.to === undefined
            ? await chat.send(place.chat, card, place.once, run.meter)
            : await chat.reply(place.to, card, place.once, run.meter, place.thread);
        return { message, card };
      } catch (error) {
        const trouble = troubleOf(error);
        const over = trouble === 'hopeless' || recalled || failures >= firstTries || signal.aborted;
        log.warn(over ? 'card.given-up' : 'card.not-sent', { run: run.id, trouble, ...factsOf(error) });
        if (over) return undefined;
        // The command was recalled: the card can still stand in the chat by itself.
        recalled = trouble === 'message-gone';
        if (!recalled) await clock.sleep(pauseAfter(error, failures), signal).catch(() => undefined);
      }
    }
  };

  const remember = async (run: string, card: { readonly chat: string; readonly message: string }) => {
    try {
      await journal.saveCard(run, card);
    } catch (error) {
      log.error('card.not-noted', { run, ...factsOf(error) });
    }
  };

  const follow: Live['follow'] = async (run, place, approvers) => {
    const copy = place.copy === true;
    // A first card that is still true need not be patched.
    let changed = place.kind === 'card';
    let show = () => {
      changed = true;
    };
    const unwatch = run.watch(() => show());
    try {
      const sent = place.kind === 'reply' ? await first(run, place, approvers) : undefined;
      const message = place.kind === 'card' ? place.message : sent?.message;
      if (message === undefined) return;
      if (place.chat !== undefined && !copy) await remember(run.id, { chat: place.chat, message });
      await withCanvas(message, async (canvas) => {
        canvas.begin(sent?.card, run.meter);
        show = () => {
          const now = run.state();
          // How it ended is drawn once, as the last state: whoever goes on with it elsewhere shows it there.
          if (now.status === 'running') canvas.show(() => draw(now, approvers, copy));
        };
        if (changed) show();
        const last = await endOf(run, () => show(), clock, leaving);
        unwatch();
        // Another instance goes on with it, and draws the card.
        if (run.lost.aborted && !(run.lost.reason instanceof HandedOver)) return;
        // Nobody goes on with it before the next start: until then the card must not look as if it were going on.
        const stopped = run.lost.aborted;
        await canvas.finish(() =>
          stopped ? draw({ ...last, status: 'running' }, approvers, copy, true) : draw(last, approvers, copy),
        );
      });
    } finally {
      unwatch();
    }
  };

  return {
    follow,
    refresh: (message, state, approvers) =>
      withCanvas(message, async (canvas) => {
        if (canvases.get(message)?.users === 1) canvas.begin();
        await canvas.finish(() => draw(state, approvers, false));
      }),
    hold(message) {
      holds.set(message, (holds.get(message) ?? 0) + 1);
      return () => {
        const left = (holds.get(message) ?? 1) - 1;
        if (left > 0) holds.set(message, left);
        else holds.delete(message);
        canvases.get(message)?.canvas.wake();
      };
    },
  };
}

/** Waits for the end of a run, or for the program's; ticks while nothing else happens. */
async function endOf(run: Run, tick: () => void, clock: Clock, leaving: AbortSignal): Promise<State> {
  const until = linked(leaving);
  const ticking = async (): Promise<State> => {
    for (;;) {
      await clock.sleep(idle, until.signal);
      tick();
    }
  };
  try {
    // The ticking only ever ends by being aborted.
    return await Promise.race([run.ended, ticking().catch(() => run.state())]);
  } finally {
    until.end();
  }
}
