import type { Definition } from '../../sync/definition/definition.ts';
import type { Actor, State } from '../../sync/state/state.ts';
import type { CallMeter } from '../ports.ts';

/** What somebody wants to happen. */
export interface RunRequest {
  readonly definition: Definition;
  readonly by: Actor;
  /** Reads and compares, writes nothing. */
  readonly planOnly?: boolean;
  /** Creates the fields that the table lacks first, whatever the definition says: a person has asked for it. */
  readonly createFields?: boolean;
  /** Waits for its turn where another definition's run holds the table: started all the same, it says so in its state. */
  readonly queue?: boolean;
  /** Sends the rows too that Feishu refused before, though nothing has changed: a person has asked for it. */
  readonly retryRejected?: boolean;
  /** Aborted when nobody wants to wait any longer for a table whose holder may be gone: it counts as held then. */
  readonly patience?: AbortSignal;
}

/** Why a run is not this process's any more: the program stops, and whoever comes next goes on with it. */
export class HandedOver extends Error {
  constructor() {
    super('the program stops');
    this.name = 'HandedOver';
  }
}

/** A run that this process carries out. */
export interface Run {
  readonly id: string;
  /** What is known of it right now. */
  state(): State;
  /** Calls back after every change of the state, in order; answers how to stop that. */
  watch(listener: (state: State) => void): () => void;
  /** Counts calls that are made to show the run. */
  readonly meter: CallMeter;
  /** Resolves with the last state, also when the run failed; never rejects. */
  readonly ended: Promise<State>;
  /**
   * Aborted when the run is not this process's any more: another instance has taken it over, or is to, because this
   * one stops ({@link HandedOver} is the reason then). What is known here is old by then, and shown there.
   */
  readonly lost: AbortSignal;
}

/** What became of a request. */
export type Started =
  | { readonly kind: 'started'; readonly run: Run }
  /** Another run holds the table: this process's own, or another process's as last stored. */
  | { readonly kind: 'busy'; readonly state: State; readonly run?: Run };

/** What became of a press on a run's button. */
export type Acted =
  | { readonly kind: 'going'; readonly run: Run }
  /** The instance that carries the run out is told; it takes a second or two. */
  | { readonly kind: 'asked'; readonly state: State }
  /** Settled without further work, as when a plan is thrown away. */
  | { readonly kind: 'settled'; readonly state: State }
  /** The button belongs to a moment that has passed: nothing was done. */
  | { readonly kind: 'stale'; readonly state: State }
  | { readonly kind: 'busy'; readonly state: State; readonly run?: Run }
  | { readonly kind: 'no-such-run' };

/** How a plan is applied; as it is shown, when nothing is said. */
export interface Applying {
  readonly withoutDeletes?: boolean;
  /** See {@link RunRequest}. */
  readonly patience?: AbortSignal;
}

/** The runs of this process: start, act on, find, go on after a restart. */
export interface Runs {
  start(request: RunRequest): Promise<Started>;
  /** Sends again exactly the chunks that failed. `version` is the one the button carried; `patience` as in {@link RunRequest}. */
  retry(run: string, by: Actor, version?: number, patience?: AbortSignal): Promise<Acted>;
  /** Goes on with the plan of a run that was cancelled, under the same ID. */
  resumeCancelled(run: string, by: Actor, version?: number): Promise<Acted>;
  /**
   * Ends a run wherever it is carried out: between two chunks, in a pause, or while it reads. A plan that waits is
   * thrown away.
   */
  cancel(run: string, by: Actor, version?: number): Promise<Acted>;
  /** Carries out exactly the plan that waits, with its deletes or without them. */
  apply(run: string, by: Actor, version?: number, how?: Applying): Promise<Acted>;
  /** Throws the plan that waits away. */
  discard(run: string, by: Actor, version?: number): Promise<Acted>;
  /** The run as it is now, or as it was last stored. */
  find(run: string): Promise<State | undefined>;
  /** Runs that go on or wait, wherever they are carried out, oldest first, with the chat that shows them. */
  open(): Promise<readonly { readonly state: State; readonly chat: string | null }[]>;
  /** Newest first. */
  latest(definition: string, limit: number): Promise<readonly State[]>;
  /** Runs that this process carries out now. */
  active(): readonly Run[];
  /**
   * Goes on with runs that a stopped or killed process left, and closes what is too old: such a run, or a plan that
   * waits. Runs that another process carries out are left alone. Answers all that have to be shown again.
   */
  resume(): Promise<readonly Run[]>;
  /** Takes no more work, lets the calls in flight end, stores where everything stands. */
  stop(): Promise<void>;
}
