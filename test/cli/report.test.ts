import { describe, expect, it } from 'vitest';
import { errorOf, exitOf, problemsOf, reportNoRun, reportOf } from '../../src/cli/report.ts';
import { CallError } from '../../src/sync/words/failure.ts';
import { ProblemError, takenOver } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';
import { stateOf } from './state.ts';

const keys = `{"run":"r1","definition":"orders","status":"partial","rows":{"read":10,"created":1,"updated":2,"unchanged":3,"rejected":1,"invalid":1,"failed":1,"unknown":1,"notSent":0},"deletes":{"planned":5,"done":1,"failed":1,"unknown":1,"notSent":1,"kept":1},"drift":{"records":3,"setBack":2,"fields":[{"field":"Status","records":3},{"field":"Amount","records":1}],"samples":[{"key":"A1","kind":"update","cells":[{"field":"Status","from":"paid","to":"new"}]}]},"chunks":{"total":4,"failed":[{"id":"C003","kind":"create","rows":1,"how":"threw","code":null,"message":"socket hang up"}]},"rounds":3,"calls":{"read":9,"write":8,"refused":7,"chat":6},"read":"shortcut","ms":{"total":5,"source":4,"table":3,"diff":2,"upload":1},"waiting":null,"error":null}`;

describe('the report', () => {
  it('has its keys in their fixed order', () => {
    const state = stateOf({
      status: 'partial',
      rows: {
        notSent: 0,
        unknown: 1,
        failed: 1,
        invalid: 1,
        rejected: 1,
        unchanged: 3,
        updated: 2,
        created: 1,
        read: 10,
      },
      deletes: { kept: 1, notSent: 1, unknown: 1, failed: 1, done: 1, planned: 5 },
      chunks: {
        total: 4,
        settled: 4,
        failed: [
          { message: 'socket hang up', code: null, how: 'threw', rows: 1, kind: 'create', id: 'C003' },
        ],
      },
      setBack: 2,
      drift: {
        samples: [
          {
            back: true,
            cells: [{ field: 'Status', from: 'paid', to: 'new' }],
            kind: 'update',
            key: 'A1',
          },
        ],
        fields: [
          { records: 3, field: 'Status' },
          { records: 1, field: 'Amount' },
        ],
        records: 3,
      },
      read: 'shortcut',
      rounds: 3,
      calls: { chat: 6, refused: 7, write: 8, read: 9 },
      ms: { upload: 1, diff: 2, table: 3, source: 4, total: 5 },
    });
    expect(JSON.stringify(reportOf(state, 'en-US'))).toBe(keys);
  });

  it('has the same keys when there was no run', () => {
    const none = reportNoRun('orders', { code: 'x', message: 'm', cure: 'c', logId: null });
    const shape = (value: object): unknown =>
      Object.entries(value).map(([key, inner]) =>
        inner && typeof inner === 'object' && !Array.isArray(inner) ? [key, shape(inner)] : key,
      );
    expect(shape({ ...none, error: null })).toEqual(shape(JSON.parse(keys)));
    expect(none).toMatchObject({ run: null, status: 'failed', error: { code: 'x' } });
  });

  it('says why a run waits and what to type', () => {
    const waiting = {
      reasons: [{ code: 'deletes', message: text('要删除 30 %', '30 % would go') } as const],
      samples: [],
      until: 0,
    };
    expect(reportOf(stateOf({ status: 'waiting', waiting }), 'en-US').waiting).toEqual({
      reasons: ['30 % would go'],
      approve: 'bitable-sync run orders --approve r1',
    });
    expect(reportOf(stateOf({ status: 'waiting', waiting }), 'zh-CN').waiting?.reasons).toEqual([
      '要删除 30 %',
    ]);
  });

  it('calls a run that was left behind interrupted', () => {
    expect(reportOf(stateOf({ status: 'running' }), 'en-US').status).toBe('interrupted');
  });

  it('tells the error with its place, cure and log ID', () => {
    const error = {
      code: 'no-such-field',
      message: text('没有字段', 'no field'),
      cure: text('建一个', 'make one'),
      where: '金额',
      logId: 'L1',
    };
    expect(reportOf(stateOf({ status: 'failed', error }), 'en-US').error).toEqual({
      code: 'no-such-field',
      message: '金额: no field',
      cure: 'make one',
      logId: 'L1',
    });
  });
});

it.each([
  ['done', 0],
  ['planned', 0],
  ['waiting', 3],
  ['partial', 1],
  ['failed', 1],
  ['cancelled', 1],
  ['interrupted', 1],
  ['expired', 1],
] as const)('a run that ends as %s exits with %i', (status, exit) =>
  expect(exitOf(stateOf({ status }))).toBe(exit),
);

it('a run that another instance goes on with exits as one that found the table held', () =>
  expect(exitOf(stateOf({ status: 'interrupted', error: takenOver }))).toBe(4));

describe('whatever was thrown', () => {
  it('keeps Feishu’s code and log ID', () => {
    const thrown = new CallError({
      how: 'answered',
      code: 91403,
      message: 'Forbidden',
      verdict: 'stop',
      mayHaveHappened: false,
      logId: 'L2',
      cure: text('加应用', 'add the app'),
    });
    expect(errorOf(problemsOf(thrown), 'en-US')).toEqual({
      code: '91403',
      message: 'Feishu answered with the error 91403: Forbidden',
      cure: 'add the app',
      logId: 'L2',
    });
  });

  it('is told as several when it is several', () => {
    const one = (where: string) => ({
      code: 'missing-setting',
      where,
      message: text('缺', 'missing'),
      cure: text('设', 'set it'),
    });
    expect(errorOf(new ProblemError([one('A'), one('B')]).problems, 'en-US')).toEqual({
      code: 'missing-setting',
      message: 'A: missing\nB: missing',
      cure: 'set it',
      logId: null,
    });
  });

  it.each([new Error('boom'), 'boom'])('becomes an error with a cure (%s)', (thrown) =>
    expect(errorOf(problemsOf(thrown), 'en-US')).toMatchObject({
      code: 'internal',
      message: 'The program failed: boom',
      cure: expect.stringContaining('LOG_LEVEL=debug'),
    }),
  );
});
