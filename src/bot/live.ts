import { runCard } from '../cards/run-card.ts';
import type { Clock, Journal, Log } from '../run/ports.ts';
import { linked } from '../run/runs/linked.ts';
import { HandedOver, type Run } from '../run/runs/runs.ts';
import type { State } from '../sync/state.ts';
import type { Locale } from '../sync/text.ts';
import { starterOf } from './access.ts';
import { type Canvas, createCanvas } from './canvas.ts';
import type { CardJson, Chat } from './ports.ts';
import { type Destination, type Posted, post, sending } from './post.ts';
import { factsOf, isRefused, pauseAfter, troubleOf } from './trouble.ts';

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
  /** A card that stands already. */
  | {
      readonly kind: 'card';
      readonly message: string;
      readonly chat: string;
      readonly copy?: boolean;
    };

/** A card as it was sent, and the state that it shows. */
type Shown = Posted & { readonly card: CardJson; readonly state: State };

/** Keeps cards of runs fresh. Trouble with showing is logged and never touches a run. */
export interface Live {
  /**
   * Shows a run until it ends; resolves when the last state is shown or given up. Where its card cannot be changed any
   * more, because it is too old or recalled, a new one takes its place. Never rejects.
   */
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
  /** Cards that are being sent, until the store knows which message each is. */
  readonly underWay: Set<Promise<unknown>>;
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

  /** Sends a new card of the run; nothing when that is given up. */
  const send = async (
    run: Run,
    to: Destination,
    drawn: (state: State) => CardJson,
  ): Promise<Shown | undefined> => {
    for (let failures = 1; ; failures++) {
      const state = run.state();
      const card = drawn(state);
      try {
        return { ...(await post(card, { person: starterOf(state), ...to }, chat, run.meter)), card, state };
      } catch (error) {
        const trouble = troubleOf(error);
        const over = isRefused(error) || trouble === 'hopeless' || failures >= firstTries || signal.aborted;
        log.warn(over ? 'card.given-up' : 'card.not-sent', { run: run.id, trouble, ...factsOf(error) });
        if (over) return undefined;
        await clock.sleep(pauseAfter(error, failures), signal).catch(() => undefined);
      }
    }
  };

  const remember = async (
    run: string,
    { chat, message }: { readonly chat: string; readonly message: string },
  ) => {
    try {
      await journal.saveCard(run, { chat, message });
    } catch (error) {
      log.error('card.not-noted', { run, ...factsOf(error) });
    }
  };

  /** A card in place of one that cannot be changed any more; nothing for one that shows the run a second time. */
  const anew = async (run: Run, old: Place & { kind: 'card' }, drawn: (state: State) => CardJson) => {
    if (old.copy) return undefined;
    const { chat, message: to } = old;
    const sent = await send(run, { to, chat, once: `anew:${run.id}:${run.state().version}` }, drawn);
    if (sent) await remember(run.id, sent);
    return sent;
  };

  /** Shows a run on a card that stands, until it ends. @param shown what the card shows already */
  const keep = async (
    run: Run,
    place: Place & { kind: 'card' },
    approvers: readonly string[],
    shown?: Shown,
  ): Promise<void> => {
    const copy = place.copy === true;
    const drawn = (state: State) => draw(state, approvers, copy);
    const now = () => drawn(run.state());
    // What is true of the card need not be patched.
    let changed = shown !== undefined && run.state() !== shown.state;
    let show = () => {
      changed = true;
    };
    const unwatch = run.watch(() => show());
    let replaced: Shown | undefined;
    try {
      await withCanvas(place.message, async (canvas) => {
        canvas.begin(shown?.card, run.meter);
        const there =
          shown !== undefined || (await Promise.race([canvas.finish(now), run.ended.then(() => true)]));
        if (!there) replaced = await anew(run, place, drawn);
        if (replaced) return;
        show = () => {
          // How it ended is drawn once, as the last state: whoever goes on with it elsewhere shows it there.
          if (run.state().status === 'running') canvas.show(now);
        };
        if (changed) show();
        const last = await endOf(run, () => show(), clock, leaving);
        unwatch();
        // Another instance goes on with it, and draws the card.
        if (run.lost.aborted && !(run.lost.reason instanceof HandedOver)) return;
        // Nobody goes on with it before the next start: until then the card must not look as if it were going on.
        const stopped = run.lost.aborted;
        const end = () =>
          stopped ? draw({ ...last, status: 'running' }, approvers, copy, true) : drawn(last);
        if (!(await canvas.finish(end))) await anew(run, place, end);
      });
    } finally {
      unwatch();
    }
    if (replaced) await keep(run, { kind: 'card', ...replaced }, approvers, replaced);
  };

  const follow: Live['follow'] = async (run, place, approvers) => {
    if (place.kind === 'card') {
      if (!place.copy) await remember(run.id, place);
      return keep(run, place, approvers);
    }
    const { copy } = place;
    const posting = send(run, place, (state) => draw(state, approvers, copy)).then(async (sent) => {
      if (sent && !copy) await remember(run.id, sent);
      return sent;
    });
    const sent = await sending(posting, parts);
    if (!sent) return;
    await keep(run, { kind: 'card', message: sent.message, chat: sent.chat, copy }, approvers, sent);
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
