import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Clock, Source } from '../../src/run/ports.ts';
import { mysqlSource } from '../../src/source/mysql/mysql.ts';
import { type FakeMysql, type Reply, setUp, startFakeMysql } from '../support/fake-mysql.ts';
import { testDatabase } from '../support/mysql.ts';
import type { TestDatabase } from '../support/mysql-server.ts';
import { asking, never, problemsOf, readAll, slowQuery } from './contract.ts';

let database: TestDatabase;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await database.query('create table moments (t timestamp null)');
});

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

afterAll(() => database.drop());

function sourceOf(url: string, clock: Clock = systemClock): Source {
  const source = mysqlSource(url, { where: 'CONNECTION_SHOP', clock });
  open.push(source);
  return source;
}

/** A server that knows zones or not, and answers one number. */
async function fake(version: string, { zones = true, sqlMode = '' } = {}): Promise<FakeMysql> {
  const ready = setUp(version, { zones, sqlMode });
  const server = await startFakeMysql(version, (sql): Reply => {
    const reply = ready(sql);
    if (reply) return reply;
    if (sql === 'show grants')
      return { columns: ['g'], rows: [['GRANT SELECT ON `shop`.* TO `reader`@`%`']] };
    return { columns: ['a'], rows: [['1']] };
  });
  open.push(server);
  return server;
}

describe('the time zone of a read', () => {
  it('decides what a TIMESTAMP shows', async () => {
    await database.query("set time_zone = '+00:00'");
    await database.query("insert into moments values ('2026-01-31 00:00:00')");
    const source = sourceOf(database.url);
    const shown = async (timeZone: string) =>
      (await readAll(source, asking('select t from moments', { timeZone }))).rows;
    expect(await shown('Asia/Shanghai')).toEqual([['2026-01-31 08:00:00']]);
    expect(await shown('America/New_York')).toEqual([['2026-01-30 19:00:00']]);
    expect(await shown('UTC')).toEqual([['2026-01-31 00:00:00']]);
  });

  it('follows daylight saving time by name', async () => {
    const sql =
      'select from_unixtime(1773039599) as before_change, from_unixtime(1773039600) as after_change';
    const { rows } = await readAll(sourceOf(database.url), asking(sql, { timeZone: 'America/New_York' }));
    expect(rows).toEqual([['2026-03-09 02:59:59', '2026-03-09 03:00:00']]);
    const winter = await readAll(
      sourceOf(database.url),
      asking('select from_unixtime(1772953199), from_unixtime(1772953200)', { timeZone: 'America/New_York' }),
    );
    expect(winter.rows).toEqual([['2026-03-08 01:59:59', '2026-03-08 03:00:00']]);
  });

  it('keeps the two instants apart that an autumn hour shows alike, in the order of the query', async () => {
    await database.query('create table nights (id int primary key, t timestamp(3) null, u timestamp null)');
    await database.query("set time_zone = '+00:00'");
    await database.query(
      `insert into nights values (1, '2026-11-01 05:30:59.250', '2026-11-01 06:00:00'),
       (2, '2026-11-01 06:30:59.250', '2026-11-01 05:59:59'), (3, '2026-11-01 07:00:00', null), (4, null, null)`,
    );
    const asked = async (sql: string, timeZone = 'America/New_York') =>
      readAll(sourceOf(database.url), asking(sql, { timeZone }));
    const table = 'select id, t, u from nights order by id desc; -- newest first';
    const wrapped = await asked(table);
    expect(wrapped.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id integer',
      't timestamp',
      'u timestamp',
    ]);
    const newYork = [
      [4, null, null],
      [3, '2026-11-01 02:00:00.000', null],
      [2, '2026-11-01 01:30:59.250-05:00', '2026-11-01 01:59:59-04:00'],
      [1, '2026-11-01 01:30:59.250-04:00', '2026-11-01 01:00:00-05:00'],
    ];
    expect(wrapped.rows).toEqual(newYork);
    const cte = await asked('with all_of as (select * from nights) select * from all_of');
    expect(cte.rows).toEqual([...newYork].reverse());
    // What cannot stand inside another query is read as it is.
    const plain = await asked('select sql_no_cache t from nights where id < 3 order by id');
    expect(plain.rows).toEqual([['2026-11-01 01:30:59.250'], ['2026-11-01 01:30:59.250']]);
    const moved = await asked('select t from nights where id = 2', 'Asia/Tokyo');
    expect(moved.rows).toEqual([['2026-11-01 15:30:59.250']]);
  });

  it('still decides what the words of the query mean when a TIMESTAMP stands beside them', async () => {
    await database.query('create table beside (t timestamp null)');
    await database.query("set time_zone = '+00:00'");
    await database.query("insert into beside values ('2026-07-01 02:00:00')");
    const sql =
      'select t, date(t) as day, from_unixtime(0) as began, @@session.time_zone as zone from beside';
    const { rows } = await readAll(sourceOf(database.url), asking(sql, { timeZone: 'America/New_York' }));
    expect(rows).toEqual([['2026-06-30 22:00:00', '2026-06-30', '1969-12-31 19:00:00', 'America/New_York']]);
  });

  it('is named to a server that knows the name', async () => {
    const server = await fake('8.4.0');
    await readAll(sourceOf(server.url), asking('select 1 as a', { timeZone: 'Asia/Kolkata' }));
    expect(server.heard).toContainEqual(expect.stringContaining("time_zone = 'Asia/Kolkata'"));
  });

  it.each([
    ['Asia/Shanghai', '+08:00'],
    ['Asia/Kolkata', '+05:30'],
    ['UTC', '+00:00'],
  ])('%s is %s to a server without zone tables', async (timeZone, offset) => {
    const server = await fake('8.4.0', { zones: false });
    await readAll(sourceOf(server.url), asking('select 1 as a', { timeZone }));
    expect(server.heard).toContainEqual(expect.stringContaining(`time_zone = '${offset}'`));
  });

  it('is refused, with the cure, when it changes and the server has no zone tables', async () => {
    const server = await fake('8.4.0', { zones: false });
    const query = asking('select 1 as a', { timeZone: 'Europe/Berlin' });
    expect(await problemsOf(sourceOf(server.url).rows(query, never))).toEqual(['no-zone-tables']);
    const found = await sourceOf(server.url).check(query, never);
    expect(found).toMatchObject([
      { code: 'no-zone-tables', cure: { en: expect.stringContaining('mysql_tzinfo_to_sql') } },
    ]);
    expect(server.heard).not.toContain('select 1 as a');
  });

  it('is refused by a real server that does not know it either', async () => {
    const query = asking('select 1 as a', { timeZone: 'Africa/Casablanca' });
    const found = await sourceOf(database.url).check(query, never);
    // A server that was given for the tests may know every zone.
    const [row] = await database.query("select convert_tz('2020-01-01', 'UTC', 'Africa/Casablanca') as t");
    expect(found.some((problem) => problem.code === 'no-zone-tables')).toBe(row?.['t'] === null);
  });

  it('warns when an offset stands in for a zone that changed its clocks long ago', async () => {
    const server = await fake('8.4.0', { zones: false });
    const shanghai = await sourceOf(server.url).check(asking('select 1 as a'), never);
    expect(shanghai.map((problem) => problem.code)).toContain('warn-no-zone-tables');
  });
});

describe('the session', () => {
  it('only reads, with a time limit in the words of the server', async () => {
    const mysql = await fake('8.4.0');
    await readAll(sourceOf(mysql.url), asking('select 1 as a', { timeout: 1500 }));
    expect(mysql.heard).toContain('set session transaction read only');
    expect(mysql.heard).toContainEqual(expect.stringContaining('max_execution_time = 1500'));
    const maria = await fake('11.4.2-MariaDB');
    await readAll(sourceOf(maria.url), asking('select 1 as a', { timeout: 1500 }));
    expect(maria.heard).toContainEqual(expect.stringContaining('max_statement_time = 1.5'));
  });

  it('cannot write, not even through a function', async () => {
    await database.query('create table written (n int)');
    await database.query(
      'create function sneak() returns int deterministic begin insert into written values (1); return 1; end',
    );
    expect(await problemsOf(readAll(sourceOf(database.url), asking('select sneak() as n')))).toEqual([
      'query-writes',
    ]);
    expect(await database.query('select * from written')).toEqual([]);
  });

  it('leaves column names alone that older drivers make reserved words', async () => {
    const sql = 'select count, sum from (select 1 as count, 2 as sum) x';
    expect((await readAll(sourceOf(database.url), asking(sql))).rows).toEqual([[1, 2]]);
  });

  it('judges the query as the server reads it', async () => {
    const server = await fake('8.4.0', { sqlMode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' });
    const sneaky = "select '\\' into outfile '/tmp/x' -- '";
    expect(await problemsOf(sourceOf(server.url).rows(asking(sneaky), never))).toEqual(['query-into']);
    expect(server.heard).not.toContain(sneaky);
  });

  it('does not let the connection URL undo its safety', () => {
    expect(() => sourceOf(`${database.url}?multipleStatements=true`)).toThrow('wrong-connection-url');
  });

  it('says that a query cannot have placeholders', async () => {
    expect(await problemsOf(sourceOf(database.url).columns(asking('select ? as a'), never))).toEqual([
      'query-placeholder',
    ]);
  });
});

describe('a query that takes too long', () => {
  it('is ended by the server', async () => {
    const reading = readAll(sourceOf(database.url), asking(slowQuery(1000), { timeout: 100 }));
    expect(await problemsOf(reading)).toEqual(['query-too-long']);
  });

  it('is ended by us when the server does not keep to its limit', async () => {
    let late = (): void => {};
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (ms) =>
        ms < 60_000
          ? systemClock.sleep(ms)
          : new Promise((resolve) => {
              late = resolve;
            }),
    };
    const sql = `${slowQuery(1000)} /* overslept */`;
    const reading = problemsOf(readAll(sourceOf(database.url, clock), asking(sql, { timeout: 100_000 })));
    await database.runs('overslept', true);
    late();
    expect(await reading).toEqual(['query-too-long']);
    await database.runs('overslept', false);
  });

  it('is ended on the server when nobody wants its answer any more', async () => {
    const cancel = new AbortController();
    const reading = sourceOf(database.url).rows(asking(`${slowQuery(1000)} /* unwanted */`), cancel.signal);
    await database.runs('unwanted', true);
    cancel.abort(new Error('cancelled'));
    await expect(reading).rejects.toThrow('cancelled');
    await database.runs('unwanted', false);
  });
});
