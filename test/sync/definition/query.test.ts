import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeQuery } from '../../../src/sync/definition/query.ts';
import type { Dialect } from '../../../src/sync/definition/sql.ts';

const codes = (sql: string, dialect?: Dialect): string[] =>
  judgeQuery(sql, dialect).map((problem) => problem.code);

describe('queries that only read are accepted', () => {
  it.each([
    ['select 1'],
    ['SELECT 1;'],
    ['select 1 ; ; -- done'],
    ['(select 1) union (select 2)'],
    ['((select 1))'],
    ['with a as (select 1) select * from a'],
    ['with recursive n(x) as (select 1 union all select x + 1 from n where x < 5) select x from n'],
    ['with a as (select 1), b as (select 2) (select * from a)'],
    ['/* delete from t; */ select 1'],
    ['-- into outfile\nselect 1'],
    ['# for update\nselect 1'],
    ["select 'a; drop table t', 'into', \"for update\", `lock in share mode` from `delete`"],
    ["select 'it''s into', 'it\\'s; into'"],
    ['select "a""; into" as `b``; into`'],
    ['select t.into, `t`.into, @into from t'],
    ['select substring(name from 1 for 2), 1--1 from t use index for join (a)'],
    ['select replace(a, b, c), insert(a, 1, 2, c) from t'],
    ['with a as (select 1) select replace(x, y, z) from a'],
    ['select /*+ NO_INDEX_MERGE(t) */ 1 from t'],
    ['select 名称 from 订单表'],
    ['select updated, for_update, intoxicated, lock_in from t'],
    ['select 1.5, .5, 1., 1e1, 1.e1, 2.5E-3, 0x1f, 0b01, \\N, 1e, 2024_orders.1into from 2024_orders'],
    ['select o.2e_total, o.1e1into from o'],
    ["select load_file, 'load_file(x)' from t join u using (load_file)"],
  ])('%s', (sql) => {
    expect(codes(sql)).toEqual([]);
  });
});

describe('everything else is refused with its own reason', () => {
  it.each([
    ['', 'query-empty'],
    [' -- nothing\n/* here */ ', 'query-empty'],
    ['select 1; select 2', 'query-several-statements'],
    ['select 1;; delete from t', 'query-several-statements'],
    ['delete from t', 'query-not-select'],
    ['set statement max_statement_time=0 for select 1', 'query-not-select'],
    ['`select` 1', 'query-not-select'],
    ['(delete from t)', 'query-not-select'],
    ['((', 'query-not-select'],
    ['table t', 'query-not-select'],
    ['call p()', 'query-not-select'],
    ['explain select 1', 'query-not-select'],
    ['with a as (select 1) delete from t where id in (select * from a)', 'query-not-select'],
    ['with a as (select 1) update t set x = 1', 'query-not-select'],
    ['with a as (select 1), b(c) as (select 2) insert into t select * from a', 'query-not-select'],
    ["select * from t into outfile '/tmp/x'", 'query-into'],
    ["select a INTO/**/DUMPFILE '/tmp/x' from t", 'query-into'],
    ['select 1 into @a', 'query-into'],
    ["select 1.into outfile '/tmp/x'", 'query-into'],
    ["select 1.5into outfile '/tmp/x'", 'query-into'],
    ["select .5into outfile '/tmp/x'", 'query-into'],
    ["select 1e1into dumpfile '/tmp/x'", 'query-into'],
    ["select 1.e5into dumpfile '/tmp/x'", 'query-into'],
    ['select 2.5E-3into @a', 'query-into'],
    ["select \\Ninto outfile '/tmp/x'", 'query-into'],
    ["select x'41'into @a", 'query-into'],
    ['select `t`.1into @a from t', 'query-into'],
    ['select * from t where id > 0.0lock in share mode', 'query-locks'],
    ['select * from t where id > 1e0for update', 'query-locks'],
    ["select 7 1.e-- 3 into outfile '/tmp/x'", 'query-half-number'],
    ['select 1.5e(1)', 'query-half-number'],
    ["select `a\0into outfile '/tmp/x'", 'query-nul-character'],
    ["select 1 # \0 into outfile '/tmp/x'", 'query-nul-character'],
    ['select * from t for update', 'query-locks'],
    ['select * from t for/* x */share', 'query-locks'],
    ['select * from (select * from t for\nupdate) x', 'query-locks'],
    ['select * from t lock in share mode', 'query-locks'],
    ["select 1 /*!50000 into outfile '/tmp/x' */", 'query-executable-comment'],
    ['select 1 /*M!100100 + 1 */', 'query-executable-comment'],
    ['select 1 /*! + 1 */', 'query-executable-comment'],
    ["select load_file('/etc/passwd') as a", 'query-reads-file'],
    ["select convert(LOAD_FILE /* x */ ('/etc/passwd') using utf8mb4) as a", 'query-reads-file'],
    ["select `load_file`('/etc/passwd') as a", 'query-reads-file'],
    ['select "load_file"(path) as a from t', 'query-reads-file'],
    ["select 'a", 'query-unclosed'],
    ['select `a', 'query-unclosed'],
    ['select 1 /* a', 'query-unclosed'],
  ])('%j: %s', (sql, code) => {
    expect(codes(sql)).toContain(code);
  });
});

it('tells the line in both languages', () => {
  expect(judgeQuery("select 1,\n  'a\n b'\ninto @x")).toMatchObject([
    {
      code: 'query-into',
      message: {
        en: 'Query, line 4: the query has INTO, which writes a file or a variable.',
        zh: '查询第 4 行：查询里有 INTO，它会写文件或变量。',
      },
    },
  ]);
});

it('reports every kind of trouble at once', () => {
  expect(codes("update t set a = 1; select 1 into outfile 'x' for update")).toEqual([
    'query-several-statements',
    'query-not-select',
    'query-into',
    'query-locks',
  ]);
});

it('sees through a backslash that does not escape on the server', () => {
  const sql = "select '\\' into outfile '/tmp/x' -- '";
  expect(codes(sql)).toEqual([]);
  expect(codes(sql, 'plain-mysql')).toContain('query-into');
});

it('reads quotes as the mode of the server does', () => {
  const name = 'select "a\\" from t';
  expect([codes(name), codes(name, 'ansi-mysql')]).toEqual([['query-unclosed'], []]);
  const hidden = `select "\\", '" into outfile ''/tmp/x'' -- '`;
  expect([codes(hidden), codes(hidden, 'ansi-mysql')]).toEqual([['query-into'], []]);
  const open = `select "\\" into outfile '/tmp/x' -- "`;
  expect([codes(open), codes(open, 'ansi-mysql')]).toEqual([[], ['query-into']]);
  expect(codes("select 'a\\' into @x -- '", 'ansi-mysql')).toEqual([]);
});

it('takes "--" as a comment only where MySQL does', () => {
  expect(codes('select 1 --into @x')).toEqual(['query-into']);
  expect(codes('select 1 -- into @x')).toEqual([]);
});

it('reads quotes and comments as SQLite does where that is asked', () => {
  const escaped = "select a from t where a like 'x\\_%' escape '\\'";
  const hidden = "select a from t where a <> '\\'; attach database 'new.db' as y; --'";
  expect([codes(escaped), codes(escaped, 'sqlite')]).toEqual([['query-unclosed'], []]);
  expect([codes(hidden), codes(hidden, 'sqlite')]).toEqual([[], ['query-several-statements']]);
  expect(codes('select a as [into], b as [x;y] from t --into @x', 'sqlite')).toEqual([]);
  expect(codes('select 1 # into @x', 'sqlite')).toEqual(['query-into']);
  expect(codes('select a as [b', 'sqlite')).toEqual(['query-unclosed']);
});

it('judges any text without throwing', () => {
  const pieces = fc.constantFrom(
    'select ',
    'with ',
    'into',
    ';',
    "'",
    '"',
    '`',
    '\\',
    '/*',
    '*/',
    '/*!',
    '-- ',
    '#',
  );
  const sql = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(pieces, fc.string())).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(
      sql,
      fc.constantFrom<Dialect>('mysql', 'ansi-mysql', 'plain-mysql', 'sqlite'),
      (text, dialect) => {
        for (const { code, message, cure } of judgeQuery(text, dialect)) {
          expect([code, message.zh, message.en, cure.zh, cure.en].every((words) => words !== '')).toBe(true);
        }
      },
    ),
  );
});

it('accepts a SELECT whatever its strings, quoted names and comments hold', () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary' }).map((word) => word.replaceAll('\0', '')),
    fc.constantFrom(
      '; drop table t',
      ' into outfile "x"',
      " for update '",
      '/*! */',
      '-- \n',
      '`',
      "\\'",
      '#',
    ),
  );
  const quoted = (quote: string) =>
    words.map((word) => {
      const escaped = quote === '`' ? word : word.replaceAll('\\', '\\\\');
      return quote + escaped.replaceAll(quote, quote + quote) + quote;
    });
  const comment = words.map((word) => `/* ${word.replaceAll('*/', '')} */`);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(quoted("'"), quoted('"'), quoted('`')), { minLength: 1 }),
      comment,
      (cells, remark) => {
        expect(codes(`${remark} select ${cells.join(` ${remark}, `)} from t`)).toEqual([]);
      },
    ),
  );
});
