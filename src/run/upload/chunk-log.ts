import { type Change, decodeChanges, encodeChanges } from '../../sync/plan/change.ts';
import type { Part } from '../../sync/plan/chunk.ts';
import { goneNote, keptNote, leftNote } from '../../sync/plan/policy.ts';
import { withBad } from '../../sync/state/counts.ts';
import { chunkFacts } from '../../sync/state/state.ts';
import type { Failure } from '../../sync/words/failure.ts';
import { tokenLife } from '../../sync/words/limits.ts';
import type { Text } from '../../sync/words/text.ts';
import type { Job, Parts } from '../job.ts';
import type { KnownRun } from '../known.ts';
import type { Lane } from '../lane.ts';
import { refusal } from '../plan/plan-writer.ts';
import { asLeft, counted, type Plan } from '../plan.ts';
import type { ChunkRecord, ChunkStatus, NewChunk, Outcome } from '../ports.ts';

/** What an upload works with. */
export interface Upload {
  readonly job: Job;
  /** Its fields are followed when somebody renames them. */
  plan: Plan;
  /** When the read began from which the plan was made (monotonic, ms). */
  readonly readAt: number;
  /** Takes what is confirmed; missing where nothing is sent. */
  readonly known?: KnownRun | undefined;
  readonly lane: Lane;
  readonly parts: Pick<Parts, 'store' | 'clock' | 'chance'>;
}

/** Why the rest of the plan was not sent. */
export interface Stopped {
  readonly failure: Failure;
  /** How many chunks failed with it. */
  readonly chunks: number;
}

/** An idempotency token and when it was first used: by the calendar, and by the clock that nobody sets. */
export interface Token {
  readonly token: string;
  readonly at: number;
  readonly since: number;
}

/** What of a chunk is still to be sent. */
export interface Open {
  readonly chunk: ChunkRecord;
  readonly rest: readonly Change[];
}

/** A chunk that no token protects. */
export const noToken = { token: null, sentAt: null };

const never = Number.NEGATIVE_INFINITY;

/** What this process knows of a chunk besides its record. */
interface About {
  /** When its token was first used, and when a send was given up without an answer (monotonic, ms). */
  used?: number;
  silent?: number;
  /** Sent by an earlier life of the program that never heard of it. */
  doubtful?: boolean;
  /** What the table has of it is known; and whether it was in doubt before that. */
  read?: boolean;
  cleared?: boolean;
  /** How often it failed as one that may be too much for one call. */
  heavy?: number;
}

/** Where the chunks of an upload stand, in the store and here, and what is known of each send. */
export class ChunkLog {
  readonly upload: Upload;
  /** Why nothing more should be sent, once that is so. */
  stopped: Stopped | undefined;
  /** Records to be deleted that were gone, or have another key, and rows to be created that somebody else made. */
  readonly others = { gone: 0, kept: 0, left: 0 };
  /** The newest of each chunk, parts at the end. */
  readonly #chunks: ChunkRecord[];
  readonly #about = new Map<string, About>();
  readonly #opened: { readonly at: number; readonly since: number };

  private constructor(upload: Upload, chunks: readonly ChunkRecord[]) {
    const { clock } = upload.parts;
    this.upload = upload;
    this.#chunks = [...chunks];
    for (const chunk of chunks) if (chunkFacts[chunk.status].inFlight) this.#of(chunk).doubtful = true;
    this.#opened = { at: clock.now(), since: clock.monotonic() };
  }

  static async open(upload: Upload): Promise<ChunkLog> {
    return new ChunkLog(upload, await upload.parts.store.journal.chunks(upload.job.run));
  }

  #of({ id }: Pick<ChunkRecord, 'id'>): About {
    const about = this.#about.get(id) ?? {};
    this.#about.set(id, about);
    return about;
  }

  all(): readonly ChunkRecord[] {
    return this.#chunks;
  }

  /** Those that are still to be sent. */
  open(): readonly ChunkRecord[] {
    return this.#chunks.filter(({ status }) => chunkFacts[status].open);
  }

  /** A chunk as it stands now. */
  newest(chunk: ChunkRecord): ChunkRecord {
    return this.#chunks.find(({ id }) => id === chunk.id) ?? chunk;
  }

  async body({ id }: ChunkRecord): Promise<readonly Change[]> {
    const { job, parts } = this.upload;
    return decodeChanges(await parts.store.journal.body(job.run, id));
  }

  /** How many records the table has by now, roughly. */
  records(): number {
    const added = { create: 1, update: 0, delete: -1 };
    return this.#chunks.reduce(
      (sum, { kind, written }) => sum + added[kind] * written,
      this.upload.plan.records,
    );
  }

  /** Shows where the chunks stand. */
  show(chunks: readonly ChunkRecord[] = this.#chunks): void {
    this.upload.job.board.set((state) => counted(state, this.upload.plan.basis, chunks));
  }

  /** Shows where they stand once nothing more is sent: what is in doubt is unknown then. */
  showLeft(): void {
    this.show(this.#chunks.map(asLeft));
  }

  note(...notes: readonly Text[]): void {
    this.upload.job.board.set((state) => ({ ...state, notes: [...state.notes, ...notes] }));
  }

  /** Tells of rows and records that somebody else got to first. */
  noteOthers(): void {
    const { gone, kept, left } = this.others;
    this.note(
      ...(gone > 0 ? [goneNote(gone)] : []),
      ...(left > 0 ? [leftNote(left)] : []),
      ...(kept > 0 ? [keptNote(kept)] : []),
    );
  }

  /** Counts records that somebody else deleted first; of a chunk in doubt it may have been the call without an answer. */
  wereGone(chunk: ChunkRecord, records: number): void {
    if (!this.inDoubt(chunk)) this.others.gone += Math.max(0, records);
  }

  /** Shows a round as begun. */
  showRound(round: number): void {
    this.upload.job.board.set((state) => ({
      ...{ ...state, phase: 'uploading', resumeAt: null },
      rounds: Math.max(state.rounds, round),
    }));
  }

  /** Shows that nothing is sent for so many ms, and waits. Rejects when told to stop. */
  async pause(ms: number): Promise<void> {
    const { job, parts } = this.upload;
    const until = parts.clock.now() + ms;
    job.board.set((state) => ({ ...state, phase: 'pausing', resumeAt: until }));
    await parts.clock.sleep(ms, job.stop.soon);
  }

  /** Stores how a chunk stands; the rows confirmed so far stay unless the outcome says otherwise. Rejects when fenced off. */
  put(chunk: ChunkRecord, status: ChunkStatus, outcome: Partial<Outcome> = {}): Promise<ChunkRecord> {
    return this.#store(chunk, { ...outcome, status }, []);
  }

  /** Puts parts in the place of a chunk, each to be sent; nothing of them need be read back. */
  async divide(
    chunk: ChunkRecord,
    parts: readonly Part[],
    outcome: Partial<Outcome>,
  ): Promise<readonly ChunkRecord[]> {
    const records = parts.map(recordOfPart);
    for (const part of records) this.#of(part).read = true;
    await this.#store(chunk, { ...outcome, status: 'split', parts: parts.map(storedPart) }, records);
    return records;
  }

  async #store(
    chunk: ChunkRecord,
    change: Partial<Outcome> & Pick<Outcome, 'status'>,
    parts: readonly ChunkRecord[],
  ): Promise<ChunkRecord> {
    const { run, scope, fence } = this.upload.job;
    const outcome: Outcome = { ...nothing, written: chunk.written, ...change };
    const { status, written, failure } = outcome;
    await this.upload.parts.store.journal.settle({ run, scope, fence, chunk: chunk.id, outcome });
    const isClean = status === 'done' && this.newest(chunk).attempts === 1 && chunk.failure === null;
    if (status !== 'dropped') this.upload.known?.confirm(outcome, isClean);
    const next = { ...chunk, status, written, failure };
    this.#replace(next);
    this.#chunks.push(...parts);
    this.show();
    return next;
  }

  #replace(next: ChunkRecord): void {
    const at = this.#chunks.findIndex(({ id }) => id === next.id);
    if (at >= 0) this.#chunks[at] = next;
  }

  /** Stores a chunk that is to be sent again; its token lives on only where it protects a write that may have happened. */
  async again(chunk: ChunkRecord, failure: Failure): Promise<void> {
    await this.put({ ...chunk, ...(failure.mayHaveHappened ? {} : noToken) }, 'pending', { failure });
  }

  /** Ends the run by a chunk that failed. */
  async stopRun(chunk: ChunkRecord, failure: Failure, outcome: Partial<Outcome> = {}): Promise<void> {
    // Who may not write may not have seen either what was there when it was read back.
    const mayHaveHappened =
      failure.mayHaveHappened || this.inDoubt(chunk) || this.#of(chunk).cleared === true;
    this.stopped ??= { failure, chunks: 1 };
    const stands = { ...failure, mayHaveHappened };
    await this.put(chunk, mayHaveHappened ? 'unknown' : 'failed', { ...outcome, failure: stands });
  }

  /** Stores a chunk that failed; of one row that Feishu refused also which it was. */
  async fail(chunk: ChunkRecord, [only, ...others]: readonly Change[], failure: Failure): Promise<void> {
    const isRow = failure.verdict === 'values' && others.length === 0;
    const refused = isRow ? refusal(this.upload.plan, only, failure) : null;
    await this.put(chunk, refused ? 'rejected' : 'failed', { failure, refused });
    if (refused)
      this.upload.job.board.set((state) => ({ ...state, badRows: withBad(state.badRows, refused.told) }));
  }

  /** Notes that a chunk is handed to the network now. */
  async sending(chunk: ChunkRecord, used: Token | null): Promise<void> {
    const { job, parts } = this.upload;
    const token = used?.token ?? null;
    const at = used?.at ?? parts.clock.now();
    if (used) this.#of(chunk).used = used.since;
    this.upload.known?.sending();
    const { run, fence } = job;
    await parts.store.journal.sending({ run, chunk: chunk.id, token, at, fence });
    this.#replace({ ...chunk, status: 'sent', token, sentAt: at, attempts: chunk.attempts + 1 });
  }

  /** Notes that a send of the chunk ended without an answer of Feishu's: it may still be on its way. */
  unanswered(chunk: ChunkRecord): void {
    this.#of(chunk).silent = this.upload.parts.clock.monotonic();
  }

  /** From when on (monotonic, ms) no send of the chunk can arrive any more. */
  arrivedBy(chunk: ChunkRecord): number {
    const { doubtful, silent = never } = this.#of(chunk);
    return Math.max(silent, doubtful ? this.upload.job.hold.since : never) + tokenLife;
  }

  /** The token of an earlier send. */
  tokenOf(chunk: ChunkRecord): Token | null {
    const { token, sentAt: at } = chunk;
    if (token === null || at === null) return null;
    // That of an earlier life was used before this one, whatever the calendar says: who wrote its time down may have had
    // another one.
    const since = this.#of(chunk).used ?? this.#opened.since - Math.max(0, this.#opened.at - at);
    return { token, at, since };
  }

  /** Whether the token of an earlier send keeps the chunk from being created twice. */
  isProtected(chunk: ChunkRecord): boolean {
    const token = this.tokenOf(chunk);
    if (token === null || chunk.failure?.verdict === 'settle') return false;
    return this.upload.parts.clock.monotonic() - token.since < tokenLife;
  }

  /** Whether a send of the chunk may have happened of which nothing is known. */
  inDoubt(chunk: ChunkRecord): boolean {
    return chunk.failure?.mayHaveHappened === true || this.#isDoubtful(chunk);
  }

  #isDoubtful(chunk: ChunkRecord): boolean {
    const { doubtful = false, read = false } = this.#of(chunk);
    return doubtful && !read;
  }

  /** Notes that it is known what the table has of a chunk. */
  wasRead(chunk: ChunkRecord): void {
    if (this.inDoubt(this.newest(chunk))) this.#of(chunk).cleared = true;
    this.#of(chunk).read = true;
  }

  isRead(chunk: ChunkRecord): boolean {
    return this.#of(chunk).read === true;
  }

  /**
   * Whether must be read back what the table has before a chunk is sent: where some of it is written already, where
   * Feishu takes it for a repetition, and for creates where an earlier send may have happened whose token does not
   * protect any more, and which the read before the plan cannot have shown.
   */
  mustReadFirst(chunk: ChunkRecord): boolean {
    const { kind, failure, written } = chunk;
    if (written > 0 || failure?.verdict === 'settle') return true;
    if (kind !== 'create' || this.isProtected(chunk)) return false;
    // A read that began when nothing could arrive any more has shown what the table has of it.
    if (this.#isDoubtful(chunk)) return this.upload.readAt < this.arrivedBy(chunk);
    return failure?.mayHaveHappened === true;
  }

  /** Counts that a chunk failed as one that may be too much for one call; returns how often by now. */
  wasHeavy(chunk: ChunkRecord): number {
    const about = this.#of(chunk);
    about.heavy = (about.heavy ?? 0) + 1;
    return about.heavy;
  }
}

const nothing: Omit<Outcome, 'status' | 'written'> = {
  ...{ failure: null, wrote: [], removed: [], parts: [], refused: null },
};

const recordOfPart = ({ id, kind, seq, changes, back }: Part): ChunkRecord => ({
  ...{ id, kind, seq, rows: changes.length, back },
  ...{ status: 'pending', ...noToken, attempts: 0, written: 0, failure: null },
});

const storedPart = ({ id, kind, seq, changes, back }: Part): NewChunk => ({
  ...{ id, kind, seq, rows: changes.length, back },
  body: encodeChanges(changes),
});
