import { z } from 'zod';
import { fieldKinds } from '../definition/field.ts';
import type { KnownField } from '../fields/column.ts';
import { type Failure, hows, verdicts } from '../words/failure.ts';
import { type Problem, problem } from '../words/problem.ts';
import { type Text, text } from '../words/text.ts';
import {
  type Act,
  type Actor,
  actOps,
  actorKinds,
  type BadGroup,
  type BadRow,
  badRowKinds,
  type CallCounts,
  chunkKinds,
  type DeleteCounts,
  type FailedChunk,
  phases,
  type Queue,
  type RowCounts,
  type Sample,
  type Spent,
  type State,
  statusNames,
  type WaitReason,
  waitCodes,
} from './state.ts';

/**
 * Reads JSON that came out of the store.
 * @param what it is of, for people: `state of run 1a2b`
 * @throws ProblemError when it is torn, or was written by a program that this one does not know
 */
export function parsed<T>(what: string, json: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw unreadable(what, 'no JSON', error);
  }
  return checked(what, value, schema);
}

/** Checks a value that came out of the store. @throws ProblemError */
export function checked<T>(what: string, value: unknown, schema: z.ZodType<T>): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw unreadable(what, issue ? `${issue.path.join('.')}: ${issue.message}` : '', read.error);
}

/** Says that something in the store cannot be read. @param what it is of, for people */
export const unreadable = (what: string, why: string, cause?: unknown) =>
  problem(
    {
      code: 'stored-unreadable',
      message: text(
        `存储里的一条内容读不出来：${what}（${why}）`,
        `the store holds something that cannot be read: ${what} (${why})`,
      ),
      cure: text(
        '用写下它的那个版本的程序，或从备份恢复存储',
        'run the version of the program that wrote it, or restore the store from a backup',
      ),
      where: 'STORE_URL',
    },
    { cause },
  );

/** Reads JSON that came out of the store; `undefined` for what cannot be read and may be missing. */
export function readable<T>(json: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** An object that has a parser for each of its keys, also for those that may be missing. */
export const object = <T extends object>(
  shape: {
    readonly [K in keyof T]-?: z.ZodType<T[K]>;
  },
): z.ZodType<T> => z.object(shape) as unknown as z.ZodType<T>;

/**
 * What is stored as an object with a `format` beside its keys; 0.1.0 wrote none.
 * @param format the newest that this program knows
 */
export const inFormat = <T>(format: number, schema: z.ZodType<T>): z.ZodType<T> =>
  z
    .looseObject({ format: z.number().max(format, 'written by a newer program').optional() })
    .transform((value): unknown => value)
    .pipe(schema);

export const amount = z.number();

export const textSchema: z.ZodType<Text> = z.object({ zh: z.string(), en: z.string() });

export const problemSchema: z.ZodType<Problem> = z.object({
  ...{ code: z.string(), message: textSchema, cure: textSchema },
  ...{ where: z.string().exactOptional(), logId: z.string().exactOptional() },
});

/** Grows when what is stored of a state is no longer read by programs before it. */
const format = 1;

export const writeState = (state: State): string => JSON.stringify({ format, ...state });

/** The state of a run as it was stored. @throws ProblemError when it cannot be read */
export const readState = (run: string, json: string): State => parsed(`state of run ${run}`, json, stored);

/** The same; `undefined` when it cannot be read. */
export const stateIn = (json: string): State | undefined => readable(json, stored);

const name = z.string();
const flag = z.literal(true).exactOptional();
const moment = amount.nullable();
const kind = z.enum(chunkKinds);

export const actorSchema = object<Actor>({
  kind: z.enum(actorKinds),
  ...{ openId: name.exactOptional(), user: name.exactOptional() },
});

export const failureSchema = object<Failure>({
  ...{ how: z.enum(hows), code: amount.nullable(), message: name, verdict: z.enum(verdicts) },
  silence: z.enum(['unreached', 'unanswered']).exactOptional(),
  ...{ mayHaveHappened: z.boolean(), heavy: flag, retryAfter: amount.exactOptional() },
  ...{ status: amount.exactOptional(), logId: name.exactOptional(), what: textSchema.exactOptional() },
  ...{ cure: textSchema.exactOptional(), pointer: name.exactOptional() },
});

export const badRowSchema = object<BadRow>({
  ...{ kind: z.enum(badRowKinds), key: name, row: amount.nullable(), reason: textSchema },
  ...{ field: name.exactOptional(), code: amount.exactOptional(), value: name.exactOptional() },
});

export const knownFieldSchema = object<KnownField>({
  column: name,
  id: name,
  name,
  kind: z.enum(fieldKinds),
});

export const waitSchema = object<WaitReason>({ code: z.enum(waitCodes), message: textSchema });

export const sampleSchema = object<Sample>({
  ...{ key: name, kind, back: flag },
  cells: z.array(object<Sample['cells'][number]>({ field: name, from: name, to: name })),
});

const counts = { read: amount, unchanged: amount, rejected: amount, failed: amount, unknown: amount };

const stateSchema = object<State>({
  ...{ run: name, definition: name, title: name, link: name, planOnly: z.boolean() },
  ...{ status: z.enum(statusNames), phase: z.enum(phases), version: amount },
  ...{ startedAt: amount, endedAt: moment, rounds: amount, roundsMax: amount, resumeAt: moment },
  queue: object<Queue>({
    place: amount,
    holder: object<NonNullable<Queue['holder']>>({
      ...{ definition: name, title: name, since: amount, by: actorSchema.nullable() },
      changes: object<State['changes']>({ total: amount, settled: amount }),
    }).nullable(),
    frozen: flag,
  }).exactOptional(),
  reading: object<State['reading']>({ rows: amount, records: amount, total: moment }),
  rows: object<RowCounts>({
    ...counts,
    ...{ created: amount, updated: amount, invalid: amount, notSent: amount },
  }),
  setBack: amount.exactOptional(),
  deletes: object<DeleteCounts>({
    ...{ planned: amount, done: amount, failed: amount, unknown: amount, notSent: amount, kept: amount },
  }),
  chunks: object<State['chunks']>({
    ...{ total: amount, settled: amount, refused: amount.exactOptional() },
    failed: z.array(
      object<FailedChunk>({
        ...{ id: name, kind, rows: amount, how: z.enum(hows), code: amount.nullable(), message: name },
      }),
    ),
  }),
  changes: object<State['changes']>({ total: amount, settled: amount }),
  planned: object<State['planned']>({
    ...{ creates: amount, updates: amount, back: amount.exactOptional(), deletes: amount },
  }),
  calls: object<CallCounts>({ read: amount, write: amount, refused: amount, chat: amount }),
  ms: object<Spent>({ total: amount, source: amount, table: amount, diff: amount, upload: amount }),
  waiting: object<NonNullable<State['waiting']>>({
    reasons: z.array(waitSchema),
    samples: z.array(sampleSchema),
    until: moment,
  }).nullable(),
  error: problemSchema.nullable(),
  otherErrors: z.array(problemSchema).exactOptional(),
  notes: z.array(textSchema),
  badRows: z.array(
    object<BadGroup>({
      ...{ kind: z.enum(badRowKinds), field: name.exactOptional(), code: amount.exactOptional() },
      ...{ reason: textSchema, rows: amount, samples: z.array(badRowSchema) },
    }),
  ),
  acts: z.array(object<Act>({ op: z.enum(actOps), by: actorSchema, at: amount })),
});

const stored = inFormat(format, stateSchema);
