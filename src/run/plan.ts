import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Definition, modes } from '../sync/definition/definition.ts';
import { fieldKinds } from '../sync/definition/field.ts';
import { type KnownField, personWords, type Target } from '../sync/fields/column.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import { tally } from '../sync/state/counts.ts';
import {
  chunkFacts,
  type FailedChunk,
  type Sample,
  type State,
  sampleSchema,
  type WaitReason,
  waitSchema,
} from '../sync/state/state.ts';
import { amount, inFormat, knownFieldSchema, object, parsed } from '../sync/state/stored.ts';
import type { Failure } from '../sync/words/failure.ts';
import type { ChunkRecord } from './ports.ts';

/** Rows and deletes that no chunk holds. */
export interface Basis {
  readonly read: number;
  readonly unchanged: number;
  readonly invalid: number;
  readonly rejected: number;
  readonly kept: number;
}

/** What the upload needs besides the chunks; stored with the run, so that it can go on after a restart. */
export interface Plan {
  /** Of the definition; not stored by older programs. */
  readonly mode?: Definition['mode'];
  readonly targets: readonly Target[];
  readonly key: readonly number[];
  /** What Feishu judges values by, see `fieldsSignature`. */
  readonly fields: string;
  /** The table's change counter when the plan was made. */
  readonly revision: number;
  /** Hash of all chunks: two plans with the same hash do the same. */
  readonly hash: string;
  /** Whether creates must be confirmed by key first, because the table moved while it was read. */
  readonly confirmCreates: boolean;
  /** Extra rounds, and writes at once for the base. */
  readonly rounds: number;
  readonly concurrency: number | 'auto';
  /** Records that the table had. */
  readonly records: number;
  /** What the comparison alone decided; chunks account for the rest. */
  readonly basis: Basis;
  /** Select options that the plan creates, by the position of their field. */
  readonly newOptions: readonly (readonly [at: number, names: readonly string[]])[];
  /** Whether a yes to this plan allows the definition to delete hand-made records from now on. */
  readonly asksHandMade: boolean;
  /** Hash of query, key and mapping: see {@link fingerprintOf}. */
  readonly fingerprint: string;
  /** IDs of the fields that have a value in any row. */
  readonly filled: readonly string[];
  /** Where the columns go; remembered once a person has agreed, where it differs from before. */
  readonly known: readonly KnownField[];
  /** Why nothing may be sent before a person has said yes; empty once that was said, or when nothing is unusual. */
  readonly waits: readonly WaitReason[];
  readonly samples: readonly Sample[];
  /** How long it is good for, in ms. */
  readonly lifetime: number;
  /** A person has agreed to all of it but its deletes. */
  readonly withoutDeletes: boolean;
  /** Hash of what the definition promised when the plan was made, see `termsOf`; not stored by older programs. */
  readonly terms?: string;
  /** The highest chunk numbers of the plan, by the letters before them; not stored by older programs. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** Grows when what is stored of a plan is no longer read by programs before it. */
const format = 1;

export const writePlan = (plan: Plan): string => JSON.stringify({ format, ...plan });

/** @throws ProblemError when it cannot be read */
export const readPlan = (stored: string): Plan => parsed('the plan of a run', stored, schema);

/** The plan of a run as it is stored; undefined before there was one. @throws ProblemError when it cannot be read */
export const storedPlan = ({ plan }: { readonly plan: string }): Plan | undefined =>
  plan === '' ? undefined : readPlan(plan);

const word = z.string();
const words = z.array(word);
const missing = z.enum(['reject', 'empty']);

const target = object<Target>({
  ...{ id: word, name: word, kind: z.enum(fieldKinds), hidden: z.boolean() },
  filled: z.object({ as: z.enum(['text', 'number', 'date']), zone: word }).exactOptional(),
  keep: z.literal(true).exactOptional(),
  options: words.exactOptional(),
  lookup: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('person'), by: z.enum(personWords), missing }),
      z.object({ kind: z.literal('link'), table: word, by: word, missing }),
    ])
    .exactOptional(),
});

const schema = inFormat(
  format,
  object<Plan>({
    ...{ mode: z.enum(modes).exactOptional(), targets: z.array(target), key: z.array(amount) },
    ...{ fields: word, revision: amount, hash: word, confirmCreates: z.boolean(), rounds: amount },
    ...{ concurrency: z.union([amount, z.literal('auto')]), records: amount, asksHandMade: z.boolean() },
    basis: object<Basis>({
      ...{ read: amount, unchanged: amount, invalid: amount, rejected: amount, kept: amount },
    }),
    newOptions: z.array(z.tuple([amount, words])),
    ...{ fingerprint: word, filled: words, known: z.array(knownFieldSchema), waits: z.array(waitSchema) },
    ...{ samples: z.array(sampleSchema), lifetime: amount, withoutDeletes: z.boolean() },
    ...{ terms: word.exactOptional(), numbers: z.record(word, amount).exactOptional() },
  }),
);

/** What a person agreed to by the last success: another query, key or mapping is another promise. */
export function fingerprintOf(definition: Definition, mapping: Pick<Mapping, 'targets' | 'key'>): string {
  const what = JSON.stringify([
    definition.source.connection,
    definition.source.query,
    definition.key,
    mapping.targets.map((target) => [target.id, target.kind]),
    mapping.key,
    definition.fields,
  ]);
  return createHash('sha256').update(what).digest('hex').slice(0, 32);
}

/** The state with its counts brought up to date: what the comparison decided plus where the chunks stand. */
export function counted(state: State, basis: Basis, chunks: readonly ChunkRecord[]): State {
  const sum = tally(chunks);
  const whole = chunks.filter((chunk) => !chunkFacts[chunk.status].divided && !isPassedOver(chunk));
  const settled = whole.filter(({ status }) => !chunkFacts[status].open);
  // Confirmed before their chunk was split: its parts hold the rest.
  const early = chunks.reduce(
    (rows, { status, written }) => rows + (chunkFacts[status].divided ? written : 0),
    0,
  );
  const { done, failed, unknown, notSent } = sum.deletes;
  const kept = sum.deletes.kept + basis.kept;
  return {
    ...state,
    rows: {
      read: basis.read,
      unchanged: basis.unchanged,
      invalid: basis.invalid,
      ...sum.rows,
      rejected: sum.rows.rejected + basis.rejected,
    },
    setBack: sum.back,
    deletes: { planned: done + failed + unknown + notSent + kept, ...sum.deletes, kept },
    chunks: { total: whole.length, settled: settled.length, failed: failedOf(whole), ...refusedIn(chunks) },
    changes: { total: rowsIn(whole) + early, settled: rowsIn(settled) + early },
  };
}

/**
 * Returns a chunk as it counts once nothing more is sent: unknown where a send may have happened whose outcome nobody
 * noted, because no answer came, the program stopped or the store was lost.
 */
export function asLeft(chunk: ChunkRecord): ChunkRecord {
  const { status, failure } = chunk;
  const { open, inFlight } = chunkFacts[status];
  if (!open || !(inFlight || failure?.mayHaveHappened)) return chunk;
  return { ...chunk, status: 'unknown', failure: { ...(failure ?? notNoted), mayHaveHappened: true } };
}

const notNoted: Failure = {
  how: 'threw',
  code: null,
  message: 'sent, but what became of it could not be noted',
  verdict: 'round',
  mayHaveHappened: true,
};

const isRefused = (status: ChunkRecord['status']): boolean => chunkFacts[status].rest === 'rejected';

/** Rows that Feishu refused in an earlier run: this one has not tried them. */
const isPassedOver = ({ status, attempts }: ChunkRecord): boolean => isRefused(status) && attempts === 0;

function refusedIn(chunks: readonly ChunkRecord[]): { readonly refused?: number } {
  const refused = rowsIn(chunks.filter(({ status }) => isRefused(status)));
  return refused === 0 ? {} : { refused };
}

const rowsIn = (chunks: readonly ChunkRecord[]): number => chunks.reduce((sum, chunk) => sum + chunk.rows, 0);

/** Chunks that can be sent again; a row refused for what is in it is listed with the bad rows instead. */
function failedOf(chunks: readonly ChunkRecord[]): readonly FailedChunk[] {
  return chunks.flatMap((chunk) => {
    if (!chunkFacts[chunk.status].failed) return [];
    const { how = 'threw', code = null, message = '' } = chunk.failure ?? {};
    return [{ id: chunk.id, kind: chunk.kind, rows: chunk.rows - chunk.written, how, code, message }];
  });
}

/** A plan that nobody carries out: what would be done stands where it would be counted. */
export function foreseen(state: State, basis: Basis, chunks: readonly ChunkRecord[]): State {
  return counted(
    state,
    basis,
    chunks.map((chunk) => (isPassedOver(chunk) ? chunk : { ...chunk, status: 'done', written: chunk.rows })),
  );
}
