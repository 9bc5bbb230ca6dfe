import type { Change } from '../sync/change.ts';
import { backIn, type Chunk, decodeChanges, halves } from '../sync/chunk.ts';
import { CallError, type Failure } from '../sync/failure.ts';
import { tokenLife } from '../sync/limits.ts';
import type { Target } from '../sync/mapping.ts';
import { afterFailure, isOpen, sameUnknownCodes } from '../sync/round.ts';
import { refusedRow } from './bad-rows.ts';
import { newChunk } from './compare.ts';
import type { Plan } from './plan.ts';
import type { ChunkRecord, ChunkStatus, Outcome, RefusedRow } from './ports.ts';
import { rowHash } from './refused.ts';
import { followRenames } from './renames.ts';
import { type Sent, send, type Token } from './send.ts';
import { settleByReading } from './settle.ts';
import type { Stopped, Upload } from './upload.ts';

/** Brings single chunks to the table and stores what became of them. */
export interface Delivery {
  /**
   * Sends a chunk once (its parts too, when it must be split). Rejects when told to stop or fenced off.
   * @param written called when all of it is in the table, and only the store does not know yet
   */
  deliver(chunk: ChunkRecord, changes: readonly Change[], written: () => Promise<void>): Promise<void>;
  /** After the last round: settles a chunk for good. */
  giveUp(chunk: ChunkRecord): Promise<void>;
  /** Finds out what was written of chunks whose answer never came; nothing is sent. What cannot be told is unknown. */
  clearDoubt(): Promise<void>;
  /** Why nothing more should be sent, once that is so. */
  stopped(): Stopped | undefined;
}

/**
 * Prepares delivery. `chunks` is kept up to date: the newest of each chunk, parts at the end.
 * @param doubtful chunks that an earlier life of the program sent and never heard of
 */
export function delivery(given: Upload, chunks: ChunkRecord[], doubtful: ReadonlySet<string>): Delivery {
  /** With the fields under their names of today. */
  let job = given;
  const unknownCodes = new Map<number, number>();
  /** Chunks whose keys were read back, so that what is not there may be created. */
  const readBack = new Set<string>();
  let stopped: Stopped | undefined;
  let tooMany: { readonly rows: number; readonly failure: Failure } | undefined;

  async function put(
    chunk: ChunkRecord,
    status: ChunkStatus,
    outcome: Partial<Outcome>,
    parts: readonly ChunkRecord[] = [],
  ): Promise<ChunkRecord> {
    const whole: Outcome = { ...nothing, written: chunk.written, failure: null, ...outcome, status };
    await job.journal.settle(job.run, job.scope, chunk.id, whole, job.fence);
    const next = { ...chunk, status, written: whole.written, failure: whole.failure };
    replace(chunks, next);
    chunks.push(...parts);
    job.onChunks([next, ...parts]);
    return next;
  }

  async function deliver(
    chunk: ChunkRecord,
    changes: readonly Change[],
    written: () => Promise<void> = async () => {},
  ): Promise<void> {
    const { targets } = job.plan;
    try {
      await one(chunk, changes, written);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (await underNewNames(error.failure, targets)) {
        await deliver(newest(chunk), changes, written);
        return;
      }
      await lookFailed(newest(chunk), error.failure);
    }
  }

  /** A look-up that failed says nothing about the rows: a chunk that may have been written stays one. */
  async function lookFailed(chunk: ChunkRecord, failure: Failure): Promise<void> {
    const mayHaveHappened = inDoubt(chunk);
    const stands = { ...failure, mayHaveHappened };
    if (failure.verdict !== 'stop') {
      await put({ ...chunk, ...(mayHaveHappened ? {} : noToken) }, 'pending', { failure: stands });
      return;
    }
    stopped ??= { failure, chunks: 1 };
    await put(chunk, mayHaveHappened ? 'unknown' : 'failed', { failure: stands });
  }

  /** Whether a failure comes from fields that somebody renamed: from now on their new names are used. */
  async function underNewNames(failure: Failure | null, sentAs: readonly Target[]): Promise<boolean> {
    if (failure?.verdict !== 'reread') return false;
    // Another chunk has found out already.
    if (job.plan.targets !== sentAs) return true;
    const found = await followRenames(job.table, sentAs, job.stop.now);
    if (!found) return false;
    job = { ...job, plan: { ...job.plan, targets: found.targets } };
    for (const note of found.notes) job.onNote(note);
    return true;
  }

  async function one(
    chunk: ChunkRecord,
    changes: readonly Change[],
    written: () => Promise<void>,
  ): Promise<void> {
    const began = job.clock.now();
    let now = chunk;
    let rest = changes;
    let result: Sent;
    let sentAs: readonly Target[];
    do {
      sentAs = job.plan.targets;
      if (mustReadFirst(now)) {
        const settled = await settleByReading(job, changes);
        readBack.add(now.id);
        rest = settled.rest;
        now = {
          ...now,
          written: now.rows - rest.length,
          failure: null,
          ...(rest.length === changes.length && protectedByToken(now) ? {} : noToken),
        };
        const { wrote, removed } = settled;
        if (rest.length < changes.length)
          now = await put(now, rest.length === 0 ? 'done' : 'pending', { wrote, removed });
        if (rest.length === 0) return;
      }
      // Rows in doubt are sent as they were, under the token that protects them.
      if (tooMany && rest.length > Math.max(1, tooMany.rows / 2) && !inDoubt(now)) {
        await split(now, rest, tooMany.failure);
        return;
      }
      result = await send(
        { ...senderFor(now), written },
        rest,
        { token: tokenOf(now), began, doubt: inDoubt(now) },
        job.stop,
      );
      if (result.outlived) now = { ...newest(now), failure: result.failure };
    } while (result.outlived || (await underNewNames(result.failure, sentAs)));
    if (result.failure) await afterRefusal(now, rest, result.failure);
    else {
      const { wrote, removed } = result;
      await put(now, 'done', { wrote, removed, written: now.written + result.written });
    }
  }

  /**
   * Whether must be read back what the table has before a chunk is sent: where some of it is written already, and
   * for creates where an earlier send may have happened whose token is too old to protect (or belongs to another
   * life of the program), or where the table moved since it was read.
   */
  function mustReadFirst(chunk: ChunkRecord): boolean {
    if (chunk.written > 0) return true;
    if (chunk.kind !== 'create') return false;
    if (!readBack.has(chunk.id) && (doubtful.has(chunk.id) || job.confirmCreates)) return true;
    if (chunk.failure?.verdict === 'settle') return true;
    return chunk.failure?.mayHaveHappened === true && !protectedByToken(chunk);
  }

  const protectedByToken = ({ failure, token, sentAt }: ChunkRecord): boolean =>
    token !== null &&
    sentAt !== null &&
    failure?.verdict !== 'settle' &&
    job.clock.now() - sentAt < tokenLife;

  const inDoubt = ({ id, failure }: ChunkRecord): boolean =>
    failure?.mayHaveHappened === true || (doubtful.has(id) && !readBack.has(id));

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
    return { ...job, targets: job.plan.targets, note, written: async () => {} };
  }

  async function afterRefusal(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const sent = newest(chunk);
    const doubt = failure.mayHaveHappened || inDoubt(sent);
    switch (afterFailure(failure, chunk.kind, rest.length)) {
      case 'next-round':
        // The token lives on only where the write may have happened: that is what it protects.
        await put({ ...sent, ...(doubt ? {} : noToken) }, 'pending', {
          failure: { ...failure, mayHaveHappened: doubt },
        });
        return;
      case 'split':
        if (failure.verdict === 'smaller') learn(rest.length, failure);
        await (doubt ? clearUp(sent, rest, failure) : split(sent, rest, failure));
        return;
      case 'look':
        await dropGone(sent, rest, failure);
        return;
      case 'fail':
        await (doubt ? clearUp(sent, rest, failure) : fail(sent, rest, failure));
        return;
      case 'stop-run':
        await put(sent, doubt ? 'unknown' : 'failed', { failure: { ...failure, mayHaveHappened: doubt } });
        stopped ??= { failure, chunks: 1 };
    }
  }

  /** A refusal says nothing about an earlier send of the same rows: what that one wrote is read back first. */
  async function clearUp(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const doubted = await put(chunk, 'pending', { failure: { ...failure, mayHaveHappened: true } });
    const { rest: missing, wrote, removed } = await settleByReading(job, rest);
    readBack.add(chunk.id);
    const written = doubted.written + rest.length - missing.length;
    const status = missing.length === 0 ? 'done' : 'pending';
    const clear = await put({ ...doubted, ...noToken }, status, { wrote, removed, written });
    if (missing.length > 0) await afterRefusal(clear, missing, { ...failure, mayHaveHappened: false });
  }

  async function fail(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    if (failure.verdict === 'values' && rest.length === 1 && chunk.kind !== 'delete') {
      const refused = refusal(job.plan, rest[0], failure);
      await put(chunk, 'rejected', { failure, refused });
      if (refused) job.onRejected(refused.told);
    } else await put(chunk, 'failed', { failure });
    countUnknown(failure);
  }

  async function split(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const parts = halves(chunk, rest);
    const records = parts.map(recordOf);
    for (const { id } of records) readBack.add(id);
    const stored = parts.map((part) => newChunk(part));
    await put(chunk, 'split', { failure, parts: stored }, records);
    for (const [at, record] of records.entries()) {
      if (stopped) return;
      job.stop.soon.throwIfAborted();
      await deliver(record, parts[at]?.changes ?? []);
    }
  }

  /**
   * One vanished record refuses the whole call: it is dropped, and the others are sent. A delete of it is done,
   * an update of it has failed.
   */
  async function dropGone(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const { absent } = await job.table.look(
      rest.flatMap((change) => ('record' in change ? [change.record] : [])),
      job.stop.now,
    );
    const gone = new Set(absent);
    const there = rest.filter((change) => !('record' in change) || !gone.has(change.record));
    const stands = chunk.kind === 'delete' ? null : failure;
    const written = chunk.written + (chunk.kind === 'delete' ? gone.size : 0);
    if (gone.size === 0 || there.length === 0) {
      const whole = gone.size > 0 && stands === null;
      await put(chunk, whole ? 'done' : 'failed', {
        removed: absent,
        written,
        failure: whole ? null : failure,
      });
      return;
    }
    const now = await put(chunk, 'pending', { removed: absent, written, failure: stands });
    const result = await send(
      senderFor(now),
      there,
      { token: null, began: job.clock.now(), doubt: false },
      job.stop,
    );
    if (!result.failure) {
      const { wrote, removed } = result;
      const all = { wrote, removed, written: written + result.written, failure: stands };
      await put(newest(now), stands === null ? 'done' : 'failed', all);
      return;
    }
    if (afterFailure(result.failure, chunk.kind, there.length) === 'look') {
      await put(newest(now), 'failed', { failure: result.failure });
      return;
    }
    // An update's parts hold the vanished records too, so that each row stays in exactly one chunk.
    await afterRefusal(now, stands === null ? there : rest, result.failure);
  }

  /** What one call did not take, no later one is asked to: chunks above half of it are cut before they are sent. */
  function learn(rows: number, failure: Failure): void {
    if (!tooMany || rows < tooMany.rows) tooMany = { rows, failure };
    job.onTooMany(rows);
  }

  function countUnknown(failure: Failure): void {
    if (failure.verdict !== 'unknown' && failure.verdict !== 'reread') return;
    const code = failure.code ?? 0;
    const times = (unknownCodes.get(code) ?? 0) + 1;
    unknownCodes.set(code, times);
    if (times >= sameUnknownCodes) stopped ??= { failure, chunks: times };
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

  async function clearDoubt(): Promise<void> {
    const open = chunks.filter(
      (chunk) => isOpen(chunk.status) && (chunk.status === 'sent' || inDoubt(chunk)),
    );
    for (const chunk of open) {
      try {
        const changes = decodeChanges(await job.journal.body(job.run, chunk.id));
        const { rest, wrote, removed } = await settleByReading(job, changes);
        const found = { wrote, removed, written: chunk.rows - rest.length };
        await put({ ...chunk, ...noToken }, rest.length === 0 ? 'done' : 'pending', found);
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const failure = chunk.failure ?? error.failure;
        await put(chunk, 'unknown', { failure: { ...failure, mayHaveHappened: true } });
      }
    }
  }

  const newest = (chunk: ChunkRecord): ChunkRecord => chunks.find(({ id }) => id === chunk.id) ?? chunk;

  return { deliver, giveUp, clearDoubt, stopped: () => stopped };
}

const noToken = { token: null, sentAt: null };

const tokenOf = ({ token, sentAt }: ChunkRecord): Token | null =>
  token !== null && sentAt !== null ? { token, at: sentAt } : null;

const nothing = { wrote: [], removed: [], parts: [], refused: null };

/** A row that Feishu refused for what is in it, as it is remembered. */
const refusal = (plan: Plan, change: Change | undefined, failure: Failure): RefusedRow | null =>
  change
    ? { key: change.key, hash: rowHash(change), fields: plan.fields, told: refusedRow(plan, change, failure) }
    : null;

function recordOf(chunk: Chunk): ChunkRecord {
  return {
    id: chunk.id,
    kind: chunk.kind,
    seq: chunk.seq,
    rows: chunk.changes.length,
    back: backIn(chunk.changes),
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
