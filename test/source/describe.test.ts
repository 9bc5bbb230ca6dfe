import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Source } from '../../src/run/ports.ts';
import { wordsOf } from '../../src/source/mysql/columns.ts';
import { mysqlSource } from '../../src/source/mysql/mysql.ts';
import type { ColumnDetail } from '../../src/sync/fields/column.ts';
import { testDatabase } from '../support/mysql.ts';
import type { TestDatabase } from '../support/mysql-server.ts';
import { parts as compiled } from '../support/program.ts';
import { asking, never, problemsOf } from './contract.ts';

const parts = { where: 'CONNECTION_SHOP', clock: systemClock };
type Expected = [declared: string, detail: Omit<ColumnDetail, 'name'>];

const tableOf = (cases: readonly Expected[]): string =>
  `create table all_types (${cases.map(([declared], at) => `c${at} ${declared}`).join(', ')})`;

const told = (columns: readonly ColumnDetail[]): object[] => columns.map(({ name: _, ...detail }) => detail);

describe('a MySQL source describes', () => {
  let database: TestDatabase;
  let source: Source;

  beforeAll(async () => {
    database = await testDatabase();
    source = mysqlSource(database.url, parts);
  });

  afterAll(async () => {
    await source.stop();
    await database.drop();
  });

  const cases: Expected[] = [
    ['tinyint', { type: 'integer', digits: 3 }],
    ['tinyint(1)', { type: 'integer', digits: 3, flag: true }],
    ['boolean', { type: 'integer', digits: 3, flag: true }],
    ['smallint unsigned', { type: 'integer', digits: 5, unsigned: true }],
    ['mediumint', { type: 'integer', digits: 8 }],
    ['int', { type: 'integer', digits: 10 }],
    ['bigint', { type: 'integer', digits: 20 }],
    ['bigint unsigned', { type: 'integer', digits: 20, unsigned: true }],
    ['decimal(10,2)', { type: 'decimal', digits: 10, scale: 2 }],
    ['decimal(12,4) unsigned', { type: 'decimal', digits: 12, scale: 4, unsigned: true }],
    ['decimal(20)', { type: 'decimal', digits: 20, scale: 0 }],
    ['float', { type: 'float' }],
    ['double', { type: 'float' }],
    ['double(9,3)', { type: 'float', scale: 3 }],
    ['bit(1)', { type: 'bit', digits: 1, flag: true }],
    ['bit(12)', { type: 'bit', digits: 12 }],
    ['date', { type: 'date' }],
    ['datetime(6)', { type: 'datetime' }],
    ['timestamp null', { type: 'timestamp' }],
    ['time', { type: 'time' }],
    ['year', { type: 'year' }],
    ['varchar(40)', { type: 'text', length: 40 }],
    [
      "enum('新','it''s','a,b','back\\\\slash')",
      { type: 'enum', options: ['新', "it's", 'a,b', 'back\\slash'] },
    ],
    ["set('红','绿')", { type: 'set', options: ['红', '绿'] }],
    ['json', { type: 'json' }],
    ['blob', { type: 'binary' }],
    ['point', { type: 'geometry' }],
  ];

  it('every type with what its field needs', async () => {
    await database.query(tableOf(cases));
    const columns = await source.describe(asking('select * from all_types'), never);
    expect(told(columns)).toEqual(cases.map(([, detail]) => detail));
  });

  it('the words of an ENUM through other names and joins, and none where they are not known', async () => {
    await database.query("create table goods (id int primary key, state enum('on','off'))");
    const sql = `select g.state as "状态", concat(g.state) as "词", count(*) as "数" from goods g join goods h on h.id = g.id group by g.state`;
    const columns = await source.describe(asking(sql), never);
    expect(columns).toEqual([
      { name: '状态', type: 'enum', options: ['on', 'off'] },
      { name: '词', type: 'text', length: 3 },
      { name: '数', type: 'integer', digits: 20 },
    ]);
  });

  it('money that is worked out', async () => {
    const [column] = await source.describe(asking('select 12345 / 100.0 as 金额'), never);
    expect(column).toMatchObject({ name: '金额', type: 'decimal' });
    expect(column?.scale).toBeGreaterThanOrEqual(2);
  });

  it('nothing of a query that is wrong', async () => {
    expect(await problemsOf(source.describe(asking('select * from nowhere'), never))).toEqual([
      'query-unknown-name',
    ]);
    expect(await problemsOf(source.describe(asking('select 1 as a, 2 as a'), never))).toEqual([
      'query-doubled-columns',
    ]);
  });
});

it.each([
  ["enum('a','b')", ['a', 'b']],
  ["ENUM('')", ['']],
  ["set('it''s','x)')", ["it's", 'x)']],
  ["enum('a\\\\b','c\\nd')", ['a\\b', 'c\nd']],
  ['int(11)', undefined],
])('the words in %s', (declared, words) => {
  expect(wordsOf(declared)).toEqual(words);
});

it('a SQLite source describes what is declared', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'describe-'));
  const database = new DatabaseSync(join(folder, 'shop.db'));
  const cases: Expected[] = [
    ['tinyint(1)', { type: 'integer', digits: 3, flag: true }],
    ['boolean', { type: 'integer', digits: 19, flag: true }],
    ['int', { type: 'integer', digits: 10 }],
    ['integer', { type: 'integer', digits: 19 }],
    ['bigint unsigned', { type: 'integer', digits: 19, unsigned: true }],
    ['decimal(10,2)', { type: 'any', digits: 10, scale: 2 }],
    ['numeric', { type: 'any' }],
    ['real', { type: 'float' }],
    ['date', { type: 'date' }],
    ['datetime', { type: 'datetime' }],
    ['varchar(40)', { type: 'text', length: 40 }],
    ['text', { type: 'text' }],
    ['json', { type: 'json' }],
    ['blob', { type: 'binary' }],
  ];
  const { sqliteSource } = await compiled();
  const source = sqliteSource(join(folder, 'shop.db'), parts);
  try {
    database.exec(tableOf(cases));
    const columns = await source.describe(asking('select * from all_types'), never);
    expect(told(columns)).toEqual(cases.map(([, detail]) => detail));
    expect(await source.describe(asking('select c0 + 1 as n from all_types'), never)).toEqual([
      { name: 'n', type: 'any' },
    ]);
  } finally {
    await source.stop();
    database.close();
    await rm(folder, { recursive: true });
  }
});
