import { createHash } from 'node:crypto';
import type { Field } from '../../sync/definition/field.ts';
import type { Target } from '../../sync/fields/column.ts';
import { type Change, hashOf, hashOfRow, type Written } from '../../sync/plan/change.ts';
import { chunker, type PackedChunk } from '../../sync/plan/chunk.ts';
import type { ChunkKind } from '../../sync/state/state.ts';
import type { Failure } from '../../sync/words/failure.ts';
import type { Plan } from '../plan.ts';
import type { Journal, NewChunk, RefusedRow, Rejects, Scope } from '../ports.ts';
import { refusedRow } from '../shown.ts';

/** Where chunks go. */
export interface Into {
  readonly run: string;
  readonly journal: Pick<Journal, 'addChunks'>;
  /** Of the lease: whoever lost the table stores nothing of the plan any more. */
  readonly fence: number;
  readonly targets: readonly Target[];
  readonly chunkSize: number;
  /** The highest number of a chunk so far, by the letters before it. */
  readonly numbers: ReadonlyMap<string, number> | undefined;
}

/** Bytes of chunks that are stored in one go. */
const storedTogether = 2 * 1024 * 1024;

/** Makes what counts a plan's changes, and writes them into the journal chunk by chunk. */
export function planWriter({ run, journal, fence, targets, chunkSize, numbers }: Into) {
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
    await journal.addChunks(run, waiting, fence);
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

/** Makes what writes rows that Feishu refused before into the journal: in chunks that begin as rejected. */
export function refusedWriter({ run, journal, fence, targets, chunkSize, numbers }: Into) {
  const chunks = chunker(chunkSize, targets, refusedMark, numbers);
  const reasons: Record<ChunkKind, Failure[]> = { create: [], update: [], delete: [] };

  async function store(chunk: PackedChunk): Promise<void> {
    const [refused] = reasons[chunk.kind].splice(0, chunk.rows);
    if (refused) await journal.addChunks(run, [{ ...chunk, refused }], fence);
  }

  return {
    async add(change: Change, row: RefusedRow): Promise<void> {
      const closed = chunks.add(change);
      if (closed) await store(closed);
      reasons[change.kind].push(refusedBefore(row));
    },
    async end(): Promise<void> {
      for (const chunk of chunks.rest()) await store(chunk);
    },
    numbers: chunks.numbers,
  };
}

/** Why rows that were refused before are not sent. */
const refusedBefore = ({ told }: RefusedRow): Failure => ({
  how: 'answered',
  code: told.code ?? null,
  message: told.reason.en,
  verdict: 'values',
  mayHaveHappened: false,
});

/** What earlier runs know of rows that Feishu refuses. */
export interface Refused {
  /** Tells apart which changes are as Feishu refused them, and which are to be sent. */
  sift(changes: readonly Written[]): Promise<{
    readonly send: readonly Written[];
    readonly refused: readonly { readonly change: Written; readonly row: RefusedRow }[];
  }>;
  /** After the last change: forgets the rows that changed, are fine by now, or are to be sent again. */
  end(): Promise<void>;
}

/** Opens what is known; undefined when nothing is. */
export async function knownRefused(job: {
  readonly rejects: Rejects;
  readonly scope: Scope;
  readonly run: string;
  /** See {@link fieldsSignature}. */
  readonly fields: string;
  /** Whether a person asked for them to be sent again. */
  readonly again: boolean;
  /** Whether nothing may be noted: the plan is only shown. */
  readonly planOnly: boolean;
}): Promise<Refused | undefined> {
  const { rejects, scope, run, fields, again, planOnly } = job;
  if ((await rejects.size(scope)) === 0) return undefined;
  return {
    async sift(changes) {
      if (again) return { send: changes, refused: [] };
      const known = await rejects.known(
        scope,
        changes.map(({ key }) => key),
      );
      const send: Written[] = [];
      const refused: { change: Written; row: RefusedRow }[] = [];
      for (const change of changes) {
        const row = known.get(change.key);
        if (row?.fields === fields && row.hash === rowHash(change)) refused.push({ change, row });
        else send.push(change);
      }
      if (!planOnly && refused.length > 0)
        await rejects.keep(
          scope,
          run,
          refused.map(({ row }) => row.key),
        );
      return { send, refused };
    },
    async end() {
      if (!planOnly) await rejects.forget(scope, again ? undefined : run);
    },
  };
}

/** Hash of the whole row behind a create or an update. */
export const rowHash = (change: Written): string =>
  change.kind === 'create' ? hashOfRow(change.cells) : change.hash;

/**
 * What Feishu judges values by: type, look and range of the fields that are written. Names do not count, nor
 * options, which every run may add to.
 */
export function fieldsSignature(targets: readonly Target[], fields: readonly Field[]): string {
  const judged = targets.map(({ id }) => {
    const field = fields.find((one) => one.id === id);
    return [id, field?.kind, field?.look, field?.multiple, field?.linkTable, field?.min, field?.max];
  });
  return hashOf(JSON.stringify(judged));
}

/** Returns a row that Feishu refused for what is in it as it is remembered; null for a record that was to be deleted. */
export const refusal = (plan: Plan, change: Change | undefined, failure: Failure): RefusedRow | null =>
  change && change.kind !== 'delete'
    ? { key: change.key, hash: rowHash(change), fields: plan.fields, told: refusedRow(plan, change, failure) }
    : null;
