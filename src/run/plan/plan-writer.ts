import { createHash } from 'node:crypto';
import type { Definition } from '../../sync/definition/definition.ts';
import type { Target } from '../../sync/fields/column.ts';
import type { Key } from '../../sync/fields/key.ts';
import { type Change, hashOf, hashOfRow, type Written } from '../../sync/plan/change.ts';
import { chunker, type PackedChunk } from '../../sync/plan/chunk.ts';
import type { BadRow, ChunkKind } from '../../sync/state/state.ts';
import type { Failure } from '../../sync/words/failure.ts';
import type { Job } from '../job.ts';
import type { Plan } from '../plan.ts';
import type { Journal, NewChunk, RefusedRow, Rejects, Store } from '../ports.ts';
import { refusedRow } from '../shown.ts';
import type { OpenedTable, Sides } from './open-sides.ts';

/** Rows that one chunk may hold: as defined, and never more than the table has shown to take. */
export async function rowsPerChunk(
  { chunkSize }: Definition,
  { table, scope }: OpenedTable,
  { facts }: Pick<Store, 'facts'>,
): Promise<number> {
  const wanted = chunkSize === 'auto' ? table.chunkSize : chunkSize;
  return Math.min(wanted, (await facts.chunkSize.of(scope.table)) ?? wanted);
}

/** Where chunks go. */
interface Into {
  /** Whoever lost the table stores nothing of the plan any more. */
  readonly job: Pick<Job, 'run' | 'scope' | 'fence'>;
  readonly journal: Pick<Journal, 'addChunks'>;
  readonly targets: readonly Target[];
  readonly chunkSize: number;
  /** The highest number of a chunk so far, by the letters before it. */
  readonly numbers: ReadonlyMap<string, number> | undefined;
}

/** Bytes of chunks that are stored in one go. */
const storedTogether = 2 * 1024 * 1024;

/** Counts a plan's changes, and writes them into the journal chunk by chunk. */
export function planWriter({ job, journal, targets, chunkSize, numbers }: Into) {
  const chunks = chunker(chunkSize, targets, '', numbers);
  const counts = { create: 0, update: 0, delete: 0 };
  const hash = createHash('sha256');
  let waiting: NewChunk[] = [];

  /** Takes a chunk for the journal. Some go there together: each going is a transaction that waits for the disk. */
  async function store(chunk: PackedChunk): Promise<void> {
    hash.update(chunk.kind).update(chunk.body);
    waiting.push(chunk);
    if (waiting.reduce((sum, { body }) => sum + body.length, 0) >= storedTogether) await storeWaiting();
  }

  async function storeWaiting(): Promise<void> {
    await journal.addChunks(job.run, waiting, job.fence);
    waiting = [];
  }

  return {
    count: (change: Change): void => void counts[change.kind]++,
    async add(change: Change): Promise<void> {
      const closed = chunks.add(change);
      if (closed) await store(closed);
    },
    /** Stores what is left. */
    async end(): Promise<void> {
      for (const chunk of chunks.rest()) await store(chunk);
      await storeWaiting();
    },
    counts: () => ({ creates: counts.create, updates: counts.update, deletes: counts.delete }),
    /** The highest number of a chunk, by the letters before it. */
    numbers: chunks.numbers,
    /** Returns the hash of all chunks. @param more those that are stored elsewhere */
    hash(more: readonly NewChunk[]): string {
      for (const chunk of more) hash.update(chunk.kind).update(chunk.body);
      return hash.digest('hex');
    },
  };
}

/** What stands between `R` and the chunk's usual ID: rows that Feishu refused in an earlier run. */
const refusedMark = 'R';

/** What earlier runs know of rows that Feishu refuses. */
interface RefusedBefore {
  readonly rejects: Rejects;
  /** See {@link fieldsSignature}. */
  readonly fields: string;
  /** Whether a person asked for them to be sent again. */
  readonly retryRefused: boolean;
  /** Whether nothing may be noted: the plan is only shown. */
  readonly planOnly: boolean;
}

/** Leaves out rows that Feishu refused before, as they still are: they go to the journal in chunks that begin as rejected. */
export async function refusedBefore(
  { job, journal, targets, chunkSize, numbers }: Into,
  known: RefusedBefore,
) {
  const { rejects, fields, retryRefused, planOnly } = known;
  const { run, scope, fence } = job;
  const chunks = chunker(chunkSize, targets, refusedMark, numbers);
  const reasons: Record<ChunkKind, Failure[]> = { create: [], update: [], delete: [] };
  const isAsked = !retryRefused && (await rejects.size(scope)) > 0;

  async function store(chunk: PackedChunk): Promise<void> {
    const [refused] = reasons[chunk.kind].splice(0, chunk.rows);
    if (refused) await journal.addChunks(run, [{ ...chunk, refused }], fence);
  }

  async function leaveOut(change: Written, { told }: RefusedRow): Promise<void> {
    const closed = chunks.add(change);
    if (closed) await store(closed);
    const why = { code: told.code ?? null, message: told.reason.en };
    reasons[change.kind].push({ how: 'answered', verdict: 'values', mayHaveHappened: false, ...why });
  }

  return {
    /** Returns the changes that are to be sent. @param told gets those that are not */
    async sift(changes: readonly Written[], told: (row: BadRow) => void): Promise<readonly Written[]> {
      if (!isAsked || changes.length === 0) return changes;
      const keys = changes.map(({ key }) => key);
      const before = await rejects.known(scope, keys);
      const send: Written[] = [];
      const met: Key[] = [];
      for (const change of changes) {
        const row = before.get(change.key);
        if (row?.fields !== fields || row.hash !== rowHash(change)) send.push(change);
        else {
          met.push(change.key);
          told(row.told);
          await leaveOut(change, row);
        }
      }
      if (!planOnly && met.length > 0) await rejects.keep(scope, run, met);
      return send;
    },
    async end(): Promise<void> {
      for (const chunk of chunks.rest()) await store(chunk);
    },
    numbers: chunks.numbers,
  };
}

/** Hash of the whole row behind a create or an update. */
const rowHash = (change: Written): string =>
  change.kind === 'create' ? hashOfRow(change.cells) : change.hash;

/**
 * What Feishu judges values by: type, look and range of the fields that are written. Names do not count, nor
 * options, which every run may add to.
 */
export function fieldsSignature({ mapping, target }: Pick<Sides, 'mapping' | 'target'>): string {
  const judged = mapping.targets.map(({ id }) => {
    const field = target.fields.find((one) => one.id === id);
    return [id, field?.kind, field?.look, field?.multiple, field?.linkTable, field?.min, field?.max];
  });
  return hashOf(JSON.stringify(judged));
}

/** Returns a row that Feishu refused for what is in it as it is remembered; null for a record that was to be deleted. */
export const refusal = (plan: Plan, change: Change | undefined, failure: Failure): RefusedRow | null =>
  change && change.kind !== 'delete'
    ? { key: change.key, hash: rowHash(change), fields: plan.fields, told: refusedRow(plan, change, failure) }
    : null;
