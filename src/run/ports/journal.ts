import type { ChunkKind, ChunkStatus, State } from '../../sync/state/state.ts';
import type { Failure } from '../../sync/words/failure.ts';
import type { LedgerEntry, RefusedRow, Scope } from './ledger.ts';

/** One run as stored. */
export interface RunRecord {
  readonly id: string;
  readonly scope: Scope;
  /** Hash of query, key and mapping. */
  readonly fingerprint: string;
  /** What the upload needs besides the chunks (mapping, revision, plan hash), as the run wrote it; empty before the plan. */
  readonly plan: string;
  readonly state: State;
  /** The chat message that shows the run. */
  readonly card: { readonly chat: string; readonly message: string } | null;
}

/** One chunk as stored, without its rows. */
export interface ChunkRecord {
  readonly id: string;
  readonly kind: ChunkKind;
  /** Position in the order of sending. */
  readonly seq: number;
  readonly rows: number;
  readonly status: ChunkStatus;
  /** The idempotency token of its first send, and when that was (ms); null before. */
  readonly token: string | null;
  readonly sentAt: number | null;
  /** How often it was sent. */
  readonly attempts: number;
  /** Updates among its rows that set back what somebody changed. */
  readonly back: number;
  /** Rows confirmed so far; all of them when `done`. A failed chunk may hold some that a read-back found written. */
  readonly written: number;
  /** The failure that stands, for `failed`, `unknown` and `rejected`. */
  readonly failure: Failure | null;
}

/** A chunk as planned. */
export interface NewChunk {
  readonly id: string;
  readonly kind: ChunkKind;
  readonly seq: number;
  readonly rows: number;
  /** Updates among them that set back what somebody changed. */
  readonly back: number;
  /** The changes, encoded by `sync/chunk`. */
  readonly body: Uint8Array;
  /** Why Feishu refused its rows in an earlier run: the chunk begins as rejected, and only a person has it sent. */
  readonly refused?: Failure;
  /** What is known of earlier sends of its rows. */
  readonly sent?: {
    readonly attempts: number;
    /** Whether one may have happened of which nothing is known: the chunk begins as sent. */
    readonly inDoubt: boolean;
    /** The token of that one, where it was of the very same rows, and when that was first used (ms). */
    readonly token: string | null;
    readonly sentAt: number | null;
  };
}

/** How a chunk came out; stored in one transaction together with the ledger. */
export interface Outcome {
  readonly status: ChunkStatus;
  /** Rows of the chunk that are confirmed as written (or gone, for deletes). */
  readonly written: number;
  readonly failure: Failure | null;
  /** Confirmed by this chunk. */
  readonly wrote: readonly LedgerEntry[];
  /** Record IDs that are gone by this chunk. */
  readonly removed: readonly string[];
  /** Parts that take the chunk's place, when it was split. */
  readonly parts: readonly NewChunk[];
  /** The row that Feishu refused for what is in it, when the chunk was that row alone. */
  readonly refused: RefusedRow | null;
}

/** The durable record of runs: enough to go on after a kill. */
export interface Journal {
  createRun(run: RunRecord): Promise<void>;
  /** @param fence rejects with `Fenced` once the table was claimed anew; not looked at when not given */
  saveState(run: string, state: State, fence?: number): Promise<void>;
  /** Puts a state in the place of one with that status and version; false when it has changed meanwhile. */
  replaceState(run: string, before: Pick<State, 'status' | 'version'>, state: State): Promise<boolean>;
  saveCard(run: string, card: { readonly chat: string; readonly message: string }): Promise<void>;
  /**
   * Stores what the upload needs, once all chunks are added.
   * @param succession chunks of the plan before that go, and those that take their place under their IDs
   */
  savePlan(
    run: string,
    plan: { readonly text: string; readonly fingerprint: string },
    fence?: number,
    succession?: { readonly drop: readonly string[]; readonly add: readonly NewChunk[] },
  ): Promise<void>;
  /** Throws the chunks of a plan away that was never carried out. */
  dropPlan(run: string, fence?: number): Promise<void>;
  findRun(run: string): Promise<RunRecord | undefined>;
  findRunByMessage(message: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  latestRuns(definition: string, limit: number): Promise<readonly RunRecord[]>;
  /** Runs whose state says `running` or `waiting`, oldest first. */
  openRuns(): Promise<readonly RunRecord[]>;
  /** The newest run of the scope that ended as `done`. */
  lastDone(scope: Scope): Promise<RunRecord | undefined>;
  /** When the newest run of a definition that succeeded ended, in ms. */
  lastSuccess(definition: string): Promise<number | undefined>;
  addChunks(run: string, chunks: readonly NewChunk[], fence?: number): Promise<void>;
  /** All chunks in the order of sending. */
  chunks(run: string): Promise<readonly ChunkRecord[]>;
  body(run: string, chunk: string): Promise<Uint8Array>;
  /** Notes, before a send, that the chunk is handed to the network; with its token and time. */
  sending(run: string, chunk: string, token: string | null, at: number, fence: number): Promise<void>;
  /** Stores how a chunk came out. Rejects with `Fenced` when another instance has taken the run over. */
  settle(run: string, scope: Scope, chunk: string, outcome: Outcome, fence: number): Promise<void>;
  /** Deletes ended runs older than the time given (ms), with their chunks. */
  prune(before: number): Promise<void>;
  /**
   * Throws the plans of ended runs away until all that are stored hold no more bytes than given: of runs that came to
   * their end first, then of those that could still go on; the oldest first. Open runs are left alone. Answers how
   * many it were.
   */
  shrink(bytes: number): Promise<number>;
}
