import { describe, expect, it } from 'vitest';
import { board } from '../../src/run/job.ts';
import type { Log } from '../../src/run/ports.ts';
import { logEnd, logProgress, problemFacts } from '../../src/run/runs/log-run.ts';
import { begin } from '../../src/sync/state/progress.ts';
import type { Actor, State } from '../../src/sync/state/state.ts';
import { text } from '../../src/sync/words/text.ts';

const problem = (code: string, en: string) => ({ code, message: text(en, en), cure: text('改', 'mend it') });

function listening() {
  const lines: object[] = [];
  const at =
    (level: string): Log['info'] =>
    (event, facts) =>
      void lines.push({ level, event, ...facts });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, lines, loud: () => lines.filter((line) => !('level' in line && line.level === 'debug')) };
}

function stateOf(change: Partial<State> = {}, kind: Actor['kind'] = 'schedule'): State {
  const about = { definition: 'orders', title: 'orders', link: '', planOnly: false, roundsMax: 3 };
  return { ...begin({ run: 'r1', ...about, by: { kind }, at: 0 }), ...change };
}

const chunk = {
  id: 'C001',
  kind: 'create',
  rows: 5,
  how: 'answered',
  code: 1254302,
  message: 'no right',
} as const;

describe('the end of a run in the log', () => {
  it.each<[string, Partial<State>, object]>([
    ['done', { status: 'done' }, { level: 'info' }],
    ['waiting', { status: 'waiting' }, { level: 'info' }],
    ['cancelled', { status: 'cancelled' }, { level: 'info' }],
    ['interrupted', { status: 'interrupted' }, { level: 'warn' }],
    [
      'failed with a code of Feishu’s',
      { status: 'failed', error: { ...problem('1254302', 'not allowed'), logId: '2026abc' } },
      { level: 'error', code: 1254302, message: 'not allowed', logId: '2026abc' },
    ],
    [
      'failed at a place',
      { status: 'failed', error: { ...problem('no-such-field', 'no field x'), where: 'orders.yaml:3' } },
      { level: 'error', code: 'no-such-field', where: 'orders.yaml:3' },
    ],
    [
      'a part that was refused',
      { status: 'partial', chunks: { total: 2, settled: 2, failed: [chunk] } },
      { level: 'warn', code: 1254302, message: 'no right', failedChunks: 1 },
    ],
  ])('%s', (_, change, line) => {
    const { log, lines } = listening();
    logEnd(stateOf(change), log);
    expect(lines).toEqual([expect.objectContaining({ event: 'run.ended', run: 'r1', ...line })]);
  });

  it.each([
    [
      "The query failed: Truncated incorrect DOUBLE value: 'Li's flat'",
      "The query failed: Truncated incorrect DOUBLE value: '…'",
    ],
    ['The query failed: bad JSON "Ada" at 3', 'The query failed: bad JSON "…" at 3'],
  ])('holds no value of a row that the database quotes: %s', (said, logged) => {
    expect(problemFacts(problem('query-failed', said))).toMatchObject({ message: logged });
  });
});

describe('the progress of a run in the log', () => {
  it.each<[string, Actor['kind'], number, readonly string[]]>([
    ['of the schedule that changed nothing is one line', 'schedule', 0, ['run.ended']],
    ['of the schedule that writes says so', 'schedule', 5, ['run.write-started', 'run.ended']],
    ['of a person begins with a line', 'chat', 5, ['run.started', 'run.ended']],
  ])('%s', (_, kind, total, events) => {
    const { log, loud } = listening();
    const one = board(stateOf({}, kind));
    logProgress(one, 'bas/tbl', log);
    one.set((state) => ({ ...state, phase: 'comparing', changes: { ...state.changes, total } }));
    one.set((state) => ({ ...state, phase: 'uploading' }));
    one.set((state) => ({ ...state, status: 'done', phase: 'ended' }));
    logEnd(one.state(), log);
    expect(loud().map((line) => ('event' in line ? line.event : ''))).toEqual(events);
  });
});
