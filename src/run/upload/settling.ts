import type { Key } from '../../sync/fields/key.ts';
import {
  type Change,
  type Create,
  decodeChanges,
  hashOfRow,
  seedOf,
  type Update,
} from '../../sync/plan/change.ts';
import { differ } from '../../sync/plan/diff.ts';
import { isOpen } from '../../sync/plan/pace.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import type { Plan } from '../plan.ts';
import type { ChunkRecord, LedgerEntry, Table } from '../ports.ts';
import { type ChunkLog, noToken, type Upload } from './chunk-log.ts';
import { type Found, findKeys, readKeys } from './find.ts';

/** What reading back showed. */
export interface Settled {
  /** Changes that the table does not have: still to be sent. */
  readonly rest: readonly Change[];
  /** Creates whose key has a record by now that holds other values: somebody else made or changed it. As its updates. */
  readonly others: readonly Update[];
  readonly wrote: readonly LedgerEntry[];
  /** Of those: creates whose key has a record with other values, which the mode leaves alone. */
  readonly left?: number;
  readonly removed: readonly string[];
}

/** Finds out what the table has of chunks that were sent. */
export class Settling {
  readonly #upload: () => Upload;
  readonly #log: ChunkLog;
  /** What the table has of all creates, where it moved while it was read. */
  #creates: Promise<ReadonlyMap<Key, Found>> | undefined;

  /** @param upload with the fields under their names of today */
  constructor(upload: () => Upload, log: ChunkLog) {
    this.#upload = upload;
    this.#log = log;
  }

  /** Whether the table must be asked about a chunk before it is sent. */
  isNeeded(chunk: ChunkRecord): boolean {
    const { plan } = this.#upload();
    const isUnconfirmed = chunk.kind === 'create' && plan.confirmCreates && !this.#log.isRead(chunk);
    return isUnconfirmed || this.#log.mustReadFirst(chunk);
  }

  /**
   * What the table has of a chunk. Rows that may have been sent are only said to be missing, where they go under
   * another token, once no send of them can arrive any more: it waits for that. Rejects with `CallError` when it
   * cannot be told: a failed look-up is never "absent".
   */
  async settle(chunk: ChunkRecord, changes: readonly Change[]): Promise<Settled> {
    const upload = this.#upload();
    const { soon } = upload.job.stop;
    if (!this.#log.mustReadFirst(chunk)) return settledBy(upload.plan, changes, await this.#keysOfCreates());
    const began = upload.ports.clock.monotonic();
    const settled = await settleByReading(upload, changes, soon);
    const { rest } = settled;
    const isKept = rest.length === changes.length && this.#log.isProtected(chunk);
    if (rest.length === 0 || isKept || began >= this.#log.arrivedBy(chunk)) return settled;
    await this.arrived(chunk);
    return settleByReading(upload, changes, soon);
  }

  /** Resolves when no send of a chunk that creates can arrive any more. */
  async arrived(chunk: ChunkRecord): Promise<void> {
    const { job, ports, show } = this.#upload();
    const wait = this.#log.arrivedBy(chunk) - ports.clock.monotonic();
    if (chunk.kind !== 'create' || wait <= 0) return;
    show.pause(ports.clock.now() + wait);
    await ports.clock.sleep(wait, job.stop.soon);
    show.round(0);
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
    const { job, plan, records } = this.#upload();
    const where = { table: job.table, plan, signal: job.stop.soon };
    const creates = this.#log.all().filter(({ kind, status }) => kind === 'create' && isOpen(status));
    const [only, ...others] = creates;
    if (only && others.length === 0) return findKeys(where, await this.#body(only), records());
    const watched = new Set<Key>();
    for (const chunk of creates) for (const { key } of await this.#body(chunk)) watched.add(key);
    return readKeys(where, watched);
  }

  async #body({ id }: ChunkRecord): Promise<readonly Change[]> {
    const { job, ports } = this.#upload();
    return decodeChanges(await ports.journal.body(job.run, id));
  }

  /**
   * After the last round: settles a chunk for good. What may have been written is read back; what cannot be told is
   * unknown, never a success and never "absent".
   */
  async giveUp(chunk: ChunkRecord): Promise<void> {
    const { failure } = chunk;
    if (!failure?.mayHaveHappened) {
      await this.#log.put(chunk, 'failed', { failure });
      return;
    }
    const found = await this.#seen(chunk);
    if ('verdict' in found) {
      await this.#log.put(chunk, 'unknown', { failure });
      return;
    }
    const written = chunk.rows - missing(found);
    const isDone = written === chunk.rows;
    const { wrote, removed } = found;
    const outcome = { wrote, removed, written, failure: isDone ? null : failure };
    await this.#log.put(chunk, isDone ? 'done' : 'failed', outcome);
  }

  /** Finds out what was written of chunks whose answer never came; nothing is sent. What cannot be told is unknown. */
  async clearDoubt(): Promise<void> {
    const isAsked = (chunk: ChunkRecord): boolean =>
      isOpen(chunk.status) && (chunk.status === 'sent' || this.#log.inDoubt(chunk));
    for (const chunk of this.#log.all().filter(isAsked)) {
      const found = await this.#seen(chunk);
      if ('verdict' in found) {
        const failure = { ...(chunk.failure ?? found), mayHaveHappened: true };
        await this.#log.put(chunk, 'unknown', { failure });
        continue;
      }
      const { wrote, removed } = found;
      const written = chunk.rows - missing(found);
      const status = written === chunk.rows ? 'done' : 'pending';
      await this.#log.put({ ...chunk, ...noToken }, status, { wrote, removed, written });
    }
  }

  /** What the table has of a chunk, or why that cannot be told. */
  async #seen(chunk: ChunkRecord): Promise<Settled | Failure> {
    try {
      return await settleByReading(this.#upload(), await this.#body(chunk));
    } catch (error) {
      if (error instanceof CallError) return error.failure;
      throw error;
    }
  }
}

/** How many changes the table does not have as they were to be. */
const missing = ({ rest, others }: Settled): number => rest.length + others.length;

/**
 * Finds out which changes of one kind the table has already.
 * Rejects with `CallError` when it cannot be told: a failed look-up is never "absent".
 * @param signal ends the look-up; when calls in flight are given up, when not given
 */
export async function settleByReading(
  { job, plan, records }: Upload,
  changes: readonly Change[],
  signal: AbortSignal = job.stop.now,
): Promise<Settled> {
  const { table } = job;
  if (changes[0]?.kind === 'delete') return settleDeletes(table, changes, signal);
  return settledBy(plan, changes, await findKeys({ table, plan, signal }, changes, records()));
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
      if (isThere) wrote.push({ key: change.key, record: held.record, hash: change.hash });
      else rest.push(change);
    } else {
      const update = updateOf(targets, change, held, seed);
      const isOther = update.differences.length > 0;
      // What stands there is left alone by a mode that only adds.
      if (isOther && mode === 'append') left += 1;
      if (isOther && mode !== 'append') others.push(update);
      else wrote.push({ key: change.key, record: held.record, hash: hashOfRow(held.cells, seed) });
    }
  }
  return { rest, others, wrote, left, removed: [] };
}

/** A create as an update of the record that has its key by now. */
function updateOf(targets: Plan['targets'], create: Create, { record, cells }: Found, seed: number): Update {
  const row = create.cells;
  const hash = hashOfRow(row, seed);
  return { kind: 'update', key: create.key, record, differences: differ(targets, row, cells), hash, row };
}

async function settleDeletes(
  table: Table,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Settled> {
  const ids = changes.flatMap((change) => (change.kind === 'delete' ? [change.record] : []));
  const { absent } = await table.look(ids, signal);
  const gone = new Set(absent);
  return {
    rest: changes.filter((change) => change.kind !== 'delete' || !gone.has(change.record)),
    others: [],
    wrote: [],
    removed: absent,
  };
}
