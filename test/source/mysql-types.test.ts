import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Source } from '../../src/run/ports.ts';
import { mysqlSource } from '../../src/source/mysql/mysql.ts';
import { type ColumnType, isCut, type Value } from '../../src/sync/fields/column.ts';
import { testDatabase } from '../support/mysql.ts';
import type { TestDatabase } from '../support/mysql-server.ts';
import { asking, never, problemsOf, readAll } from './contract.ts';

let database: TestDatabase;
let source: Source;

beforeAll(async () => {
  database = await testDatabase();
  await database.query("set time_zone = '+08:00'");
  source = mysqlSource(database.url, { where: 'CONNECTION_SHOP', clock: systemClock });
});

afterAll(async () => {
  await source.stop();
  await database.drop();
});

const point = [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40];

const cases: [declared: string, written: string, type: ColumnType, value: Value | number[]][] = [
  ['tinyint', '-128', 'integer', -128],
  ['tinyint unsigned', '255', 'integer', 255],
  ['boolean', 'true', 'integer', 1],
  ['smallint', '-32768', 'integer', -32768],
  ['smallint unsigned', '65535', 'integer', 65535],
  ['mediumint', '-8388608', 'integer', -8388608],
  ['mediumint unsigned', '16777215', 'integer', 16777215],
  ['int', '-2147483648', 'integer', -2147483648],
  ['int unsigned', '4294967295', 'integer', 4294967295],
  ['int(6) zerofill', '42', 'integer', 42],
  ['bigint', '-9223372036854775808', 'integer', '-9223372036854775808'],
  ['bigint', '9007199254740991', 'integer', 9007199254740991],
  ['bigint', '9007199254740993', 'integer', '9007199254740993'],
  ['bigint unsigned', '18446744073709551615', 'integer', '18446744073709551615'],
  ['bigint(20) zerofill', '9007199254740993', 'integer', '9007199254740993'],
  ['decimal(30,10)', '12345678901234567890.0123456789', 'decimal', '12345678901234567890.0123456789'],
  ['decimal(30,10)', '-0.1', 'decimal', '-0.1000000000'],
  ['decimal(65,0)', '9'.repeat(65), 'decimal', '9'.repeat(65)],
  ['float', '1.5', 'float', 1.5],
  ['float', '1218913.75', 'float', 1218913.75],
  ['float', '16777216', 'float', 16777216],
  ['float', '-123456789', 'float', -123456792],
  ['float', '99999.99', 'float', 99999.99],
  ['float', '0.1', 'float', 0.1],
  ['float', '3.4e38', 'float', 3.4e38],
  ['float', '1e-45', 'float', 1e-45],
  ['float(9,2)', '1218913.75', 'float', 1218913.75],
  ['double', '0.1', 'float', 0.1],
  ['double', '9.999999999999998', 'float', 9.999999999999998],
  ['double', '1.7976931348623157e308', 'float', 1.7976931348623157e308],
  ['double', '5e-324', 'float', 5e-324],
  ['bit(1)', "b'1'", 'bit', 1],
  ['bit(12)', "b'100000000011'", 'bit', 2051],
  [
    'bit(64)',
    "b'1111111111111111111111111111111111111111111111111111111111111111'",
    'bit',
    '18446744073709551615',
  ],
  ['date', "'2026-01-31'", 'date', '2026-01-31'],
  ['date', "'1000-01-01'", 'date', '1000-01-01'],
  ['datetime', "'9999-12-31 23:59:59'", 'datetime', '9999-12-31 23:59:59'],
  ['datetime(6)', "'2026-01-31 08:00:00.123456'", 'datetime', '2026-01-31 08:00:00.123456'],
  ['timestamp null', "'2026-01-31 08:00:00'", 'timestamp', '2026-01-31 08:00:00'],
  ['timestamp(3) null', "'2026-01-31 08:00:00.5'", 'timestamp', '2026-01-31 08:00:00.500'],
  ['time', "'-838:59:59'", 'time', '-838:59:59'],
  ['time(2)', "'08:00:00.25'", 'time', '08:00:00.25'],
  ['year', '2026', 'year', 2026],
  ['char(4)', "'é'", 'text', 'é'],
  ['varchar(20)', "'😀'", 'text', '😀'],
  ['varchar(20) character set gbk', "'中文'", 'text', '中文'],
  ['varchar(20) character set latin1', "'é'", 'text', 'é'],
  ['tinytext', "'a'", 'text', 'a'],
  ['text', "'a\\nb'", 'text', 'a\nb'],
  ['mediumtext', "'a'", 'text', 'a'],
  ['longtext', "'a'", 'text', 'a'],
  ["enum('小','大')", "'大'", 'enum', '大'],
  ["set('a','b','c')", "'c,a'", 'set', 'a,c'],
  ['json', '\'{"id": 12345678901234567890}\'', 'json', '{"id": 12345678901234567890}'],
  ['binary(3)', "x'00ff'", 'binary', [0, 255, 0]],
  ['varbinary(3)', "x'00ff'", 'binary', [0, 255]],
  ['tinyblob', "x'01'", 'binary', [1]],
  ['blob', "x'0102'", 'binary', [1, 2]],
  ['mediumblob', "x''", 'binary', []],
  ['longblob', "x'ff'", 'binary', [255]],
  ['geometry', 'point(1, 2)', 'geometry', point],
  ['point', 'point(1, 2)', 'geometry', point],
];

describe('every MySQL type', () => {
  it.each(cases)('%s of %s is %s', async (declared, written, type, value) => {
    await database.query(`create or replace table one (cell ${declared})`);
    await database.query(`insert into one values (${written}), (null)`);
    const query = asking('select cell from one');
    const { columns, rows } = await readAll(source, query);
    expect(columns).toEqual([{ name: 'cell', type }]);
    expect(await source.columns(query, never)).toEqual(columns);
    expect(rows.map(([cell]) => (cell instanceof Uint8Array ? [...cell] : cell))).toEqual([value, null]);
  });
});

it('reads every column alike, whatever stands beside it', async () => {
  const declared = cases.map(([type], at) => `c${at} ${type}`);
  await database.query(`create or replace table every (${declared.join(', ')})`);
  await database.query(`insert into every values (${cases.map(([, written]) => written).join(', ')})`);
  const plain = cases.flatMap(([type], at) =>
    /float|double|geometry|point|bigint.*zerofill/.test(type) ? [] : `c${at}`,
  );
  const alone = await readAll(source, asking(`select ${plain.join(', ')} from every`));
  const exact = cases.findIndex(([type]) => type === 'float');
  for (const [written, value] of [
    ['0.1e0', 0.1],
    [`c${exact}`, 1.5],
  ]) {
    const beside = await readAll(source, asking(`select ${plain.join(', ')}, ${written} as f from every`));
    expect(beside.rows).toEqual(alone.rows.map((row) => [...row, value]));
  }
  expect(alone.rows[0]?.length).toBeGreaterThan(30);
});

it('keeps zero dates as the words they are', async () => {
  await database.query('create or replace table zeros (d date, t datetime)');
  await database.query("set session sql_mode = ''");
  await database.query(
    "insert into zeros values ('0000-00-00', '0000-00-00 00:00:00'), ('2026-00-00', null)",
  );
  const { rows } = await readAll(source, asking('select * from zeros'));
  expect(rows).toEqual([
    ['0000-00-00', '0000-00-00 00:00:00'],
    ['2026-00-00', null],
  ]);
});

it('reads every double exactly', async () => {
  await database.query('create table doubles (id int primary key, f double)');
  const numbers = Array.from({ length: 2000 }, (_, i) => Math.sin(i + 1) * 10 ** ((i % 40) - 20));
  await database.query(`insert into doubles values ${numbers.map((f, i) => `(${i}, ${f})`).join(', ')}`);
  const { rows } = await readAll(source, asking('select f from doubles order by id'));
  expect(rows.map(([f]) => f)).toEqual(numbers);
});

it('knows what expressions give', async () => {
  const sql = `select 1 + 1 as i, 1.5 * 2 as d, 1e0 / 3 as f, concat('a', 1) as s, now() as t, curdate() as c,
    null as n, count(*) as k, sum(1) as m, cast('x' as binary) as b, 2 > 1 as l, unix_timestamp(now(3)) as u from dual`;
  const { columns } = await readAll(source, asking(sql));
  expect(columns.map((column) => column.type)).toEqual([
    'integer',
    'decimal',
    'float',
    'text',
    'datetime',
    'date',
    'any',
    'integer',
    'decimal',
    'binary',
    'integer',
    'decimal',
  ]);
});

it('keeps every FLOAT, each as short as it can be named', async () => {
  await database.query('create table floats (id int primary key, f float)');
  const numbers = Array.from({ length: 2000 }, (_, i) =>
    Math.fround(Math.sin(i + 1) * 10 ** ((i % 40) - 20)),
  );
  await database.query(`insert into floats values ${numbers.map((f, i) => `(${i}, ${f})`).join(', ')}`);
  const { rows } = await readAll(source, asking('select f from floats order by id'));
  expect(rows.map(([f]) => Math.fround(Number(f)))).toEqual(numbers);
  expect(rows.filter(([f]) => Number(Number(f).toPrecision(10)) !== f)).toEqual([]);
});

describe('a BIT that is worked out is its number', () => {
  const rows = [
    [1, 1, 255, 2n ** 64n - 1n],
    [2, 0, 55, 7],
    [3, 1, 3, 49],
  ] as const;

  beforeAll(async () => {
    await database.query('create table bits (id int primary key, b bit(1), e bit(8), w bit(64))');
    await database.query(
      `insert into bits values ${rows.map(([id, ...cells]) => `(${id}, ${cells.map((cell) => `b'${cell.toString(2)}'`)})`)}`,
    );
    await database.query(
      'create view bit_view as select id, max(b) as b, max(e) as e, max(w) as w from bits group by id',
    );
    await database.query(
      'create view bit_words as select id, coalesce(b) b, if(1, e, e) e, ifnull(w, w) w from bits',
    );
  });

  const forms = [
    'select id, max(COL) from bits group by id',
    'select id, min(COL) as m from bits group by id having m >= 0',
    'select id, max(COL) from bits where id = 1 union select id, max(COL) from bits where id > 1 group by id',
    'select id, COL from bits group by COL, id order by id',
    'select id, ifnull(COL, COL) from bits order by id',
    'select id, coalesce(COL) from bits order by id',
    'select id, if(id > 0, COL, COL) from bits order by id',
    'select id, case when id > 0 then COL end from bits order by id',
    'select id, nullif(COL, 9) from bits order by id',
    'select id, (select COL from bits i where i.id = o.id) from bits o order by id',
    'select id, max(COL) over (partition by id) from bits order by id',
    'select id, COL from (select * from bits limit 9) x order by id',
    'select id, m from (select id, coalesce(COL) as m from bits) x order by id',
    'select id, m from (select id, max(COL) as m from bits group by id) x order by id',
    'with x as (select id, if(1, COL, COL) as m from bits) select id, m from x order by id',
    'select id, COL from bit_view order by id',
    'select id, COL from bit_words order by id',
    'select id, COL from bits natural join (select 1 as id union select 2 union select 3) x order by id;',
  ];
  it.each(forms)('%s', async (form) => {
    for (const [at, column] of ['b', 'e', 'w'].entries()) {
      const answer = await readAll(source, asking(form.replaceAll('COL', column)));
      const numbers = answer.rows.map(([id, cell]) => [id, numberIn(cell ?? null)]);
      expect(numbers).toEqual(rows.map((row) => [row[0], BigInt(row[at + 1] ?? 0)]));
    }
  });

  const numberIn = (cell: Value): bigint =>
    cell instanceof Uint8Array ? BigInt(`0x${Buffer.from(cell).toString('hex')}`) : BigInt(String(cell));

  it('or the query is refused, with the words that make it a number', async () => {
    const query = asking('select sql_no_cache coalesce(e) as flags from bits');
    expect(await problemsOf(source.rows(query, never))).toEqual(['query-unclear-bit']);
    expect((await readAll(source, asking('select sql_no_cache e from bits where id = 1'))).rows).toEqual([
      [255],
    ]);
  });
});

it('leaves times that no calendar has to their fields, in zones with summer time too', async () => {
  await database.query('create table odd_times (id int primary key, t timestamp, d datetime)');
  await database.query("set session sql_mode = 'ALLOW_INVALID_DATES'");
  await database.query(`insert into odd_times values (1, '0000-00-00 00:00:00', '2026-02-31 08:00:00'),
    (2, '2026-07-01 00:00:00', '0000-00-00 00:00:00')`);
  await database.query('set session sql_mode = default');
  for (const timeZone of ['Europe/Berlin', 'Asia/Shanghai']) {
    const { rows } = await readAll(
      source,
      asking('select id, t, d from odd_times order by id', { timeZone }),
    );
    expect(rows.map(([, t, d]) => [String(t).slice(0, 5), d])).toEqual([
      ['0000-', '2026-02-31 08:00:00'],
      ['2026-', '0000-00-00 00:00:00'],
    ]);
  }
});

describe('what the server cuts out of GROUP_CONCAT', () => {
  const copies = '(select 1 as n union all select 2 union all select 3) as copies';
  const read = async (sql: string, more: { keepCut?: true } = {}) => {
    const { columns, batches, notes } = await source.rows(asking(sql, more), never);
    const rows: (readonly Value[])[] = [];
    for await (const batch of batches) rows.push(...batch);
    return { columns, rows, notes: (notes?.() ?? []).map(({ en }) => en) };
  };

  it('is as little as can be', async () => {
    const { rows, notes } = await read(`select group_concat(repeat('x', 1000000)) as t from ${copies}`);
    expect([String(rows[0]?.[0]).length, notes]).toEqual([3_000_002, []]);
  });

  it('is seen in the rows, so that only those are rejected', async () => {
    const sql = `select n, group_concat(repeat('é', if(n = 2, 3000000, 3))) as t
      from (select 1 as n union all select 2 union all select 2 union all select 2) x group by n order by n`;
    const { columns, rows, notes } = await read(sql);
    const column = columns[1] ?? { name: '', type: 'any' };
    expect(rows.map((row) => isCut(row[1] ?? null, column))).toEqual([false, true]);
    expect(notes).toEqual([expect.stringContaining('GROUP_CONCAT')]);
  });

  it('ends the read where nobody can tell which rows it is, unless that will do', async () => {
    const sql = `select upper(left(group_concat(repeat('x', 6000000)), 10)) as t from ${copies}`;
    expect(await problemsOf(read(sql))).toEqual(['query-cut-values']);
    expect((await read(sql, { keepCut: true })).rows).toEqual([['XXXXXXXXXX']]);
  });
});
