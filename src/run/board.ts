import type { CallCounts, State } from '../sync/state/state.ts';
import type { CallMeter } from './ports.ts';

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
