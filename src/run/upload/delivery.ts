import type { Target } from '../../sync/fields/column.ts';
import type { Change } from '../../sync/plan/change.ts';
import { cut } from '../../sync/plan/chunk.ts';
import { afterFailure, sameUnknownCodes } from '../../sync/plan/pace.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { seeAll } from '../plan/trust.ts';
import type { ChunkRecord } from '../ports.ts';
import { type ChunkLog, noToken, type Open } from './chunk-log.ts';
import { Division, pointless } from './division.ts';
import { followRenames, isInCell, stillToDelete } from './find.ts';
import { type First, type Sent, send } from './send.ts';
import { type Settled, Settling } from './settling.ts';

/** Brings single chunks to the table and stores what became of them. */
export class Delivery {
  readonly log: ChunkLog;
  readonly settling: Settling;
  readonly #division: Division;
  readonly #unknownCodes = new Map<number, number>();

  constructor(log: ChunkLog) {
    this.log = log;
    this.settling = new Settling(log);
    this.#division = new Division(log, {
      deliver: (chunk, changes) => this.deliver(chunk, changes),
      fail: (chunk, rest, failure) => this.#fail(chunk, rest, failure),
      rest: (open) => this.#rest(open),
    });
  }

  /** Sends a chunk once (its parts too, when it must be split). Rejects when told to stop or fenced off. */
  async deliver(chunk: ChunkRecord, changes: readonly Change[], first?: First): Promise<void> {
    const { targets } = this.log.upload.plan;
    try {
      const open = await this.#notWritten(chunk, changes);
      if (open) await this.#rest(open, changes, first);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { failure } = error;
      const now = this.log.newest(chunk);
      if (await this.#underNewNames(failure, targets)) return this.deliver(now, changes, first);
      // A look-up that failed says nothing about the rows: a chunk that may have been written stays one.
      const stands = { ...failure, mayHaveHappened: this.log.inDoubt(now) };
      await (failure.verdict === 'stop' ? this.log.stopRun(now, stands) : this.log.again(now, stands));
    }
  }

  /** Whether a failure comes from fields that somebody renamed: from now on their new names are used. */
  async #underNewNames(failure: Failure | null, sentAs: readonly Target[]): Promise<boolean> {
    if (failure?.verdict !== 'reread') return false;
    const { upload } = this.log;
    // Another chunk has found out already.
    if (upload.plan.targets !== sentAs) return true;
    const found = await followRenames(upload.job.table, sentAs, upload.job.stop.now);
    if (!found) return false;
    upload.plan = { ...upload.plan, targets: found.targets };
    this.log.note(...found.notes);
    return true;
  }

  /**
   * Sends what is known to be left of a chunk.
   * @param changes all of the chunk, where they may have to be looked up once more
   */
  async #rest(open: Open, changes?: readonly Change[], first?: First): Promise<void> {
    const began = this.log.upload.parts.clock.monotonic();
    for (let now = open; ; ) {
      const { targets } = this.log.upload.plan;
      const { chunk, rest } = now;
      // Rows in doubt are sent as they were, under the token that protects them.
      const tooMany = this.log.inDoubt(chunk) ? undefined : this.#division.tooMany(rest.length);
      if (tooMany) return this.#division.split(chunk, rest, tooMany);
      const result = await send(this.log, now, began, first);
      if (!result.outlived && !(await this.#underNewNames(result.failure, targets)))
        return this.#ended(now, result);
      const failure = result.outlived ? result.failure : chunk.failure;
      const again = result.outlived ? { ...this.log.newest(chunk), failure } : chunk;
      const left = changes ? await this.#notWritten(again, changes) : { chunk: again, rest };
      if (!left) return;
      now = left;
    }
  }

  /** What of a chunk is still to be sent; undefined where it is settled by looking. */
  async #notWritten(chunk: ChunkRecord, changes: readonly Change[]): Promise<Open | undefined> {
    if (chunk.kind === 'delete') return this.#stillThere(chunk, changes);
    if (!this.settling.isNeeded(chunk)) return { chunk, rest: changes };
    return this.#afterReading(chunk, changes, await this.settling.settle(chunk, changes));
  }

  /** Stores what reading a chunk back showed; returns what is left of it, undefined where nothing is. */
  async #afterReading(
    chunk: ChunkRecord,
    changes: readonly Change[],
    settled: Settled,
  ): Promise<Open | undefined> {
    const { rest, others, removed, left } = settled;
    const inDoubt = this.log.inDoubt(chunk);
    // What nobody sent was made by somebody else.
    const isMade = inDoubt && chunk.kind === 'create';
    const wrote = settled.wrote.map((entry) => (isMade ? { ...entry, made: true as const } : entry));
    this.log.others.left += left;
    this.log.wasRead(chunk);
    if (others.length > 0) {
      await this.#division.asOthers(chunk, { ...settled, wrote });
      return undefined;
    }
    const now = { ...chunk, written: chunk.rows - rest.length, failure: null };
    // Of what goes under its old token the store keeps the doubt.
    const isAsStored = !inDoubt || this.log.isProtected(chunk);
    if (rest.length === changes.length && isAsStored) return { chunk: now, rest };
    const status = rest.length === 0 ? 'done' : 'pending';
    const stored = await this.log.put({ ...now, ...noToken }, status, { wrote, removed });
    return rest.length === 0 ? undefined : { chunk: stored, rest };
  }

  /**
   * Looks all records of a chunk of deletes up before they go: those that are gone count as deleted, those that somebody
   * gave another key are kept. Answers what is still to be deleted; undefined where the chunk is settled by that.
   */
  async #stillThere(chunk: ChunkRecord, changes: readonly Change[]): Promise<Open | undefined> {
    const { job, plan } = this.log.upload;
    const where = { table: job.table, plan, signal: job.stop.soon };
    const { still, absent, forbidden, others } = await stillToDelete(where, changes);
    this.log.wereGone(chunk, absent.length - chunk.written);
    this.log.others.kept += others.length;
    const outcome = { removed: absent, written: absent.length };
    if (forbidden.length > 0) await this.log.stopRun(chunk, unseen, outcome);
    else if (still.length === changes.length) return { chunk: { ...chunk, written: 0 }, rest: still };
    else if (others.length > 0) {
      const parts = cut(chunk, still, others);
      const [last, first] = (await this.log.divide(chunk, parts, outcome)).toReversed();
      if (last) await this.log.put(last, 'dropped');
      if (first) await this.#rest({ chunk: first, rest: still });
    } else {
      const now = await this.log.put(chunk, still.length === 0 ? 'done' : 'pending', outcome);
      if (still.length > 0) return { chunk: now, rest: still };
    }
    return undefined;
  }

  async #ended({ chunk, rest }: Open, { failure, wrote, removed, written }: Sent): Promise<void> {
    if (failure) return this.#afterRefusal(chunk, rest, failure);
    await this.log.put(chunk, 'done', { wrote, removed, written: chunk.written + written });
  }

  async #afterRefusal(chunk: ChunkRecord, rest: readonly Change[], given: Failure): Promise<void> {
    const sent = this.log.newest(chunk);
    const failure = isInCell(given, rest) ? { ...given, verdict: 'values' as const } : given;
    const doubt = failure.mayHaveHappened || this.log.inDoubt(sent);
    const times = failure.heavy ? this.log.wasHeavy(sent) : 0;
    switch (afterFailure(failure, chunk.kind, rest.length, times)) {
      case 'next-round':
        return this.log.again(sent, { ...failure, mayHaveHappened: doubt });
      case 'split':
        if (failure.verdict === 'smaller') this.#division.learn(rest.length, failure);
        return doubt ? this.#clearUp(sent, rest, failure) : this.#division.split(sent, rest, failure);
      case 'look':
        return this.#division.dropGone(sent, rest, failure);
      case 'fail':
        return doubt ? this.#clearUp(sent, rest, failure) : this.#fail(sent, rest, failure);
      case 'stop-run':
        return this.log.stopRun(sent, failure);
    }
  }

  /** A refusal says nothing about an earlier send of the same rows: what that one wrote is read back first. */
  async #clearUp(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const doubted = await this.log.put(chunk, 'pending', { failure: { ...failure, mayHaveHappened: true } });
    await this.settling.arrived(chunk);
    const settled = await this.settling.readBack(rest, this.log.upload.job.stop.now);
    const open = await this.#afterReading({ ...doubted, ...noToken }, rest, settled);
    if (!open) return;
    // Of fewer rows than were sent, Feishu's pointer says nothing.
    const same = open.rest.length === rest.length ? failure : pointless(failure);
    await this.#afterRefusal(open.chunk, open.rest, { ...same, mayHaveHappened: false });
  }

  async #fail(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    await this.log.fail(chunk, rest, failure);
    if (failure.verdict !== 'unknown' && failure.verdict !== 'reread') return;
    const code = failure.code ?? 0;
    const times = (this.#unknownCodes.get(code) ?? 0) + 1;
    this.#unknownCodes.set(code, times);
    if (times >= sameUnknownCodes) this.log.stopped ??= { failure, chunks: times };
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
