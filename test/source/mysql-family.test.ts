import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Source } from '../../src/run/ports.ts';
import { mysqlSource } from '../../src/source/mysql/mysql.ts';
import { testDatabase } from '../support/mysql.ts';
import { type MysqlProxy, type Otherwise, startMysqlProxy } from '../support/mysql-proxy.ts';
import type { TestDatabase } from '../support/mysql-server.ts';
import { asking, never, problemsOf, readAll, slowQuery } from './contract.ts';

let database: TestDatabase;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await database.query('create table goods (id int primary key, name char(10), f float, price int)');
  await database.query(
    "insert into goods values (1, '茶😀', 1.5, 1234), (2, 'b', 2.5, 7), (3, '', null, null)",
  );
});

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

afterAll(() => database.drop());

async function behind(otherwise: Otherwise): Promise<{ source: Source; proxy: MysqlProxy }> {
  const proxy = await startMysqlProxy(database.url, otherwise);
  const source = mysqlSource(proxy.url, { where: 'CONNECTION_SHOP', clock: systemClock });
  open.push(proxy, source);
  return { source, proxy };
}

/** Calls itself another server. */
const called = (version: string) => (sql: string) =>
  sql.includes('version()') ? { sql: sql.replace('version()', `'${version}'`) } : undefined;

const codes = async (source: Source): Promise<string[]> =>
  (await source.check(asking('select id from goods'), never)).map(({ code }) => code);

const all = 'select id, name, f, price / 100 as price from goods order by id desc';
const rows = [
  [3, '', null, null],
  [2, 'b', 2.5, '0.0700'],
  [1, '茶😀', 1.5, '12.3400'],
];

describe('a server of the family', () => {
  it('may have no read-only sessions: a notice, and it is read', async () => {
    const version = called('8.0.11-TiDB-v7.5.0');
    const { source } = await behind({
      rule: (sql) =>
        sql.includes('transaction read only')
          ? { errno: 1235, message: 'function READ ONLY has only noop implementation in tidb now' }
          : version(sql),
    });
    expect(await codes(source)).toEqual(['warn-file-right', 'warn-not-read-only']);
    expect((await readAll(source, asking(all))).rows).toEqual(rows);
  });

  it.each([
    ['no prepared statements', { errno: 1047, message: 'Unsupported command' }],
    ['prepared statements that tell no columns', 'no-columns'],
  ] as const)('may have %s: its columns are told all the same', async (_, ruling) => {
    const { source } = await behind({ rule: (__, how) => (how === 'prepare' ? ruling : undefined) });
    const columns = await source.columns(asking(`${all}; -- all of it`), never);
    expect(columns).toMatchObject([
      { name: 'id', type: 'integer' },
      { name: 'name', type: 'text' },
      { name: 'f', type: 'float' },
      { name: 'price', type: 'decimal' },
    ]);
    expect((await readAll(source, asking(all))).rows).toEqual(rows);
    const slow = await source.columns(asking(slowQuery(1000), { timeout: 500 }), never);
    expect(slow).toMatchObject([{ name: 'total' }]);
    const refused = async (sql: string): Promise<string[]> => problemsOf(source.columns(asking(sql), never));
    expect(await refused('select id, id from goods')).toEqual(['query-doubled-columns']);
    expect(await refused('select nothing from goods')).toEqual(['query-unknown-name']);
    expect(await refused("select 1 into outfile '/tmp/x'")).toEqual(['query-into']);
    expect(await codes(source)).toEqual(['warn-file-right']);
  });

  it('is never asked to run a statement without columns', async () => {
    const { source, proxy } = await behind({
      rule: (sql) =>
        sql.includes('select 1 as a') ? { sql: sql.replace('select 1 as a', 'do 1') } : undefined,
    });
    expect(await problemsOf(source.rows(asking('select 1 as a'), never))).toEqual(['query-no-columns']);
    expect(proxy.heard.filter((sql) => sql.includes('select 1 as a'))).toHaveLength(2);
  });

  it.each([
    [
      1105,
      'context deadline exceeded: Query execution was interrupted, maximum statement execution time exceeded',
      'query-too-long',
    ],
    [4012, 'Timeout, query has reached the maximum query timeout: 10000000(us)', 'query-too-long'],
    [8175, 'Your query has been cancelled due to exceeding the allowed memory limit', 'query-memory'],
    [1105, 'something else', 'query-failed'],
    [1184, "Aborted connection 7 to db: 'shop' (init_connect command failed)", 'init-connect-failed'],
  ])('ends a query with %i %s', async (errno, message, code) => {
    const { source } = await behind({ rule: (sql) => (sql === all ? { errno, message } : undefined) });
    expect(await problemsOf(readAll(source, asking(all)))).toEqual([code]);
  });

  it('gets the time limit in its own variable', async () => {
    const { source, proxy } = await behind({
      rule: (sql) =>
        sql.startsWith('show session variables')
          ? {
              sql: `select lower(variable_name), variable_value from information_schema.session_variables
                ${sql.slice(sql.indexOf('where'))} union all select 'ob_query_timeout', '10000000'`,
            }
          : called('5.7.25-OceanBase_CE-v4.2.1.0')(sql),
    });
    // What it does not take does not keep the rest from it.
    expect((await readAll(source, asking(all))).rows).toEqual(rows);
    expect(proxy.heard).toContain('set session ob_query_timeout = 30000000');
  });

  it.each([
    ['5.7.25-TiDB-v5.4.0', 'kill tidb '],
    ['8.0.11-TiDB-v6.1.0', 'kill '],
  ])('%s is told to end a query with "%s…"', async (version, words) => {
    const { source, proxy } = await behind({
      rule: (sql) =>
        sql.startsWith('kill tidb ') ? { sql: sql.replace('kill tidb', 'kill') } : called(version)(sql),
    });
    const cancel = new AbortController();
    const reading = source.rows(asking(`${slowQuery(1000)} /* of ${version} */`), cancel.signal);
    await database.runs(`of ${version}`, true);
    cancel.abort(new Error('cancelled'));
    await expect(reading).rejects.toThrow('cancelled');
    await database.runs(`of ${version}`, false);
    expect(proxy.heard).toContainEqual(expect.stringMatching(new RegExp(`^${words}\\d+$`)));
  });

  it('may send reads to replicas, which is told', async () => {
    const { source } = await behind({ rule: called('8.0.13-PolarDB') });
    expect(await codes(source)).toEqual(['warn-file-right', 'warn-replicas']);
  });
});

describe('whatever a server or a proxy has set for everybody', () => {
  it.each([
    ['set names latin1'],
    ['set names gbk'],
    ['set character_set_results = utf8mb3'],
    ['set character_set_results = null'],
    ['set sql_select_limit = 1'],
    ["set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'"],
    ['set div_precision_increment = 0'],
    [
      "set time_zone = '-12:00', max_error_count = 0, max_sort_length = 64, sql_big_selects = 0, max_join_size = 1",
    ],
    ["set autocommit = 0, tx_isolation = 'SERIALIZABLE', sql_auto_is_null = 1"],
  ])('%s changes nothing', async (first) => {
    const { source } = await behind({ first: [first] });
    expect((await readAll(source, asking(all))).rows).toEqual(rows);
    const joined = "select group_concat(name order by id separator '，') as names from goods";
    expect((await readAll(source, asking(joined))).rows).toEqual([['茶😀，b，']]);
    expect(await database.query('select id from goods where id = 1 for update nowait')).toHaveLength(1);
  });

  it('is kept where it says what a query means', async () => {
    const { source } = await behind({
      first: ["set sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', lc_time_names = 'zh_CN'"],
    });
    const sql = `select "name" || '\\'' as a, date_format('2026-01-01', '%M') as m, '"' as "b\\" from goods where id = 2`;
    const answer = await readAll(source, asking(sql));
    expect(answer).toMatchObject({ rows: [["b'", '一月', '"']], columns: [{}, {}, { name: 'b\\' }] });
  });

  it.each([
    ['set names', 'character_set_client=latin1', 'set names latin1'],
    ['set session', 'sql_select_limit=1', 'set sql_select_limit = 1'],
    ['set session transaction', 'tx_read_only=OFF', 'do 0'],
    ['set session', 'time_zone=-12:00', "set time_zone = '-12:00'"],
  ])('stops the run when "%s" has no effect: %s', async (beginning, wrong, first) => {
    const { source, proxy } = await behind({
      first: [first],
      rule: (sql) => (sql.startsWith(beginning) ? { sql: 'do 0' } : undefined),
    });
    const found = await source.check(asking(all), never);
    expect(found).toMatchObject([
      { code: 'session-not-set', message: { en: expect.stringContaining(wrong) } },
    ]);
    expect(await problemsOf(readAll(source, asking(all)))).toEqual(['session-not-set']);
    expect(proxy.heard).not.toContain(all);
  });

  it('stops the run when the session is another one after the query than before', async () => {
    const { source } = await behind({
      rule: (sql) => (sql === 'show warnings' ? { sql: 'set sql_select_limit = 3' } : undefined),
    });
    expect(await problemsOf(readAll(source, asking(all)))).toEqual(['session-not-set']);
  });
});
