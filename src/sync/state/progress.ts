import { lacksFields, lostFields } from '../fields/pairing-problems.ts';
import type { Problem } from '../words/problem.ts';
import { type Act, type Actor, type Drift, isGoing, type State, type Status, statuses } from './state.ts';

/** What a run starts from. */
export interface Beginning
  extends Pick<State, 'run' | 'definition' | 'title' | 'link' | 'planOnly' | 'roundsMax'> {
  readonly by: Actor;
  readonly at: number;
}

/** The counts of what has not begun. */
export const nothing: Pick<State, 'rows' | 'deletes' | 'calls' | 'ms'> = {
  rows: {
    ...{ read: 0, created: 0, updated: 0, unchanged: 0 },
    ...{ rejected: 0, invalid: 0, failed: 0, unknown: 0, notSent: 0 },
  },
  deletes: { planned: 0, done: 0, failed: 0, unknown: 0, notSent: 0, kept: 0 },
  calls: { read: 0, write: 0, refused: 0, chat: 0 },
  ms: { total: 0, source: 0, table: 0, diff: 0, upload: 0 },
};

export const noDrift: Drift = { records: 0, fields: [], samples: [] };

const noPlan = {
  rows: nothing.rows,
  deletes: nothing.deletes,
  chunks: { total: 0, settled: 0, failed: [] },
  changes: { total: 0, settled: 0 },
  planned: { creates: 0, updates: 0, deletes: 0 },
  setBack: 0,
  handMade: 0,
  drift: noDrift,
};

/** Takes the counts of a plan away that is thrown away. */
export const unplanned = (state: State): State => ({ ...state, ...noPlan, badRows: [], notes: [] });

/** The state of a run that was just asked for. */
export const begin = ({ by, at, ...from }: Beginning): State => ({
  ...from,
  ...{ status: 'running', phase: 'queued', version: 1, startedAt: at, endedAt: null },
  reading: { rows: 0, records: 0, total: null },
  ...noPlan,
  ...{ rounds: 0, resumeAt: null, calls: nothing.calls, ms: nothing.ms },
  ...{ waiting: null, error: null, notes: [], badRows: [] },
  acts: [{ op: 'start', by, at }],
});

/** Notes what a person did. The version grows: buttons drawn before are stale from now on. */
export const acted = (state: State, act: Act): State => ({
  ...state,
  version: state.version + 1,
  acts: [...state.acts, act],
});

/** Notes that the program goes on with a run by itself. What its buttons mean stays as it was. */
export const wentOn = (state: State, by: Actor, at: number): State => ({
  ...goOn(state),
  acts: [...state.acts, { op: 'restart', by, at }],
});

/** Takes a run out of the queue: its turn has come, or it is over. */
export function outOfQueue({ queue: _, ...state }: State): State {
  return state;
}

/** Goes on working: after a restart, a retry or an approval. */
export const goOn = (state: State): State => ({
  ...outOfQueue(state),
  status: 'running',
  phase: 'queued',
  rounds: 0,
  endedAt: null,
  waiting: null,
  error: null,
  otherErrors: [],
});

/** Ends (or puts off) a run at a time; the version grows with it. */
export const end = (state: State, status: Exclude<Status, 'running'>, at: number): State => ({
  ...outOfQueue(state),
  status,
  phase: 'ended',
  version: state.version + 1,
  endedAt: at,
  resumeAt: null,
  ms: { ...state.ms, total: state.ms.total + Math.max(0, at - workingSince(state)) },
});

/** When the work began that is under way or was the last: the order to stop it is part of it. */
export const workingSince = ({ acts, startedAt }: Pick<State, 'acts' | 'startedAt'>): number =>
  acts.findLast(({ op }) => op !== 'cancel')?.at ?? startedAt;

export const isCancelling = (state: Pick<State, 'status' | 'acts'>): boolean =>
  isGoing(state) && state.acts.at(-1)?.op === 'cancel';

/**
 * Whether a run that was stopped can go on with its plan. One that was stopped before it had a plan begins anew, and a
 * plan that was thrown away stays so.
 */
export const canResume = (state: Pick<State, 'status' | 'acts' | 'rows' | 'deletes'>): boolean =>
  state.status === 'cancelled' && state.acts.at(-1)?.op === 'cancel' && leftOver(state) > 0;

/** Whether a plan can be carried out on somebody's word: it waits for that, or was only shown and would change something. */
export const canApply = ({
  status,
  planned,
  deletes,
}: Pick<State, 'status' | 'planned' | 'deletes'>): boolean =>
  status === 'waiting' ||
  (status === 'planned' && planned.creates + planned.updates + planned.deletes > deletes.kept);

/** Whether a plan needs the word of somebody who may approve it. */
export const asksFirst = ({ waiting }: Pick<State, 'waiting'>): boolean =>
  waiting !== null && waiting.reasons.length > 0;

/** Whether a run has ended without all that it was to write. */
export function isBad(state: Pick<State, 'status'>): boolean {
  const { outcome } = statuses[state.status];
  return outcome === 'partial' || outcome === 'failed';
}

/** Whether something of a plan that came to its end can still be sent. */
export const canRetry = (state: Pick<State, 'status' | 'chunks' | 'rows' | 'deletes'>): boolean =>
  isBad(state) &&
  state.chunks.failed.length + (state.chunks.refused ?? 0) + state.rows.notSent + state.deletes.notSent > 0;

/** Whether there are rows that can be listed one by one: refused, with a bad key, failed or unknown. */
export const hasUnwritten = ({ rows, deletes }: Pick<State, 'rows' | 'deletes'>): boolean =>
  badIn(rows) + rows.failed + rows.unknown + deletes.failed + deletes.unknown > 0;

/** Rows that cannot be sent as they are. */
const badIn = (rows: State['rows']): number => rows.rejected + rows.invalid;

/** Rows and deletes of the plan that were not (surely) written and can be sent. */
const leftOver = ({ rows, deletes }: Pick<State, 'rows' | 'deletes'>): number =>
  rows.failed + rows.unknown + rows.notSent + deletes.failed + deletes.unknown + deletes.notSent;

/** Ends a run that problems stopped: `partial` when something was written all the same. */
export const endWith = (
  state: State,
  [error, ...otherErrors]: readonly [Problem, ...Problem[]],
  at: number,
): State => {
  const wrote = state.rows.created + state.rows.updated + state.deletes.done > 0;
  return end({ ...state, error, otherErrors }, wrote ? 'partial' : 'failed', at);
};

/** Whether the table lacks fields, so that a person may have them created. */
export const needsFields = (state: Pick<State, 'planOnly' | 'error' | 'otherErrors'>): boolean =>
  !state.planOnly && errorsOf(state).some(({ code }) => code === lacksFields || code === lostFields);

/** All that stands in the way of a run that a problem stopped. */
export const errorsOf = ({
  error,
  otherErrors = [],
}: Pick<State, 'error' | 'otherErrors'>): readonly Problem[] =>
  error === null ? [] : [error, ...otherErrors];

export type Promised = 'all' | 'a-question' | 'a-part' | 'nothing';

/** What a run of this plan would come to: `a-part`, `nothing`: because some or all rows cannot be written. */
export function promiseOf({ rows, deletes, waiting }: Pick<State, 'rows' | 'deletes' | 'waiting'>): Promised {
  const bad = badIn(rows);
  const good = rows.created + rows.updated + rows.unchanged + deletes.planned - deletes.kept;
  if (bad > 0 && good === 0) return 'nothing';
  if (asksFirst({ waiting })) return 'a-question';
  return bad > 0 ? 'a-part' : 'all';
}

/** How a run that went through its whole plan ends. */
export function verdictOf(state: State): 'done' | 'partial' | 'failed' {
  const { rows, deletes } = state;
  if (badIn(rows) + leftOver(state) === 0 && state.error === null) return 'done';
  return rows.created + rows.updated + rows.unchanged + deletes.done > 0 ? 'partial' : 'failed';
}
