import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commandOf, commandOfKey, parseCommand } from '../../src/bot/command.ts';
import { verbs } from '../../src/cards/parts/button.ts';

const sync = (name: string, plan = false) => ({ kind: 'sync', name, plan });
const unknown = (words: string, ...near: readonly (readonly [verb: string, name: string])[]) => ({
  ...{ kind: 'unknown', words },
  near: near.map(([verb, name]) => ({ verb, name })),
});

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
  ['/sync cancel orders --plan', unknown('/sync cancel orders --plan', ['cancel', 'orders'])],
  ['/sync cancelled', sync('cancelled')],
  ['同步 订单', sync('订单')],
  ['同步', { kind: 'list' }],
  ['@Tom_Lee 同步 订单 @all', sync('订单')],
  ['同步一下', undefined],
  ['/sync “我的 订单”', sync('我的 订单')],
  ['/sync status', { kind: 'status' }],
  ['/同步 状态', { kind: 'status' }],
  ['/sync history orders', { kind: 'history', name: 'orders' }],
  ['/同步 历史 订单', { kind: 'history', name: '订单' }],
  ['/sync why orders A 001', { kind: 'why', name: 'orders', key: 'A 001' }],
  ['/sync why orders -5', { kind: 'why', name: 'orders', key: '-5' }],
  ['/sync why “my orders” “A001”', { kind: 'why', name: 'my orders', key: 'A001' }],
  ['/sync why orders', { kind: 'missing', verb: 'why', name: 'orders' }],
  ['/同步 为什么', { kind: 'missing', verb: 'why', name: undefined }],
  ['/sync retry', { kind: 'retry', name: undefined }],
  ['/sync 重试 orders', { kind: 'retry', name: 'orders' }],
  ['/sync verify orders', { kind: 'verify', name: 'orders' }],
  ['/同步 核对', { kind: 'missing', verb: 'verify', name: undefined }],
  ['/sync init orders', { kind: 'init', name: 'orders' }],
  ['/sync PAUSE orders', { kind: 'pause', name: 'orders' }],
  ['/同步 恢复 订单', { kind: 'resume', name: '订单' }],
  ['/sync freeze', { kind: 'freeze' }],
  ['/同步 解冻', { kind: 'thaw' }],
  ['/sync mute orders', { kind: 'mute', name: 'orders' }],
  ['/同步 取消静音 订单', { kind: 'unmute', name: '订单' }],
  ['/sync history', { kind: 'missing', verb: 'history', name: undefined }],
  ['/sync history orders --plan', unknown('/sync history orders --plan', ['history', 'orders'])],
  ['/sync remind orders', { kind: 'remind', name: 'orders', set: undefined }],
  ['/sync remind orders "0 9 * * 1-5"', { kind: 'remind', name: 'orders', set: { cron: '0 9 * * 1-5' } }],
  ['/同步 提醒 订单 “0 9 * * 1-5”', { kind: 'remind', name: '订单', set: { cron: '0 9 * * 1-5' } }],
  [
    '/sync remind my orders 0 9 * * mon-fri',
    { kind: 'remind', name: 'my orders', set: { cron: '0 9 * * mon-fri' } },
  ],
  ['/sync remind orders "soon"', { kind: 'remind', name: 'orders', set: { cron: 'soon' } }],
  ['/sync remind orders off 2', { kind: 'remind', name: 'orders', set: { off: 2 } }],
  ['/同步 提醒 订单 关 #12', { kind: 'remind', name: '订单', set: { off: 12 } }],
  ['/sync remind orders off', { kind: 'remind', name: 'orders', set: undefined }],
  ['/sync remind', { kind: 'missing', verb: 'remind', name: undefined }],
  ['/statsu', unknown('/statsu', ['status', ''])],
  ['/histroy orders', unknown('/histroy orders', ['history', 'orders'])],
  ['/snyc orders', unknown('/snyc orders', ['sync', 'orders'])],
  ['/snyc orders --plan', unknown('/snyc orders --plan', ['plan', 'orders'])],
  ['/snyc why orders A1', unknown('/snyc why orders A1', ['why', 'orders'])],
  ['/sync freeze orders', unknown('/sync freeze orders', ['pause', 'orders'], ['freeze', ''])],
  ['/sync 解冻 订单', unknown('/sync 解冻 订单', ['resume', '订单'], ['thaw', ''])],
  ['/sync plan orders', sync('orders', true)],
  ['/同步 计划 订单', sync('订单', true)],
  ['/sync plan', { kind: 'missing', verb: 'plan', name: undefined }],
  ['/sync list', { kind: 'list' }],
  ['/同步 列表', { kind: 'list' }],
  ['/sync help', { kind: 'help' }],
  ['/help', { kind: 'help' }],
  ['／help me', { kind: 'help' }],
  ['help', { kind: 'help' }],
  ['帮助', { kind: 'help' }],
  ['/帮助', { kind: 'help' }],
  ['/sync --plan', { kind: 'missing', verb: 'plan', name: undefined }],
  ['/sync orders --force', unknown('/sync orders --force', ['sync', 'orders'], ['plan', 'orders'])],
  ['/syncorders', unknown('/syncorders', ['list', ''])],
  ['/', { kind: 'unknown', words: '/', near: [] }],
  ['/start now', { kind: 'unknown', words: '/start now', near: [] }],
  ['helpful words', undefined],
  ['sync orders', unknown('sync orders', ['sync', 'orders'])],
  ['SYNC why', unknown('SYNC why', ['why', ''])],
  ['synchronous', undefined],
  ['/sync：orders', sync('orders')],
  ['/sync，orders', sync('orders')],
  ['/sync/orders', sync('orders')],
  ['/sync \u0000or\u0007ders\ud800', sync('orders')],
  ['/sync\torders', sync('orders')],
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
    .filter((one) => !verbs.some((verb) => verb === one) && one !== 'stop');
  fc.assert(
    fc.property(slash, verb, blank, name, (a, b, c, d) => {
      expect(parseCommand(`${a}${b}${c}${d}`)).toEqual(sync(d));
    }),
  );
});

it.each([
  ['list', { kind: 'list' }],
  ['sync', { kind: 'list' }],
  ['Status', { kind: 'status' }],
  ['帮助', { kind: 'help' }],
  ['sync:orders', sync('orders')],
  ['plan:orders', sync('orders', true)],
  ['history:orders', { kind: 'history', name: 'orders' }],
  ['why:orders', { kind: 'missing', verb: 'why', name: 'orders' }],
  ['retry', { kind: 'retry', name: undefined }],
  ['drop:orders', undefined],
  ['', undefined],
])('takes the menu entry %j', (key, command) => {
  expect(commandOfKey(key)).toEqual(command);
});

it.each([
  ['why', 'orders', 'A001', { kind: 'why', name: 'orders', key: 'A001' }],
  ['sync', '', '', { kind: 'missing', verb: 'sync', name: undefined }],
  ['remind', 'orders', '0 9 * * *', { kind: 'remind', name: 'orders', set: { cron: '0 9 * * *' } }],
  ['cancel', '', '', { kind: 'cancel', name: undefined }],
  ['mute', 'orders', '', { kind: 'mute', name: 'orders' }],
] as const)('makes a command of %s, %j and %j', (verb, name, more, command) => {
  expect(commandOf(verb, name, more)).toEqual(command);
});
