import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearest } from '../../../src/sync/words/text.ts';

it.each([
  ['oders', ['orders', 'users'], ['orders']],
  ['ordres', ['orders', 'users'], ['orders']],
  ['ORDERS', ['orders'], ['orders']],
  ['order', ['orders', 'orders-eu', 'refunds'], ['orders', 'orders-eu']],
  ['订单', ['订单表', '客户'], ['订单表']],
  ['inventory', ['orders', 'users'], []],
  ['amount', ['Amount', 'account'], ['Amount']],
  ['金额（元）', ['金额(元)', '数量(个)'], ['金额(元)']],
  ['ＩＤ', ['ID', 'name'], ['ID']],
  ['金额 ', ['金额', '金额合计'], ['金额']],
  ['x', ['y'], []],
  ['', ['a'], []],
])('somebody who wrote %j may have meant, of %j, %j', (word, names, meant) => {
  expect(nearest(word, names)).toEqual(meant);
});

it('answers at most three names, all of them known', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (word, names) => {
      const near = nearest(word, names);
      expect(near.length).toBeLessThanOrEqual(3);
      expect(near.every((name) => names.includes(name))).toBe(true);
    }),
  );
});
