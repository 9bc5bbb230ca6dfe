import { expect, it } from 'vitest';
import { afterHelp, envExample, settingCells } from '../../src/cli/arguments.ts';
import { systemClock } from '../../src/process.ts';
import type { Source } from '../../src/run/ports.ts';
import { connectionTo } from '../../src/setting-values.ts';
import { connectionSetting, settings } from '../../src/settings.ts';
import { type Adapter, adapters, openSources } from '../../src/source/sources.ts';
import {
  type Database,
  type DatabaseKind,
  databases,
  noConnection,
  noConnections,
} from '../../src/sync/definition/databases.ts';
import { judgeQuery } from '../../src/sync/definition/query.ts';
import { typesTable } from '../../src/sync/fields/fits.ts';
import { writable } from '../../src/sync/fields/kinds/kinds.ts';
import { text } from '../../src/sync/words/text.ts';
import { hiding } from '../../src/sync/words/web-address.ts';

const ledger: Database = {
  title: 'Ledger',
  example: text('ledger://用户:密码@主机/账本', 'ledger://user:password@host/book'),
  sample: 'ledger://reader:password@books.example.com/shop',
  dialect: 'mysql',
  types: { integer: 'COUNT', json: 'LEAF' },
  sql: { ...databases.sqlite.sql, jsonValue: text('叶(列)', 'leaf(column)') },
  read: (address) =>
    address.startsWith('ledger://')
      ? address.replace('#paper', '') === address
        ? address
        : { message: text('不要纸。', 'No paper.'), cure: text('去掉 #paper。', 'Take #paper out.') }
      : undefined,
};
const more = { ...databases, ledger };
const place = { name: 'CONNECTION_BOOK', env: {}, cwd: '/' };

it('a database that is new is read, shown in the help and the documents, and named by every complaint', () => {
  const read = connectionTo(more);
  expect(read('ledger://books/shop', place)).toEqual({ kind: 'ledger', url: 'ledger://books/shop' });
  expect(() => connectionTo(databases)('ledger://books/shop', place)).toThrow('is wrong');
  expect(() => read('ledger://books/shop#paper', place)).toThrow('No paper.');
  const example = 'ledger://user:password@host/book';
  const cures = [
    complaint(() => read('oracle:x', place)),
    noConnection('book', [], { ledger }).cure.en,
    noConnections({ ledger }).cure.en,
  ];
  for (const cure of cures) expect(cure).toContain(example);

  const table = { ...settings, 'CONNECTION_<NAME>': connectionSetting(more) };
  const inZh = 'ledger://用户:密码@主机/账本';
  expect(afterHelp('en-US', table)).toContain(example);
  expect(settingCells('zh-CN', table).flat().join('\n')).toContain(inZh);
  expect(envExample(table)).toContain(example);
  const first = { ...settings, 'CONNECTION_<NAME>': connectionSetting({ ledger, ...databases }) };
  expect(envExample(first)).toContain(`\n#CONNECTION_SHOP=${ledger.sample}\n`);
});

it('the types of a database that is new stand in the documents, and its SQL behind that of the others', () => {
  const table = typesTable('en-US', writable, more);
  expect(table).toContain('| TINYINT … BIGINT, UNSIGNED, BOOLEAN, COUNT |');
  expect(table).toContain("(SQLite: json_extract(column, '$.name'); Ledger: leaf(column))");
  expect(typesTable('zh-CN', writable, { ledger })).toContain('在查询里写 叶(列) 取值。');
});

it('a database that is new is opened by its adapter', () => {
  const source = {} as Source;
  const adapter: Adapter = {
    open: (url, { where }) => Object.assign(source, { url, where, stop: async () => {} }),
    isUnencrypted: () => true,
  };
  const kind = 'ledger' as DatabaseKind;
  const connections = new Map([['BOOK', { kind, url: 'ledger://books/shop' }]]);
  const all = { ...adapters, ledger: adapter };
  openSources(connections, { clock: systemClock, all }).sources('book');
  expect(source).toMatchObject({ url: 'ledger://books/shop', where: 'CONNECTION_BOOK' });
});

it.each(Object.entries<Database>(databases))(
  '%s has addresses that can be shown, and hidden',
  (kind, one) => {
    const absolute = (path: string): string => `/${path}`;
    for (const address of [one.example.zh, one.example.en, one.sample]) {
      expect(one.read(address, absolute)).toBeTypeOf('string');
      expect(
        Object.values(databases).filter(({ read }) => read(address, absolute) !== undefined),
      ).toHaveLength(1);
    }
    expect([one.example.zh, one.example.en].map(hiding([]))).toEqual([one.example.zh, one.example.en]);
    if (one.example.en.includes('user:password')) {
      const secret = one.example.en.replace('user:password', 'ann:pass/word');
      expect(hiding([])(secret)).not.toContain('word');
    }
    expect(judgeQuery('select 1 as a', one.dialect)).toEqual([]);
    expect(Object.keys(adapters)).toContain(kind);
  },
);

it('a database that is not told of, or that nothing opens, is refused by the type checker', () => {
  const { example: _, ...rest } = ledger;
  // @ts-expect-error nothing says how its addresses are written
  const half: Database = rest;
  const { sqlite: _sqlite, ...others } = adapters;
  // @ts-expect-error nothing opens SQLite
  const lacking: Readonly<Record<DatabaseKind, Adapter>> = others;
  expect([half.sample, lacking.mysql]).toEqual([ledger.sample, adapters.mysql]);
});

function complaint(read: () => unknown): string {
  try {
    return String(read());
  } catch (error) {
    return (error as { problems: readonly { cure: { en: string } }[] }).problems[0]?.cure.en ?? '';
  }
}
