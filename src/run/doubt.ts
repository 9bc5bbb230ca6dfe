import { decodeChanges } from '../sync/change.ts';
import { CallError, type Failure } from '../sync/failure.ts';
import { isOpen } from '../sync/round.ts';
import { type Book, noToken } from './book.ts';
import type { ChunkRecord } from './ports.ts';
import { type Settled, settleByReading } from './settle.ts';
import type { Upload } from './upload.ts';

/** Finds out what became of chunks that are not sent any more. */
export interface Settler {
  /**
   * After the last round: settles a chunk for good. What may have been written is read back; what cannot be told is
   * unknown, never a success and never "absent".
   */
  giveUp(chunk: ChunkRecord): Promise<void>;
  /** Finds out what was written of chunks whose answer never came; nothing is sent. What cannot be told is unknown. */
  clearDoubt(): Promise<void>;
}

/** @param job with the fields under their names of today */
export function settler(job: () => Upload, book: Book, chunks: readonly ChunkRecord[]): Settler {
  const { put } = book;

  /** What the table has of a chunk, or why that cannot be told. */
  async function seen({ id }: ChunkRecord): Promise<Settled | Failure> {
    const now = job();
    try {
      return await settleByReading(now, decodeChanges(await now.journal.body(now.run, id)));
    } catch (error) {
      if (error instanceof CallError) return error.failure;
      throw error;
    }
  }

  return {
    async giveUp(chunk) {
      const { failure } = chunk;
      if (!failure?.mayHaveHappened) {
        await put(chunk, 'failed', { failure });
        return;
      }
      const found = await seen(chunk);
      if ('verdict' in found) {
        await put(chunk, 'unknown', { failure });
        return;
      }
      const { wrote, removed } = found;
      const written = chunk.rows - missing(found);
      const done = written === chunk.rows;
      await put(chunk, done ? 'done' : 'failed', { wrote, removed, written, failure: done ? null : failure });
    },
    async clearDoubt() {
      const open = chunks.filter(
        (chunk) => isOpen(chunk.status) && (chunk.status === 'sent' || book.inDoubt(chunk)),
      );
      for (const chunk of open) {
        const found = await seen(chunk);
        if ('verdict' in found) {
          const failure = { ...(chunk.failure ?? found), mayHaveHappened: true };
          await put(chunk, 'unknown', { failure });
          continue;
        }
        const { wrote, removed } = found;
        const written = chunk.rows - missing(found);
        const status = written === chunk.rows ? 'done' : 'pending';
        await put({ ...chunk, ...noToken }, status, { wrote, removed, written });
      }
    },
  };
}

/** How many changes the table does not have as they were to be. */
const missing = ({ rest, others }: Settled): number => rest.length + others.length;
