import { z } from 'zod';
import type { Parsed } from '../definition/definition.ts';
import { hows } from '../words/failure.ts';
import { amount, inFormat, numbers, parsed, problemSchema, readable, textSchema } from './stored.ts';

// Everything here is stored with a run: each thing is described once, by its parser, and its type follows from that.

const word = z.string();
const flag = z.literal(true).exactOptional();
const moment = amount.nullable();

/** What the status of a run means. */
interface StatusFacts {
  /** Whether it has not ended. */
  readonly open: boolean;
  /** Whether it is under way, or in line for its table. */
  readonly going: boolean;
  /** Whether its numbers say what would be written. */
  readonly plan: boolean;
  /** Whether it has ended, and a button may still need its plan. */
  readonly goesOn: boolean;
  /** How it came out, as far as people are to hear of it; `good`: the table is as the query wants it. */
  readonly outcome?: 'good' | 'partial' | 'failed' | 'waiting';
}

const over = { open: false, going: false, plan: false, goesOn: false };

/** How a run ends, or that it waits for a person; `running` is every moment before. */
const runStatuses = {
  running: { ...over, open: true, going: true },
  planned: { ...over, plan: true },
  done: { ...over, outcome: 'good' },
  partial: { ...over, goesOn: true, outcome: 'partial' },
  failed: { ...over, goesOn: true, outcome: 'failed' },
  waiting: { ...over, open: true, plan: true, outcome: 'waiting' },
  cancelled: { ...over, goesOn: true },
  interrupted: over,
  expired: over,
} satisfies Readonly<Record<string, StatusFacts>>;
export type Status = keyof typeof runStatuses;
export const statuses: Readonly<Record<Status, StatusFacts>> = runStatuses;
export const statusNames = Object.keys(statuses) as readonly Status[];

/** Whether a run is under way, or in line for its table. */
export const isGoing = ({ status }: { readonly status: Status }): boolean => statuses[status].going;

/** What a running run is busy with. */
const phase = z.enum(['queued', 'reading', 'comparing', 'uploading', 'pausing', 'ended']);
export type Phase = z.output<typeof phase>;

export const chunkKinds = ['create', 'update', 'delete'] as const;
export type ChunkKind = (typeof chunkKinds)[number];
const kind = z.enum(chunkKinds);

/** What the status of a chunk means. */
interface ChunkFacts {
  /** Whether it is still to be sent. */
  readonly open: boolean;
  /** Whether it was sent, and the answer is not known. */
  readonly inFlight: boolean;
  /** Whether its parts go on in its place: it stands for the rows that were confirmed before. */
  readonly divided: boolean;
  /** Whether all of the rows that it stands for are written. */
  readonly confirmed: boolean;
  /** Whether it holds no delete back: a row that Feishu refuses for what is in it would do so for ever. */
  readonly good: boolean;
  /** Whether it can be sent again by hand. */
  readonly failed: boolean;
  /** What its rows count as that are not confirmed. */
  readonly rest: 'failed' | 'unknown' | 'rejected' | 'notSent';
}

const unsent = {
  ...{ open: false, inFlight: false, divided: false, confirmed: false, good: false, failed: false },
  rest: 'notSent',
} as const;

/** Where a chunk stands; `dropped`: it is never sent. */
const chunks = {
  pending: { ...unsent, open: true },
  sent: { ...unsent, open: true, inFlight: true, rest: 'unknown' },
  done: { ...unsent, confirmed: true, good: true, rest: 'failed' },
  failed: { ...unsent, failed: true, rest: 'failed' },
  unknown: { ...unsent, failed: true, rest: 'unknown' },
  rejected: { ...unsent, good: true, rest: 'rejected' },
  split: { ...unsent, divided: true, confirmed: true, good: true },
  dropped: unsent,
} satisfies Readonly<Record<string, ChunkFacts>>;
export type ChunkStatus = keyof typeof chunks;
export const chunkFacts: Readonly<Record<ChunkStatus, ChunkFacts>> = chunks;
export const chunkStatuses = Object.keys(chunkFacts) as readonly ChunkStatus[];

/** Every source row ends in exactly one of these but `read`, which is their sum. */
const rows = numbers(
  ...(['read', 'created', 'updated', 'unchanged'] as const),
  ...(['rejected', 'invalid', 'failed', 'unknown', 'notSent'] as const),
);
export type RowCounts = Parsed<typeof rows>;

/** Every planned delete ends in exactly one of these but `planned`, which is their sum. */
const deletes = numbers('planned', 'done', 'failed', 'unknown', 'notSent', 'kept');
export type DeleteCounts = Parsed<typeof deletes>;

/** A chunk that did not fully succeed; `code` is Feishu's, `null` when the call threw. */
const failedChunk = z.object({
  ...{ id: word, kind, rows: amount, how: z.enum(hows), code: amount.nullable(), message: word },
});
export type FailedChunk = Parsed<typeof failedChunk>;

/** HTTP requests made for the run. Refused ones (throttle, conflict) are counted apart, not twice. */
const calls = numbers('read', 'write', 'refused', 'chat');
export type CallCounts = Parsed<typeof calls>;

/** Milliseconds spent; `source` and `table` run side by side. */
const ms = numbers('total', 'source', 'table', 'diff', 'upload');
export type Spent = Parsed<typeof ms>;

/** Changes in all chunks, and those whose outcome is known: the bar. */
const changes = numbers('total', 'settled');

export const waitSchema = z.object({
  code: z.enum([
    ...(['deletes', 'updates', 'empty-source', 'empty-table', 'empty-column', 'no-sight'] as const),
    ...(['hand-made', 'new-options', 'changed', 'moved', 'only-shown'] as const),
    ...(['creates', 'no-keys', 'moved-keys'] as const),
  ]),
  message: textSchema,
});
export type WaitReason = Parsed<typeof waitSchema>;

/** What changed in one cell, for samples on cards; canonical text, already shortened and masked. */
export const sampleSchema = z.object({
  key: word,
  kind,
  back: flag,
  cells: z.array(z.object({ field: word, from: word, to: word })),
});
export type Sample = Parsed<typeof sampleSchema>;

/** What people changed in the table since it was known last, where the plan sets it back. */
const drift = z.object({
  records: amount,
  /** Of how many records which field differs, most first. */
  fields: z.array(z.object({ field: word, records: amount })),
  samples: z.array(sampleSchema),
});
export type Drift = Parsed<typeof drift>;

/**
 * A source row that is not sent: empty or doubled key (invalid), or a value that does not fit (rejected). `table`: a
 * record of the table that no run can touch, for its own key is empty or doubled.
 */
const badRowKind = z.enum(['invalid', 'rejected', 'table']);

export const badRowSchema = z.object({
  kind: badRowKind,
  key: word,
  /** 1-based position in the query's answer; null when Feishu refused the row, or only the table has it. */
  row: amount.nullable(),
  field: word.exactOptional(),
  code: amount.exactOptional(),
  reason: textSchema,
  /** What the field held, cut, and masked where the column is private; record IDs for keys doubled in the table. */
  value: word.exactOptional(),
});
export type BadRow = Parsed<typeof badRowSchema>;

/** Bad rows of one reason: all are counted, a few are kept as samples. The rows themselves are in the store. */
const badGroup = z.object({
  kind: badRowKind,
  field: word.exactOptional(),
  code: amount.exactOptional(),
  /** Without the value that it is about. */
  reason: textSchema,
  rows: amount,
  samples: z.array(badRowSchema),
});
export type BadGroup = Parsed<typeof badGroup>;

/** Who started or pressed something. */
export const actorSchema = z.object({
  kind: z.enum(['chat', 'button', 'schedule', 'cli']),
  /** open_id; absent on the command line and for schedules. */
  openId: word.exactOptional(),
  /** On the command line: the shell user's name. */
  user: word.exactOptional(),
});
export type Actor = Parsed<typeof actorSchema>;

/** Something that a person did to the run, shown on its card; `restart`: the program went on with it by itself. */
const act = z.object({
  op: z.enum([
    ...(['start', 'retry', 'apply', 'apply-no-deletes', 'discard'] as const),
    ...(['cancel', 'resume', 'create', 'restart'] as const),
  ]),
  by: actorSchema,
  at: amount,
});
export type Act = Parsed<typeof act>;

/** Where a run stands that waits until another definition's run gives its table free. */
const queue = z.object({
  place: amount,
  /** The run that holds the table, and since when (ms); null in the moment between two. */
  holder: z
    .object({ definition: word, title: word, since: amount, by: actorSchema.nullable(), changes })
    .nullable(),
  /** Given while everything is frozen: its turn does not come before the thaw. */
  frozen: flag,
});
export type Queue = Parsed<typeof queue>;

const stateSchema = z.object({
  ...{ run: word, definition: word, title: word },
  /** Address of the table, for the open button. */
  link: word,
  planOnly: z.boolean(),
  status: z.enum(statusNames),
  phase,
  /** While it is queued behind another run; nobody works on it then. */
  queue: queue.exactOptional(),
  /** Grows whenever the buttons' meaning changes; buttons carry it, a stale one has no effect. */
  version: amount,
  /** Milliseconds since the epoch. */
  startedAt: amount,
  endedAt: moment,
  reading: z.object({ rows: amount, records: amount, total: moment }),
  rows,
  /** Of the updated rows, those whose record somebody had changed since it was last confirmed; set back, or to be. */
  setBack: amount.exactOptional(),
  deletes,
  /** Of the deletes that are kept, those of records that somebody else made. */
  handMade: amount.exactOptional(),
  chunks: z.object({
    total: amount,
    settled: amount,
    failed: z.array(failedChunk),
    /** Rows that Feishu refused for what is in them, those passed over since an earlier run included: retry sends them. */
    refused: amount.exactOptional(),
  }),
  changes,
  /** What the plan holds, once there is one; `back`: the updates that set back what somebody changed. */
  planned: z.object({ creates: amount, updates: amount, back: amount.exactOptional(), deletes: amount }),
  drift: drift.exactOptional(),
  /** How the table was read: all of it, or only what was to change, because it was known. */
  read: z.enum(['whole', 'shortcut']).exactOptional(),
  /** Extra rounds used so far, of `roundsMax`. */
  rounds: amount,
  roundsMax: amount,
  resumeAt: moment,
  calls,
  ms,
  waiting: z
    .object({
      reasons: z.array(waitSchema),
      samples: z.array(sampleSchema),
      /** When the plan expires (ms); null of one that was only shown: without reasons a run would not wait. */
      until: moment,
    })
    .nullable(),
  error: problemSchema.nullable(),
  /** What else stands in the way, where {@link error} is not alone. */
  otherErrors: z.array(problemSchema).exactOptional(),
  /** Things worth telling that stop nothing: doubled keys in the table, a table that moved while read. */
  notes: z.array(textSchema),
  /** Bounded, whatever the number of rows. */
  badRows: z.array(badGroup),
  acts: z.array(act),
});

/** All that is known of a run at one moment: what cards, terminal and the JSON report are drawn from. */
export interface State extends Parsed<typeof stateSchema> {}

/** Grows when what is stored of a state is no longer read by programs before it. */
const format = 1;
const stored = inFormat(format, stateSchema);

export const writeState = (state: State): string => JSON.stringify({ format, ...state });

/** The state of a run as it was stored. @throws ProblemError when it cannot be read */
export const readState = (run: string, json: string): State => parsed(`state of run ${run}`, json, stored);

/** The same; `undefined` when it cannot be read. */
export const stateIn = (json: string): State | undefined => readable(json, stored);

/** What one run did with a row. */
export interface Chapter {
  readonly run: string;
  /** When it was read, in ms. */
  readonly at: number;
  readonly by: Actor | undefined;
  readonly told:
    | {
        readonly kind: 'change';
        readonly chunk: string;
        readonly status: ChunkStatus;
        readonly sentAt: number | null;
        readonly sample: Sample;
        readonly code: number | null;
        readonly message: string;
      }
    /** Not sent for what is in it. */
    | { readonly kind: 'bad'; readonly row: BadRow }
    /** Equal on both sides, or on neither: there was nothing to write. */
    | { readonly kind: 'quiet' }
    /** Its plan is no longer kept. */
    | { readonly kind: 'forgotten' };
}

/** The story of one row, newest run first. */
export interface Story {
  readonly chapters: readonly Chapter[];
  /** The record in which the bot last confirmed the row. */
  readonly record: string | undefined;
}
