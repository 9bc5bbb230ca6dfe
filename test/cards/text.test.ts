import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalCard } from '../../src/cards/answer-cards.ts';
import { listCard } from '../../src/cards/list-cards.ts';
import { runCard } from '../../src/cards/run-card.ts';
import { drawCard, toWidth, wrap } from '../../src/cards/terminal.ts';
import { columnsOf, text } from '../../src/sync/words/text.ts';
import { at, everyState, stateWith } from './states.ts';

const view = { now: at + 72_000, timeZone: 'Asia/Shanghai', locale: 'zh-CN', approvers: [] } as const;
const card = (name: string) => runCard(everyState[name] ?? stateWith(), view);

it('draws a card as lines of one width', () => {
  expect(`\n${drawCard(card('uploading'), 64, { color: false }).text}\n`).toBe(`
╭──────────────────────────────────────────────────────────────╮
│ 订单                                                [上传中] │
│ orders · r8421                                               │
│ ████████░░░░░░░░░░░░ 44%                                     │
│ 分块 12 / 30 · 5,500 / 12,345 行 · 已用 1 分 12 秒 · 每秒    │
│ 76 行 · 大约还要 1 分 30 秒                                  │
│    5,200           300             0            7,000        │
│     新增           更新           删除           不变        │
│ ──────────────────────────────────────────────────────────── │
│ @ou_anna 发起 · 11-23 14:00                                  │
│ [1] 取消   [2] 打开表格                                      │
╰──────────────────────────────────────────────────────────────╯
`);
});

it('numbers the buttons and tells what each sends', () => {
  const { text: drawn, buttons } = drawCard(card('waiting'), 64, { color: false, first: 4 });
  expect(drawn).toContain('[4] 执行   [5] 执行但不删除   [6] 放弃   [7] 打开表格');
  expect(buttons).toEqual([
    {
      number: 4,
      label: '执行',
      name: 'apply',
      value: { op: 'apply', run: 'r8421', v: 3 },
      confirm: '执行这个计划？ 将新增 20 · 将更新 5 · 将删除 400 · 不变 175',
    },
    {
      number: 5,
      label: '执行但不删除',
      name: 'apply-no-deletes',
      value: { op: 'apply-no-deletes', run: 'r8421', v: 3 },
      confirm: '执行，但不删除？ 新增 20，更新 5；要删除的 400 条保留。',
    },
    { number: 6, label: '放弃', name: 'discard', value: { op: 'discard', run: 'r8421', v: 3 } },
    {
      number: 7,
      label: '打开表格',
      name: 'open',
      value: { op: 'open', run: 'r8421', v: 3 },
      url: stateWith().link,
    },
  ]);
});

it('puts a button beside its words, and breaks rows of buttons that are too long', () => {
  const listed = listCard([{ name: 'orders', title: '订单', last: undefined }], view);
  expect(drawCard(listed, 50, { color: false }).text).toMatch(/│ 订单 · orders +\[1\] 同步 +│/u);
  const narrow = drawCard(card('partial'), 30, { color: false }).text;
  expect(narrow).toMatch(/\[1\] 重试失败分块 +│\n│ \[2\] 再次同步 +│\n/u);
});

it('calls people what it is told to', () => {
  const refused = refusalCard(text('不行', 'no'), ['ou_boss'], 'en-US');
  const drawn = drawCard(refused, 40, { color: false, name: (id) => (id === 'ou_boss' ? 'Anna' : id) });
  expect(drawn.text).toContain('Ask: Anna');
});

it('colours header and frame when asked', () => {
  const drawn = drawCard(card('failed'), 50, { color: true }).text;
  expect(drawn).toContain('\u001b[31m╭');
  expect(drawn).toContain('\u001b[31m订单');
});

describe('strange cards', () => {
  it.each([
    [{}],
    [
      {
        header: { template: 'pink', title: 7 },
        body: { elements: [{ tag: 'img' }, null, 'x', { tag: 'button' }] },
      },
    ],
    [
      {
        header: {
          title: { content: 'x'.repeat(80) },
          text_tag_list: [{ text: { content: 'y'.repeat(80) } }],
        },
      },
    ],
    [{ body: { elements: [{ tag: 'column_set', columns: [] }, { tag: 'div' }, { tag: 'markdown' }] } }],
  ])('are drawn without a fault: %j', (odd) => {
    const { text: drawn } = drawCard(odd, 10, { color: true });
    expect(drawn).toContain('╭');
  });
});

describe('width', () => {
  it.each([
    ['abc', 3],
    ['订单', 4],
    ['😀', 2],
    ['e\u0301', 1],
    ['█░·…', 4],
    ['，。', 4],
  ])('%s takes %i columns', (words, columns) => {
    expect(columnsOf(words)).toBe(columns);
  });

  it('fills and cuts to exactly the width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('left', 'center'),
        (words, columns, align) => {
          expect(columnsOf(toWidth(words, columns, align))).toBe(columns);
        },
      ),
    );
  });

  it('breaks into parts that fit and lose no letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (words, columns) => {
        const parts = wrap(words, columns);
        for (const part of parts) expect(columnsOf(part)).toBeLessThanOrEqual(columns);
        expect(parts.join('').replaceAll(/\s/gu, '')).toBe(words.replaceAll(/\s/gu, ''));
      }),
    );
    expect(wrap('some words here', 10)).toEqual(['some words', 'here']);
  });
});
