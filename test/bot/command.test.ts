import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Command } from '../../src/bot/bot.ts';
import { commands } from '../../src/bot/commands/registry.ts';

/** A command as it was read: its verb, the name and the rest, and whether something is missing. */
const shown = (read: Command | undefined) =>
  read?.kind === 'command' ? { verb: read.command.verb, name: read.name, more: read.more } : read;
const asks = (verb: string, name = '', more = '') => ({ verb, name, more });
const sync = (name: string, plan = false) => asks(plan ? 'plan' : 'sync', name);
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
  ['/sync', asks('list')],
  ['/sync cancel', asks('cancel')],
  ['/sync cancel orders', asks('cancel', 'orders')],
  ['／同步 取消　订单', asks('cancel', '订单')],
  ['/sync cancel orders --plan', unknown('/sync cancel orders --plan', ['cancel', 'orders'])],
  ['/sync cancelled', sync('cancelled')],
  ['同步 订单', sync('订单')],
  ['同步', asks('list')],
  ['@Tom_Lee 同步 订单 @all', sync('订单')],
  ['同步一下', undefined],
  ['/sync “我的 订单”', sync('我的 订单')],
  ['/sync status', asks('status')],
  ['/同步 状态', asks('status')],
  ['/sync history orders', asks('history', 'orders')],
  ['/同步 历史 订单', asks('history', '订单')],
  ['/sync why orders A 001', asks('why', 'orders', 'A 001')],
  ['/sync why orders -5', asks('why', 'orders', '-5')],
  ['/sync why “my orders” “A001”', asks('why', 'my orders', 'A001')],
  ['/sync why orders', asks('why', 'orders')],
  ['/同步 为什么', asks('why')],
  ['/sync retry', asks('retry')],
  ['/sync 重试 orders', asks('retry', 'orders')],
  ['/sync verify orders', asks('verify', 'orders')],
  ['/同步 核对', asks('verify')],
  ['/sync init orders', asks('init', 'orders')],
  ['/sync PAUSE orders', asks('pause', 'orders')],
  ['/同步 恢复 订单', asks('resume', '订单')],
  ['/sync freeze', asks('freeze')],
  ['/同步 解冻', asks('thaw')],
  ['/sync mute orders', asks('mute', 'orders')],
  ['/同步 取消静音 订单', asks('unmute', '订单')],
  ['/sync history', asks('history')],
  ['/sync history orders --plan', unknown('/sync history orders --plan', ['history', 'orders'])],
  ['/sync remind orders', asks('remind', 'orders')],
  ['/sync remind orders "0 9 * * 1-5"', asks('remind', 'orders', '0 9 * * 1-5')],
  ['/同步 提醒 订单 “0 9 * * 1-5”', asks('remind', '订单', '0 9 * * 1-5')],
  ['/sync remind my orders 0 9 * * mon-fri', asks('remind', 'my orders', '0 9 * * mon-fri')],
  ['/sync remind orders "soon"', asks('remind', 'orders', 'soon')],
  ['/sync remind orders off 2', asks('remind', 'orders', 'off 2')],
  ['/同步 提醒 订单 关 #12', asks('remind', '订单', 'off 12')],
  ['/sync remind orders off', asks('remind', 'orders')],
  ['/sync remind', asks('remind')],
  ['/statsu', unknown('/statsu', ['status', ''])],
  ['/histroy orders', unknown('/histroy orders', ['history', 'orders'])],
  ['/snyc orders', unknown('/snyc orders', ['sync', 'orders'])],
  ['/snyc orders --plan', unknown('/snyc orders --plan', ['plan', 'orders'])],
  ['/snyc why orders A1', unknown('/snyc why orders A1', ['why', 'orders'])],
  ['/sync freeze orders', unknown('/sync freeze orders', ['pause', 'orders'], ['freeze', ''])],
  ['/sync 解冻 订单', unknown('/sync 解冻 订单', ['resume', '订单'], ['thaw', ''])],
  ['/sync plan orders', sync('orders', true)],
  ['/同步 计划 订单', sync('订单', true)],
  ['/sync plan', asks('plan')],
  ['/sync list', asks('list')],
  ['/同步 列表', asks('list')],
  ['/sync help', asks('help')],
  ['/help', asks('help')],
  ['／help me', asks('help')],
  ['help', asks('help')],
  ['帮助', asks('help')],
  ['/帮助', asks('help')],
  ['/sync --plan', asks('plan')],
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
  expect(shown(commands.parse(line))).toEqual(command);
});

it('reads any text without throwing, and finds every plain name again', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => void commands.parse(line)));
  const slash = fc.constantFrom('/', '／', '/ ');
  const verb = fc.constantFrom('sync', 'Sync', '同步', 'ｓｙｎｃ');
  const blank = fc.constantFrom(' ', '\u3000', '\u00a0', '\t', '  ');
  const name = fc
    .stringMatching(/^[a-z0-9][a-z0-9_-]{0,39}$/u)
    .filter((one) => !commands.all.some(({ verb }) => verb === one) && one !== 'stop');
  fc.assert(
    fc.property(slash, verb, blank, name, (a, b, c, d) => {
      expect(shown(commands.parse(`${a}${b}${c}${d}`))).toEqual(sync(d));
    }),
  );
});

it.each([
  ['list', asks('list')],
  ['sync', asks('list')],
  ['Status', asks('status')],
  ['帮助', asks('help')],
  ['sync:orders', sync('orders')],
  ['plan:orders', sync('orders', true)],
  ['history:orders', asks('history', 'orders')],
  ['why:orders', asks('why', 'orders')],
  ['retry', asks('retry')],
  ['drop:orders', undefined],
  ['', undefined],
])('takes the menu entry %j', (key, command) => {
  expect(shown(commands.ofKey(key))).toEqual(command);
});

it.each([
  ['why', 'orders', 'A001', asks('why', 'orders', 'A001')],
  ['sync', '', '', asks('sync')],
  ['remind', 'orders', '0 9 * * *', asks('remind', 'orders', '0 9 * * *')],
  ['cancel', '', '', asks('cancel')],
  ['mute', 'orders', '', asks('mute', 'orders')],
] as const)('makes a command of %s, %j and %j', (verb, name, more, command) => {
  expect(shown(commands.of(verb, name, more))).toEqual(command);
});
