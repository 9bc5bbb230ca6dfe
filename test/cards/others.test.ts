import { describe, expect, it } from 'vitest';
import { chatCommands } from '../../src/bot/commands/registry.ts';
import {
  acceptedCard,
  helpCard,
  hintCard,
  problemCard,
  refusalCard,
  unknownCard,
} from '../../src/cards/answer-cards.ts';
import { type Listed, listCard } from '../../src/cards/list-cards.ts';
import { text } from '../../src/sync/words/text.ts';
import { buttonsOf, headerOf, wordsOf } from './read.ts';
import { everyState } from './states.ts';

const usages = chatCommands.flatMap((one) => one.usages);

const problem = (n: number) => ({
  code: 'x',
  message: text(`问题${n}`, `problem ${n}`),
  cure: text(`办法${n}`, `cure ${n}`),
});

describe('the list', () => {
  const view = { locale: 'zh-CN', timeZone: 'Asia/Shanghai' } as const;
  const all: readonly Listed[] = [
    { name: 'orders', title: '订单', last: everyState['done'] },
    { name: 'users', title: 'users', last: everyState['reading'] },
    { name: 'stock', title: 'stock', last: undefined },
    { name: 'bad', problems: [problem(1)] },
    { name: 'worse', problems: [] },
  ];

  it('has a button for each sync that can run, with names of their own', () => {
    expect(buttonsOf(listCard(all, view)).map(({ name, behaviors }) => [name, behaviors[0]?.value])).toEqual([
      ['sync', { op: 'sync', run: 'orders', v: 0 }],
      ['sync_2', { op: 'sync', run: 'users', v: 0 }],
      ['sync_3', { op: 'sync', run: 'stock', v: 0 }],
    ]);
  });

  it('tells titles, last runs and broken files', () => {
    const said = wordsOf(listCard(all, view));
    for (const part of [
      '同步列表 · 5 个',
      '订单 · orders\n已完成 · 11-23 14:01',
      'users\n读取中 · 11-23 14:00',
      'stock\n还没有运行过',
      'bad\n问题1',
      'worse\n文件有问题',
    ]) {
      expect(said).toContain(part);
    }
  });

  it('tells how many do not fit, and what to do when there are none', () => {
    const many = Array.from(
      { length: 50 },
      (_, n): Listed => ({ name: `s${n}`, title: `s${n}`, last: undefined }),
    );
    const card = listCard(many, { ...view, locale: 'en-US' });
    expect(buttonsOf(card)).toHaveLength(20);
    expect(wordsOf(card)).toContain('… and 30 more');
    expect(wordsOf(listCard([], view))).toContain('YAML');
  });
});

it('lists every problem with its cure, as far as there is room', () => {
  const said = wordsOf(problemCard('orders', [problem(1), problem(2)], 'en-US'));
  expect(said).toContain('problem 1\n→ cure 1\nproblem 2\n→ cure 2');
  expect(said).toContain('orders');
  const many = Array.from({ length: 30 }, (_, n) => problem(n));
  expect(wordsOf(problemCard('', many, 'en-US'))).toContain('… and 20 more problems');
  expect(wordsOf(problemCard('', many, 'zh-CN'))).toContain('… 还有 20 个问题');
});

it('offers the nearest names as buttons', () => {
  const card = unknownCard('ordrs', ['orders', 'orders2'], 'en-US');
  expect(wordsOf(card)).toContain('No sync is called "ordrs".');
  expect(buttonsOf(card).map((one) => [one.name, one.label])).toEqual([
    ['sync', 'orders'],
    ['sync_2', 'orders2'],
  ]);
  expect(buttonsOf(unknownCard('x', [], 'zh-CN'))).toEqual([]);
});

it('tells whom to ask without notifying them', () => {
  const said = wordsOf(refusalCard(text('不行', 'no'), ['ou_boss', '<at id=all></at>'], 'zh-CN'));
  expect(said).toContain(`请找：<person id='ou_boss' `);
  expect(said).not.toContain('all');
  expect(wordsOf(refusalCard(text('不行', 'no'), [], 'en-US'))).not.toContain('Ask');
});

it('helps with commands and the own open_id', () => {
  const said = wordsOf(helpCard('ou_anna', usages, 'zh-CN'));
  expect(said).toContain('/sync orders --plan　只比较，不写入；可在卡片上执行');
  expect(said).toContain('你的 open_id：ou_anna');
});

it('tells that a command was heard', () => {
  const card = acceptedCard('订单', 'en-US');
  expect(headerOf(card)).toMatchObject({ template: 'wathet', title: { content: '订单' } });
  expect(wordsOf(card)).toContain('Got it');
});

it('hints at what can be written', () => {
  expect(headerOf(hintCard('en-US')).title.content).toBe('I don’t know that command');
});
