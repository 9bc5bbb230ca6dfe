import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Definition, modes } from '../sync/definition/definition.ts';
import { fieldKinds } from '../sync/definition/field.ts';
import { type KnownField, personWords, type Target } from '../sync/fields/column.ts';
import type { Mapping } from '../sync/fields/mapping.ts';
import type { Sample, WaitReason } from '../sync/state/state.ts';
import {
  amount,
  inFormat,
  knownFieldSchema,
  object,
  parsed,
  sampleSchema,
  waitSchema,
} from '../sync/state/stored.ts';

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
