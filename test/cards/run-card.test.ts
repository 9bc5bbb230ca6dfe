import { describe, expect, it } from 'vitest';
import { runCard } from '../../src/cards/run-card.ts';
import { type Locale, text } from '../../src/sync/words/text.ts';
import { buttonsOf, headerOf, summaryOf, wordsOf } from './read.ts';
import { at, endedWith, everyState, failedChunk, grouped, stateWith } from './states.ts';

const view = {
  now: at + 72_000,
  timeZone: 'Asia/Shanghai',
  locale: 'zh-CN',
  approvers: ['ou_boss'],
} as const;
const words = (state: Parameters<typeof runCard>[0], locale: Locale = 'zh-CN') =>
  wordsOf(runCard(state, { ...view, locale }));
const state = (name: string) => everyState[name] ?? stateWith();

it.each([
  ['queued', 'wathet', '排队中', 'Queued'],
  ['reading', 'blue', '读取中', 'Reading'],
  ['comparing', 'blue', '比较中', 'Comparing'],
  ['uploading', 'blue', '上传中', 'Uploading'],
  ['pausing', 'wathet', '等待下一轮', 'Waiting for the next round'],
  ['finishing', 'blue', '收尾中', 'Finishing'],
  ['waiting', 'orange', '等待确认', 'Waiting for a decision'],
  ['planned', 'turquoise', '计划（未写入）', 'Plan (nothing written)'],
  ['planned with a question', 'orange', '计划（会等待确认）', 'Plan (would wait for a decision)'],
  ['planned in part', 'yellow', '计划（有些行不能写入）', 'Plan (some rows cannot be written)'],
  ['planned in vain', 'red', '计划（没有一行能写入）', 'Plan (no row can be written)'],
  ['done', 'green', '已完成', 'Done'],
  ['partial', 'yellow', '部分完成', 'Partly done'],
  ['failed', 'red', '失败', 'Failed'],
  ['cancelled', 'grey', '已取消', 'Cancelled'],
  ['interrupted', 'grey', '已中断', 'Interrupted'],
  ['expired', 'grey', '已过期', 'Expired'],
])('a run that is %s has a %s header that says so', (name, template, zh, en) => {
  const header = headerOf(runCard(state(name), view));
  expect(header).toMatchObject({ template, title: { content: '订单' } });
  expect(header.text_tag_list[0]?.text.content).toBe(zh);
  const english = headerOf(runCard(state(name), { ...view, locale: 'en-US' }));
  expect(english.text_tag_list[0]?.text.content).toBe(en);
});

it.each([
  ['queued', ['cancel', 'open']],
  ['uploading', ['cancel', 'open']],
  ['pausing', ['cancel', 'open']],
  ['cancelling', ['open']],
  ['waiting', ['apply', 'apply-no-deletes', 'discard', 'open']],
  ['planned', ['apply', 'rerun', 'open']],
  ['planned in vain', ['rerun', 'csv', 'open']],
  ['done', ['rerun', 'verify', 'open']],
  ['partial', ['retry', 'rerun', 'csv', 'verify', 'open']],
  ['failed', ['rerun', 'open']],
  ['cancelled', ['resume', 'rerun', 'verify', 'open']],
  ['cancelled early', ['rerun', 'verify', 'open']],
  ['discarded', ['rerun', 'verify', 'open']],
  ['interrupted', ['rerun', 'verify', 'open']],
  ['expired', ['rerun', 'open']],
])('a run that is %s offers %j, each with its run and version', (name, ops) => {
  const buttons = buttonsOf(runCard(state(name), view));
  expect(buttons.map((one) => one.name)).toEqual(ops);
  for (const { name: op, behaviors } of buttons) {
    expect(behaviors[0]).toEqual({ type: 'callback', value: { op, run: 'r8421', v: 3 } });
  }
});

it.each([
  [
    'zh-CN',
    ['执行', '执行但不删除', '放弃', '打开表格'],
    ['重试失败分块', '再次同步', '下载失败行', '核对', '打开表格'],
  ],
  [
    'en-US',
    ['Apply', 'Apply without deletes', 'Discard', 'Open table'],
    ['Retry failed chunks', 'Run again', 'Download failed rows', 'Verify', 'Open table'],
  ],
] as const)('labels its buttons in %s', (locale, waiting, partial) => {
  const labels = (name: string) =>
    buttonsOf(runCard(state(name), { ...view, locale })).map((one) => one.label);
  expect(labels('waiting')).toEqual(waiting);
  expect(labels('partial')).toEqual(partial);
});

describe('the open button', () => {
  it('opens the table and calls back', () => {
    const open = buttonsOf(runCard(state('partial'), view)).at(-1);
    expect(open?.behaviors[1]).toEqual({ type: 'open_url', default_url: stateWith().link });
  });

  it.each(['javascript:alert(1)', 'lark://x', 'https://a b', ''])(
    'is left out for the address %j',
    (link) => {
      expect(buttonsOf(runCard(endedWith('done', { link }), view)).map((one) => one.name)).toEqual([
        'rerun',
        'verify',
      ]);
      expect(buttonsOf(runCard(stateWith({ link }), view)).map((one) => one.name)).toEqual(['cancel']);
    },
  );
});

it('asks before a plan is applied, with the numbers', () => {
  const [apply] = buttonsOf(runCard(state('waiting'), view));
  expect(apply?.confirm?.text.content).toBe('将新增 20 · 将更新 5 · 将删除 400 · 不变 175');
  expect(apply).toMatchObject({ type: 'danger_filled' });
  const harmless = endedWith('waiting', { rows: { created: 1 } });
  expect(buttonsOf(runCard(harmless, view))[0]).toMatchObject({ type: 'primary_filled' });
});

it('says that a run in the queue waits for the thaw', () => {
  const words = wordsOf(runCard(state('queued while everything is frozen'), { ...view, locale: 'en-US' }));
  expect(words).toContain('Everything is frozen; the run continues by itself after /sync thaw.');
  expect(wordsOf(runCard(state('queued behind another run'), view))).not.toContain('冻结');
});

it('shows failed chunks one a line, with code or with no answer', () => {
  expect(words(state('partial')).split('\n')).toEqual(
    expect.arrayContaining([
      'C003 · 新增 500 行 · 1255001 · InternalError',
      'U012 · 更新 500 行 · 无应答 · socket hang up',
    ]),
  );
  expect(words(state('partial'), 'en-US').split('\n')).toEqual(
    expect.arrayContaining([
      'C003 · create 500 rows · 1255001 · InternalError',
      'U012 · update 500 rows · no answer · socket hang up',
    ]),
  );
  const odd = failedChunk({ id: 'D001', kind: 'delete', rows: 1, code: null, message: '' });
  const one = endedWith('partial', { chunks: { total: 1, settled: 1, failed: [odd] } });
  expect(words(one)).toContain('D001 · 删除 1 行 · 无应答 · —');
  expect(words(one, 'en-US')).toContain('D001 · delete 1 row · no answer · —');
});

it('shows the head of ten thousand failed chunks and how many more there are', () => {
  const failed = Array.from({ length: 10_000 }, (_, n) => failedChunk({ id: `C${n + 1}` }));
  const many = endedWith('partial', { chunks: { total: 10_000, settled: 10_000, failed } });
  expect(words(many, 'en-US')).toContain('… and 9,980 more');
  expect(words(many)).toContain('… 还有 9,980 个');
  expect(words(many)).toContain('C20 ');
  expect(words(many)).not.toContain('C21 ');
});

it('puts the four numbers first and then what went wrong', () => {
  const said = words(state('partial'));
  const order = [
    '**400**\n',
    '新增',
    '更新',
    '删除',
    '不变',
    '没有写入的',
    '37 行被拒绝',
    '3 行无效',
    '500 行失败',
    '10 行结果未知',
    '50 行没有发送',
    '失败分块 2 个',
    '有问题的行',
  ];
  const places = order.map((part) => said.indexOf(part));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
});

it('writes numbers with separators', () => {
  expect(words(state('done'))).toContain('**1,000**');
  expect(words(state('uploading'))).toContain('5,500 / 12,345 行');
});

it('shows bar, chunks, rows, time and speed while it uploads', () => {
  const said = words(state('uploading'), 'en-US');
  expect(said).toContain('`████████░░░░░░░░░░░░` **44%**');
  expect(said).toContain(
    'chunk 12 of 30 · 5,500 of 12,345 rows · 1 min 12 s so far · 76 rows a second · about 1 min 30 s left',
  );
  expect(summaryOf(runCard(state('uploading'), view))).toBe('订单：上传中 44%');
});

it('measures speed by the upload alone where that is known', () => {
  const ms = { total: 0, source: 0, table: 0, diff: 0, upload: 10_000 };
  expect(words(stateWith({ ...state('uploading'), ms }))).toContain('每秒 550 行');
  const slow = stateWith({ ...state('uploading'), changes: { total: 5, settled: 0 } });
  expect(words(slow)).not.toContain('每秒');
});

it('says which round it is in and when the next one starts', () => {
  expect(words(state('second round'))).toContain('第 1 轮重试（共 3 轮）');
  expect(words(state('pausing'))).toContain(
    '18 个分块要再发一次，8 秒后（14:01:20）开始第 1 轮（共 3 轮）。',
  );
  expect(words(state('pausing'), 'en-US')).toContain(
    '18 chunks to be sent again; round 1 of 3 starts in 8 s, at 14:01:20.',
  );
  expect(
    words(stateWith({ phase: 'pausing', chunks: { total: 3, settled: 2, failed: [] } }), 'en-US'),
  ).toContain('1 chunk to be sent again; round 1 of 3 follows.');
});

it('says how far the reading is', () => {
  expect(words(state('reading'))).toContain('查询 12,000 行 · 表格 3,500 / 20,000 条 · 已用 1 分 12 秒');
  expect(words(state('comparing'), 'en-US')).toContain('20,000 rows · 19,800 records · 1 min 12 s so far');
});

it('counts a retry from its own start, and what it took by the work done', () => {
  const acts = [
    ...stateWith().acts,
    { op: 'retry', by: { kind: 'button', openId: 'ou_bob' }, at: at + 70_000 } as const,
  ];
  expect(words(stateWith({ phase: 'reading', acts }))).toContain('已用 2 秒');
  const ms = { total: 5_000, source: 0, table: 0, diff: 0, upload: 0 };
  expect(words(endedWith('done', { ms }))).toContain('用时 5 秒');
  expect(words(endedWith('done', { ms: { ...ms, total: 5 } }))).toContain('用时不到 1 秒');
  expect(words(endedWith('done'))).toContain('用时 1 分 12 秒');
  expect(words(endedWith('waiting', { endedAt: null }))).toContain('用时 1 分 12 秒');
});

it('tells who started it, when, how long, and the calls used', () => {
  const anna = `<person id='ou_anna' show_name=true show_avatar=false style='normal'></person>`;
  expect(words(state('partial'))).toContain(
    `${anna} 发起 · 11-23 14:00 · 用时 1 分 12 秒 · 调用 19 次，另有 2 次被退回`,
  );
  expect(words(state('done'), 'en-US')).toContain(
    `started by ${anna} · 11-23 14:00 · took 1 min 12 s · 0 calls`,
  );
});

it.each([
  [{ kind: 'cli' }, '命令行 发起'],
  [{ kind: 'schedule' }, '定时任务 发起'],
  [{ kind: 'chat' }, '群成员 发起'],
  [{ kind: 'chat', openId: `ou_x'></person><at id=all></at>` }, '群成员 发起'],
] as const)('names who started it: %j', (by, said) => {
  expect(words(stateWith({ acts: [{ op: 'start', by, at }] }))).toContain(said);
});

it('tells what people did since', () => {
  const by = { kind: 'button', openId: 'ou_bob' } as const;
  const acts = (['retry', 'apply', 'discard', 'cancel', 'restart'] as const).map((op, n) => ({
    op,
    by,
    at: at + n * 60_000,
  }));
  const said = words(endedWith('done', { acts }), 'en-US');
  expect(said).toContain('discarded the plan · 11-23 14:02');
  expect(said).toContain('cancelled it · 11-23 14:03');
  expect(said).toContain('\ncontinued after a restart · 11-23 14:04');
  expect(said).not.toContain('pressed retry');
  expect(said).not.toContain('started by');
});

describe('a plan that waits', () => {
  it('gives reasons, planned numbers and samples', () => {
    const said = words(state('waiting'));
    for (const part of [
      '要删除 400 条，超过 20%。',
      '将删除',
      '**400**',
      '~ A1 · 城市：上海 → 北京',
      '− A2',
    ]) {
      expect(said).toContain(part);
    }
    expect(said).not.toContain('没有发送');
  });

  it('tells what a waiting plan would create and update, though nothing is sent yet', () => {
    const state = endedWith('waiting', {
      planned: { creates: 20, updates: 5, deletes: 7 },
      rows: { read: 30, unchanged: 5, notSent: 25 },
      deletes: { planned: 7 },
    });
    expect(words(state, 'en-US')).toContain("**20**\n<font color='grey'>to create</font>");
    expect(buttonsOf(runCard(state, view))[0]?.confirm?.text.content).toBe(
      '将新增 20 · 将更新 5 · 将删除 7 · 不变 5',
    );
  });

  it('shows some cells of wide samples, and empty cells as such', () => {
    const cells = ['a', 'b', 'c', 'd'].map((field) => ({ field, from: '', to: '' }));
    const samples = [
      { key: 'A1', kind: 'update', cells } as const,
      { key: 'A3', kind: 'create', cells } as const,
    ];
    const said = words(endedWith('waiting', { waiting: { reasons: [], samples, until: at } }));
    expect(said).toContain('~ A1 · a：∅ → ∅ · b：∅ → ∅ · c：∅ → ∅ · …');
    expect(said).toContain('+ A3 · a：∅ · b：∅ · c：∅ · …');
    expect(words(endedWith('waiting', { waiting: { reasons: [], samples: [], until: at } }))).not.toContain(
      '例如',
    );
  });

  it('says when it expires, and leaves out a button that would do nothing', () => {
    expect(words(state('waiting'), 'en-US')).toContain('It expires at 11-24 14:00.');
    const without = endedWith('waiting', {
      planned: { creates: 1, updates: 1, deletes: 0 },
      waiting: { reasons: [], samples: [], until: at },
    });
    expect(buttonsOf(runCard(without, view)).map(({ name }) => name)).toEqual(['apply', 'discard', 'open']);
  });

  it('says who may apply it', () => {
    const said = (approvers: readonly string[]) => wordsOf(runCard(state('waiting'), { ...view, approvers }));
    expect(said(['ou_boss'])).toContain(`可确认的人：<person id='ou_boss'`);
    expect(said(['everyone', 'ou_boss'])).toContain('这里的人都可以确认。');
    expect(said(['everyone', 'other'])).toContain('这里的人都可以确认，发起人除外。');
    expect(said(['runners', 'other', 'ou_boss'])).toContain('可以运行它的人都可以确认，发起人除外。');
    expect(said(['ou_boss', 'other'])).toMatch(/可确认的人：<person id='ou_boss'.*，发起人除外。/u);
    expect(said([])).toContain('bitable-sync run orders --approve r8421');
  });
});

it('tells what is wrong, what to do, where, and the log ID', () => {
  const said = words(state('failed'), 'en-US');
  expect(said).toContain(
    'The app may not edit this base.\n→ Add the app as a collaborator.\nWhere: syncs/orders.yaml:7\nLog ID: 20261123ABC',
  );
  expect(summaryOf(runCard(state('failed'), view))).toBe('订单：失败');
});

it('groups bad rows by reason and names some of them', () => {
  const reason = text('没有这个选项', 'no such option');
  const rows = Array.from({ length: 37 }, (_, n) => ({
    kind: 'rejected' as const,
    key: `A${n}`,
    row: n,
    field: '城市',
    reason,
  }));
  const late = { kind: 'rejected' as const, key: '', row: null, reason };
  const said = words(endedWith('partial', { badRows: grouped([late, ...rows]) }));
  expect(said).toContain('37 行 · 城市 · 没有这个选项 · A0、A1、A2、A3、A4、…');
  expect(said).toContain('1 行 · 没有这个选项 · —');
  expect(words(state('partial'), 'en-US')).toContain('1 row · empty key · #9');
});

it('lists what became of deletes', () => {
  const deletes = { planned: 10, done: 1, failed: 2, unknown: 3, notSent: 4 };
  const said = words(endedWith('partial', { deletes }), 'en-US');
  for (const part of ['2 deletes failed', '3 deletes unknown', '4 deletes not sent'])
    expect(said).toContain(part);
  expect(words(state('waiting'))).toContain('20 条记录保留，没有删除');
});

it('says of a second showing that it is one, with the link as its only button', () => {
  const copy = runCard(state('partial'), { ...view, copy: true });
  expect(wordsOf(copy)).toContain('这个表格已有一次同步在进行');
  expect(buttonsOf(copy).map((one) => one.name)).toEqual(['open']);
  expect(wordsOf(runCard(state('reading'), { ...view, copy: true }))).toContain('就是下面这次');
});

describe('what people changed in the table', () => {
  const drift = {
    records: 12,
    fields: [
      { field: '状态', records: 8 },
      { field: '金额', records: 5 },
    ],
    samples: [
      { key: 'A1', kind: 'update', back: true, cells: [{ field: '状态', from: '已付款', to: '新' }] },
      { key: 'A2', kind: 'update', back: true, cells: [{ field: '手机', from: '•••', to: '•••' }] },
    ],
  } as const;

  it.each([
    [
      'waiting',
      0,
      '上次同步之后，有 12 条记录在表格里被人改过（状态 8、金额 5），会恢复成数据库里的值。',
      'People changed 12 records in the table since the last run (状态 8, 金额 5); they are to be set back.',
    ],
    [
      'planned',
      12,
      '上次同步之后，有 12 条记录在表格里被人改过（状态 8、金额 5），会恢复成数据库里的值。',
      'People changed 12 records in the table since the last run (状态 8, 金额 5); they are to be set back.',
    ],
    [
      'done',
      12,
      '上次同步之后，有 12 条记录在表格里被人改过（状态 8、金额 5），已恢复成数据库里的值。',
      'People changed 12 records in the table since the last run (状态 8, 金额 5); all were set back.',
    ],
    [
      'partial',
      10,
      '上次同步之后，有 12 条记录在表格里被人改过（状态 8、金额 5），其中 10 条已恢复成数据库里的值。',
      'People changed 12 records in the table since the last run (状态 8, 金额 5); 10 were set back.',
    ],
    [
      'failed',
      0,
      '上次同步之后，有 12 条记录在表格里被人改过（状态 8、金额 5），还没有恢复。',
      'People changed 12 records in the table since the last run (状态 8, 金额 5); none was set back.',
    ],
  ] as const)(
    'is told by field, with samples and what became of it, by a run that is %s',
    (status, setBack, zh, en) => {
      const one = endedWith(status, { drift, setBack });
      expect(words(one)).toContain(zh);
      expect(words(one)).toContain('~ A1 · 状态：已付款 → 新\n~ A2 · 手机：••• → •••');
      expect(words(one, 'en-US')).toContain(en);
    },
  );

  it('is not told where nobody did, and stands once where the plan has samples of it', () => {
    expect(
      words(endedWith('done', { drift: { ...drift, records: 0, fields: [], samples: [] } })),
    ).not.toContain('被人');
    const [sample] = drift.samples;
    const asks = endedWith('waiting', { drift, waiting: { reasons: [], samples: [sample], until: null } });
    expect(words(asks).split('A1')).toHaveLength(2);
  });
});

it('tells how the table was read, beside the calls', () => {
  const read = (how: 'whole' | 'shortcut', locale: Locale) => words(endedWith('done', { read: how }), locale);
  expect(read('whole', 'zh-CN')).toMatch(/调用 \d+ 次 · 读取了整个表格/);
  expect(read('shortcut', 'zh-CN')).toMatch(/调用 \d+ 次 · 表格没有变，不用重读/);
  expect(read('whole', 'en-US')).toMatch(/calls · whole table read/);
  expect(read('shortcut', 'en-US')).toMatch(/calls · table unchanged, not read again/);
});

it('tells records that are kept for who made them from others', () => {
  const one = endedWith('done', { handMade: 3, deletes: { planned: 5, kept: 5 } });
  expect(words(one)).toContain('3 条记录保留，没有删除：不是机器人新建的\n2 条记录保留，没有删除');
  expect(words(one, 'en-US')).toContain(
    '3 records kept: made by hand, not by the bot\n2 records kept, not deleted',
  );
});
