import { driftTold, howRead, reasonOf } from '../sync/state/counts.ts';
import { asksFirst, errorsOf, noDrift, nothing, type Promised, promiseOf } from '../sync/state/progress.ts';
import {
  type Actor,
  type CallCounts,
  type ChunkKind,
  type DeleteCounts,
  type Drift,
  type FailedChunk,
  type RowCounts,
  type Spent,
  type State,
  type Status,
  statuses,
} from '../sync/state/state.ts';
import { CallError, problemOf } from '../sync/words/failure.ts';
import { type Problem, ProblemError, takenOver } from '../sync/words/problem.ts';
import { columnsOf, count, inLocale, type Locale, text } from '../sync/words/text.ts';

export type Say = (zh: string, en: string) => string;
/** Says things in one language. */
export const speaking =
  (locale: Locale): Say =>
  (zh, en) =>
    inLocale(text(zh, en), locale);

/** Sums an ended run up in a few lines. */
export function summary(state: State, locale: Locale): readonly string[] {
  const say = speaking(locale);
  const title = state.title === state.definition ? '' : ` · ${state.title}`;
  const [mark, words] = lookOf(state, say);
  return [
    `${mark} ${state.definition}${title} — ${words}${inBrackets(duration(state.ms.total), say)}`,
    ...rowLines(state, say),
    ...failedLines(state, say),
    ...badRowLines(state, say, locale),
    ...state.notes.map((note) => `  ! ${inLocale(note, locale)}`),
    ...driftLines(state, locale),
    ...waitingLines(state, say, locale),
    ...errorsOf(state)
      .flatMap((error) => problemLines(error, locale))
      .map((line) => `  ${line}`),
    callsLine(state, say),
  ].map(plainLine);
}

function callsLine({ calls, read, run }: State, say: Say): string {
  const how = read && howRead[read];
  return say(
    `  调用：读 ${count(calls.read)} · 写 ${count(calls.write)} · 被拒 ${count(calls.refused)}${how ? ` · ${how.zh}` : ''} · 运行 ${run}`,
    `  calls: ${count(calls.read)} read · ${count(calls.write)} write · ${count(calls.refused)} refused${how ? ` · ${how.en}` : ''} · run ${run}`,
  );
}

/** What people changed in the table, and a few of the records. */
function driftLines(state: State, locale: Locale): readonly string[] {
  const told = driftTold(state);
  if (!told) return [];
  const colon = speaking(locale)('：', ': ');
  const some = (state.drift?.samples ?? []).map(({ key, cells }) =>
    [`~ ${key}`, ...cells.map(({ field, from, to }) => `${field}${colon}${from} → ${to}`)].join(' · '),
  );
  return [`  ! ${inLocale(told, locale)}`, ...some.map((one) => `    ${one}`)];
}

/** Sums a run up in one line: when, how it ended, its rows, who started it. */
export function runLine(state: State, locale: Locale): string {
  const say = speaking(locale);
  const [mark, words] = lookOf(state, say);
  const [rows = ''] = rowLines(state, say);
  const by = state.acts.find(({ op }) => op === 'start')?.by;
  const head = `${mark} ${iso(state.startedAt)}  ${state.definition}  ${words}`;
  const facts = [head, rows.trim(), by === undefined ? '' : whoOf(by, say), state.run];
  return plain(facts.filter((fact) => fact !== '').join(' · '));
}

type Look = readonly [mark: string, zh: string, en: string];

/** How a run ended: its mark and words. */
const looks: Readonly<Record<Exclude<Status, 'planned'>, Look>> = {
  running: ['·', '还在运行', 'still running'],
  done: ['✓', '完成', 'done'],
  partial: ['!', '部分完成', 'done in part'],
  failed: ['✗', '失败', 'failed'],
  waiting: ['?', '等待确认，未写入', 'waiting for a person, nothing written'],
  cancelled: ['■', '已取消', 'cancelled'],
  interrupted: ['■', '已中断，下次会继续', 'interrupted, continues next time'],
  expired: ['■', '已过期', 'expired'],
};

const elsewhere: Look = ['■', '由另一个实例继续', 'continues on another instance'];

/** A plan is as good as what it promises. */
const planLooks: Readonly<Record<Promised, Look>> = {
  all: ['✓', '计划已列出，未写入', 'planned, nothing written'],
  'a-question': ['?', '计划已列出，运行时会等人确认', 'planned, a run would wait for a person'],
  'a-part': ['!', '计划已列出，有些行不能写入', 'planned, some rows cannot be written'],
  nothing: ['✗', '计划已列出，没有一行能写入', 'planned, no row can be written'],
};

function lookOf(state: State, say: Say): readonly [mark: string, words: string] {
  const { status } = state;
  const own = status === 'planned' ? planLooks[promiseOf(state)] : looks[status];
  const [mark, zh, en] = isTaken(state) ? elsewhere : own;
  return [mark, say(zh, en)];
}

/** Whether another instance goes on with it. */
const isTaken = ({ status, error }: Pick<State, 'status' | 'error'>): boolean =>
  status === 'interrupted' && error?.code === takenOver.code;

function rowLines(state: State, say: Say): readonly string[] {
  const { rows, deletes, handMade = 0 } = state;
  const planned = statuses[state.status].plan;
  const parts = [
    part(rows.created, planned ? say('将新增', 'to create') : say('新增', 'created')),
    part(rows.updated, planned ? say('将更新', 'to update') : say('更新', 'updated')),
    part(rows.unchanged, say('未变', 'unchanged')),
    part(rows.rejected, say('被拒', 'rejected')),
    part(rows.invalid, say('无效', 'invalid')),
    part(rows.failed, say('失败', 'failed')),
    part(rows.unknown, say('结果未知', 'unknown')),
    part(rows.notSent, say('未发送', 'not sent')),
  ].filter(Boolean);
  const gone = [
    part(deletes.done, say('删除', 'deleted')),
    part(deletes.failed, say('失败', 'failed')),
    part(deletes.unknown, say('结果未知', 'unknown')),
    part(deletes.notSent, say('未发送', 'not sent')),
    part(deletes.kept - handMade, say('保留', 'kept')),
    part(handMade, say('保留（不是机器人新建的）', 'kept as made by hand')),
  ].filter(Boolean);
  const lines = [say(`  ${count(rows.read)} 行`, `  ${count(rows.read)} rows`)];
  const colon = say('：', ': ');
  if (parts.length > 0) lines[0] += `${colon}${parts.join(' · ')}`;
  if (deletes.planned > 0) {
    const head = say(`  待删 ${count(deletes.planned)} 条`, `  ${count(deletes.planned)} to delete`);
    lines.push(planned ? head : `${head}${colon}${gone.join(' · ')}`);
  }
  return lines;
}

const part = (n: number, words: string): string => (n > 0 ? `${words} ${count(n)}` : '');

/** Lists on a terminal end somewhere; `--json` has all of it. */
const shownAtMost = 20;

function failedLines({ chunks }: State, say: Say): readonly string[] {
  const lines = chunks.failed.slice(0, shownAtMost).map(({ id, kind, rows, how, code, message }) => {
    const words = [
      id,
      `${say(kinds[kind], kind)} ${count(rows)}${say(' 行', ' rows')}`,
      code ?? how,
      message,
    ];
    return `    ${words.join(' · ')}`;
  });
  return listed(lines, chunks.failed.length, say('  失败的分块', '  failed chunks'), say);
}

/** What chunks do, in Chinese. */
export const kinds = { create: '新增', update: '更新', delete: '删除' } as const satisfies Record<
  ChunkKind,
  string
>;

function badRowLines({ badRows }: State, say: Say, locale: Locale): readonly string[] {
  const lines = badRows.slice(0, shownAtMost).map((group) => {
    const { field, rows, samples } = group;
    const names = samples.map(({ key, row }) => key || (row === null ? '—' : `#${count(row)}`));
    const some = [...names, ...(rows > names.length ? ['…'] : [])].join(say('、', ', '));
    const much = `${count(rows)} ${say('行', rows === 1 ? 'row' : 'rows')}`;
    const words = [much, field, inLocale(reasonOf(group), locale), some];
    return `    ${words.filter(Boolean).join(' · ')}`;
  });
  return listed(lines, badRows.length, say('  没有写入的行', '  rows that were not written'), say);
}

function listed(lines: readonly string[], all: number, title: string, say: Say): readonly string[] {
  if (all === 0) return [];
  const more = all - lines.length;
  const rest = say(`    另有 ${count(more)} 项`, `    and ${count(more)} more`);
  return [title, ...lines, ...(more > 0 ? [rest] : [])];
}

function waitingLines(state: State, say: Say, locale: Locale): readonly string[] {
  const { status, waiting } = state;
  const reasons = (waiting?.reasons ?? []).map((reason) => `  ? ${inLocale(reason.message, locale)}`);
  if (status === 'planned') return reasons;
  if (status !== 'waiting') return [];
  return [...reasons, say(`  同意请运行：${approveCommand(state)}`, `  to agree: ${approveCommand(state)}`)];
}

/** Draws a problem with its cure; the mark of mere advice is `!`. */
export function problemLines(problem: Problem, locale: Locale, mark: '✗' | '!' = '✗'): readonly string[] {
  const where = problem.where ? `${problem.where}: ` : '';
  const say = speaking(locale);
  const logId = problem.logId ? inBrackets(`${say('日志', 'log')} ID ${problem.logId}`, say) : '';
  return [
    `${mark} ${plain(`${where}${inLocale(problem.message, locale)}${logId}`)}`,
    `  → ${plain(inLocale(problem.cure, locale))}`,
  ];
}

/** Puts words behind others in brackets. */
export const inBrackets = (words: string, say: Say): string => say(`（${words}）`, ` (${words})`);

/** Names who did something: a person by ID, a user of the shell, or the schedule. */
export const whoOf = ({ openId, user, kind }: Actor, say: Say): string =>
  openId ?? user ?? (kind === 'schedule' ? say('定时任务', 'the schedule') : kind);

/** A moment (ms) as programs and lists show it. */
export const iso = (at: number): string => new Date(at).toISOString();

/** Fills the text with blanks up to so many columns. */
export const pad = (words: string, columns: number): string =>
  words + ' '.repeat(Math.max(0, columns - columnsOf(words)));

/** Takes line breaks and control characters out: words from rows or errors must not steer the terminal. */
export const plain = (words: string): string => words.replaceAll(/\p{C}+/gu, ' ').trim();

/** {@link plain} for a line of our own that may be indented: the indent stays. */
export const plainLine = (line: string): string => `${/^ */.exec(line)?.[0] ?? ''}${plain(line)}`;

/** Writes a duration the short way: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

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
  /** What people changed in the table since the last run, and how many of these records were set back. */
  readonly drift: Drift & { readonly setBack: number };
  readonly chunks: { readonly total: number; readonly failed: readonly FailedChunk[] };
  readonly rounds: number;
  readonly calls: CallCounts;
  /** How the table was read: all of it, or only what was to change, because it was known; null before it was. */
  readonly read: 'whole' | 'shortcut' | null;
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
    drift: driftOf(state),
    chunks: {
      total: chunks.total,
      failed: chunks.failed.map((one) => pick(one, 'id', 'kind', 'rows', 'how', 'code', 'message')),
    },
    rounds: state.rounds,
    calls: pick(calls, 'read', 'write', 'refused', 'chat'),
    read: state.read ?? null,
    ms: pick(ms, 'total', 'source', 'table', 'diff', 'upload'),
    waiting: waitingOf(state, locale),
    error: state.error ? errorOf([state.error, ...(state.otherErrors ?? [])], locale) : null,
    ...(state.notes.length === 0 ? {} : { notes: state.notes.map((note) => inLocale(note, locale)) }),
  };
}

const driftOf = ({ drift = noDrift, setBack = 0 }: Partial<State>): Report['drift'] => ({
  records: drift.records,
  setBack,
  fields: drift.fields.map((one) => pick(one, 'field', 'records')),
  samples: drift.samples.map((one) => pick(one, 'key', 'kind', 'cells')),
});

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
  drift: driftOf({}),
  ...{ chunks: { total: 0, failed: [] }, rounds: 0, calls: nothing.calls, read: null, ms: nothing.ms },
  ...{ waiting: null, error },
});

/** The line to type when a person agrees to a plan that waits. */
export const approveCommand = (state: Pick<State, 'run' | 'definition'>): string =>
  `bitable-sync run ${state.definition} --approve ${state.run}`;

/** Answers 0 for what is completely right, 3 for what waits for a person, 4 for what another instance goes on with, else 1. */
export const exitOf = (state: Pick<State, 'status' | 'error'>): ExitCode =>
  isTaken(state) ? 4 : exits[state.status];

const exits: Readonly<Record<Status, ExitCode>> = {
  ...{ running: 1, planned: 0, done: 0, partial: 1, failed: 1 },
  ...{ waiting: 3, cancelled: 1, interrupted: 1, expired: 1 },
};

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
