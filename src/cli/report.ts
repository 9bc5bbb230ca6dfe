import { asksFirst, nothing } from '../sync/state/progress.ts';
import type {
  CallCounts,
  DeleteCounts,
  FailedChunk,
  RowCounts,
  Spent,
  State,
  Status,
} from '../sync/state/state.ts';
import { CallError, problemOf } from '../sync/words/failure.ts';
import { type Problem, ProblemError, takenOver } from '../sync/words/problem.ts';
import { inLocale, type Locale, text } from '../sync/words/text.ts';

/** What the process answers when it ends. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Something that went wrong, for programs. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
  readonly logId: string | null;
}

/** How a run went, for programs: the last line of stdout with `--json`. */
export interface Report {
  readonly run: string | null;
  readonly definition: string | null;
  readonly status: Exclude<Status, 'running'>;
  readonly rows: RowCounts;
  readonly deletes: DeleteCounts;
  readonly chunks: { readonly total: number; readonly failed: readonly FailedChunk[] };
  readonly rounds: number;
  readonly calls: CallCounts;
  readonly ms: Spent;
  /** `approve` is null in a plan that nobody carries out: a run would wait for these reasons. */
  readonly waiting: { readonly reasons: readonly string[]; readonly approve: string | null } | null;
  readonly error: ReportedError | null;
  /** Things worth telling that stop nothing, as the card shows them; missing where there are none. */
  readonly notes?: readonly string[];
}

/** Reports a run from its state, keys in their fixed order; a run that was left behind counts as interrupted. */
export function reportOf(state: State, locale: Locale): Report {
  const { rows, deletes, chunks, calls, ms } = state;
  return {
    run: state.run,
    definition: state.definition,
    status: state.status === 'running' ? 'interrupted' : state.status,
    rows: pick(rows, ...rowKeys),
    deletes: pick(deletes, 'planned', 'done', 'failed', 'unknown', 'notSent', 'kept'),
    chunks: {
      total: chunks.total,
      failed: chunks.failed.map((one) => pick(one, 'id', 'kind', 'rows', 'how', 'code', 'message')),
    },
    rounds: state.rounds,
    calls: pick(calls, 'read', 'write', 'refused', 'chat'),
    ms: pick(ms, 'total', 'source', 'table', 'diff', 'upload'),
    waiting: waitingOf(state, locale),
    error: state.error ? errorOf([state.error, ...(state.otherErrors ?? [])], locale) : null,
    ...(state.notes.length === 0 ? {} : { notes: state.notes.map((note) => inLocale(note, locale)) }),
  };
}

const rowKeys = [
  ...(['read', 'created', 'updated', 'unchanged', 'rejected', 'invalid', 'failed'] as const),
  ...(['unknown', 'notSent'] as const),
];

const pick = <T, K extends keyof T>(from: T, ...keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;

function waitingOf(state: State, locale: Locale): Report['waiting'] {
  const { status, waiting } = state;
  if (status !== 'waiting' && (status !== 'planned' || !asksFirst(state))) return null;
  const reasons = (waiting?.reasons ?? []).map((reason) => inLocale(reason.message, locale));
  return { reasons, approve: status === 'waiting' ? approveCommand(state) : null };
}

/** Reports that no run came about. */
export const reportNoRun = (definition: string | null, error: ReportedError): Report => ({
  ...{ run: null, definition, status: 'failed', rows: nothing.rows, deletes: nothing.deletes },
  ...{ chunks: { total: 0, failed: [] }, rounds: 0, calls: nothing.calls, ms: nothing.ms, waiting: null },
  error,
});

/** The line to type when a person agrees to a plan that waits. */
export const approveCommand = (state: Pick<State, 'run' | 'definition'>): string =>
  `bitable-sync run ${state.definition} --approve ${state.run}`;

/** Answers 0 for what is completely right, 3 for what waits for a person, 4 for what another instance goes on with, else 1. */
export function exitOf({ status, error }: Pick<State, 'status' | 'error'>): ExitCode {
  if (status === 'done' || status === 'planned') return 0;
  if (status === 'interrupted' && error?.code === takenOver.code) return 4;
  return status === 'waiting' ? 3 : 1;
}

/** Puts whatever was thrown into words: what happened, and what to do. */
export function problemsOf(thrown: unknown): readonly [Problem, ...Problem[]] {
  if (thrown instanceof ProblemError) return thrown.problems;
  if (thrown instanceof CallError) return [problemOf(thrown.failure)];
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return [
    {
      code: 'internal',
      message: text(`程序出错：${words}`, `The program failed: ${words}`),
      cure: text(
        '再试一次；若仍出错，用 LOG_LEVEL=debug 运行并查看日志。',
        'Try again; if it stays, run with LOG_LEVEL=debug and read the log.',
      ),
    },
  ];
}

/** One problem as a program reads it. */
export const reportedProblem = (problem: Problem, locale: Locale): ReportedError => ({
  code: problem.code,
  message: `${problem.where ? `${problem.where}: ` : ''}${inLocale(problem.message, locale)}`,
  cure: inLocale(problem.cure, locale),
  logId: problem.logId ?? null,
});

/** Several problems as one error: the first one's code, everybody's words. */
export function errorOf(problems: readonly [Problem, ...Problem[]], locale: Locale): ReportedError {
  const all = problems.map((problem) => reportedProblem(problem, locale));
  return {
    code: problems[0].code,
    message: all.map(({ message }) => message).join('\n'),
    cure: [...new Set(all.map(({ cure }) => cure))].join('\n'),
    logId: all.find(({ logId }) => logId)?.logId ?? null,
  };
}

/** The calls of a command that made none. */
export const noCalls = nothing.calls;
