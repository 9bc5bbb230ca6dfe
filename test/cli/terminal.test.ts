import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportOf, runLine, summary } from '../../src/cli/report.ts';
import { createTerminal, progressLine } from '../../src/cli/terminal.ts';
import { columnsOf, cut, text } from '../../src/sync/words/text.ts';
import { grouped } from '../cards/states.ts';
import { stateOf } from './state.ts';
import { handClock } from './world.ts';

const uploading = stateOf({
  phase: 'uploading',
  changes: { total: 200, settled: 133 },
  chunks: { total: 6, settled: 4, failed: [] },
});

describe('the progress line', () => {
  it.each([
    ['queued', stateOf(), 'orders  queued · 0:09'],
    [
      'reading',
      stateOf({ phase: 'reading', reading: { rows: 12000, records: 500, total: 1500 } }),
      'orders  reading 12,000 rows, 500/1,500 records · 0:09',
    ],
    ['comparing', stateOf({ phase: 'comparing' }), 'orders  comparing · 0:09'],
    ['uploading', uploading, 'orders  writing █████████████░░░░░░░ 66% · chunk 4/6 · 0:09'],
    [
      'retrying',
      { ...uploading, rounds: 2 },
      'orders  writing █████████████░░░░░░░ 66% · chunk 4/6, round 2 · 0:09',
    ],
    ['pausing', stateOf({ phase: 'pausing', resumeAt: 14_000 }), 'orders  round 1 of 3 in 0:05 · 0:09'],
  ])('shows %s', (_, state, line) => expect(progressLine(state, 9000, 'en-US')).toBe(line));

  it('speaks Chinese', () => {
    expect(progressLine(uploading, 9000, 'zh-CN')).toBe(
      'orders  写入 █████████████░░░░░░░ 66% · 分块 4/6 · 0:09',
    );
  });
});

describe('the summary', () => {
  it('tells numbers, failed chunks, bad rows and the calls', () => {
    const state = stateOf({
      status: 'partial',
      rows: { ...stateOf().rows, read: 4000, created: 3490, failed: 500, invalid: 10 },
      deletes: { ...stateOf().deletes, planned: 3, notSent: 3 },
      chunks: {
        total: 8,
        settled: 8,
        failed: [
          {
            id: 'C003',
            kind: 'create',
            rows: 500,
            how: 'answered',
            code: 1255001,
            message: 'internal error',
          },
        ],
      },
      badRows: grouped([
        { kind: 'invalid', key: '', row: 7, field: '订单号', reason: text('键为空', 'the key is empty') },
      ]),
      calls: { read: 9, write: 12, refused: 1, chat: 3 },
      ms: { ...stateOf().ms, total: 12_345 },
    });
    expect(summary(state, 'en-US')).toEqual([
      '! orders · 订单 — done in part (12.3 s)',
      '  4,000 rows: created 3,490 · invalid 10 · failed 500',
      '  3 to delete: not sent 3',
      '  failed chunks',
      '    C003 · create 500 rows · 1255001 · internal error',
      '  rows that were not written',
      '    1 row · 订单号 · the key is empty · #7',
      '  calls: 9 read · 12 write · 1 refused · run r1',
    ]);
  });

  it('tells what people changed, what was kept for whose it is, and how the table was read', () => {
    const cells = [{ field: '状态', from: '已付款', to: '新' }];
    const state = stateOf({
      ...{ status: 'done', read: 'shortcut', handMade: 1, setBack: 1 },
      deletes: { planned: 2, done: 0, failed: 0, unknown: 0, notSent: 0, kept: 2 },
      drift: {
        records: 1,
        fields: [{ field: '状态', records: 1 }],
        samples: [{ key: 'A1', kind: 'update', back: true, cells }],
      },
    });
    expect(summary(state, 'en-US').slice(-4)).toEqual([
      '  2 to delete: kept 1 · kept as made by hand 1',
      '  ! People changed 1 record in the table since the last run (状态 1); it was set back.',
      '    ~ A1 · 状态: 已付款 → 新',
      '  calls: 0 read · 0 write · 0 refused · table unchanged, not read again · run r1',
    ]);
  });

  it('of a run that waits ends with the line to type', () => {
    const waiting = {
      reasons: [{ code: 'deletes' as const, message: text('删太多', 'too many') }],
      samples: [],
      until: 0,
    };
    expect(summary(stateOf({ status: 'waiting', waiting }), 'en-US')).toContain(
      '  to agree: bitable-sync run orders --approve r1',
    );
  });

  it.each([
    [{ rejected: 0, created: 2 }, null, '✓ orders · 订单 — planned, nothing written (0 ms)'],
    [{ rejected: 1, created: 1 }, null, '! orders · 订单 — planned, some rows cannot be written (0 ms)'],
    [{ rejected: 2, created: 0 }, null, '✗ orders · 订单 — planned, no row can be written (0 ms)'],
    [
      { rejected: 0, created: 2 },
      [{ code: 'deletes' as const, message: text('删太多', 'too many deletes') }],
      '? orders · 订单 — planned, a run would wait for a person (0 ms)',
    ],
  ])('of a plan is as good as what it promises: %j', (rows, reasons, first) => {
    const waiting = reasons && { reasons, samples: [], until: null };
    const state = stateOf({ status: 'planned', rows: { ...stateOf().rows, read: 2, ...rows }, waiting });
    const lines = summary(state, 'en-US');
    expect(lines[0]).toBe(first);
    expect(lines.includes('  ? too many deletes')).toBe(reasons !== null);
    expect(lines.join('')).not.toContain('--approve');
    const told = reasons && { reasons: ['too many deletes'], approve: null };
    expect(reportOf(state, 'en-US')).toMatchObject({ status: 'planned', waiting: told });
  });

  it('writes Chinese with its own colons and brackets, and nobody in English', () => {
    const rows = { ...stateOf().rows, read: 3, created: 2, failed: 1 };
    const error = { code: 'x', message: text('失败了', 'failed'), cure: text('再试', 'retry'), logId: 'L1' };
    const acts = [{ op: 'start', by: { kind: 'schedule' }, at: 0 }] as const;
    const deletes = { ...stateOf().deletes, planned: 2, done: 2 };
    const state = stateOf({ status: 'failed', rows, deletes, error, acts });
    const lines = [...summary(state, 'zh-CN'), runLine(state, 'zh-CN')];
    expect(lines).toContain('  3 行：新增 2 · 失败 1');
    expect(lines).toContain('  ✗ 失败了（日志 ID L1）');
    expect(lines.join('\n')).not.toMatch(/\p{sc=Han}[:,(]|\p{sc=Han} \(|\)\p{sc=Han}|schedule/u);
  });

  it('lets no word steer the terminal', () => {
    const failed = {
      id: 'C001',
      kind: 'create' as const,
      rows: 1,
      how: 'answered' as const,
      code: 1,
      message: 'a\x1b[2Jb\nc',
    };
    const lines = summary(stateOf({ chunks: { total: 1, settled: 1, failed: [failed] } }), 'zh-CN');
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });
});

describe('a terminal', () => {
  const screen = (isTTY: boolean) => {
    const written: string[] = [];
    return {
      written,
      write: (words: string) => written.push(words),
      isTTY,
      size: () => ({ columns: 40, rows: 24 }),
    };
  };

  it('redraws one line, each second too, and takes it away at the end', async () => {
    const out = screen(true);
    const clock = handClock();
    const terminal = createTerminal(out, clock, 'en-US');
    terminal.show(stateOf({ phase: 'comparing' }));
    await clock.pass(1000);
    terminal.clear();
    expect(out.written).toEqual([
      '\r\x1b[2Korders  comparing · 0:00',
      '\r\x1b[2Korders  comparing · 0:01',
      '\r\x1b[2K',
    ]);
    await clock.pass(5000);
    expect(out.written).toHaveLength(3);
  });

  it('never fills the last column', () => {
    const out = screen(true);
    const terminal = createTerminal(out, handClock(), 'zh-CN');
    terminal.show(uploading);
    terminal.clear();
    expect(columnsOf(out.written[0]?.slice(5) ?? '')).toBeLessThan(40);
  });

  it('writes log lines above the progress line', () => {
    const out = screen(true);
    const terminal = createTerminal(out, handClock(), 'en-US');
    terminal.show(stateOf());
    terminal.write('something happened\n');
    terminal.clear();
    expect(out.written.slice(1, 4)).toEqual([
      '\r\x1b[2K',
      'something happened\n',
      '\r\x1b[2Korders  queued · 0:00',
    ]);
  });

  it('that is none writes a line a step, not a line a change', () => {
    const out = screen(false);
    const terminal = createTerminal(out, handClock(), 'en-US');
    for (const settled of [0, 1, 2, 19, 20, 21]) {
      terminal.show({ ...uploading, changes: { total: 200, settled } });
    }
    terminal.clear();
    expect(out.written).toEqual([
      'orders  writing ░░░░░░░░░░░░░░░░░░░░ 0% · chunk 4/6 · 0:00\n',
      'orders  writing ██░░░░░░░░░░░░░░░░░░ 10% · chunk 4/6 · 0:00\n',
    ]);
  });
});

it('any words are cut to the width that is there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (words, columns) => {
      expect(columnsOf(cut(words, columns))).toBeLessThanOrEqual(columns);
    }),
  );
});
