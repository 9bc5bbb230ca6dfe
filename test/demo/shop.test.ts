import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { embeddedShop } from '../../src/demo/embedded.ts';
import { shopRows } from '../../src/demo/shop.ts';
import type { Locale } from '../../src/sync/words/text.ts';

function shopOf(orders: number, locale: Locale = 'zh-CN') {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  const path = join(folder, 'shop.db');
  embeddedShop(path, orders, locale);
  const file = new DatabaseSync(path);
  onTestFinished(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });
  return (sql: string): unknown[] => file.prepare(sql).all() as unknown[];
}

it.each([1, 7, 8, 501, 5000])('has as many orders as asked for, each of somebody: %i', (orders) => {
  const ask = shopOf(orders);
  expect(
    ask(
      'select count(*) n, count(distinct id) ids from user_orders join users using (id) union all select count(*), count(distinct uo.id) from user_orders uo join users u on u.id = uo.user_id where uo.production_id = 10',
    )[1],
  ).toMatchObject({ n: orders, ids: orders });
});

it('has invented people only, with numbers that belong to nobody', () => {
  const ask = shopOf(5000);
  expect(
    ask("select * from users where mobile not like '1380000____' or nickname = '' or sex not in (0, 1, 2)"),
  ).toEqual([]);
  expect(
    ask('select count(*) n, count(distinct nickname) names, count(distinct mobile) mobiles from users'),
  ).toMatchObject([{ n: 625, names: 625, mobiles: 625 }]);
});

it('numbers orders by the day in Shanghai on which they were paid', () => {
  const ask = shopOf(2000);
  expect(
    ask(
      "select id from user_orders where id / 1000000 <> cast(strftime('%Y%m%d', paid_time + 28800, 'unixepoch') as integer)",
    ),
  ).toEqual([]);
});

it.each([8, 60, 5000])('changes round after round, whatever its size: %i', (orders) => {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'shop.db');
  const change = embeddedShop(path, orders, 'zh-CN');
  let expected = orders;
  for (let round = 0; round < 3; round += 1) {
    const { created, changed, gone } = change();
    expected += created - gone;
    expect([created > 0, changed > 0]).toEqual([true, true]);
  }
  const file = new DatabaseSync(path);
  onTestFinished(() => file.close());
  expect(file.prepare('select count(*) n from user_orders join users on users.id = user_id').get()).toEqual({
    n: expected,
  });
});

it('is the same each time', () => {
  expect([...shopRows(3000, 'zh-CN')]).toEqual([...shopRows(3000, 'zh-CN')]);
});

it('is in English where the reader is: people, cities and numbers kept for stories', () => {
  const ask = shopOf(5000, 'en-US');
  expect(
    ask(
      "select * from users where mobile not like '+1___55501__' or (nickname || city) glob '*[^ -~]*' or city = ''",
    ),
  ).toEqual([]);
  expect(
    ask('select count(distinct nickname) names, count(distinct mobile) mobiles from users'),
  ).toMatchObject([{ names: 625, mobiles: 625 }]);
});
