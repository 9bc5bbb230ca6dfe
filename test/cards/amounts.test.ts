import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bar, lasting, moment, percent, rate, some } from '../../src/cards/parts/words.ts';

it.each([
  [0, 0, 0],
  [0, 10, 0],
  [999, 1000, 99],
  [1000, 1000, 100],
  [1001, 1000, 100],
])('%i of %i is %i percent', (part, whole, shown) => {
  expect(percent(part, whole)).toBe(shown);
});

it('draws bars of one length that never shrink as work goes on', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (a, b, whole) => {
      const [less, more] = [bar(Math.min(a, b), whole), bar(Math.max(a, b), whole)];
      expect([less.length, more.length]).toEqual([20, 20]);
      expect(more.lastIndexOf('█')).toBeGreaterThanOrEqual(less.lastIndexOf('█'));
    }),
  );
});

it.each([
  [-5, '不到 1 秒', 'under 1 s'],
  [999, '不到 1 秒', 'under 1 s'],
  [1_000, '1 秒', '1 s'],
  [72_000, '1 分 12 秒', '1 min 12 s'],
  [3_600_000, '1 小时 0 分', '1 h 0 min'],
])('%i ms last %s', (ms, zh, en) => {
  expect(lasting(ms)).toEqual({ zh, en });
});

it('tells a rate once there is something to tell', () => {
  expect([rate(0, 5_000), rate(5, 999), rate(1_000, 2_000)]).toEqual([undefined, undefined, 500]);
});

it('shows moments on the wall of the zone, midnight as 00', () => {
  const at = Date.UTC(2026, 0, 1, 16, 5, 9);
  expect([moment(at, 'Asia/Shanghai'), moment(at, 'UTC', true)]).toEqual(['01-02 00:05', '16:05:09']);
});

it('counts in English', () => {
  expect([some(1, 'row'), some(0, 'row'), some(1_234, 'row')]).toEqual(['1 row', '0 rows', '1,234 rows']);
});
