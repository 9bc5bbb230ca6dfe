import { encodeChanges } from '../../sync/plan/change.ts';
import type { Part } from '../../sync/plan/chunk.ts';
import type { BadRow } from '../../sync/state/state.ts';
import type { Failure } from '../../sync/words/failure.ts';
import { tokenLife } from '../../sync/words/limits.ts';
import type { Text } from '../../sync/words/text.ts';
import type { Job } from '../job.ts';
import type { Lane } from '../lane.ts';
import type { Plan } from '../plan.ts';
import type { Chance, ChunkRecord, ChunkStatus, Clock, Journal, NewChunk, Outcome } from '../ports.ts';
import type { Token } from './send.ts';

/** A chunk that no token protects. */
export const noToken = { token: null, sentAt: null };

const never = Number.NEGATIVE_INFINITY;

/** Where the chunks of an upload stand, in the store and here, and what is known of each send. */
export class ChunkLog {
  readonly #upload: Upload;
  /** The newest of each chunk, parts at the end. */
  readonly #chunks: ChunkRecord[];
  /** Chunks that an earlier life of the program sent and never heard of. */
  readonly #doubtful: ReadonlySet<string>;
  readonly #opened: { readonly at: number; readonly since: number };
  /** By chunk: when its token was first used, and when a send was given up without an answer (monotonic, ms). */
  readonly #used = new Map<string, number>();
  readonly #silent = new Map<string, number>();
  readonly #read = new Set<string>();
  readonly #cleared = new Set<string>();
  readonly #heavy = new Map<string, number>();

  constructor(upload: Upload, chunks: readonly ChunkRecord[]) {
    const { clock } = upload.ports;
    this.#upload = upload;
    this.#chunks = [...chunks];
    this.#doubtful = new Set(chunks.filter(({ status }) => status === 'sent').map(({ id }) => id));
    this.#opened = { at: clock.now(), since: clock.monotonic() };
  }

  all(): readonly ChunkRecord[] {
    return this.#chunks;
  }

  /** Stores how a chunk stands; the rows confirmed so far stay unless the outcome says otherwise. Rejects when fenced off. */
  put(chunk: ChunkRecord, status: ChunkStatus, outcome: Partial<Outcome>): Promise<ChunkRecord> {
    return this.#store(chunk, status, outcome, []);
  }

  /** Puts parts in the place of a chunk, each to be sent; nothing of them need be read back. */
  async divide(
    chunk: ChunkRecord,
    parts: readonly Part[],
    outcome: Partial<Outcome>,
  ): Promise<readonly ChunkRecord[]> {
    const records = parts.map(recordOfPart);
    for (const { id } of records) this.#read.add(id);
    await this.#store(chunk, 'split', { ...outcome, parts: parts.map(storedPart) }, records);
    return records;
  }

  async #store(
    chunk: ChunkRecord,
    status: ChunkStatus,
    outcome: Partial<Outcome>,
    parts: readonly ChunkRecord[],
  ): Promise<ChunkRecord> {
    const { job, ports, show } = this.#upload;
    const whole: Outcome = { ...nothing, written: chunk.written, ...outcome, status };
    await ports.journal.settle(job.run, job.scope, chunk.id, whole, job.fence);
    const next = { ...chunk, status, written: whole.written, failure: whole.failure };
    this.#replace(next);
    this.#chunks.push(...parts);
    show.chunks([next, ...parts]);
    return next;
  }

  #replace(next: ChunkRecord): void {
    const at = this.#chunks.findIndex(({ id }) => id === next.id);
    if (at >= 0) this.#chunks[at] = next;
  }

  /** Notes that a chunk is handed to the network now. */
  async sending(chunk: ChunkRecord, token: Token | null): Promise<void> {
    const { job, ports } = this.#upload;
    const at = token?.at ?? ports.clock.now();
    if (token) this.#used.set(chunk.id, token.since);
    await ports.journal.sending(job.run, chunk.id, token?.token ?? null, at, job.fence);
    const sent = { status: 'sent', token: token?.token ?? null, sentAt: at } as const;
    this.#replace({ ...chunk, ...sent, attempts: chunk.attempts + 1 });
  }

  /** Notes that a send of the chunk ended without an answer of Feishu's: it may still be on its way. */
  unanswered({ id }: ChunkRecord): void {
    this.#silent.set(id, this.#upload.ports.clock.monotonic());
  }

  /** A chunk as it stands now. */
  newest(chunk: ChunkRecord): ChunkRecord {
    return this.#chunks.find(({ id }) => id === chunk.id) ?? chunk;
  }

  /** From when on (monotonic, ms) no send of the chunk can arrive any more. */
  arrivedBy({ id }: ChunkRecord): number {
    const before = this.#doubtful.has(id) ? this.#upload.job.hold.since : never;
    return Math.max(this.#silent.get(id) ?? never, before) + tokenLife;
  }

  /** The token of an earlier send. */
  tokenOf({ id, token, sentAt }: ChunkRecord): Token | null {
    return token === null || sentAt === null ? null : { token, at: sentAt, since: this.#usedAt(id, sentAt) };
  }

  /**
   * When the token was first used. That of an earlier life was used before this one, whatever the calendar says: who
   * wrote its time down may have had another one.
   */
  #usedAt(id: string, sentAt: number): number {
    return this.#used.get(id) ?? this.#opened.since - Math.max(0, this.#opened.at - sentAt);
  }

  /** Whether the token of an earlier send keeps the chunk from being created twice. */
  isProtected({ id, failure, token, sentAt }: ChunkRecord): boolean {
    if (token === null || sentAt === null || failure?.verdict === 'settle') return false;
    return this.#upload.ports.clock.monotonic() - this.#usedAt(id, sentAt) < tokenLife;
  }

  /** Whether a send of the chunk may have happened of which nothing is known. */
  inDoubt({ id, failure }: ChunkRecord): boolean {
    return failure?.mayHaveHappened === true || (this.#doubtful.has(id) && !this.#read.has(id));
  }

  /** Notes that it is known what the table has of a chunk. */
  wasRead({ id }: ChunkRecord): void {
    const chunk = this.#chunks.find((one) => one.id === id);
    if (chunk && this.inDoubt(chunk)) this.#cleared.add(id);
    this.#read.add(id);
  }

  isRead({ id }: ChunkRecord): boolean {
    return this.#read.has(id);
  }

  /** Whether the chunk was in doubt before it was read back. */
  wasInDoubt({ id }: ChunkRecord): boolean {
    return this.#cleared.has(id);
  }

  /**
   * Whether must be read back what the table has before a chunk is sent: where some of it is written already, where
   * Feishu takes it for a repetition, and for creates where an earlier send may have happened whose token does not
   * protect any more, and which the read before the plan cannot have shown.
   */
  mustReadFirst(chunk: ChunkRecord): boolean {
    const { id, kind, failure, written } = chunk;
    if (written > 0 || failure?.verdict === 'settle') return true;
    if (kind !== 'create' || this.isProtected(chunk)) return false;
    // A read that began when nothing could arrive any more has shown what the table has of it.
    if (this.#doubtful.has(id) && !this.#read.has(id)) return this.#upload.readAt < this.arrivedBy(chunk);
    return failure?.mayHaveHappened === true;
  }

  /** Counts that a chunk failed as one that may be too much for one call; returns how often by now. */
  wasHeavy({ id }: ChunkRecord): number {
    const times = (this.#heavy.get(id) ?? 0) + 1;
    this.#heavy.set(id, times);
    return times;
  }
}

const nothing: Omit<Outcome, 'status' | 'written'> = {
  failure: null,
  wrote: [],
  removed: [],
  parts: [],
  refused: null,
};

const recordOfPart = ({ id, kind, seq, changes, back }: Part): ChunkRecord => ({
  ...{ id, kind, seq, rows: changes.length, back },
  ...{ status: 'pending', ...noToken, attempts: 0, written: 0, failure: null },
});

const storedPart = ({ id, kind, seq, changes, back }: Part): NewChunk => ({
  ...{ id, kind, seq, rows: changes.length, back },
  body: encodeChanges(changes),
});

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
