import { z } from 'zod';
import { fieldKinds } from '../definition/field.ts';
import type { KnownField } from '../fields/target.ts';
import { type Failure, hows, verdicts } from '../words/failure.ts';
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
import { amount, inFormat, object, parsed, problemSchema, readable, textSchema } from './stored.ts';

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
