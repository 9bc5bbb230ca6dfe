import type { Target } from '../../sync/fields/column.ts';
import type { Change } from '../../sync/plan/change.ts';
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
} from '../../sync/plan/chunk.ts';
import { afterFailure, sameUnknownCodes } from '../../sync/plan/pace.ts';
import { goneNote, keptNote, leftNote } from '../../sync/plan/policy.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import type { Text } from '../../sync/words/text.ts';
import { seeAll } from '../plan/ownership.ts';
import { refusal } from '../plan/plan-writer.ts';
import type { ChunkRecord, Outcome } from '../ports.ts';
import { ChunkLog, noToken, type Stopped, type Upload } from './chunk-log.ts';
import { findGone, followRenames, isInCell, planAnew, stillToDelete } from './find.ts';
import { type First, type Prepared, prepare, type Sent, send, type Token } from './send.ts';
import { type Settled, Settling, settleByReading } from './settling.ts';

/** Brings single chunks to the table and stores what became of them. */
export class Delivery {
  /** With the fields under their names of today. */
  #upload: Upload;
  readonly #log: ChunkLog;
  readonly settling: Settling;
  readonly #unknownCodes = new Map<number, number>();
  /** Chunks that held a record that is gone, parts under the name of the whole. */
  readonly #heldGone = new Set<string>();
  /** Whether Feishu has pointed at a row that was fine: from then on only halves are sure. */
  #misled = false;
  #stopped: Stopped | undefined;
  /** Records that were to be deleted and were not there any more. */
  #gone = 0;
  /** Creates whose key somebody else gave a record with other values, which is left alone. */
  #left = 0;
  /** Records that were to be deleted and were given another key since. */
  #kept = 0;
  #tooMany: { readonly rows: number; readonly failure: Failure } | undefined;

  constructor(upload: Upload, chunks: readonly ChunkRecord[]) {
    this.#upload = upload;
    this.#log = new ChunkLog(upload, chunks);
    this.settling = new Settling(() => this.#upload, this.#log);
  }

  /** The newest of each chunk, parts at the end. */
  chunks(): readonly ChunkRecord[] {
    return this.#log.all();
  }

  /** Why nothing more should be sent, once that is so. */
  stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /** What is worth telling of rows and records that somebody else got to first. */
  notes(): readonly Text[] {
    return [
      ...(this.#gone > 0 ? [goneNote(this.#gone)] : []),
      ...(this.#left > 0 ? [leftNote(this.#left)] : []),
      ...(this.#kept > 0 ? [keptNote(this.#kept)] : []),
    ];
  }

  /** Puts the call together that would send these changes now. */
  prepare(changes: readonly Change[]): Prepared {
    const { job, plan } = this.#upload;
    return prepare({ table: job.table, targets: plan.targets }, changes);
  }

  /** Sends a chunk once (its parts too, when it must be split). Rejects when told to stop or fenced off. */
  async deliver(chunk: ChunkRecord, changes: readonly Change[], first?: First): Promise<void> {
    const { targets } = this.#upload.plan;
    try {
      await this.#one(chunk, changes, first);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (await this.#underNewNames(error.failure, targets)) {
        await this.deliver(this.#log.newest(chunk), changes, first);
        return;
      }
      await this.#lookFailed(this.#log.newest(chunk), error.failure);
    }
  }

  /** A look-up that failed says nothing about the rows: a chunk that may have been written stays one. */
  async #lookFailed(chunk: ChunkRecord, failure: Failure): Promise<void> {
    const stands = { ...failure, mayHaveHappened: this.#log.inDoubt(chunk) };
    if (failure.verdict === 'stop') return this.#stopRun(chunk, stands);
    await this.#log.put({ ...chunk, ...(stands.mayHaveHappened ? {} : noToken) }, 'pending', {
      failure: stands,
    });
  }

  /** Whether a failure comes from fields that somebody renamed: from now on their new names are used. */
  async #underNewNames(failure: Failure | null, sentAs: readonly Target[]): Promise<boolean> {
    if (failure?.verdict !== 'reread') return false;
    // Another chunk has found out already.
    if (this.#upload.plan.targets !== sentAs) return true;
    const found = await followRenames(this.#upload.job.table, sentAs, this.#upload.job.stop.now);
    if (!found) return false;
    this.#upload = { ...this.#upload, plan: { ...this.#upload.plan, targets: found.targets } };
    for (const note of found.notes) this.#upload.show.note(note);
    return true;
  }

  /** @param known whether the changes are all that is left of the chunk, so that nothing need be looked up */
  async #one(chunk: ChunkRecord, changes: readonly Change[], first?: First, known = false): Promise<void> {
    const began = this.#upload.ports.clock.monotonic();
    for (let now = chunk; ; ) {
      const { targets } = this.#upload.plan;
      const open = known ? { chunk: now, rest: changes } : await this.#notWritten(now, changes);
      if (!open) return;
      const { rest } = open;
      // Rows in doubt are sent as they were, under the token that protects them.
      const isTooMuch = this.#tooMany && rest.length > Math.max(1, this.#tooMany.rows / 2);
      if (this.#tooMany && isTooMuch && !this.#log.inDoubt(open.chunk))
        return this.#split(open.chunk, rest, this.#tooMany.failure);
      const result = await this.#send(open, began, first);
      if (result.outlived) now = { ...this.#log.newest(open.chunk), failure: result.failure };
      else if (await this.#underNewNames(result.failure, targets)) now = open.chunk;
      else return this.#ended(open, result);
    }
  }

  /** What of a chunk is still to be sent; undefined where it is settled by looking. */
  async #notWritten(chunk: ChunkRecord, changes: readonly Change[]): Promise<Open | undefined> {
    if (chunk.kind === 'delete') return this.#stillThere(chunk, changes);
    if (!this.settling.isNeeded(chunk)) return { chunk, rest: changes };
    const settled = await this.settling.settle(chunk, changes);
    this.#left += settled.left ?? 0;
    this.#log.wasRead(chunk);
    const { rest, wrote, removed } = settled;
    if (settled.others.length > 0) {
      await this.#asOthers(chunk, settled);
      return undefined;
    }
    const isKept = rest.length === changes.length && this.#log.isProtected(chunk);
    const now: ChunkRecord = {
      ...chunk,
      written: chunk.rows - rest.length,
      failure: null,
      ...(isKept ? {} : noToken),
    };
    if (rest.length === changes.length) return { chunk: now, rest };
    const stored = await this.#log.put(now, rest.length === 0 ? 'done' : 'pending', { wrote, removed });
    return rest.length === 0 ? undefined : { chunk: stored, rest };
  }

  #send({ chunk, rest }: Open, began: number, first: First | undefined): Promise<Sent> {
    const { job, plan, lane, ports } = this.#upload;
    const tell = {
      note: (token: Token | null) => this.#log.sending(chunk, token),
      unanswered: () => this.#log.unanswered(chunk),
      written: first?.written ?? (async () => {}),
    };
    const to = { table: job.table, targets: plan.targets };
    const { clock, chance } = ports;
    const sender = { to, lane, hold: job.hold, clock, chance, prepared: first?.prepared, tell };
    const before = { token: this.#log.tokenOf(chunk), began, doubt: this.#log.inDoubt(chunk) };
    return send(sender, rest, before, job.stop);
  }

  async #ended({ chunk, rest }: Open, { failure, wrote, removed, written }: Sent): Promise<void> {
    if (failure) return this.#afterRefusal(chunk, rest, failure);
    await this.#log.put(chunk, 'done', { wrote, removed, written: chunk.written + written });
  }

  /**
   * Looks all records of a chunk of deletes up before they go: those that are gone count as deleted, those that somebody
   * gave another key are kept. Answers what is still to be deleted; undefined where the chunk is settled by that.
   */
  async #stillThere(chunk: ChunkRecord, changes: readonly Change[]): Promise<Open | undefined> {
    const { job, plan } = this.#upload;
    const { still, absent, forbidden, others } = await stillToDelete(job.table, plan, changes, job.stop.soon);
    this.#tellGone(chunk, absent.length - chunk.written);
    this.#kept += others.length;
    const outcome = { removed: absent, written: absent.length };
    if (forbidden.length > 0) await this.#stopRun(chunk, unseen, outcome);
    else if (still.length === changes.length) return { chunk: { ...chunk, written: 0 }, rest: still };
    else if (others.length > 0) {
      const parts = cut(chunk, still, others);
      const [last, first] = (await this.#log.divide(chunk, parts, outcome)).toReversed();
      if (last) await this.#log.put(last, 'dropped', {});
      if (first) await this.#one(first, still, undefined, true);
    } else {
      const now = await this.#log.put(chunk, still.length === 0 ? 'done' : 'pending', outcome);
      if (still.length > 0) return { chunk: now, rest: still };
    }
    return undefined;
  }

  /** Counts records that somebody else deleted first; of a chunk in doubt it may have been the call without an answer. */
  #tellGone(chunk: ChunkRecord, records: number): void {
    if (!this.#log.inDoubt(chunk)) this.#gone += Math.max(0, records);
  }

  async #afterRefusal(chunk: ChunkRecord, rest: readonly Change[], given: Failure): Promise<void> {
    const sent = this.#log.newest(chunk);
    const failure = isInCell(given, rest) ? { ...given, verdict: 'values' as const } : given;
    const doubt = failure.mayHaveHappened || this.#log.inDoubt(sent);
    const times = failure.heavy ? this.#log.wasHeavy(sent) : 0;
    switch (afterFailure(failure, chunk.kind, rest.length, times)) {
      case 'next-round':
        // The token lives on only where the write may have happened: that is what it protects.
        await this.#log.put({ ...sent, ...(doubt ? {} : noToken) }, 'pending', {
          failure: { ...failure, mayHaveHappened: doubt },
        });
        return;
      case 'split':
        if (failure.verdict === 'smaller') this.#learn(rest.length, failure);
        await (doubt ? this.#clearUp(sent, rest, failure) : this.#split(sent, rest, failure));
        return;
      case 'look':
        await this.#dropGone(sent, rest, failure);
        return;
      case 'fail':
        await (doubt ? this.#clearUp(sent, rest, failure) : this.#fail(sent, rest, failure));
        return;
      case 'stop-run':
        await this.#stopRun(sent, failure);
    }
  }

  async #stopRun(chunk: ChunkRecord, failure: Failure, outcome: Partial<Outcome> = {}): Promise<void> {
    // Who may not write may not have seen either what was there when it was read back.
    const mayHaveHappened =
      failure.mayHaveHappened || this.#log.inDoubt(chunk) || this.#log.wasInDoubt(chunk);
    this.#stopped ??= { failure, chunks: 1 };
    const stands = { ...failure, mayHaveHappened };
    await this.#log.put(chunk, mayHaveHappened ? 'unknown' : 'failed', { ...outcome, failure: stands });
  }

  /** A refusal says nothing about an earlier send of the same rows: what that one wrote is read back first. */
  async #clearUp(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const doubted = await this.#log.put(chunk, 'pending', { failure: { ...failure, mayHaveHappened: true } });
    await this.settling.arrived(chunk);
    const settled = await settleByReading(this.#upload, rest);
    this.#left += settled.left ?? 0;
    const { rest: missing, wrote, removed } = settled;
    this.#log.wasRead(chunk);
    if (settled.others.length > 0) return this.#asOthers(doubted, settled);
    const written = doubted.written + rest.length - missing.length;
    const status = missing.length === 0 ? 'done' : 'pending';
    const clear = await this.#log.put({ ...doubted, ...noToken }, status, { wrote, removed, written });
    if (missing.length === 0) return;
    // Of fewer rows than were sent, Feishu's pointer says nothing.
    const same = missing.length === rest.length ? failure : pointless(failure);
    await this.#afterRefusal(clear, missing, { ...same, mayHaveHappened: false });
  }

  async #fail(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    if (failure.verdict === 'values' && rest.length === 1 && chunk.kind !== 'delete') {
      const refused = refusal(this.#upload.plan, rest[0], failure);
      await this.#log.put(chunk, 'rejected', { failure, refused });
      if (refused) this.#upload.show.rejected(refused.told);
    } else await this.#log.put(chunk, 'failed', { failure });
    this.#countUnknown(failure);
  }

  /** Sends a chunk in parts: the row alone that Feishu points at, else in halves. */
  async #split(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    if (!isDivisible(chunk)) return this.#fail(chunk, rest, failure);
    const forValues = failure.verdict === 'values';
    const at = forValues && !this.#misled ? pointedAt(chunk, rest, failure.pointer) : undefined;
    const [one, other] = at === undefined ? halves(chunk, rest) : apart(chunk, rest, at);
    const [first, second] = await this.#log.divide(chunk, [one, other], { failure });
    if (!first || !second || !(await this.#sendPart(first, one))) return;
    const fine = this.#log.newest(first).status === 'done';
    if (at !== undefined && fine) this.#misled = true;
    // What was refused must be in the other part, then: it is cut without being sent as it is.
    if (fine && forValues && second.rows > 1) await this.#split(second, other.changes, pointless(failure));
    else await this.#sendPart(second, other);
  }

  /** Sends a part, unless nothing more is to be sent; answers which. */
  async #sendPart(record: ChunkRecord, { changes }: Part): Promise<boolean> {
    if (this.#stopped) return false;
    this.#upload.job.stop.soon.throwIfAborted();
    await this.deliver(record, changes);
    return true;
  }

  /** One record that is gone refuses the whole call: it is dropped, and the others are sent. */
  async #dropGone(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const [whole = ''] = chunk.id.split('.');
    const named = this.#heldGone.has(whole) ? undefined : failure.pointer;
    this.#heldGone.add(whole);
    const { absent, forbidden } = await findGone(
      this.#upload.job.table,
      rest,
      named,
      this.#upload.job.stop.now,
    );
    const removed = absent;
    if (chunk.kind === 'delete') this.#tellGone(chunk, absent.length);
    const written = chunk.written + (chunk.kind === 'delete' ? absent.length : 0);
    if (forbidden.length > 0)
      await this.#stopRun(chunk, { ...failure, verdict: 'stop', cure: seeAll }, { removed, written });
    else if (absent.length === 0)
      await this.#log.put(chunk, 'pending', {
        failure: { ...failure, mayHaveHappened: this.#log.inDoubt(chunk) },
      });
    else if (chunk.kind === 'update') await this.#makeAnew(chunk, rest, new Set(absent), failure);
    else {
      const there = rest.filter((change) => !absent.includes(recordOf(change) ?? ''));
      const now = await this.#log.put(chunk, there.length === 0 ? 'done' : 'pending', { removed, written });
      if (there.length > 0) await this.#one(now, there, undefined, true);
    }
  }

  /** Sends the updates of records that are gone as what they are by now. */
  async #makeAnew(
    chunk: ChunkRecord,
    rest: readonly Change[],
    gone: ReadonlySet<string>,
    failure: Failure,
  ): Promise<void> {
    const { parts, lost } = await planAnew(this.#upload, chunk, rest, gone);
    await this.#inParts(chunk, { parts, lost }, { removed: [...gone], failure });
  }

  /** Where somebody else made records for rows that were to be created, those are updated. */
  async #asOthers(chunk: ChunkRecord, { rest, others, wrote, removed }: Settled): Promise<void> {
    const written = chunk.rows - rest.length - others.length;
    const { failure } = chunk;
    await this.#inParts({ ...chunk, ...noToken }, foundParts(chunk, rest, others), {
      wrote,
      removed,
      written,
      failure,
    });
  }

  async #inParts(chunk: ChunkRecord, { parts, lost }: Replanned, outcome: Partial<Outcome>): Promise<void> {
    if (parts.length === 0 || !isDivisible(chunk)) {
      await this.#log.put(chunk, 'failed', outcome);
      return;
    }
    const stored = await this.#log.divide(chunk, lost ? [...parts, lost] : parts, outcome);
    if (lost) await this.#log.put(stored.at(-1) ?? chunk, 'failed', { failure: outcome.failure ?? null });
    for (const [at, part] of parts.entries()) {
      const record = stored[at];
      if (record && !(await this.#sendPart(record, part))) return;
    }
  }

  /** What one call did not take, no later one is asked to: chunks above half of it are cut before they are sent. */
  #learn(rows: number, failure: Failure): void {
    if (!this.#tooMany || rows < this.#tooMany.rows) this.#tooMany = { rows, failure };
    this.#upload.show.tooMany(rows);
  }

  #countUnknown(failure: Failure): void {
    if (failure.verdict !== 'unknown' && failure.verdict !== 'reread') return;
    const code = failure.code ?? 0;
    const times = (this.#unknownCodes.get(code) ?? 0) + 1;
    this.#unknownCodes.set(code, times);
    if (times >= sameUnknownCodes) this.#stopped ??= { failure, chunks: times };
  }
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

/** What of a chunk is still to be sent. */
interface Open {
  readonly chunk: ChunkRecord;
  readonly rest: readonly Change[];
}

const pointless = ({ pointer: _, ...failure }: Failure): Failure => failure;
