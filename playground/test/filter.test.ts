import { expect, it } from 'vitest';
import type { Playground } from '../src/index.ts';
import { caller, newBench, recordsPath } from './support.ts';

const bench = newBench();

/** Noon of 2026-03-10 in Shanghai. */
const noon = Date.UTC(2026, 2, 10, 4);
const day = 86_400_000;

const shop = (playground: Playground) =>
  playground.base({
    timeZone: 'Asia/Shanghai',
    tables: [
      {
        name: 'orders',
        fields: [
          { name: 'key', type: 'Text' },
          { name: 'n', type: 'Number' },
          { name: 'city', type: 'SingleSelect' },
          { name: 'tags', type: 'MultiSelect' },
          { name: 'at', type: 'DateTime' },
          { name: 'paid', type: 'Checkbox' },
          { name: 'page', type: 'Url' },
          { name: 'sum', type: 'Formula' },
        ],
        records: [
          { key: 'a', n: 1, city: '上海', tags: ['x', 'y'], at: noon, paid: true },
          { key: 'b', n: 2.5, city: '北京', tags: ['y'], at: noon - day, paid: false },
          { key: 'Abc', page: { text: 'shop', link: 'https://example.com' } },
        ],
      },
    ],
  });

const start = async () => {
  const playground = await bench.start({ now: () => noon });
  const base = shop(playground);
  const call = await caller(playground);
  const search = (filter: unknown) => call('POST', `${recordsPath(base)}/search`, { filter });
  const keys = async (filter: unknown): Promise<string> => {
    const { code, msg, data } = await search(filter);
    expect([code, msg]).toEqual([0, 'success']);
    return (data['items'] as { fields: { key: [{ text: string }] } }[])
      .map(({ fields }) => fields.key[0].text)
      .join(' ');
  };
  return { search, keys };
};

const one = (field_name: string, operator: string, ...value: string[]) => ({
  conjunction: 'and',
  conditions: [{ field_name, operator, value }],
});

it.each([
  ['text is', one('key', 'is', 'a'), 'a'],
  ['text contains, whatever the case', one('key', 'contains', 'B'), 'b Abc'],
  ['text does not contain', one('key', 'doesNotContain', 'b'), 'a'],
  ['number is', one('n', 'is', '2.5'), 'b'],
  ['isNot, which takes empty cells too', one('n', 'isNot', '1'), 'b Abc'],
  ['number is greater', one('n', 'isGreater', '1'), 'b'],
  ['number is at most', one('n', 'isLessEqual', '1'), 'a'],
  ['empty', one('n', 'isEmpty'), 'Abc'],
  ['not empty', one('n', 'isNotEmpty'), 'a b'],
  ['select is', one('city', 'is', '上海'), 'a'],
  ['select contains one of', one('city', 'contains', '上海', '北京'), 'a b'],
  ['multiple select contains', one('tags', 'contains', 'x'), 'a'],
  ['multiple select is exactly', one('tags', 'is', 'y'), 'b'],
  ['box is false, also when never touched', one('paid', 'is', 'false'), 'b Abc'],
  ['page by its text', one('page', 'contains', 'sho'), 'Abc'],
  ['today', one('at', 'is', 'Today'), 'a'],
  ['yesterday', one('at', 'is', 'Yesterday'), 'b'],
  ['this week', one('at', 'is', 'CurrentWeek'), 'a b'],
  ['a day by any of its moments', one('at', 'is', 'ExactDate', String(noon + 3_600_000)), 'a'],
  ['after a day', one('at', 'isGreater', 'ExactDate', String(noon - day)), 'a'],
  ['before a day', one('at', 'isLess', 'ExactDate', String(noon)), 'b'],
  ['no conditions', { conjunction: 'and', conditions: [] }, 'a b Abc'],
  [
    'one of two groups',
    { conjunction: 'or', children: [one('key', 'is', 'a'), one('n', 'isGreaterEqual', '2')] },
    'a b',
  ],
])('finds by %s', async (_name, filter, found) => {
  const { keys } = await start();
  expect(await keys(filter)).toBe(found);
});

const nested = { conjunction: 'and', children: [{ conjunction: 'and', children: [one('n', 'is', '1')] }] };
const long = {
  conjunction: 'or',
  conditions: Array.from({ length: 30 }, () => ({ ...one('key', 'is', 'x'.repeat(40)).conditions[0] })),
};
const many = {
  conjunction: 'or',
  conditions: Array.from({ length: 51 }, () => ({ field_name: 'n', operator: 'is', value: ['1'] })),
};

it.each([
  ['a number that is none', one('n', 'is', 'x'), 1254018],
  ['a bare ms as date', one('at', 'is', String(noon)), 1254018],
  ['an order that dates do not know', one('at', 'isGreaterEqual', 'Today'), 1254018],
  ['a formula', one('sum', 'isEmpty'), 1254018],
  ['an operator that is listed but not supported', one('key', 'in', 'a'), 1254018],
  ['two values for one', one('n', 'is', '1', '2'), 1254018],
  ['eleven values', one('city', 'contains', ...Array.from({ length: 11 }, String)), 1254018],
  ['groups in groups', nested, 1254018],
  ['a field that is not there', one('nope', 'is', '1'), 1254045],
  [
    'no value for isEmpty',
    { conjunction: 'and', conditions: [{ field_name: 'n', operator: 'isEmpty' }] },
    99992402,
  ],
  [
    'a value that is no string',
    { conjunction: 'and', conditions: [{ field_name: 'n', operator: 'is', value: [1] }] },
    99992402,
  ],
  ['more than 2,000 characters', long, 1254107],
  ['more than 2,000 characters or 50 conditions', many, 1254107],
])('refuses %s', async (_name, filter, code) => {
  const { search } = await start();
  expect((await search(filter)).code).toBe(code);
});
