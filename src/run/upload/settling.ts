import type { Key } from '../../sync/fields/key.ts';
import {
  type Change,
  type Create,
  hashOfRow,
  printOfRow,
  seedOf,
  type Update,
} from '../../sync/plan/change.ts';
import { recordOf } from '../../sync/plan/chunk.ts';
import { differ } from '../../sync/plan/diff.ts';
import { digitsOf } from '../../sync/plan/known.ts';
import { chunkFacts } from '../../sync/state/state.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import type { Plan } from '../plan.ts';
import type { ChunkRecord, LedgerEntry } from '../ports.ts';
import { type ChunkLog, noToken } from './chunk-log.ts';
import { type Found, findKeys, readKeys, recordsOf } from './find.ts';

/** What reading back showed. */
export interface Settled {
  /** Changes that the table does not have: still to be sent. */
  readonly rest: readonly Change[];
  /** Creates whose key has a record by now that holds other values: somebody else made or changed it. As its updates. */
  readonly others: readonly Update[];
  readonly wrote: readonly LedgerEntry[];
  /** Of those: creates whose key has a record with other values, which the mode leaves alone. */
  readonly left: number;
  readonly removed: readonly string[];
}

/** Finds out what the table has of chunks that were sent. */
export class Settling {
  readonly #log: ChunkLog;
  /** What the table has of all creates, where it moved while it was read. */
  #creates: Promise<ReadonlyMap<Key, Found>> | undefined;

  constructor(log: ChunkLog) {
    this.#log = log;
  }

  /** Whether the table must be asked about a chunk before it is sent. */
  isNeeded(chunk: ChunkRecord): boolean {
    const { confirmCreates } = this.#log.upload.plan;
    const isUnconfirmed = chunk.kind === 'create' && confirmCreates && !this.#log.isRead(chunk);
    return isUnconfirmed || this.#log.mustReadFirst(chunk);
  }

  /**
   * What the table has of a chunk. Rows that may have been sent are only said to be missing, where they go under
   * another token, once no send of them can arrive any more: it waits for that. Rejects with `CallError` when it
   * cannot be told: a failed look-up is never "absent".
   */
  async settle(chunk: ChunkRecord, changes: readonly Change[]): Promise<Settled> {
    const { job, plan, parts } = this.#log.upload;
    const { soon } = job.stop;
    if (!this.#log.mustReadFirst(chunk)) return settledBy(plan, changes, await this.#keysOfCreates());
    const began = parts.clock.monotonic();
    const settled = await this.readBack(changes, soon);
    const { rest } = settled;
    const isKept = rest.length === changes.length && this.#log.isProtected(chunk);
    if (rest.length === 0 || isKept || began >= this.#log.arrivedBy(chunk)) return settled;
    await this.arrived(chunk);
    return this.readBack(changes, soon);
  }

  /** Resolves when no send of a chunk that creates can arrive any more. */
  async arrived(chunk: ChunkRecord): Promise<void> {
    const wait = this.#log.arrivedBy(chunk) - this.#log.upload.parts.clock.monotonic();
    if (chunk.kind !== 'create' || wait <= 0) return;
    await this.#log.pause(wait);
    this.#log.showRound(0);
  }

  /** Asks once about the keys of all creates: by filters for one chunk, else by a whole read. */
  #keysOfCreates(): Promise<ReadonlyMap<Key, Found>> {
    this.#creates ??= this.#lookUpCreates().catch((error: unknown) => {
      this.#creates = undefined;
      throw error;
    });
    return this.#creates;
  }

  async #lookUpCreates(): Promise<ReadonlyMap<Key, Found>> {
    const { job, plan } = this.#log.upload;
    const where = { table: job.table, plan, signal: job.stop.soon };
    const creates = this.#log.open().filter(({ kind }) => kind === 'create');
    const [only, ...others] = creates;
    if (only && others.length === 0) return findKeys(where, await this.#log.body(only), this.#log.records());
    const watched = new Set<Key>();
    for (const chunk of creates) for (const { key } of await this.#log.body(chunk)) watched.add(key);
    return readKeys(where, watched);
  }

  /** After the last round: settles a chunk for good. */
  async giveUp(chunk: ChunkRecord): Promise<void> {
    const { failure } = chunk;
    if (failure?.mayHaveHappened) await this.#clear(chunk, 'failed');
    else await this.#log.put(chunk, 'failed', { failure });
  }

  /** Finds out what was written of chunks whose answer never came; nothing is sent. */
  async clearDoubt(): Promise<void> {
    for (const chunk of this.#log.open())
      if (chunkFacts[chunk.status].inFlight || this.#log.inDoubt(chunk)) await this.#clear(chunk, 'pending');
  }

  /** Reads a chunk back; what cannot be told is unknown, never a success and never "absent". */
  async #clear(chunk: ChunkRecord, otherwise: 'failed' | 'pending'): Promise<void> {
    const found = await this.#seen(chunk);
    if ('verdict' in found) {
      const failure = { ...(chunk.failure ?? found), mayHaveHappened: true };
      await this.#log.put(chunk, 'unknown', { failure });
      return;
    }
    const { rest, others, wrote, removed } = found;
    const written = chunk.rows - rest.length - others.length;
    const status = written === chunk.rows ? 'done' : otherwise;
    const failure = status === 'failed' ? chunk.failure : null;
    await this.#log.put({ ...chunk, ...noToken }, status, { wrote, removed, written, failure });
  }

  /** What the table has of a chunk, or why that cannot be told. */
  async #seen(chunk: ChunkRecord): Promise<Settled | Failure> {
    try {
      return await this.readBack(await this.#log.body(chunk), this.#log.upload.job.stop.now);
    } catch (error) {
      if (error instanceof CallError) return error.failure;
      throw error;
    }
  }

  /** Finds out which changes of one kind the table has already. Rejects with `CallError` when it cannot be told. */
  async readBack(changes: readonly Change[], signal: AbortSignal): Promise<Settled> {
    const { job, plan } = this.#log.upload;
    const { table } = job;
    if (changes[0]?.kind !== 'delete')
      return settledBy(plan, changes, await findKeys({ table, plan, signal }, changes, this.#log.records()));
    const { absent: removed } = await table.look(recordsOf(changes), signal);
    const rest = changes.filter((change) => !removed.includes(recordOf(change) ?? ''));
    return { rest, removed, others: [], wrote: [], left: 0 };
  }
}

/** Which creates and updates the table has, by the records that were found. */
function settledBy(
  { targets, mode }: Pick<Plan, 'targets' | 'mode'>,
  changes: readonly Change[],
  found: ReadonlyMap<Key, Found>,
): Settled {
  const seed = seedOf(targets);
  const rest: Change[] = [];
  const others: Update[] = [];
  const wrote: LedgerEntry[] = [];
  let left = 0;
  for (const change of changes) {
    const held = found.get(change.key);
    if (!held || change.kind === 'delete') rest.push(change);
    else if (change.kind === 'update') {
      const isThere = change.differences.every(([at, wanted]) => held.cells[at] === wanted);
      if (isThere)
        wrote.push({ key: change.key, record: held.record, hash: digitsOf(printOfRow(held.cells)) });
      else rest.push(change);
    } else {
      const update = updateOf(targets, change, held, seed);
      const isOther = update.differences.length > 0;
      // What stands there is left alone by a mode that only adds.
      if (isOther && mode === 'append') left += 1;
      if (isOther && mode !== 'append') others.push(update);
      else wrote.push({ key: change.key, record: held.record, hash: digitsOf(printOfRow(held.cells)) });
    }
  }
  return { rest, others, wrote, left, removed: [] };
}

/** A create as an update of the record that has its key by now. */
function updateOf(targets: Plan['targets'], create: Create, { record, cells }: Found, seed: number): Update {
  const row = create.cells;
  const hash = hashOfRow(row, seed);
  const differences = differ(targets, row, cells);
  return { kind: 'update', key: create.key, record, differences, hash, row };
}
