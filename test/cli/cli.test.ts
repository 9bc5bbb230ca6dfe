import { describe, expect, it } from 'vitest';
import type { Runs, Started } from '../../src/run/runs/runs.ts';
import { CallError } from '../../src/sync/words/failure.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';
import { stateOf } from './state.ts';
import { env, fakeProgram, ledRun, settled, type } from './world.ts';

const starting = (...answers: readonly Started[]) => {
  const left = [...answers];
  return { start: () => Promise.resolve(left.length > 1 ? left.shift() : left[0]) as Promise<Started> };
};

describe('run', () => {
  it('shows the run on stderr, sums it up on stdout and stops everything', async () => {
    const run = ledRun();
    const program = fakeProgram({ runs: starting({ kind: 'started', run }) });
    const typed = type('run orders', program);
    await settled();
    run.tell({ phase: 'comparing' });
    run.end({ status: 'done', phase: 'ended', rows: { ...stateOf().rows, read: 3, created: 3 } });
    expect(await typed.exit).toBe(0);
    expect(typed.written.err).toBe('orders  queued · 0:00\norders  comparing · 0:00\n');
    expect(typed.written.out).toContain('✓ orders · 订单 — done');
    expect(typed.written.out).toContain('3 rows: created 3');
    expect(program.stops).toBe(1);
  });

  it.each([
    ['done', 0],
    ['partial', 1],
    ['waiting', 3],
  ] as const)('with --json leaves one object on stdout (%s)', async (status, exit) => {
    const run = ledRun();
    const typed = type('run orders --json', fakeProgram({ runs: starting({ kind: 'started', run }) }));
    await settled();
    run.end({ status });
    expect(await typed.exit).toBe(exit);
    expect(typed.written.out.split('\n')).toHaveLength(2);
    expect(typed.json()).toMatchObject({ run: 'r1', definition: 'orders', status });
  });

  it('of a table that another run holds exits with 4 and tells which', async () => {
    const held = { kind: 'busy', state: stateOf({ run: 'r9', definition: 'other' }) } as const;
    const typed = type('run orders --json', fakeProgram({ runs: starting(held) }));
    expect(await typed.exit).toBe(4);
    expect(typed.json()).toMatchObject({
      run: null,
      status: 'failed',
      error: { code: 'table-busy', message: expect.stringContaining('r9 (other)') },
    });
  });

  it.each(['run orders', 'run orders --approve r1', 'init orders'])(
    'is refused while everything is frozen, and noted with the shell user: %s',
    async (line) => {
      const deeds: unknown[] = [];
      const fake = fakeProgram({});
      const program = {
        ...fake,
        acts: {
          ...fake.acts,
          permit: async (deed: object) => {
            deeds.push(deed);
            return { allowed: false, refusal: text('已冻结', 'frozen'), ask: [] } as const;
          },
        },
      };
      const typed = type(line, program);
      expect(await typed.exit).toBe(1);
      expect(typed.written.err).toContain('bitable-sync thaw');
      expect(deeds).toMatchObject([{ name: 'orders', user: 'ada' }]);
    },
  );

  it('that freezes says since when, by whom, and what is under way', async () => {
    const going = stateOf({ run: 'r7', status: 'running' });
    const frozen = { by: { kind: 'chat', openId: 'ou_boss' }, at: Date.UTC(2026, 10, 23) } as const;
    const fake = fakeProgram({});
    const rule = async () => ({ words: [text('已冻结', 'frozen now')], frozen, going: [going] });
    const program = { ...fake, holds: { ...fake.holds, rule } };
    const typed = type('freeze --json', program);
    expect(await typed.exit).toBe(0);
    expect(typed.json()).toEqual({
      ...{ status: 'frozen', by: 'ou_boss', since: '2026-11-23T00:00:00.000Z' },
      going: [{ run: 'r7', definition: going.definition }],
      error: null,
    });
    const plainly = type('freeze', program);
    await plainly.exit;
    expect(plainly.written.out).toContain('frozen now\n  bitable-sync cancel orders  (r7)');
  });

  it('with --wait tries again until the table is free', async () => {
    const run = ledRun();
    const held = { kind: 'busy', state: stateOf({ run: 'r9' }) } as const;
    const typed = type(
      'run orders --wait 5',
      fakeProgram({ runs: starting(held, held, { kind: 'started', run }) }),
    );
    await settled();
    await typed.clock.pass(1000);
    await typed.clock.pass(1000);
    run.end({ status: 'done' });
    expect(await typed.exit).toBe(0);
  });

  it('with --wait carries out a plan once the table is free', async () => {
    const run = ledRun();
    const held = { kind: 'busy', state: stateOf({ run: 'r9' }) } as const;
    const answers = [held, { kind: 'going', run } as const];
    const runs = {
      find: async () => stateOf({ run: 'r1', status: 'planned' }),
      apply: async () => answers.shift() ?? held,
    };
    const typed = type('run orders --approve r1 --wait 5', fakeProgram({ runs }));
    await settled();
    await typed.clock.pass(1000);
    run.end({ status: 'done' });
    expect(await typed.exit).toBe(0);
  });

  it('with --wait gives up in the end', async () => {
    const held = { kind: 'busy', state: stateOf({ run: 'r9' }) } as const;
    const typed = type('run orders --wait 2', fakeProgram({ runs: starting(held) }));
    await settled();
    await typed.clock.pass(1000);
    await typed.clock.pass(1000);
    expect(await typed.exit).toBe(4);
  });

  it('of an unknown definition calls nothing and exits with 2', async () => {
    const typed = type('run nothing --json', fakeProgram({}));
    expect(await typed.exit).toBe(2);
    expect(typed.json()).toMatchObject({ definition: 'nothing', error: { code: 'no-such-definition' } });
  });

  it.each([
    ['store-busy', 1],
    ['store-full', 1],
    ['store-refused', 2],
  ])('whose store answers %s exits with %i', async (code, exit) => {
    const one = problem({ code, message: { zh: '坏', en: 'bad' }, cure: { zh: '修', en: 'mend' } });
    const typed = type('run orders --json', fakeProgram({}), {
      load: { program: () => Promise.reject(one) },
    });
    expect(await typed.exit).toBe(exit);
    expect(typed.json()).toMatchObject({ error: { code } });
  });

  it('without its connection calls nothing and exits with 2', async () => {
    const typed = type('run orders', fakeProgram({}), { env: { ...env, CONNECTION_SHOP: '' } });
    expect(await typed.exit).toBe(2);
    expect(typed.written.err).toContain('CONNECTION_SHOP');
  });

  it('that cannot start says why and exits with 1', async () => {
    const refused = new CallError({
      how: 'answered',
      code: 91403,
      message: 'Forbidden',
      verdict: 'stop',
      mayHaveHappened: false,
    });
    const program = fakeProgram({ runs: { start: () => Promise.reject(refused) } });
    const typed = type('run orders --json', program);
    expect(await typed.exit).toBe(1);
    expect(typed.json()).toMatchObject({ run: null, definition: 'orders', error: { code: '91403' } });
    expect(program.stops).toBe(1);
  });

  it('that is interrupted stops the parts and says so', async () => {
    const run = ledRun();
    const program = fakeProgram({
      runs: starting({ kind: 'started', run }),
      onStop: () => {
        run.tell({ status: 'interrupted', phase: 'ended' });
        return Promise.resolve();
      },
    });
    const typed = type('run orders --json', program);
    await settled();
    typed.interrupt();
    expect(await typed.exit).toBe(1);
    expect(typed.json()).toMatchObject({ run: 'r1', status: 'interrupted' });
    expect(program.stops).toBe(1);
  });

  it('that is interrupted twice answers at once what is known', async () => {
    const run = ledRun();
    const program = fakeProgram({
      runs: starting({ kind: 'started', run }),
      onStop: () => new Promise(() => undefined),
    });
    const typed = type('run orders --json', program);
    await settled();
    run.tell({ rounds: 2 });
    typed.interrupt();
    await settled();
    expect(typed.abandon()).toBe(1);
    expect(typed.json()).toMatchObject({ run: 'r1', status: 'interrupted', rounds: 2 });
  });

  it('does not hang on parts that do not stop', async () => {
    const run = ledRun();
    const typed = type(
      'run orders --json',
      fakeProgram({
        runs: starting({ kind: 'started', run }),
        onStop: () => new Promise(() => undefined),
      }),
    );
    await settled();
    run.end({ status: 'done' });
    await settled();
    await typed.clock.pass(20_000);
    expect(await typed.exit).toBe(0);
    expect(typed.written.err).toContain('program.not-stopped');
  });
});

describe('run --approve', () => {
  it('carries out the plan that waits', async () => {
    const run = ledRun();
    const typed = type(
      'run orders --approve r1',
      fakeProgram({
        runs: {
          find: () => Promise.resolve(stateOf({ status: 'waiting' })),
          apply: () => Promise.resolve({ kind: 'going', run }),
        },
      }),
    );
    await settled();
    run.end({ status: 'done' });
    expect(await typed.exit).toBe(0);
  });

  it('of a plan whose moment has passed writes nothing and exits with 1', async () => {
    const state = stateOf({ status: 'expired' });
    const typed = type(
      'run orders --approve r1 --json',
      fakeProgram({
        runs: { find: () => Promise.resolve(state), apply: () => Promise.resolve({ kind: 'stale', state }) },
      }),
    );
    expect(await typed.exit).toBe(1);
    expect(typed.json()).toMatchObject({ error: { code: 'stale-plan' } });
  });

  it.each([undefined, stateOf({ definition: 'other' })])(
    'of a run that this definition does not have exits with 2',
    async (found) => {
      const typed = type(
        'run orders --approve r7 --json',
        fakeProgram({ runs: { find: () => Promise.resolve(found) } }),
      );
      expect(await typed.exit).toBe(2);
      expect(typed.json()).toMatchObject({ run: null, error: { code: 'no-such-run' } });
    },
  );
});

it('plan asks for a plan only', async () => {
  const asked: unknown[] = [];
  const run = ledRun();
  const typed = type(
    'plan orders --json',
    fakeProgram({
      runs: {
        start: (request) => {
          asked.push([request.planOnly, request.by]);
          return Promise.resolve({ kind: 'started', run });
        },
      },
    }),
  );
  await settled();
  run.end({ status: 'planned', planOnly: true });
  expect(await typed.exit).toBe(0);
  expect(asked).toEqual([[true, { kind: 'cli', user: 'ada' }]]);
  expect(typed.json()).toMatchObject({ status: 'planned' });
});

describe('cancel', () => {
  it('of a name that no sync has is wrong usage, with the names that there are', async () => {
    const typed = type('cancel nothing --json', fakeProgram({}));
    expect(await typed.exit).toBe(2);
    expect(typed.json()).toMatchObject({ definition: 'nothing', error: { code: 'no-such-definition' } });
  });

  it('stops what goes on rather than an old plan that waits', async () => {
    const states = [
      stateOf({ run: 'old', status: 'waiting', startedAt: 1 }),
      stateOf({ run: 'new', status: 'running', startedAt: 2 }),
      stateOf({ run: 'else', definition: 'other' }),
    ];
    const asked: string[] = [];
    const runs = {
      open: async () => states.map((state) => ({ state, chat: null })),
      cancel: async (run: string) => {
        asked.push(run);
        return { kind: 'settled', state: stateOf({ run, status: 'cancelled' }) } as const;
      },
    };
    const typed = type('cancel orders --json', fakeProgram({ runs }));
    expect(await typed.exit).toBe(0);
    expect(asked).toEqual(['new']);
  });

  it('of a sync that does not go on says what to type', async () => {
    const typed = type('cancel orders --json', fakeProgram({}));
    expect(await typed.exit).toBe(1);
    expect(typed.json()).toMatchObject({
      error: { code: 'nothing-to-cancel', cure: expect.stringContaining('bitable-sync run orders') },
    });
  });
});

describe('what the chat can do, the shell can', () => {
  const broken = { code: 'mishap', message: text('坏了', 'it broke'), cure: text('修', 'mend it') };
  const failed = stateOf({
    status: 'failed',
    error: broken,
    chunks: {
      total: 1,
      settled: 1,
      failed: [{ id: 'C001', kind: 'create', rows: 5, how: 'answered', code: 1, message: 'no' }],
    },
  });
  const going = stateOf({ run: 'going', phase: 'uploading', changes: { total: 4, settled: 1 } });
  const runs = { latest: async () => [failed], open: async () => [{ state: going, chat: null }] };

  it.each([
    [
      'status',
      {
        status: 'ok',
        frozen: null,
        runs: [{ run: 'going', phase: 'uploading', changes: { settled: 1, total: 4 } }],
      },
      'going',
    ],
    [
      'history orders',
      {
        status: 'ok',
        definition: 'orders',
        runs: [{ run: failed.run, status: 'failed', error: { code: 'mishap' } }],
      },
      'it broke',
    ],
    [
      'why orders A 1',
      { status: 'ok', definition: 'orders', key: 'A 1', record: null, runs: [] },
      'None of the last runs',
    ],
    ['pause orders', { status: 'paused', definition: 'orders' }, 'orders: done'],
    ['resume orders', { status: 'resumed', definition: 'orders' }, 'orders: done'],
  ])('%s', async (line, json, words) => {
    const typed = type(`${line} --json`, fakeProgram({ runs }));
    expect(await typed.exit).toBe(0);
    expect(typed.json()).toMatchObject({ ...json, error: null });
    const read = type(line, fakeProgram({ runs }));
    expect(await read.exit).toBe(0);
    expect(read.written.out).toContain(words);
  });

  it.each(['history nothing', 'why nothing A', 'pause nothing', 'resume nothing', 'retry nothing'])(
    '%s is told that there is no such definition',
    async (line) => {
      const typed = type(`${line} --json`, fakeProgram({}));
      expect(await typed.exit).toBe(2);
      expect(typed.json()).toMatchObject({
        status: 'failed',
        definition: 'nothing',
        error: { code: 'no-such-definition' },
      });
    },
  );

  it('why tells the story of a key in one language', async () => {
    const sample = { kind: 'create', key: 'A1', cells: [{ field: '城市', from: '', to: '上海' }] } as const;
    const told = {
      kind: 'change',
      chunk: 'C001',
      status: 'done',
      sentAt: 0,
      sample,
      code: null,
      message: '',
    } as const;
    const program = fakeProgram({});
    const chapters = [{ run: 'r1', at: 0, by: { kind: 'schedule' } as const, told }];
    const story = async () => ({ chapters, record: undefined });
    const lines = ['zh-CN', 'en-US'].map(async (LOCALE) => {
      const tables = { ...program.tables, story };
      const typed = type('why orders A1', { ...program, tables }, { env: { ...env, LOCALE } });
      await typed.exit;
      return typed.written.out.trim();
    });
    expect(await Promise.all(lines)).toEqual([
      '1970-01-01T00:00:00.000Z  r1 · 定时任务 · 新增 · 已写入 · C001 · 城市：上海',
      '1970-01-01T00:00:00.000Z  r1 · the schedule · create · written · C001 · 城市: 上海',
    ]);
  });

  it('retry sends what the last run left, and says so where that is nothing', async () => {
    const run = ledRun();
    const asked: unknown[] = [];
    const retry = async (...args: unknown[]) => {
      asked.push(args);
      return { kind: 'going', run } as const;
    };
    const typed = type('retry orders --json', fakeProgram({ runs: { ...runs, retry } }));
    await settled();
    run.end({ status: 'done' });
    expect(await typed.exit).toBe(0);
    const patience = expect.any(AbortSignal);
    expect(asked).toEqual([[failed.run, { kind: 'cli', user: 'ada' }, failed.version, patience]]);

    const none = type(
      'retry orders --json',
      fakeProgram({ runs: { latest: async () => [stateOf({ status: 'done' })] } }),
    );
    expect(await none.exit).toBe(1);
    expect(none.json()).toMatchObject({ error: { code: 'nothing-to-retry' } });
  });

  it('retry of a table that another run holds ends with 4', async () => {
    const retry = async () => ({ kind: 'busy', state: going }) as const;
    expect(await type('retry orders', fakeProgram({ runs: { ...runs, retry } })).exit).toBe(4);
  });

  it('retry waits for a table whose holder may be gone, and a signal ends that at once', async () => {
    const retry: Runs['retry'] = (...[, , , patience]) =>
      new Promise((resolve) =>
        patience?.addEventListener('abort', () => resolve({ kind: 'busy', state: going })),
      );
    const typed = type('retry orders', fakeProgram({ runs: { ...runs, retry } }));
    await settled();
    typed.interrupt();
    expect(await typed.exit).toBe(4);
  });

  it('a signal ends at once what waits for a store that another program keeps locked', async () => {
    const locked = problem({ code: 'store-busy', message: text('锁着', 'locked'), cure: text('等', 'wait') });
    let hurry = (): void => undefined;
    const standing = () => new Promise<never>((_, reject) => (hurry = () => reject(locked)));
    const fake = fakeProgram({});
    const program = { ...fake, holds: { ...fake.holds, standing } };
    const typed = type('status --json', program, {
      load: {
        program:
          async () =>
          async (_, { stopping }) => {
            stopping?.addEventListener('abort', () => hurry());
            return program;
          },
      },
    });
    await settled();
    typed.interrupt();
    expect(await typed.exit).toBe(1);
    expect(typed.json()).toMatchObject({ error: { code: 'store-busy' } });
  });
});

it('asks in Chinese which of several commands was meant', async () => {
  const typed = type('stop', fakeProgram({}), { env: { ...env, LOCALE: 'zh-CN' } });
  expect(await typed.exit).toBe(2);
  expect(typed.written.err).toMatch(/你是要写 \w+(、\w+)* 吗？/);
  expect(typed.written.err).not.toContain('one of');
});

describe('check', () => {
  const wrong = {
    code: 'no-such-field',
    message: text('没有字段 金额', 'there is no field 金额'),
    cure: text('建一个', 'make one'),
  };
  const steps = [
    { what: text('连接', 'connection shop'), problems: [], advice: [wrong] },
    { what: text('字段', 'fields'), problems: [wrong], advice: [] },
  ];

  it('lists what was tried, and each problem with its cure, the same one once', async () => {
    const typed = type('check', fakeProgram({ steps }));
    expect(await typed.exit).toBe(1);
    expect(typed.written.out).toBe(
      [
        '✓ App: ',
        '✗ orders: connection shop · fields',
        '  ✗ there is no field 金额',
        '    → make one',
        '✗ 1 of 1 definitions are not ready: orders',
        '',
      ].join('\n'),
    );
  });

  it('shows a place of several definitions once, before them', async () => {
    const grant = {
      code: 'warn-more',
      where: 'CONNECTION_SHOP',
      message: text('权限太多', 'may do too much'),
      cure: text('换账号', 'use another account'),
    };
    const shared = { what: text('连接', 'connection'), problems: [], advice: [grant] };
    const program = fakeProgram({});
    const checkup = {
      app: [{ what: text('设置', 'settings'), problems: [], advice: [] }],
      definitions: ['orders', 'users'].map((name) => ({ name, steps: [shared] })),
    };
    const typed = type('check', {
      ...program,
      tables: { ...program.tables, check: () => Promise.resolve(checkup) },
    });
    expect(await typed.exit).toBe(0);
    const { tables } = program;
    const zh = type(
      'check',
      { ...program, tables: { ...tables, check: () => Promise.resolve(checkup) } },
      { env: { ...env, LOCALE: 'zh-CN' } },
    );
    expect(await zh.exit).toBe(0);
    expect(zh.written.out.split('\n')).toEqual(
      expect.arrayContaining(['✓ 应用：设置', '! CONNECTION_SHOP（orders、users）', '! users：连接']),
    );
    expect(typed.written.out).toBe(
      [
        '✓ App: settings',
        '! CONNECTION_SHOP (orders, users)',
        '  ! CONNECTION_SHOP: may do too much',
        '    → use another account',
        '! orders: connection',
        '! users: connection',
        '✓ Ready to sync; 1 thing is worth a look (see !)',
        '',
      ].join('\n'),
    );
  });

  it('does not fail for advice', async () => {
    const typed = type('check orders --json', fakeProgram({ steps: steps.slice(0, 1) }));
    expect(await typed.exit).toBe(0);
    expect(typed.json()).toMatchObject({ status: 'ok', definitions: [{ name: 'orders', status: 'ok' }] });
  });
});

it('definitions need no app, and tell broken files', async () => {
  const broken = {
    name: 'users',
    file: 'users.yaml',
    problems: [{ code: 'yaml', message: text('第 3 行', 'line 3'), cure: text('改', 'mend it') }],
  };
  const program = fakeProgram({});
  const listed = [...(await program.definitions.list()), broken];
  const typed = type('definitions', fakeProgram({ listed }), { env: { LOCALE: 'en-US' } });
  expect(await typed.exit).toBe(1);
  expect(typed.written.out).toContain('orders  订单 · mirror · shop · https://example.feishu.cn');
  expect(typed.written.out).toContain('users   users.yaml\n  ✗ line 3\n    → mend it\n');
});

describe('start', () => {
  it('serves until it is told to stop, then exits with 0', async () => {
    const program = fakeProgram({});
    const typed = type('start --json', program);
    await settled();
    expect(program.stops).toBe(0);
    typed.interrupt();
    expect(await typed.exit).toBe(0);
    expect(program.stops).toBe(1);
    expect(typed.json()).toEqual({ status: 'stopped', error: null });
  });

  it('that cannot serve says why and exits with 1', async () => {
    const wrong = problem({
      code: 'bad-secret',
      message: text('错', 'wrong secret'),
      cure: text('改', 'copy it'),
    });
    const typed = type('start', fakeProgram({ serve: () => Promise.reject(wrong) }));
    expect(await typed.exit).toBe(1);
    expect(typed.written.err).toContain('wrong secret');
  });
});

describe('demo', () => {
  it.each([
    ['demo --once --rows 9 --faults', 1],
    ['demo', 0],
  ])('%s exits with %i when its run failed in part', async (line, exit) => {
    const asked: unknown[] = [];
    const typed = type(line, fakeProgram({}), {
      load: {
        demo: () =>
          Promise.resolve((options, stage) => {
            asked.push(options);
            stage.out.write('hello\n');
            return Promise.resolve(stateOf({ status: 'partial' }));
          }),
      },
    });
    expect(await typed.exit).toBe(exit);
    expect(typed.written.out).toBe('hello\n');
    expect(asked).toHaveLength(1);
  });
});

describe('whatever goes wrong', () => {
  it.each(['', 'runn', 'run', 'run a b', 'run a --wait x', 'demo --rows 0', '--bogus'])(
    'a wrong line (%s) exits with 2 and one object',
    async (line) => {
      const typed = type(`${line} --json`, fakeProgram({}));
      expect(await typed.exit).toBe(2);
      expect(typed.written.out.split('\n')).toHaveLength(2);
      expect(typed.json()).toMatchObject({ run: null, status: 'failed', error: { code: 'usage' } });
    },
  );

  it('settings that are wrong are told before anything is opened', async () => {
    const typed = type('run orders --json', fakeProgram({}), {
      env: { LOCALE: 'en-US', KEEP_DAYS: 'x' },
      load: { program: () => Promise.reject(new Error('opened')) },
    });
    expect(await typed.exit).toBe(2);
    const { error } = typed.json() as { error: { message: string } };
    expect(error.message.split('\n').map((line) => line.split(':')[0])).toEqual([
      'FEISHU_APP_ID',
      'FEISHU_APP_SECRET',
      'KEEP_DAYS',
    ]);
  });

  it('a bug is told with a cure and exits with 1', async () => {
    const program = fakeProgram({});
    const check = () => Promise.reject(new TypeError('undefined is no function'));
    const typed = type('check --json', { ...program, tables: { ...program.tables, check } });
    expect(await typed.exit).toBe(1);
    expect(typed.json()).toMatchObject({ status: 'failed', error: { code: 'internal' } });
  });

  it('an error that nobody caught is told too, once', async () => {
    const run = ledRun();
    const typed = type('run orders --json', fakeProgram({ runs: starting({ kind: 'started', run }) }));
    await settled();
    expect(typed.abandon(new Error('late'))).toBe(1);
    run.end({ status: 'done' });
    await typed.exit;
    expect(typed.written.out.split('\n')).toHaveLength(2);
    expect(typed.json()).toMatchObject({ error: { code: 'internal' } });
  });

  it('no secret shows in the log', async () => {
    const program = fakeProgram({});
    const typed = type('check', program, {
      env: { ...env, LOG_LEVEL: 'debug', CONNECTION_SHOP: 'mysql://reader:open%2Fsesame@db/shop' },
      load: {
        program: () =>
          Promise.resolve((config, { log }) => {
            log.info('test.told', {
              a: config.app.secret,
              b: new Error('login failed for open/sesame'),
              c: config.connections.get('SHOP'),
              d: { authorization: 'Bearer t-abc.def', tenant_access_token: 't-zzz' },
              e: 'redis://someone:else@host',
            });
            return Promise.resolve(program);
          }),
      },
    });
    await typed.exit;
    expect(typed.written.err).toContain('"event":"test.told"');
    expect(typed.written.err).not.toMatch(/app-secret|sesame|t-abc|t-zzz|someone|else/);
  });
});

it.each(['--help', 'help', 'run --help', 'help run'])('%s goes to stdout and exits with 0', async (line) => {
  const typed = type(line, fakeProgram({}));
  expect(await typed.exit).toBe(0);
  expect(typed.written.out).toMatch(/^Usage:/);
  expect(typed.written.err).toBe('');
});
