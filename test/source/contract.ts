import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Query, Source } from '../../src/run/ports.ts';
import type { Field } from '../../src/sync/definition/field.ts';
import type { Column, Value } from '../../src/sync/fields/column.ts';
import { kinds } from '../../src/sync/fields/kinds/kinds.ts';
import type { ProblemError } from '../../src/sync/words/problem.ts';
import { zoneOf } from '../../src/sync/words/zone.ts';

/** A source on a database of the test's own. */
export interface Bench {
  readonly source: Source;
  /** Runs a statement that fills the database; `?` stand for values. */
  run(sql: string, values?: readonly unknown[]): Promise<void>;
  /** A query of half a second or more. */
  readonly slow: string;
  close(): Promise<void>;
}

export const never = new AbortController().signal;

export const asking = (sql: string, more: Partial<Query> = {}): Query => ({
  sql,
  at: 'syncs/orders.yaml:5',
  timeout: 30_000,
  timeZone: 'Asia/Shanghai',
  ...more,
});

/** Everything that a query answers with. */
export async function readAll(
  source: Source,
  query: Query,
): Promise<{ columns: readonly Column[]; rows: (readonly Value[])[] }> {
  const { columns, batches } = await source.rows(query, never);
  const rows: (readonly Value[])[] = [];
  for await (const batch of batches) rows.push(...batch);
  return { columns, rows };
}

/** The codes of the problems that the work rejects with. */
export async function problemsOf(work: Promise<unknown>): Promise<string[]> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ name: 'ProblemError' });
  return (failure as ProblemError).problems.map((problem) => problem.code);
}

const sample = `
  select uo.user_id as "用户ID", u.nickname as "昵称",
         case u.sex when 0 then '女' when 1 then '男' else '未知' end as "性别",
         u.mobile as "手机号", u.city as "城市", uo.id as "订单号",
         uo.paid_time * 1000 as "下单时间", uo.amount / 100.0 as "下单金额"
  from user_orders uo join users u on u.id = uo.user_id
  where uo.production_id = 10 order by uo.id`;

const sampleKinds = ['number', 'text', 'select', 'phone', 'text', 'text', 'date', 'number'] as const;

/** Counts as many rows as the cube of the size. */
export const slowQuery = (size: number): string =>
  `with recursive n(x) as (select 1 union all select x + 1 from n where x < ${size})
   select count(*) as total from n a, n b, n c where a.x + b.x + c.x > 0`;

/** What every source must do, whatever is behind it. */
export function describeSource(name: string, open: () => Promise<Bench>): void {
  describe(name, () => {
    let bench: Bench;

    beforeAll(async () => {
      bench = await open();
      await bench.run(
        'create table users (id integer primary key, nickname varchar(60), sex integer, mobile varchar(20), city varchar(40))',
      );
      await bench.run(
        'create table user_orders (id bigint primary key, user_id integer, production_id integer, paid_time bigint, amount integer)',
      );
      await bench.run('insert into users values (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)', [
        ...[1, '小明😀', 1, '13800000001', '上海'],
        ...[2, 'O\'Neil\n"x"', 0, '', null],
        ...[3, '', null, null, '北京'],
      ]);
      await bench.run(
        'insert into user_orders values (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)',
        [
          ...[202601010001, 1, 10, 1767225600, 12345],
          ...['9223372036854775807', 2, 10, 0, -1],
          ...[202601010003, 3, 10, null, null],
          ...[202601010004, 1, 11, 1767225600, 100],
        ],
      );
      await bench.run('create table numbers (n integer primary key, words text)');
      await bench.run(`insert into numbers
        with recursive c(x) as (select 1 union all select x + 1 from c where x < 100)
        select a.x * 100 + b.x - 100, 'row' from c a, c b where a.x <= 30`);
    });

    afterAll(() => bench.close());

    it('gives the same exact cells for the sample query', async () => {
      const { columns, rows } = await readAll(bench.source, asking(sample));
      expect(columns.map((column) => column.name)).toEqual([
        '用户ID',
        '昵称',
        '性别',
        '手机号',
        '城市',
        '订单号',
        '下单时间',
        '下单金额',
      ]);
      expect(rows.map((row) => cellsOf(columns, row))).toEqual([
        ['1', '小明😀', '男', '13800000001', '上海', '202601010001', '1767225600000', '123.45'],
        ['3', '', '未知', '', '北京', '202601010003', '', ''],
        ['2', 'O\'Neil\n"x"', '女', '', '', '9223372036854775807', '0', '-0.01'],
      ]);
    });

    it('keeps integers exact: numbers while they are safe, digits above', async () => {
      const whole = ['9007199254740991', '9007199254740992', '-9007199254740991', '-9007199254740993'];
      const [row] = (await readAll(bench.source, asking(`select ${whole.join(', ')}, 0, -1`))).rows;
      expect(row).toEqual([
        9007199254740991,
        '9007199254740992',
        -9007199254740991,
        '-9007199254740993',
        0,
        -1,
      ]);
    });

    it('keeps null, the empty string, line breaks and characters of four bytes apart and whole', async () => {
      const sql = `select null as a, '' as b, 'x\r\ny\tz' as c, '👨‍👩‍👧 𠮷' as d, ' ０１ ' as e`;
      const { rows } = await readAll(bench.source, asking(sql));
      expect(rows).toEqual([[null, '', 'x\r\ny\tz', '👨‍👩‍👧 𠮷', ' ０１ ']]);
    });

    it('gives bytes as bytes', async () => {
      await bench.run('create table files (content blob)');
      await bench.run("insert into files values (x'00ff10'), (x''), (null)");
      const { columns, rows } = await readAll(bench.source, asking('select content from files'));
      expect(columns).toEqual([{ name: 'content', type: 'binary' }]);
      expect(rows.map(([cell]) => (cell instanceof Uint8Array ? [...cell] : cell))).toEqual([
        [0, 255, 16],
        [],
        null,
      ]);
    });

    it('gives dates as the words they are stored in', async () => {
      await bench.run('create table moments (d date, t datetime)');
      await bench.run(
        "insert into moments values ('2026-01-31', '2026-01-31 08:00:00'), ('1969-12-31', null)",
      );
      const { columns, rows } = await readAll(bench.source, asking('select d, t from moments'));
      expect(columns.map((column) => column.type)).toEqual(['date', 'datetime']);
      expect(rows).toEqual([
        ['2026-01-31', '2026-01-31 08:00:00'],
        ['1969-12-31', null],
      ]);
    });

    it('knows the columns of an answer without rows', async () => {
      const { columns, rows } = await readAll(bench.source, asking('select id, city from users where 1 = 0'));
      expect(columns.map((column) => column.name)).toEqual(['id', 'city']);
      expect(rows).toEqual([]);
    });

    it('gives many rows in the order of the query', async () => {
      const { rows } = await readAll(bench.source, asking('select n, words from numbers order by n desc'));
      expect(rows.length).toBe(3000);
      expect(rows.map(([n]) => n)).toEqual(Array.from({ length: 3000 }, (_, i) => 3000 - i));
    });

    it('gives few rows at once, and lets whatever else waits have its turn before the next', async () => {
      const { batches } = await bench.source.rows(asking('select n from numbers'), never);
      const turns: number[] = [];
      let turn = 0;
      let reading = true;
      const count = (): void => {
        turn++;
        if (reading) setImmediate(count);
      };
      setImmediate(count);
      for await (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(256);
        turns.push(turn);
      }
      reading = false;
      // The first batch may be there already, and the last one, which is what is left, come with the one before.
      const full = turns.slice(1, -1);
      expect(full.length).toBeGreaterThan(5);
      expect(new Set(full).size).toBe(full.length);
    });

    it('gives a text of megabytes whole', async () => {
      const huge = '长😀x'.repeat(200_000);
      await bench.run('create table books (words longtext)');
      await bench.run('insert into books values (?)', [huge]);
      const { rows } = await readAll(bench.source, asking('select words from books'));
      expect(rows).toEqual([[huge]]);
    });

    it.each([
      [sample],
      ['select id, city from users;'],
      ['select * from users -- all of them'],
      ['with a as (select 1 as x) select x, x + 1 as y from a union select 3, 4'],
      ['select count(*), max(city), avg(id) from users group by sex'],
      ["select (select city from users where id = 1) as c, 'a', 1.5, null"],
    ])('tells the columns beforehand as they come: %s', async (sql) => {
      const told = await bench.source.columns(asking(sql), never);
      const { columns } = await readAll(bench.source, asking(sql));
      expect(told.map((column) => column.name)).toEqual(columns.map((column) => column.name));
      expect(told.length).toBeGreaterThan(0);
    });

    it('tells the columns of a slow query at once, because it does not run it', async () => {
      expect(await bench.source.columns(asking(bench.slow, { timeout: 200 }), never)).toMatchObject([
        { name: 'total' },
      ]);
    });

    it.each([
      ['select missing from users', 'query-unknown-name'],
      ['select * from nowhere', 'query-unknown-name'],
      ['select from where', 'query-syntax'],
      ['select id from users where id = ?', 'query-placeholder'],
      ['select no_such_function(id) from users', 'query-unknown-function'],
      ['select id, id from users', 'query-doubled-columns'],
      ['delete from users', 'query-not-select'],
      ['select 1; delete from users', 'query-several-statements'],
      ["select * from users into outfile '/tmp/users'", 'query-into'],
      ['select * from users for update', 'query-locks'],
      ['', 'query-empty'],
    ])('refuses %j', async (sql, code) => {
      expect(await problemsOf(bench.source.rows(asking(sql), never))).toContain(code);
      expect(await problemsOf(bench.source.columns(asking(sql), never))).toContain(code);
      const found = await bench.source.check(asking(sql), never);
      expect(found.map((problem) => problem.code)).toContain(code);
      expect((await readAll(bench.source, asking('select count(*) from users'))).rows).toEqual([[3]]);
    });

    it('ends a query that takes too long', async () => {
      const reading = readAll(bench.source, asking(bench.slow, { timeout: 150 }));
      expect(await problemsOf(reading)).toEqual(['query-too-long']);
    });

    it('ends a query when it is told to, with the reason it was given', async () => {
      const cancel = new AbortController();
      const reason = new Error('cancelled by a person');
      const reading = bench.source.rows(asking(bench.slow), cancel.signal);
      // Some time after the query was sent; whenever it is, the outcome is the same.
      setTimeout(() => cancel.abort(reason), 100);
      await expect(reading.then(({ batches }) => batches[Symbol.asyncIterator]().next())).rejects.toBe(
        reason,
      );
    });

    it('does nothing for a signal that is aborted already', async () => {
      const reason = new Error('too late');
      await expect(bench.source.rows(asking('select 1'), AbortSignal.abort(reason))).rejects.toBe(reason);
      await expect(bench.source.columns(asking('select 1'), AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it('can be left in the middle of an answer', async () => {
      const { batches } = await bench.source.rows(asking('select n from numbers'), never);
      for await (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        break;
      }
      const { batches: untouched } = await bench.source.rows(asking('select n from numbers'), never);
      await untouched[Symbol.asyncIterator]().return?.();
    });

    it('reads several queries side by side', async () => {
      const all = await Promise.all(
        [1, 2, 3].map((id) => readAll(bench.source, asking(`select nickname from users where id = ${id}`))),
      );
      expect(all.map(({ rows }) => rows[0]?.[0])).toEqual(['小明😀', 'O\'Neil\n"x"', '']);
    });

    it('has nothing to say against a good query but warnings', async () => {
      const found = await bench.source.check(asking(sample), never);
      expect(found.filter((problem) => !problem.code.startsWith('warn-'))).toEqual([]);
    });

    it('says where a problem is: of the query in the file, of the account at the setting', async () => {
      const found = await bench.source.check(asking('select * from nowhere'), never);
      expect(found.map(({ code, where }) => [code, where])).toEqual(
        found.map(({ code }) => [code, code.startsWith('warn-') ? 'CONNECTION_SHOP' : 'syncs/orders.yaml:5']),
      );
    });

    it.each([
      ['select id\u00a0from users', 'no-break space (U+00A0)', '不换行空格'],
      ['select id,\n  city\u3000from users', 'Line 2 of the query has an ideographic space', '第 2 行'],
      ['select id，city from users', '， (U+FF0C)', '全角或特殊字符 ，'],
      ['select max（id） from users', '（ (U+FF08)', '（'],
      ['select id from users where city = ‘x’', '‘ (U+2018)', '‘'],
    ])('names a character that only looks right: %j', async (sql, en, zh) => {
      const [found] = await bench.source.check(asking(sql), never);
      expect(found?.cure.en).toContain(en);
      expect(found?.cure.zh).toContain(zh);
      expect(`${found?.message.en}`).not.toMatch(/[\u00a0\u3000]/);
    });

    it('ends what it reads when it is stopped', async () => {
      const second = await open();
      const reading = problemsOf(readAll(second.source, asking(second.slow)));
      await second.source.stop();
      expect(await reading).toEqual(['stopped']);
      await second.close();
    });
  });
}

/** The canonical cells that a table gets for a row. */
const cellsOf = (columns: readonly Column[], row: readonly Value[]): unknown[] =>
  row.map((value, i) => {
    const column = columns[i] ?? { name: '', type: 'any' };
    const kind = sampleKinds[i] ?? 'text';
    const field: Field = { id: 'f', name: column.name, kind, look: '', primary: false };
    const place = { column, field, rule: {}, zone: zoneOf('Asia/Shanghai'), hidden: false };
    return value === null ? '' : kinds.get(kind)?.wanted(place)(value);
  });
