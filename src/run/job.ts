import type { Board } from './board.ts';
import type { Hold } from './keeper.ts';
import type { Lanes } from './lane.ts';
import type { Chance, Clock, Log, People, Scope, Sources, Store, Table } from './ports.ts';

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
