import type { Change } from '../../sync/plan/change.ts';
import {
  apart,
  foundParts,
  halves,
  isDivisible,
  type Part,
  pointedAt,
  type Replanned,
  recordOf,
  replan,
} from '../../sync/plan/chunk.ts';
import type { Failure } from '../../sync/words/failure.ts';
import { seeAll } from '../plan/trust.ts';
import type { ChunkRecord, Outcome } from '../ports.ts';
import { type ChunkLog, noToken, type Open } from './chunk-log.ts';
import { findGone, findKeys } from './find.ts';
import type { Settled } from './settling.ts';

/** How what takes a chunk's place is dealt with. */
interface Sending {
  deliver(chunk: ChunkRecord, changes: readonly Change[]): Promise<void>;
  /** Sends what is known to be left of a chunk. */
  rest(open: Open): Promise<void>;
  fail(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void>;
}

/** What takes the place of a chunk that cannot be sent as it is: parts of it, or its rows planned anew. */
export class Division {
  readonly #log: ChunkLog;
  readonly #sending: Sending;
  /** Chunks that held a record that is gone, parts under the name of the whole. */
  readonly #heldGone = new Set<string>();
  /** Whether Feishu has pointed at a row that was fine: from then on only halves are sure. */
  #misled = false;
  #tooMany: { readonly rows: number; readonly failure: Failure } | undefined;

  constructor(log: ChunkLog, sending: Sending) {
    this.#log = log;
    this.#sending = sending;
  }

  /** What one call did not take, no later one is asked to: chunks above half of it are cut before they are sent. */
  learn(rows: number, failure: Failure): void {
    if (!this.#tooMany || rows < this.#tooMany.rows) this.#tooMany = { rows, failure };
    const { job, parts } = this.#log.upload;
    const half = Math.max(1, Math.floor(rows / 2));
    parts.store.facts.chunkSize.keep(job.scope.table, half).catch(() => undefined);
  }

  /** Why so many rows are too many for one call, where that is known. */
  tooMany(rows: number): Failure | undefined {
    return this.#tooMany && rows > Math.max(1, this.#tooMany.rows / 2) ? this.#tooMany.failure : undefined;
  }

  /** Sends a chunk in parts: the row alone that Feishu points at, else in halves. */
  async split(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    if (!isDivisible(chunk)) return this.#sending.fail(chunk, rest, failure);
    const forValues = failure.verdict === 'values';
    const at = forValues && !this.#misled ? pointedAt(chunk, rest, failure.pointer) : undefined;
    const [one, other] = at === undefined ? halves(chunk, rest) : apart(chunk, rest, at);
    const [first, second] = await this.#log.divide(chunk, [one, other], { failure });
    if (!first || !second || !(await this.#sendPart(first, one))) return;
    const fine = this.#log.newest(first).status === 'done';
    if (at !== undefined && fine) this.#misled = true;
    // What was refused must be in the other part, then: it is cut without being sent as it is.
    if (fine && forValues && second.rows > 1) await this.split(second, other.changes, pointless(failure));
    else await this.#sendPart(second, other);
  }

  /** Sends a part, unless nothing more is to be sent; answers which. */
  async #sendPart(record: ChunkRecord, { changes }: Part): Promise<boolean> {
    if (this.#log.stopped) return false;
    this.#log.upload.job.stop.soon.throwIfAborted();
    await this.#sending.deliver(record, changes);
    return true;
  }

  /** One record that is gone refuses the whole call: it is dropped, and the others are sent. */
  async dropGone(chunk: ChunkRecord, rest: readonly Change[], failure: Failure): Promise<void> {
    const { job } = this.#log.upload;
    const [whole = ''] = chunk.id.split('.');
    const named = this.#heldGone.has(whole) ? undefined : failure.pointer;
    this.#heldGone.add(whole);
    const { absent: removed, forbidden } = await findGone(job.table, rest, named, job.stop.now);
    const isDelete = chunk.kind === 'delete';
    if (isDelete) this.#log.wereGone(chunk, removed.length);
    const written = chunk.written + (isDelete ? removed.length : 0);
    if (forbidden.length > 0) {
      const hidden: Failure = { ...failure, verdict: 'stop', cure: seeAll };
      await this.#log.stopRun(chunk, hidden, { removed, written });
    } else if (removed.length === 0) {
      const stands = { ...failure, mayHaveHappened: this.#log.inDoubt(chunk) };
      await this.#log.put(chunk, 'pending', { failure: stands });
    } else if (!isDelete) {
      const replanned = await this.#planAnew(chunk, rest, new Set(removed));
      await this.#inParts(chunk, replanned, { removed, failure });
    } else {
      const there = rest.filter((change) => !removed.includes(recordOf(change) ?? ''));
      const now = await this.#log.put(chunk, there.length === 0 ? 'done' : 'pending', { removed, written });
      if (there.length > 0) await this.#sending.rest({ chunk: now, rest: there });
    }
  }

  /** Plans the updates of records that are gone again, by key: somebody may have made the record anew already. */
  async #planAnew(
    chunk: ChunkRecord,
    changes: readonly Change[],
    gone: ReadonlySet<string>,
  ): Promise<Replanned> {
    const { job, plan } = this.#log.upload;
    const where = { table: job.table, plan, signal: job.stop.now };
    const asked = changes.filter(
      (change) => change.kind === 'update' && change.row && gone.has(change.record),
    );
    const held =
      asked.length > 0 ? await findKeys(where, asked, this.#log.records()) : new Map<never, never>();
    return replan(chunk, changes, gone, { held, targets: plan.targets });
  }

  /** Where somebody else made records for rows that were to be created, those are updated. */
  async asOthers(chunk: ChunkRecord, { rest, others, wrote, removed }: Settled): Promise<void> {
    const written = chunk.rows - rest.length - others.length;
    const outcome = { wrote, removed, written, failure: chunk.failure };
    await this.#inParts({ ...chunk, ...noToken }, foundParts(chunk, rest, others), outcome);
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
}

/** A failure of rows of which Feishu's pointer says nothing. */
export const pointless = ({ pointer: _, ...failure }: Failure): Failure => failure;
