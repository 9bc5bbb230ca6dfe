import type { CallCounts, State } from '../sync/state/state.ts';
import type { Hold } from './keeper.ts';
import type { Lanes } from './lane.ts';
import type { CallMeter, Chance, Clock, Log, People, Scope, Sources, Store, Table } from './ports.ts';

/** What all runs of the program share. */
export interface Parts {
  readonly sources: Sources;
  readonly people: People;
  readonly store: Store;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** How this machine is set up. */
  readonly place: Place;
}

/** Where and when the program runs. */
export interface Place {
  /** The zone of dates without one, unless a definition names its own. */
  readonly timeZone: string;
  /** Folder for rows that do not fit in memory. */
  readonly folder: string;
}

/** One run on its opened and leased table. */
export interface Job {
  readonly run: string;
  readonly scope: Scope;
  readonly table: Table;
  readonly board: Board;
  /** Of the lease: whoever lost the table stores nothing any more. */
  readonly fence: number;
  /** The lease under which the table is written to. */
  readonly hold: Hold;
  readonly stop: StopSignals;
  /** Aborted when a person has cancelled the run; `stop.soon` is then, too. */
  readonly cancel: AbortSignal;
}

/** The two ways to end early. */
export interface StopSignals {
  /** Nothing new is sent; what is in flight may end. */
  readonly soon: AbortSignal;
  /** Calls in flight are given up too. */
  readonly now: AbortSignal;
}

/** The state of one run, where everybody who shows it can watch. */
export interface Board {
  state(): State;
  /** Replaces the state and tells the watchers. */
  set(change: (state: State) => State): void;
  watch(listener: (state: State) => void): () => void;
  /** Counts calls; the counts reach the state at its next change. */
  readonly meter: CallMeter;
}

/** Puts up a board with a first state. */
export function board(first: State): Board {
  let state = first;
  const calls: { -readonly [kind in keyof CallCounts]: number } = { ...first.calls };
  const listeners = new Set<(state: State) => void>();
  return {
    state: () => (state = { ...state, calls: { ...calls } }),
    set(change) {
      state = change({ ...state, calls: { ...calls } });
      for (const listener of listeners) listener(state);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    meter: {
      count(kind) {
        calls[kind]++;
      },
    },
  };
}

/** A signal of one's own that also ends when another one does, and leaves nothing behind on it. */
export interface Linked {
  readonly signal: AbortSignal;
  /** Ends it; to be called in every case. */
  end(): void;
}

// AbortSignal.any would do, but on Node 20 it holds on to memory while the longer-lived signal lives.
export function linked(to: AbortSignal): Linked {
  const own = new AbortController();
  const pass = () => own.abort();
  if (to.aborted) pass();
  to.addEventListener('abort', pass, { once: true });
  return {
    signal: own.signal,
    end() {
      to.removeEventListener('abort', pass);
      own.abort();
    },
  };
}
