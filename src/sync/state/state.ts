import type { How } from '../words/failure.ts';
import type { Problem } from '../words/problem.ts';
import type { Text } from '../words/text.ts';

/**
 * How a run ends, or that it waits; `running` is every moment before. `open`: it has not come to its end. `goesOn`: it
 * has, and a button may still need its plan. `good`: the table is as the query wants it.
 */
export const statuses = {
  running: { open: true, goesOn: false, good: false },
  planned: { open: false, goesOn: false, good: false },
  done: { open: false, goesOn: false, good: true },
  partial: { open: false, goesOn: true, good: false },
  failed: { open: false, goesOn: true, good: false },
  waiting: { open: true, goesOn: false, good: false },
  cancelled: { open: false, goesOn: true, good: false },
  interrupted: { open: false, goesOn: false, good: false },
  expired: { open: false, goesOn: false, good: false },
} as const satisfies Readonly<Record<string, StatusFacts>>;

interface StatusFacts {
  readonly open: boolean;
  readonly goesOn: boolean;
  readonly good: boolean;
}

export type Status = keyof typeof statuses;
export const statusNames = Object.keys(statuses) as readonly Status[];

/** What a running run is busy with. */
export const phases = ['queued', 'reading', 'comparing', 'uploading', 'pausing', 'ended'] as const;
export type Phase = (typeof phases)[number];

export const chunkKinds = ['create', 'update', 'delete'] as const;
export type ChunkKind = (typeof chunkKinds)[number];

/**
 * Where a chunk stands. `sent`: handed to the network, answer not known. `split`: its parts go on in its
 * place. `dropped`: not to be sent any more.
 */
export const chunkStatuses = [
  ...(['pending', 'sent', 'done', 'failed'] as const),
  ...(['unknown', 'rejected', 'split', 'dropped'] as const),
] as const;
export type ChunkStatus = (typeof chunkStatuses)[number];

/** Every source row ends in exactly one of these; `read` is their sum. */
export interface RowCounts {
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly invalid: number;
  readonly failed: number;
  readonly unknown: number;
  readonly notSent: number;
}

/** Every planned delete ends in exactly one of the others; `planned` is their sum. */
export interface DeleteCounts {
  readonly planned: number;
  readonly done: number;
  readonly failed: number;
  readonly unknown: number;
  readonly notSent: number;
  readonly kept: number;
}

/** A chunk that did not fully succeed. */
export interface FailedChunk {
  readonly id: string;
  readonly kind: ChunkKind;
  readonly rows: number;
  readonly how: How;
  /** Feishu's code, `null` when the call threw. */
  readonly code: number | null;
  readonly message: string;
}

/** HTTP requests made for the run. Refused ones (throttle, conflict) are counted apart, not twice. */
export interface CallCounts {
  readonly read: number;
  readonly write: number;
  readonly refused: number;
  readonly chat: number;
}

/** Milliseconds spent; `source` and `table` run side by side. */
export interface Spent {
  readonly total: number;
  readonly source: number;
  readonly table: number;
  readonly diff: number;
  readonly upload: number;
}

export const waitCodes = [
  ...(['deletes', 'updates', 'empty-source', 'empty-table', 'empty-column', 'no-sight'] as const),
  ...(['hand-made', 'new-options', 'changed', 'moved', 'only-shown'] as const),
] as const;

/** Why a run waits for a person. */
export interface WaitReason {
  readonly code: (typeof waitCodes)[number];
  readonly message: Text;
}

/** What changed in one cell, for samples on cards; canonical text, already shortened and masked. */
export interface Sample {
  readonly key: string;
  readonly kind: ChunkKind;
  /** Somebody changed the record; it is set back. */
  readonly back?: true;
  readonly cells: readonly { readonly field: string; readonly from: string; readonly to: string }[];
}

export const badRowKinds = ['invalid', 'rejected', 'table'] as const;

/**
 * A source row that is not sent: empty or doubled key (invalid), or a value that does not fit (rejected). `table`: a
 * record of the table that no run can touch, for its own key is empty or doubled.
 */
export interface BadRow {
  readonly kind: (typeof badRowKinds)[number];
  readonly key: string;
  /** 1-based position in the query's answer; null when Feishu refused the row, or only the table has it. */
  readonly row: number | null;
  readonly field?: string;
  /** Feishu's code, where Feishu refused the row. */
  readonly code?: number;
  readonly reason: Text;
  /** What stood in the field, cut, and masked where the column is private; record IDs for keys doubled in the table. */
  readonly value?: string;
}

/** Bad rows of one reason: all are counted, a few are kept as samples. The rows themselves are in the store. */
export interface BadGroup {
  readonly kind: BadRow['kind'];
  readonly field?: string;
  readonly code?: number;
  /** Without the value that it is about. */
  readonly reason: Text;
  readonly rows: number;
  readonly samples: readonly BadRow[];
}

export const actorKinds = ['chat', 'button', 'schedule', 'cli'] as const;

/** Who started or pressed something. */
export interface Actor {
  readonly kind: (typeof actorKinds)[number];
  /** open_id; absent on the command line and for schedules. */
  readonly openId?: string;
  /** On the command line: the shell user's name. */
  readonly user?: string;
}

export const actOps = [
  ...(['start', 'retry', 'apply', 'apply-no-deletes', 'discard'] as const),
  ...(['cancel', 'resume', 'create', 'restart'] as const),
] as const;

/** Something that a person did to the run, shown on its card; `restart`: the program went on with it by itself. */
export interface Act {
  readonly op: (typeof actOps)[number];
  readonly by: Actor;
  readonly at: number;
}

/** Where a run stands that waits until another definition's run gives its table free. */
export interface Queue {
  /** 1: the next one. */
  readonly place: number;
  /** The run that holds the table; null in the moment between two. */
  readonly holder: {
    readonly definition: string;
    readonly title: string;
    /** When it began, in ms. */
    readonly since: number;
    readonly by: Actor | null;
    readonly changes: State['changes'];
  } | null;
  /** Given while everything is frozen: its turn does not come before the thaw. */
  readonly frozen?: true;
}

/** All that is known of a run at one moment: what cards, terminal and the JSON report are drawn from. */
export interface State {
  readonly run: string;
  readonly definition: string;
  readonly title: string;
  /** Address of the table, for the open button. */
  readonly link: string;
  readonly planOnly: boolean;
  readonly status: Status;
  readonly phase: Phase;
  /** While it is queued behind another run; nobody works on it then. */
  readonly queue?: Queue;
  /** Grows whenever the buttons' meaning changes; buttons carry it, a stale one has no effect. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly reading: { readonly rows: number; readonly records: number; readonly total: number | null };
  readonly rows: RowCounts;
  /** Of the updated rows, those whose record somebody had changed since it was last confirmed; set back, or to be. */
  readonly setBack?: number;
  readonly deletes: DeleteCounts;
  readonly chunks: {
    readonly total: number;
    /** Chunks whose outcome is known. */
    readonly settled: number;
    readonly failed: readonly FailedChunk[];
    /** Rows that Feishu refused for what is in them, those passed over since an earlier run included: retry sends them. */
    readonly refused?: number;
  };
  /** Changes in all chunks, and those whose outcome is known: the bar. */
  readonly changes: { readonly total: number; readonly settled: number };
  /** What the plan holds, once there is one. */
  readonly planned: {
    readonly creates: number;
    readonly updates: number;
    /** Of the updates, those that set back what somebody changed. */
    readonly back?: number;
    readonly deletes: number;
  };
  /** Extra rounds used so far, of `roundsMax`. */
  readonly rounds: number;
  readonly roundsMax: number;
  /** While pausing: when the next round starts. */
  readonly resumeAt: number | null;
  readonly calls: CallCounts;
  readonly ms: Spent;
  readonly waiting: {
    readonly reasons: readonly WaitReason[];
    readonly samples: readonly Sample[];
    /** When the plan expires (ms); null of one that was only shown: without reasons a run would not wait. */
    readonly until: number | null;
  } | null;
  readonly error: Problem | null;
  /** What else stands in the way, where {@link error} is not alone. */
  readonly otherErrors?: readonly Problem[];
  /** Things worth telling that stop nothing: doubled keys in the table, a table that moved while read. */
  readonly notes: readonly Text[];
  /** Bounded, whatever the number of rows. */
  readonly badRows: readonly BadGroup[];
  readonly acts: readonly Act[];
}

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
