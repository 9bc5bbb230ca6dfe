import { encodeChanges } from '../sync/change.ts';
import { tokenLife } from '../sync/limits.ts';
import type { Part } from '../sync/parts.ts';
import type { ChunkRecord, ChunkStatus, NewChunk, Outcome } from './ports.ts';
import type { Token } from './send.ts';
import type { Upload } from './upload.ts';

/** Where the chunks of a run stand, in the store and here. */
export interface Book {
  /** Stores how a chunk stands; the rows confirmed so far stay unless the outcome says otherwise. Rejects when fenced off. */
  put(chunk: ChunkRecord, status: ChunkStatus, outcome: Partial<Outcome>): Promise<ChunkRecord>;
  /** Puts parts in the place of a chunk, each to be sent; nothing of them need be read back. */
  divide(
    chunk: ChunkRecord,
    parts: readonly Part[],
    outcome: Partial<Outcome>,
  ): Promise<readonly ChunkRecord[]>;
  /** Notes that a chunk is handed to the network now. */
  sending(chunk: ChunkRecord, token: Token | null): Promise<void>;
  /** Notes that a send of the chunk ended without an answer of Feishu's: it may still be on its way. */
  unanswered(id: string): void;
  /** From when on (monotonic, ms) no send of the chunk can arrive any more. */
  arrivedBy(chunk: ChunkRecord): number;
  /** The token of an earlier send. */
  tokenOf(chunk: ChunkRecord): Token | null;
  /** A chunk as it stands now. */
  newest(chunk: ChunkRecord): ChunkRecord;
  /** Notes that it is known what the table has of a chunk. */
  wasRead(id: string): void;
  /** Whether it was in doubt before it was read back. */
  wasInDoubt(id: string): boolean;
  /** Whether a send of the chunk may have happened of which nothing is known. */
  inDoubt(chunk: ChunkRecord): boolean;
  /** Whether it was read back what the table has of a chunk. */
  isRead(id: string): boolean;
  /** Whether the token of an earlier send keeps the chunk from being created twice. */
  isProtected(chunk: ChunkRecord): boolean;
  /**
   * Whether must be read back what the table has before a chunk is sent: where some of it is written already, where
   * Feishu takes it for a repetition, and for creates where an earlier send may have happened whose token does not
   * protect any more, and which the read before the plan cannot have shown.
   */
  mustReadFirst(chunk: ChunkRecord): boolean;
  /** Counts that a chunk failed as one that may be too much for one call; answers how often by now. */
  wasHeavy(id: string): number;
}

/** A chunk that no token protects. */
export const noToken = { token: null, sentAt: null };

/**
 * Opens the book of an upload.
 * @param chunks kept up to date: the newest of each chunk, parts at the end
 * @param doubtful chunks that an earlier life of the program sent and never heard of
 */
export function openBook(
  job: Pick<Upload, 'journal' | 'run' | 'scope' | 'fence' | 'hold' | 'clock' | 'readAt' | 'onChunks'>,
  chunks: ChunkRecord[],
  doubtful: ReadonlySet<string>,
): Book {
  const { journal, run, scope, fence, hold, clock } = job;
  const opened = { at: clock.now(), since: clock.monotonic() };
  /** By chunk: when its token was first used, and when a send was given up without an answer (monotonic, ms). */
  const used = new Map<string, number>();
  const silent = new Map<string, number>();
  const readBack = new Set<string>();
  const cleared = new Set<string>();
  const heavy = new Map<string, number>();

  function replace(next: ChunkRecord): void {
    const at = chunks.findIndex(({ id }) => id === next.id);
    if (at >= 0) chunks[at] = next;
  }

  async function store(
    chunk: ChunkRecord,
    status: ChunkStatus,
    outcome: Partial<Outcome>,
    parts: readonly ChunkRecord[] = [],
  ): Promise<ChunkRecord> {
    const whole: Outcome = { ...nothing, written: chunk.written, ...outcome, status };
    await journal.settle(run, scope, chunk.id, whole, fence);
    const next = { ...chunk, status, written: whole.written, failure: whole.failure };
    replace(next);
    chunks.push(...parts);
    job.onChunks([next, ...parts]);
    return next;
  }

  const inDoubt = ({ id, failure }: ChunkRecord): boolean =>
    failure?.mayHaveHappened === true || (doubtful.has(id) && !readBack.has(id));

  /**
   * When the token was first used. That of an earlier life was used before this one, whatever the calendar says: who
   * wrote its time down may have had another one.
   */
  const usedAt = (id: string, sentAt: number): number =>
    used.get(id) ?? opened.since - Math.max(0, opened.at - sentAt);

  const isProtected = ({ id, failure, token, sentAt }: ChunkRecord): boolean =>
    token !== null &&
    sentAt !== null &&
    failure?.verdict !== 'settle' &&
    clock.monotonic() - usedAt(id, sentAt) < tokenLife;

  const arrivedBy = ({ id }: ChunkRecord): number => {
    const before = doubtful.has(id) ? hold.since : Number.NEGATIVE_INFINITY;
    return Math.max(silent.get(id) ?? Number.NEGATIVE_INFINITY, before) + tokenLife;
  };

  return {
    put: (chunk, status, outcome) => store(chunk, status, outcome),
    async divide(chunk, parts, outcome) {
      const records = parts.map(recordOfPart);
      for (const { id } of records) readBack.add(id);
      await store(chunk, 'split', { ...outcome, parts: parts.map(storedPart) }, records);
      return records;
    },
    async sending(chunk, token) {
      const at = token?.at ?? clock.now();
      if (token) used.set(chunk.id, token.since);
      await journal.sending(run, chunk.id, token?.token ?? null, at, fence);
      const sent = { status: 'sent', token: token?.token ?? null, sentAt: at } as const;
      replace({ ...chunk, ...sent, attempts: chunk.attempts + 1 });
    },
    unanswered: (id) => void silent.set(id, clock.monotonic()),
    arrivedBy,
    tokenOf: ({ id, token, sentAt }) =>
      token === null || sentAt === null ? null : { token, at: sentAt, since: usedAt(id, sentAt) },
    newest: (chunk) => chunks.find(({ id }) => id === chunk.id) ?? chunk,
    wasRead(id) {
      const chunk = chunks.find((one) => one.id === id);
      if (chunk && inDoubt(chunk)) cleared.add(id);
      readBack.add(id);
    },
    isRead: (id) => readBack.has(id),
    wasInDoubt: (id) => cleared.has(id),
    inDoubt,
    isProtected,
    mustReadFirst(chunk) {
      const { id, kind, failure, written } = chunk;
      if (written > 0 || failure?.verdict === 'settle') return true;
      if (kind !== 'create') return false;
      if (isProtected(chunk)) return false;
      // A read that began when nothing could arrive any more has shown what the table has of it.
      if (doubtful.has(id) && !readBack.has(id)) return job.readAt < arrivedBy(chunk);
      return failure?.mayHaveHappened === true;
    },
    wasHeavy(id) {
      const times = (heavy.get(id) ?? 0) + 1;
      heavy.set(id, times);
      return times;
    },
  };
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
