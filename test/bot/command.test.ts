import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCommand } from '../../src/bot/command.ts';

const sync = (name: string, plan = false) => ({ kind: 'sync', name, plan });

it.each([
  ['/sync orders', sync('orders')],
  ['  /SYNC\u00a0 Orders  ', sync('Orders')],
  ['／ｓｙｎｃ　orders', sync('orders')],
  ['/ sync orders', sync('orders')],
  ['/同步 orders', sync('orders')],
  ['／同步订单', sync('订单')],
  ['/sync orders please', sync('orders please')],
  ['\n\n/sync orders\nand thanks', sync('orders')],
  ['@Tom /sync @Ann orders', sync('orders')],
  ['/s\u200bync or\u200dders', sync('orders')],
  ['/sync orders --plan', sync('orders', true)],
  ['/sync --PLAN orders', sync('orders', true)],
  ['/sync orders ——plan', sync('orders', true)],
  ['/sync orders —plan', sync('orders', true)],
  ['/sync orders －－ｐｌａｎ', sync('orders', true)],
  ['/sync', { kind: 'list' }],
  ['/sync cancel', { kind: 'cancel', name: undefined }],
  ['/sync cancel orders', { kind: 'cancel', name: 'orders' }],
  ['／同步 取消　订单', { kind: 'cancel', name: '订单' }],
  ['/sync cancel orders --plan', { kind: 'unknown', words: '/sync cancel orders --plan' }],
  ['/sync cancelled', sync('cancelled')],
  ['/sync list', { kind: 'list' }],
  ['/同步 列表', { kind: 'list' }],
  ['/sync help', { kind: 'help' }],
  ['/help', { kind: 'help' }],
  ['／help me', { kind: 'help' }],
  ['help', { kind: 'help' }],
  ['帮助', { kind: 'help' }],
  ['/帮助', { kind: 'help' }],
  ['/sync --plan', { kind: 'unknown', words: '/sync --plan' }],
  ['/sync orders --force', { kind: 'unknown', words: '/sync orders --force' }],
  ['/syncorders', { kind: 'unknown', words: '/syncorders' }],
  ['/', { kind: 'unknown', words: '/' }],
  ['/start now', { kind: 'unknown', words: '/start now' }],
  ['helpful words', undefined],
  ['sync orders', undefined],
  ['hello /sync orders', undefined],
  ['@Tom', undefined],
  ['', undefined],
])('reads %j', (line, command) => {
  expect(parseCommand(line)).toEqual(command);
});

it('reads any text without throwing, and finds every plain name again', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => void parseCommand(line)));
  const slash = fc.constantFrom('/', '／', '/ ');
  const verb = fc.constantFrom('sync', 'Sync', '同步', 'ｓｙｎｃ');
  const blank = fc.constantFrom(' ', '\u3000', '\u00a0', '\t', '  ');
  const name = fc
    .stringMatching(/^[a-z0-9][a-z0-9_-]{0,39}$/u)
    .filter((one) => !/^(list|help|cancel)$/u.test(one));
  fc.assert(
    fc.property(slash, verb, blank, name, (a, b, c, d) => {
      expect(parseCommand(`${a}${b}${c}${d}`)).toEqual(sync(d));
    }),
  );
});
