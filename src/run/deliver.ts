import type { Change } from '../sync/change.ts';
import { type Chunk, decodeChanges, halves } from '../sync/chunk.ts';
import { CallError, type Failure } from '../sync/failure.ts';
import { tokenLife } from '../sync/limits.ts';
import { afterFailure, sameUnknownCodes } from '../sync/round.ts';
import type { BadRow } from '../sync/state.ts';
import { text } from '../sync/text.ts';
import { newChunk } from './compare.ts';
import type { ChunkRecord, ChunkStatus, Outcome } from './ports.ts';
import { shownKey } from './sample.ts';
import { send, type Token } from './send.ts';
import { settleByReading } from './settle.ts';
import type { Stopped, Upload } from './upload.ts';

/** Brings single chunks to the table and stores what became of them. */
export interface Delivery {
  /** Sends a chunk once (its parts too, when it must be split). Rejects when told to stop or fenced off. */
  deliver(chunk: ChunkRecord, changes: readonly Change[]): Promise<void>;
  /** After the last round: settles a chunk for good. */
  giveUp(chunk: ChunkRecord): Promise<void>;
  /** Why nothing more should be sent, once that is so. */
  stopped(): Stopped | undefined;
}

/** Prepares delivery. `chunks` is kept up to date: the newest of each chunk, parts at the end. */
export function delivery(job: Upload, chunks: ChunkRecord[]): Delivery {
  const unknownCodes = new Map<number, number>();
  let stopped: Stopped | undefined;

  async function put(
    chunk: ChunkRecord,
    status: ChunkStatus,
    outcome: Partial<Outcome>,
  ): Promise<ChunkRecord> {
    const whole: Outcome = { ...nothing, written: chunk.written, failure: null, ...outcome, status };
    await job.journal.settle(job.run, job.scope, chunk.id, whole, job.fence);
    const next = { ...chunk, status, written: whole.written, failure: whole.failure };
    replace(chunks, next);
    job.onChunk(next);
    return next;
  }

  /** A look-up that failed says nothing about the rows: the chunk stays open, as one that may have been written. */
  async function deliver(chunk: ChunkRecord, changes: readonly Change[]): Promise<void> {
    try {
      await one(chunk, changes);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const failure = { ...error.failure, mayHaveHappened: true };
      const now = newest(chunk);
      if (failure.verdict === 'stop') stopped ??= { failure, chunks: 1 };
      await put(now, failure.verdict === 'stop' ? 'unknown' : 'pending', { failure });
    }
  }

  async function one(chunk: ChunkRecord, changes: readonly Change[]): Promise<void> {
    let now: ChunkRecord = chunk;
    let rest = changes;
    if (mustReadFirst(job, now)) {
      const settled = await settleByReading(job, rest);
      rest = settled.rest;
      now = { ...now, token: null, sentAt: null, written: now.rows - rest.length };
      if (rest.length === 0 || settled.wrote.length > 0) {
        now = await put(now, rest.length === 0 ? 'done' : 'pending', {
          written: now.written,
          wrote: settled.wrote,
          removed: settled.removed,
        });
      }
      if (rest.length === 0) return;
    }
    const result = await send(senderFor(now), rest, tokenOf(now), job.stop);
    const written = now.written + result.written;
    if (!result.failure) {
      await put(now, 'done', { wrote: result.wrote, removed: result.removed, written });
      return;
    }
    await afterRefusal(now, rest, result.failure);
  }

  function senderFor(chunk: ChunkRecord) {
    const note = async (token: Token | null): Promise<void> => {
      const at = token?.at ?? job.clock.now();
      await job.journal.sending(job.run, chunk.id, token?.token ?? null, at, job.fence);
      replace(chunks, {
        ...chunk,
        status: 'sent',
        token: token?.token ?? null,
        sentAt: at,
        attempts: chunk.attempts + 1,
      });
    };
    return { ...job, targets: job.plan.targets, note };
  }

  async function afterRefusal(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const sent = newest(chunk);
    switch (afterFailure(failure, chunk.kind, rest.length)) {
      case 'next-round':
        // The token lives on only where the write may have happened: that is what it protects.
        await put({ ...sent, ...(failure.mayHaveHappened ? {} : noToken) }, 'pending', { failure });
        return;
      case 'split':
        if (failure.verdict === 'smaller') job.onTooMany(rest.length);
        await split(sent, rest, failure);
        return;
      case 'look':
        await dropGone(sent, rest, failure);
        return;
      case 'fail':
        if (failure.verdict === 'values') await reject(sent, rest, failure);
        else await put(sent, 'failed', { failure });
        countUnknown(failure);
        return;
      case 'stop-run':
        await put(sent, 'failed', { failure });
        stopped ??= { failure, chunks: 1 };
    }
  }

  async function split(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const parts = halves(chunk, rest);
    await put(chunk, 'split', { failure, parts: parts.map((part) => newChunk(part)) });
    for (const part of parts) {
      if (stopped) return;
      job.stop.soon.throwIfAborted();
      const record = recordOf(part);
      chunks.push(record);
      job.onChunk(record);
      await one(record, part.changes);
    }
  }

  /** One vanished record refuses the whole call: it is dropped, and the others are sent. */
  async function dropGone(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const { absent } = await job.table.look(
      rest.flatMap((change) => ('record' in change ? [change.record] : [])),
      job.stop.now,
    );
    const gone = new Set(absent);
    const there = rest.filter((change) => !('record' in change) || !gone.has(change.record));
    const isDelete = chunk.kind === 'delete';
    if (gone.size === 0) {
      await put(chunk, 'failed', { failure });
      return;
    }
    const dropped = { removed: absent, written: chunk.written + (isDelete ? gone.size : 0) };
    if (there.length === 0) {
      await put(chunk, isDelete ? 'done' : 'failed', { ...dropped, failure: isDelete ? null : failure });
      return;
    }
    const result = await send(senderFor(chunk), there, null, job.stop);
    const written = dropped.written + result.written;
    const stands = result.failure ?? (isDelete ? null : failure);
    const again =
      result.failure !== null && afterFailure(result.failure, chunk.kind, there.length) === 'next-round';
    const status = stands === null ? 'done' : again ? 'pending' : 'failed';
    await put(chunk, status, {
      written,
      failure: stands,
      wrote: result.wrote,
      removed: [...absent, ...result.removed],
    });
  }

  function countUnknown(failure: Failure): void {
    if (failure.verdict !== 'unknown' && failure.verdict !== 'reread') return;
    const code = failure.code ?? 0;
    const times = (unknownCodes.get(code) ?? 0) + 1;
    unknownCodes.set(code, times);
    if (times >= sameUnknownCodes) stopped ??= { failure, chunks: times };
  }

  async function reject(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    await put(chunk, 'rejected', { failure });
    job.onRejected(rejectedRow(job, rest[0], failure));
  }

  /** After the last round: what may have been written is read back; what cannot be told is unknown, never a success. */
  async function giveUp(chunk: ChunkRecord): Promise<void> {
    const { failure } = chunk;
    if (!failure?.mayHaveHappened) {
      await put(chunk, 'failed', { failure });
      return;
    }
    try {
      const changes = decodeChanges(await job.journal.body(job.run, chunk.id));
      const { rest, wrote, removed } = await settleByReading(job, changes);
      const done = rest.length === 0;
      const written = chunk.rows - rest.length;
      await put(chunk, done ? 'done' : 'failed', { wrote, removed, written, failure: done ? null : failure });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      await put(chunk, 'unknown', { failure });
    }
  }

  const newest = (chunk: ChunkRecord): ChunkRecord => chunks.find(({ id }) => id === chunk.id) ?? chunk;

  return { deliver, giveUp, stopped: () => stopped };
}

/** A row that Feishu refused for what is in it, as it is listed. */
function rejectedRow(job: Upload, change: Change | undefined, failure: Failure): BadRow {
  const { pointer } = failure;
  const code = failure.code === null ? '' : `${failure.code} `;
  return {
    kind: 'rejected',
    key: change ? shownKey(job.plan, change.key) : '',
    row: null,
    ...(pointer === undefined ? {} : { field: pointer }),
    reason: text(`飞书拒绝：${code}${failure.message}`, `Feishu refused it: ${code}${failure.message}`),
  };
}

const noToken = { token: null, sentAt: null };

const tokenOf = (chunk: ChunkRecord): Token | null =>
  chunk.token !== null && chunk.sentAt !== null ? { token: chunk.token, at: chunk.sentAt } : null;

/**
 * Whether keys must be read back before a chunk of creates is sent: an earlier send may have happened and its
 * token is too old to protect (or belongs to another life of the program), or the table moved while it was read.
 */
function mustReadFirst(job: Upload, chunk: ChunkRecord): boolean {
  if (chunk.kind !== 'create') return false;
  if (job.plan.confirmCreates && chunk.attempts === 0) return true;
  if (chunk.status === 'sent') return true;
  if (chunk.written > 0 || chunk.failure?.verdict === 'settle') return true;
  const fresh = chunk.sentAt !== null && job.clock.now() - chunk.sentAt < tokenLife;
  return chunk.failure?.mayHaveHappened === true && !fresh;
}

const nothing = { wrote: [], removed: [], parts: [] };

function recordOf(chunk: Chunk): ChunkRecord {
  return {
    id: chunk.id,
    kind: chunk.kind,
    seq: chunk.seq,
    rows: chunk.changes.length,
    status: 'pending',
    token: null,
    sentAt: null,
    attempts: 0,
    written: 0,
    failure: null,
  };
}

function replace(chunks: ChunkRecord[], next: ChunkRecord): void {
  const at = chunks.findIndex(({ id }) => id === next.id);
  if (at >= 0) chunks[at] = next;
}
