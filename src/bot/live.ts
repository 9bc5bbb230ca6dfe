import type { View } from '../cards/parts/card.ts';
import { runCard } from '../cards/run-card.ts';
import { linked } from '../run/job.ts';
import type { CallMeter, Clock, Journal, Log } from '../run/ports.ts';
import { HandedOver, type Run } from '../run/runs/runs.ts';
import { isGoing, type State } from '../sync/state/state.ts';
import { starterOf } from './access.ts';
import { CardUpdater } from './card-updater.ts';
import { factsOf, isRefused, pauseAfter, troubleOf } from './failures.ts';
import type { CardJson, Chat } from './ports.ts';

/** Where a card is to stand: the first of these that Feishu takes it for. */
export interface Destination {
  /** The message that it answers. */
  readonly to?: string | undefined;
  /** Begins a thread where there is none. */
  readonly thread?: boolean | undefined;
  readonly chat: string;
  /** open_id of who must hear of it at any rate; nothing where nobody is known. */
  readonly person?: string | undefined;
  /** Repeats within the hour send nothing. */
  readonly once: string;
}

/** Where a card stands. */
export interface Posted {
  readonly message: string;
  readonly chat: string;
  readonly thread: boolean;
}

/**
 * Sends a card as an answer; where Feishu refuses that, whatever the code, by itself in the chat, and where that is
 * refused, to the person alone. Only a refusal leads on: what may have been sent is never sent elsewhere too.
 * Rejects with the last failure.
 */
export async function post(
  card: CardJson,
  { to, thread = false, chat, person, once }: Destination,
  talk: Pick<Chat, 'send' | 'reply'>,
  meter?: CallMeter,
): Promise<Posted> {
  try {
    if (to !== undefined)
      return { message: await talk.reply(to, card, once, { meter, thread }), chat, thread };
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  try {
    return { message: await talk.send(chat, card, once, meter), chat, thread: false };
  } catch (error) {
    if (person === undefined || person === chat || !isRefused(error)) throw error;
    return { message: await talk.send(person, card, once, meter), chat: person, thread: false };
  }
}

/** Keeps in mind that a card is being sent, until it is known which message it is. */
export function sending<T>(
  posting: Promise<T>,
  { underWay }: { readonly underWay: Set<Promise<unknown>> },
): Promise<T> {
  const over = posting.finally(() => underWay.delete(over));
  underWay.add(over);
  return over;
}

/** Where a run is shown: on a new card, or on one that stands already. `copy`: it has its own card elsewhere. */
export type Place = { readonly copy?: boolean } & (
  | ({ readonly kind: 'reply' } & Destination)
  | { readonly kind: 'card'; readonly message: string; readonly chat: string }
);

/** A card as it was sent, and the state that it shows. */
type Shown = Posted & { readonly card: CardJson; readonly state: State };

export interface LiveParts {
  readonly view: View;
  readonly clock: Clock;
  readonly log: Log;
  readonly chat: Chat;
  readonly journal: Pick<Journal, 'saveCard'>;
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

type Draw = (state: State, stopped?: boolean) => CardJson;

/** What is to be shown where. */
interface Showing {
  readonly run: Run;
  readonly draw: Draw;
  /** The run has its own card elsewhere. */
  readonly copy: boolean;
}

/** Keeps cards of runs fresh. Trouble with showing is logged and never touches a run. */
export class Live {
  readonly #parts: LiveParts;
  /** Clicks on each message that are unanswered. */
  readonly #holds = new Map<string, number>();
  readonly #updaters = new Map<string, { readonly updater: CardUpdater; users: number }>();

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /**
   * Shows a run until it ends; resolves when the last state is shown or given up. Where its card cannot be changed any
   * more, because it is too old or recalled, a new one takes its place. Never rejects.
   */
  async follow(run: Run, place: Place, approvers: readonly string[]): Promise<void> {
    const copy = place.copy === true;
    const showing: Showing = { run, copy, draw: this.#drawing(approvers, copy) };
    if (place.kind === 'card') {
      if (!copy) await this.#remember(run.id, place);
      return this.#keep(showing, place);
    }
    const posting = this.#send(run, place, showing.draw).then(async (sent) => {
      if (sent && !copy) await this.#remember(run.id, sent);
      return sent;
    });
    const sent = await sending(posting, this.#parts);
    if (sent) await this.#keep(showing, sent, sent);
  }

  /** Draws a card once more, as for a click on one that was out of date. Never rejects. */
  refresh(message: string, state: State, approvers: readonly string[]): Promise<void> {
    return this.#withUpdater(message, async (updater) => {
      if (this.#updaters.get(message)?.users === 1) updater.begin();
      await updater.finish(() => this.#drawing(approvers, false)(state));
    });
  }

  /** Holds patches of a message back while a click on it is unanswered; answers how to let go. */
  hold(message: string): () => void {
    this.#holds.set(message, (this.#holds.get(message) ?? 0) + 1);
    return () => {
      const left = (this.#holds.get(message) ?? 1) - 1;
      if (left > 0) this.#holds.set(message, left);
      else this.#holds.delete(message);
      this.#updaters.get(message)?.updater.wake();
    };
  }

  #drawing(approvers: readonly string[], copy: boolean): Draw {
    const { clock, view } = this.#parts;
    return (state, stopped = false) =>
      runCard(state, { now: clock.now(), ...view, approvers, copy, stopped });
  }

  /** Lends the message's updater: all showings of one message share it, so that no two patch at once. */
  async #withUpdater(message: string, use: (updater: CardUpdater) => Promise<void>): Promise<void> {
    const held = () => (this.#holds.get(message) ?? 0) > 0;
    const entry = this.#updaters.get(message) ?? {
      updater: new CardUpdater(message, { ...this.#parts, held }),
      users: 0,
    };
    this.#updaters.set(message, entry);
    entry.users += 1;
    try {
      await use(entry.updater);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.#updaters.delete(message);
    }
  }

  /** Sends a new card of the run; nothing when that is given up. */
  async #send(run: Run, to: Destination, draw: Draw): Promise<Shown | undefined> {
    const { chat, clock, log, signal } = this.#parts;
    for (let failures = 1; ; failures++) {
      const state = run.state();
      const card = draw(state);
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
  }

  async #remember(run: string, { chat, message }: Pick<Posted, 'chat' | 'message'>): Promise<void> {
    try {
      await this.#parts.journal.saveCard(run, { chat, message });
    } catch (error) {
      this.#parts.log.error('card.not-noted', { run, ...factsOf(error) });
    }
  }

  /** A card in place of one that cannot be changed any more; nothing for one that shows the run a second time. */
  async #replace({ run, copy }: Showing, old: Pick<Posted, 'chat' | 'message'>, draw: Draw) {
    if (copy) return undefined;
    const once = `anew:${run.id}:${run.state().version}`;
    const sent = await this.#send(run, { to: old.message, chat: old.chat, once }, draw);
    if (sent) await this.#remember(run.id, sent);
    return sent;
  }

  /** Shows a run on a card that stands, until it ends. @param shown what the card shows already */
  async #keep(showing: Showing, card: Pick<Posted, 'chat' | 'message'>, shown?: Shown): Promise<void> {
    const { run, draw } = showing;
    const now = () => draw(run.state());
    // What is true of the card need not be patched.
    let changed = shown !== undefined && run.state() !== shown.state;
    let show = () => {
      changed = true;
    };
    const unwatch = run.watch(() => show());
    let replaced: Shown | undefined;
    try {
      await this.#withUpdater(card.message, async (updater) => {
        updater.begin(shown?.card, run.meter);
        const there =
          shown !== undefined || (await Promise.race([updater.finish(now), run.ended.then(() => true)]));
        if (!there) replaced = await this.#replace(showing, card, draw);
        if (replaced) return;
        show = () => {
          // How it ended is drawn once, as the last state: whoever goes on with it elsewhere shows it there.
          if (isGoing(run.state())) updater.show(now);
        };
        if (changed) show();
        const last = await this.#endOf(run, () => show());
        unwatch();
        await this.#showEnd(showing, card, last, updater);
      });
    } finally {
      unwatch();
    }
    if (replaced) await this.#keep(showing, replaced, replaced);
  }

  async #showEnd(
    showing: Showing,
    card: Pick<Posted, 'chat' | 'message'>,
    last: State,
    updater: CardUpdater,
  ): Promise<void> {
    const { lost } = showing.run;
    // Another instance goes on with it, and draws the card.
    if (lost.aborted && !(lost.reason instanceof HandedOver)) return;
    // Nobody goes on with it before the next start: until then the card must not look as if it were going on.
    const end: Draw = () =>
      lost.aborted ? showing.draw({ ...last, status: 'running' }, true) : showing.draw(last);
    if (!(await updater.finish(() => end(last)))) await this.#replace(showing, card, end);
  }

  /** Waits for the end of a run, or for the program's; ticks while nothing else happens. */
  async #endOf(run: Run, tick: () => void): Promise<State> {
    const until = linked(this.#parts.leaving);
    const ticking = async (): Promise<State> => {
      for (;;) {
        await this.#parts.clock.sleep(idle, until.signal);
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
}
