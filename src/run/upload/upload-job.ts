import type { BadRow } from '../../sync/state/state.ts';
import type { Failure } from '../../sync/words/failure.ts';
import type { Text } from '../../sync/words/text.ts';
import type { Job } from '../job.ts';
import type { Lane } from '../lane.ts';
import type { Plan } from '../plan.ts';
import type { Chance, ChunkRecord, Clock, Journal } from '../ports.ts';

/** What an upload works with. */
export interface Upload {
  readonly job: Job;
  readonly plan: Plan;
  /** When the read began from which the plan was made (monotonic, ms). */
  readonly readAt: number;
  readonly lane: Lane;
  readonly ports: Ports;
  /** How many records the table has by now, roughly. */
  readonly records: () => number;
  readonly show: Showing;
}

interface Ports {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Told how the upload goes on. */
export interface Showing {
  /** After every change of a chunk, with the failure that stands; of a split one together with its parts. */
  chunks(chunks: readonly ChunkRecord[]): void;
  /** Before an extra round, or before it waits for a send to arrive: until when (ms). */
  pause(until: number): void;
  round(round: number): void;
  /** A chunk of this many rows was too much for one call. */
  tooMany(rows: number): void;
  /** What is worth telling on the card. */
  note(note: Text): void;
  /** Each row that Feishu refused for what is in it. */
  rejected(row: BadRow): void;
}

/** Why the rest of the plan was not sent. */
export interface Stopped {
  readonly failure: Failure;
  /** How many chunks failed with it. */
  readonly chunks: number;
}
