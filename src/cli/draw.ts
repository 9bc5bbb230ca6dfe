import { reasonOf } from '../sync/state/counts.ts';
import { errorsOf, type Promised, promiseOf } from '../sync/state/progress.ts';
import type { ChunkKind, State, Status } from '../sync/state/state.ts';
import { type Problem, takenOver } from '../sync/words/problem.ts';
import { columnsOf, count, inLocale, type Locale, text } from '../sync/words/text.ts';
import { approveCommand } from './report.ts';

type Say = (zh: string, en: string) => string;
/** Says things in one language. */
export const speaking =
  (locale: Locale): Say =>
  (zh, en) =>
    inLocale(text(zh, en), locale);

/** Draws a running run as one line: `orders  写入 ████████░░░░ 66% · 分块 4/6 · 0:12`. */
export function progressLine(state: State, now: number, locale: Locale): string {
  const parts = [phaseWords(state, now, speaking(locale)), clockFace(now - state.startedAt)];
  return plain(`${state.definition}  ${parts.join(' · ')}`);
}

/** Says in which step a run is, without what changes all the time: a new one is worth a line of its own. */
export function stepOf(state: State): string {
  const tenth = state.changes.total > 0 ? Math.floor((10 * state.changes.settled) / state.changes.total) : 0;
  return [state.phase, state.phase === 'uploading' ? tenth : '', state.rounds].join(' ');
}

function phaseWords(state: State, now: number, say: Say): string {
  const { reading } = state;
  switch (state.phase) {
    case 'queued':
      return say('排队', 'queued');
    case 'reading': {
      const records =
        reading.total === null ? count(reading.records) : `${count(reading.records)}/${count(reading.total)}`;
      return say(
        `读取 ${count(reading.rows)} 行，表格 ${records} 条`,
        `reading ${count(reading.rows)} rows, ${records} records`,
      );
    }
    case 'comparing':
      return say('比较', 'comparing');
    case 'uploading':
      return [say(`写入 ${bar(state)}`, `writing ${bar(state)}`), chunkWords(state, say)].join(' · ');
    case 'pausing':
      return say(
        `第 ${state.rounds + 1} 轮将在 ${clockFace((state.resumeAt ?? now) - now)} 后开始`,
        `round ${state.rounds + 1} of ${state.roundsMax} in ${clockFace((state.resumeAt ?? now) - now)}`,
      );
    case 'ended':
      return say('结束', 'ended');
  }
}

const barWidth = 20;

function bar({ changes }: State): string {
  const share = changes.total > 0 ? Math.min(1, changes.settled / changes.total) : 0;
  const full = Math.floor(share * barWidth);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${Math.floor(share * 100)}%`;
}

function chunkWords({ chunks, rounds }: State, say: Say): string {
  const done = `${count(chunks.settled)}/${count(chunks.total)}`;
  const round = rounds > 0 ? say(`，第 ${rounds} 轮重试`, `, round ${rounds}`) : '';
  return say(`分块 ${done}${round}`, `chunk ${done}${round}`);
}

/** Sums an ended run up in a few lines. */
export function summary(state: State, locale: Locale): readonly string[] {
  const say = speaking(locale);
  const title = state.title === state.definition ? '' : ` · ${state.title}`;
  return [
    `${markOf(state)} ${state.definition}${title} — ${statusWords(state, say)} (${duration(state.ms.total)})`,
    ...rowLines(state, say),
    ...failedLines(state, say),
    ...badRowLines(state, say, locale),
    ...state.notes.map((note) => `  ! ${inLocale(note, locale)}`),
    ...waitingLines(state, say, locale),
    ...errorsOf(state)
      .flatMap((error) => problemLines(error, locale))
      .map((line) => `  ${line}`),
    say(
      `  调用：读 ${count(state.calls.read)} · 写 ${count(state.calls.write)} · 被拒 ${count(state.calls.refused)} · 运行 ${state.run}`,
      `  calls: ${count(state.calls.read)} read · ${count(state.calls.write)} write · ${count(state.calls.refused)} refused · run ${state.run}`,
    ),
  ].map(plainLine);
}

/** Sums a run up in one line: when, how it ended, its rows, who started it. */
export function runLine(state: State, locale: Locale): string {
  const say = speaking(locale);
  const [rows = ''] = rowLines(state, say);
  const by = state.acts.find(({ op }) => op === 'start')?.by;
  const facts = [
    `${markOf(state)} ${new Date(state.startedAt).toISOString()}  ${state.definition}  ${statusWords(state, say)}`,
    rows.trim(),
    by === undefined ? '' : (by.openId ?? by.user ?? by.kind),
    state.run,
  ];
  return plain(facts.filter((fact) => fact !== '').join(' · '));
}

const marks: Readonly<Record<Status, string>> = {
  running: '·',
  planned: '✓',
  done: '✓',
  partial: '!',
  failed: '✗',
  waiting: '?',
  cancelled: '■',
  interrupted: '■',
  expired: '■',
};

const planMarks: Readonly<Record<Promised, string>> = {
  all: '✓',
  'a-question': '?',
  'a-part': '!',
  nothing: '✗',
};

/** A plan is as good as what it promises. */
const markOf = (state: State): string =>
  state.status === 'planned' ? planMarks[promiseOf(state)] : marks[state.status];

function planWords(state: State, say: Say): string {
  const words: Readonly<Record<Promised, string>> = {
    all: say('计划已列出，未写入', 'planned, nothing written'),
    'a-question': say('计划已列出，运行时会等人确认', 'planned, a run would wait for a person'),
    'a-part': say('计划已列出，有些行不能写入', 'planned, some rows cannot be written'),
    nothing: say('计划已列出，没有一行能写入', 'planned, no row can be written'),
  };
  return words[promiseOf(state)];
}

function statusWords(state: State, say: Say): string {
  const words: Readonly<Record<Status, string>> = {
    running: say('还在运行', 'still running'),
    planned: planWords(state, say),
    done: say('完成', 'done'),
    partial: say('部分完成', 'done in part'),
    failed: say('失败', 'failed'),
    waiting: say('等待确认，未写入', 'waiting for a person, nothing written'),
    cancelled: say('已取消', 'cancelled'),
    interrupted:
      state.error?.code === takenOver.code
        ? say('由另一个实例继续', 'goes on at another instance')
        : say('已中断，下次会继续', 'interrupted, goes on next time'),
    expired: say('已过期', 'expired'),
  };
  return words[state.status];
}

function rowLines({ rows, deletes, status }: State, say: Say): readonly string[] {
  const planned = status === 'planned' || status === 'waiting';
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
    part(deletes.kept, say('保留', 'kept')),
  ].filter(Boolean);
  const lines = [say(`  ${count(rows.read)} 行`, `  ${count(rows.read)} rows`)];
  if (parts.length > 0) lines[0] += `: ${parts.join(' · ')}`;
  if (deletes.planned > 0) {
    const head = say(`  待删 ${count(deletes.planned)} 条`, `  ${count(deletes.planned)} to delete`);
    lines.push(planned ? head : `${head}: ${gone.join(' · ')}`);
  }
  return lines;
}

const part = (n: number, words: string): string => (n > 0 ? `${words} ${count(n)}` : '');

/** Lists on a terminal end somewhere; `--json` has all of it. */
const shownAtMost = 20;

function failedLines({ chunks }: State, say: Say): readonly string[] {
  const lines = chunks.failed.slice(0, shownAtMost).map(({ id, kind, rows, how, code, message }) => {
    const words = [id, `${kindWords(kind, say)} ${count(rows)}${say(' 行', ' rows')}`, code ?? how, message];
    return `    ${words.join(' · ')}`;
  });
  return listed(lines, chunks.failed.length, say('  失败的分块', '  failed chunks'), say);
}

function kindWords(kind: ChunkKind, say: Say): string {
  switch (kind) {
    case 'create':
      return say('新增', 'create');
    case 'update':
      return say('更新', 'update');
    case 'delete':
      return say('删除', 'delete');
  }
}

function badRowLines({ badRows }: State, say: Say, locale: Locale): readonly string[] {
  const lines = badRows.slice(0, shownAtMost).map((group) => {
    const { field, rows, samples } = group;
    const names = samples.map(({ key, row }) => key || (row === null ? '—' : `#${count(row)}`));
    const some = names.join(', ') + (rows > names.length ? ', …' : '');
    const words = [
      `${count(rows)} ${say('行', rows === 1 ? 'row' : 'rows')}`,
      field,
      inLocale(reasonOf(group), locale),
      some,
    ];
    return `    ${words.filter(Boolean).join(' · ')}`;
  });
  return listed(lines, badRows.length, say('  没有写入的行', '  rows that were not written'), say);
}

function listed(lines: readonly string[], all: number, title: string, say: Say): readonly string[] {
  if (all === 0) return [];
  const more = all - lines.length;
  return [
    title,
    ...lines,
    ...(more > 0 ? [say(`    另有 ${count(more)} 项`, `    and ${count(more)} more`)] : []),
  ];
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
  const logId = problem.logId ? ` (log ID ${problem.logId})` : '';
  return [
    `${mark} ${plain(`${where}${inLocale(problem.message, locale)}${logId}`)}`,
    `  → ${plain(inLocale(problem.cure, locale))}`,
  ];
}

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

/** Writes a running clock: `0:07`, `12:40`. */
export function clockFace(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
