import { type Change, decodeChanges } from '../sync/change.ts';
import { CallError, type Failure } from '../sync/failure.ts';
import type { Key } from '../sync/key.ts';
import type { Target } from '../sync/mapping.ts';
import {
  apart,
  cut,
  foundParts,
  halves,
  isDivisible,
  type Part,
  pointedAt,
  type Replanned,
  recordOf,
} from '../sync/parts.ts';
import { goneNote, keptNote, leftNote } from '../sync/policy.ts';
import { afterFailure, isOpen, sameUnknownCodes } from '../sync/round.ts';
import type { Text } from '../sync/text.ts';
import { noToken, openBook } from './book.ts';
import { settler } from './doubt.ts';
import { findGone, isInCell, planAnew, stillToDelete } from './gone.ts';
import type { ChunkRecord, Outcome } from './ports.ts';
import { type Found, findKeys, readKeys, tries } from './readback.ts';
import { refusal } from './refused.ts';
import { followRenames } from './renames.ts';
import { type First, type Prepared, prepare as putTogether, type Sent, send, type Token } from './send.ts';
import { type Settled, settleByReading, settledBy } from './settle.ts';
import { seeAll } from './trust.ts';
import type { Stopped, Upload } from './upload.ts';

/** Brings single chunks to the table and stores what became of them. */
export interface Delivery {
  /** Sends a chunk once (its parts too, when it must be split). Rejects when told to stop or fenced off. */
  deliver(chunk: ChunkRecord, changes: readonly Change[], first?: First): Promise<void>;
  /** Puts the call together that would send these changes now. */
  prepare(changes: readonly Change[]): Prepared;
  /** After the last round: settles a chunk for good. */
  giveUp(chunk: ChunkRecord): Promise<void>;
  /** Finds out what was written of chunks whose answer never came; nothing is sent. What cannot be told is unknown. */
  clearDoubt(): Promise<void>;
  /** Resolves when no send of an earlier life of the program can arrive any more. */
  arrived(): Promise<void>;
  /** Why nothing more should be sent, once that is so. */
  stopped(): Stopped | undefined;
  /** What is worth telling of rows and records that somebody else got to first. */
  notes(): readonly Text[];
}

/**
 * Prepares delivery. `chunks` is kept up to date: the newest of each chunk, parts at the end.
 * @param doubtful chunks that an earlier life of the program sent and never heard of
 */
export function delivery(given: Upload, chunks: ChunkRecord[], doubtful: ReadonlySet<string>): Delivery {
  /** With the fields under their names of today. */
  let job = given;
  const book = openBook(given, chunks, doubtful);
  const { put, newest, inDoubt } = book;
  const unknownCodes = new Map<number, number>();
  /** Chunks that held a record that is gone, parts under the name of the whole. */
  const heldGone = new Set<string>();
  /** Whether Feishu has pointed at a row that was fine: from then on only halves are sure. */
  let misled = false;
  let stopped: Stopped | undefined;
  /** Records that were to be deleted and were not there any more. */
  let gone = 0;
  /** Creates whose key somebody else gave a record with other values, which is left alone. */
  let left = 0;
  /** Records that were to be deleted and were given another key since. */
  let kept = 0;
  /** What the table has of all creates, where it moved while it was read. */
  let shown: Promise<ReadonlyMap<Key, Found>> | undefined;
  let tooMany: { readonly rows: number; readonly failure: Failure } | undefined;

  async function deliver(chunk: ChunkRecord, changes: readonly Change[], first?: First): Promise<void> {
    const { targets } = job.plan;
    try {
      await one(chunk, changes, first);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (await underNewNames(error.failure, targets)) {
        await deliver(newest(chunk), changes, first);
        return;
      }
      await lookFailed(newest(chunk), error.failure);
    }
  }

  /** A look-up that failed says nothing about the rows: a chunk that may have been written stays one. */
  async function lookFailed(chunk: ChunkRecord, failure: Failure): Promise<void> {
    const stands = { ...failure, mayHaveHappened: inDoubt(chunk) };
    if (failure.verdict === 'stop') return stopRun(chunk, stands);
    await put({ ...chunk, ...(stands.mayHaveHappened ? {} : noToken) }, 'pending', { failure: stands });
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

  /** @param known whether the changes are all that is left of the chunk, so that nothing need be read back */
  async function one(
    chunk: ChunkRecord,
    changes: readonly Change[],
    first?: First,
    known = false,
  ): Promise<void> {
    const began = job.clock.monotonic();
    let now = chunk;
    let rest = changes;
    let result: Sent;
    let sentAs: readonly Target[];
    do {
      sentAs = job.plan.targets;
      if (!known && (book.mustReadFirst(now) || isUnconfirmed(now))) {
        const settled = await settle(now, changes);
        left += settled.left ?? 0;
        book.wasRead(now.id);
        rest = settled.rest;
        if (settled.others.length > 0) return asOthers(now, settled);
        now = {
          ...now,
          written: now.rows - rest.length,
          failure: null,
          ...(rest.length === changes.length && book.isProtected(now) ? {} : noToken),
        };
        const { wrote, removed } = settled;
        if (rest.length < changes.length)
          now = await put(now, rest.length === 0 ? 'done' : 'pending', { wrote, removed });
        if (rest.length === 0) return;
      }
      if (chunk.kind === 'delete' && !known) {
        const still = await checked(now, rest);
        if (!still) return;
        now = newest(now);
        rest = still;
      }
      // Rows in doubt are sent as they were, under the token that protects them.
      if (tooMany && rest.length > Math.max(1, tooMany.rows / 2) && !inDoubt(now)) {
        await split(now, rest, tooMany.failure);
        return;
      }
      const note = (token: Token | null): Promise<void> => book.sending(now, token);
      const written = first?.written ?? (async () => {});
      const unanswered = (): void => book.unanswered(now.id);
      const sender = { ...job, targets: sentAs, prepared: first?.prepared, note, unanswered, written };
      const before = { token: book.tokenOf(now), began, doubt: inDoubt(now) };
      result = await send(sender, rest, before, job.stop);
      if (result.outlived) now = { ...newest(now), failure: result.failure };
    } while (result.outlived || (await underNewNames(result.failure, sentAs)));
    if (result.failure) await afterRefusal(now, rest, result.failure);
    else {
      const { wrote, removed } = result;
      await put(now, 'done', { wrote, removed, written: now.written + result.written });
    }
  }

  /** Whether the table moved while it was read, and has not been asked about the chunk's keys since. */
  const isUnconfirmed = ({ id, kind }: ChunkRecord): boolean =>
    kind === 'create' && job.plan.confirmCreates && !book.isRead(id);

  /**
   * What the table has of a chunk. Rows that may have been sent are only said to be missing, where they go under
   * another token, once no send of them can arrive any more: it waits for that. Rejects with `CallError` when it
   * cannot be told: a failed look-up is never "absent".
   */
  async function settle(chunk: ChunkRecord, changes: readonly Change[]): Promise<Settled> {
    const { clock, stop } = job;
    if (!book.mustReadFirst(chunk)) return settledBy(job.plan, changes, await keysOfCreates());
    const began = clock.monotonic();
    const settled = await settleByReading(job, changes, stop.soon);
    const { rest } = settled;
    const isKept = rest.length === changes.length && book.isProtected(chunk);
    if (rest.length === 0 || isKept || began >= book.arrivedBy(chunk)) return settled;
    await arrived(chunk);
    return settleByReading(job, changes, stop.soon);
  }

  /** Resolves when no send of a chunk that creates can arrive any more. */
  async function arrived(chunk: ChunkRecord): Promise<void> {
    const { clock, stop, onPause, onRound } = job;
    const wait = book.arrivedBy(chunk) - clock.monotonic();
    if (chunk.kind !== 'create' || wait <= 0) return;
    onPause(0, clock.now() + wait);
    await clock.sleep(wait, stop.soon);
    onRound(0);
  }

  /** Asks once about the keys of all creates: by filters for one chunk, else by a whole read. */
  function keysOfCreates(): Promise<ReadonlyMap<Key, Found>> {
    shown ??= lookUpCreates().catch((error: unknown) => {
      shown = undefined;
      throw error;
    });
    return shown;
  }

  async function lookUpCreates(): Promise<ReadonlyMap<Key, Found>> {
    const { table, plan, run, journal, stop } = job;
    const bodyOf = async ({ id }: ChunkRecord) => decodeChanges(await journal.body(run, id));
    const creates = chunks.filter(({ kind, status }) => kind === 'create' && isOpen(status));
    const [only, ...others] = creates;
    if (only && others.length === 0)
      return findKeys(table, plan.targets, plan.key, await bodyOf(only), job.records(), stop.soon);
    const watched = new Set<Key>();
    for (const chunk of creates) for (const { key } of await bodyOf(chunk)) watched.add(key);
    return (await readKeys(table, plan.targets, plan.key, { watched, tries }, stop.soon)).found;
  }

  /**
   * Looks the records of a chunk of deletes up before they go: those that are gone count as deleted, those that
   * somebody gave another key are kept. Answers those to be deleted; undefined where the chunk is settled by that.
   */
  async function checked(
    chunk: ChunkRecord,
    changes: readonly Change[],
  ): Promise<readonly Change[] | undefined> {
    const { still, absent, forbidden, others } = await stillToDelete(
      job.table,
      job.plan,
      changes,
      job.stop.soon,
    );
    gone += absent.length;
    kept += others.length;
    const outcome = { removed: absent, written: chunk.written + absent.length };
    if (forbidden.length > 0) {
      await stopRun(chunk, unseen, outcome);
      return undefined;
    }
    if (still.length === changes.length) return changes;
    if (others.length === 0) {
      await put(chunk, still.length === 0 ? 'done' : 'pending', outcome);
      return still.length === 0 ? undefined : still;
    }
    const parts = cut(chunk, still, others);
    const [last, first] = (await book.divide(chunk, parts, outcome)).toReversed();
    if (last) await put(last, 'dropped', {});
    if (first) await one(first, still, undefined, true);
    return undefined;
  }

  async function afterRefusal(chunk: ChunkRecord, rest: readonly Change[], given: Failure): Promise<void> {
    const sent = newest(chunk);
    const failure = isInCell(given, rest) ? { ...given, verdict: 'values' as const } : given;
    const doubt = failure.mayHaveHappened || inDoubt(sent);
    const times = failure.heavy ? book.wasHeavy(sent.id) : 0;
    switch (afterFailure(failure, chunk.kind, rest.length, times)) {
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
        await stopRun(sent, failure);
    }
  }

  async function stopRun(
    chunk: ChunkRecord,
    failure: Failure,
    outcome: Partial<Outcome> = {},
  ): Promise<void> {
    // Who may not write may not have seen either what was there when it was read back.
    const mayHaveHappened = failure.mayHaveHappened || inDoubt(chunk) || book.wasInDoubt(chunk.id);
    stopped ??= { failure, chunks: 1 };
    const stands = { ...failure, mayHaveHappened };
    await put(chunk, mayHaveHappened ? 'unknown' : 'failed', { ...outcome, failure: stands });
  }

  /** A refusal says nothing about an earlier send of the same rows: what that one wrote is read back first. */
  async function clearUp(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const doubted = await put(chunk, 'pending', { failure: { ...failure, mayHaveHappened: true } });
    await arrived(chunk);
    const settled = await settleByReading(job, rest);
    left += settled.left ?? 0;
    const { rest: missing, wrote, removed } = settled;
    book.wasRead(chunk.id);
    if (settled.others.length > 0) return asOthers(doubted, settled);
    const written = doubted.written + rest.length - missing.length;
    const status = missing.length === 0 ? 'done' : 'pending';
    const clear = await put({ ...doubted, ...noToken }, status, { wrote, removed, written });
    if (missing.length === 0) return;
    // Of fewer rows than were sent, Feishu's pointer says nothing.
    const same = missing.length === rest.length ? failure : pointless(failure);
    await afterRefusal(clear, missing, { ...same, mayHaveHappened: false });
  }

  async function fail(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    if (failure.verdict === 'values' && rest.length === 1 && chunk.kind !== 'delete') {
      const refused = refusal(job.plan, rest[0], failure);
      await put(chunk, 'rejected', { failure, refused });
      if (refused) job.onRejected(refused.told);
    } else await put(chunk, 'failed', { failure });
    countUnknown(failure);
  }

  /** Sends a chunk in parts: the row alone that Feishu points at, else in halves. */
  async function split(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    if (!isDivisible(chunk)) return fail(chunk, rest, failure);
    const forValues = failure.verdict === 'values';
    const at = forValues && !misled ? pointedAt(chunk, rest, failure.pointer) : undefined;
    const [one, other] = at === undefined ? halves(chunk, rest) : apart(chunk, rest, at);
    const [first, second] = await book.divide(chunk, [one, other], { failure });
    if (!first || !second || !(await sendPart(first, one))) return;
    const fine = newest(first).status === 'done';
    if (at !== undefined && fine) misled = true;
    // What was refused must be in the other part, then: it is cut without being sent as it is.
    if (fine && forValues && second.rows > 1) await split(second, other.changes, pointless(failure));
    else await sendPart(second, other);
  }

  /** Sends a part, unless nothing more is to be sent; answers which. */
  async function sendPart(record: ChunkRecord, { changes }: Part): Promise<boolean> {
    if (stopped) return false;
    job.stop.soon.throwIfAborted();
    await deliver(record, changes);
    return true;
  }

  /** One record that is gone refuses the whole call: it is dropped, and the others are sent. */
  async function dropGone(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const [whole = ''] = chunk.id.split('.');
    const named = heldGone.has(whole) ? undefined : failure.pointer;
    heldGone.add(whole);
    const { absent, forbidden } = await findGone(job.table, rest, named, job.stop.now);
    const removed = absent;
    if (chunk.kind === 'delete') gone += absent.length;
    const written = chunk.written + (chunk.kind === 'delete' ? absent.length : 0);
    if (forbidden.length > 0)
      await stopRun(chunk, { ...failure, verdict: 'stop', cure: seeAll }, { removed, written });
    else if (absent.length === 0)
      await put(chunk, 'pending', { failure: { ...failure, mayHaveHappened: inDoubt(chunk) } });
    else if (chunk.kind === 'update') await makeAnew(chunk, rest, new Set(absent), failure);
    else {
      const there = rest.filter((change) => !absent.includes(recordOf(change) ?? ''));
      const now = await put(chunk, there.length === 0 ? 'done' : 'pending', { removed, written });
      if (there.length > 0) await one(now, there, undefined, true);
    }
  }

  /** Sends the updates of records that are gone as what they are by now. */
  async function makeAnew(
    chunk: ChunkRecord,
    rest: readonly Change[],
    gone: ReadonlySet<string>,
    failure: Failure,
  ): Promise<void> {
    const { parts, lost } = await planAnew(job, chunk, rest, gone);
    await inParts(chunk, { parts, lost }, { removed: [...gone], failure });
  }

  /** Where somebody else made records for rows that were to be created, those are updated. */
  async function asOthers(chunk: ChunkRecord, { rest, others, wrote, removed }: Settled): Promise<void> {
    const written = chunk.rows - rest.length - others.length;
    const { failure } = chunk;
    await inParts({ ...chunk, ...noToken }, foundParts(chunk, rest, others), {
      wrote,
      removed,
      written,
      failure,
    });
  }

  async function inParts(
    chunk: ChunkRecord,
    { parts, lost }: Replanned,
    outcome: Partial<Outcome>,
  ): Promise<void> {
    if (parts.length === 0 || !isDivisible(chunk)) {
      await put(chunk, 'failed', outcome);
      return;
    }
    const stored = await book.divide(chunk, lost ? [...parts, lost] : parts, outcome);
    if (lost) await put(stored.at(-1) ?? chunk, 'failed', { failure: outcome.failure ?? null });
    for (const [at, part] of parts.entries()) {
      const record = stored[at];
      if (record && !(await sendPart(record, part))) return;
    }
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

  const prepare = (changes: readonly Change[]): Prepared =>
    putTogether({ table: job.table, targets: job.plan.targets }, changes);

  return {
    deliver,
    prepare,
    ...settler(() => job, book, chunks),
    async arrived() {
      for (const chunk of chunks) if (chunk.status === 'sent') await arrived(chunk);
    },
    stopped: () => stopped,
    notes: () => [
      ...(gone > 0 ? [goneNote(gone)] : []),
      ...(left > 0 ? [leftNote(left)] : []),
      ...(kept > 0 ? [keptNote(kept)] : []),
    ],
  };
}

/** Records that are to be deleted, and that the app may not see any more. */
const unseen: Failure = {
  how: 'answered',
  code: null,
  message: 'records to be deleted are hidden from the app',
  verdict: 'stop',
  mayHaveHappened: false,
  cure: seeAll,
};

const pointless = ({ pointer: _, ...failure }: Failure): Failure => failure;
