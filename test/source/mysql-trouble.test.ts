import { createServer } from 'node:net';
import mysql from 'mysql2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Source } from '../../src/run/ports.ts';
import { mysqlSource } from '../../src/source/mysql/mysql.ts';
import type { ProblemError } from '../../src/sync/words/problem.ts';
import { setUp, startFakeMysql } from '../support/fake-mysql.ts';
import { testDatabase } from '../support/mysql.ts';
import type { TestDatabase } from '../support/mysql-server.ts';
import { asking, never, problemsOf, readAll, slowQuery } from './contract.ts';

let database: TestDatabase;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  // 60 MB: more than all buffers between server and reader together.
  await database.query('create table heavy (id int primary key, words mediumtext)');
  await database.query(`insert into heavy
    with recursive n(x) as (select 1 union all select x + 1 from n where x < 600) select x, repeat('x', 100000) from n`);
});

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

afterAll(() => database.drop());

function sourceOf(url: string): Source {
  const source = mysqlSource(url, { where: 'CONNECTION_SHOP', clock: systemClock });
  open.push(source);
  return source;
}

function changed(url: string, change: (parsed: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}

/** The ID of the connection that runs a statement with these words. */
/** The thread that carries a statement out; while it is only prepared, killing it does nothing. */
async function threadOf(words: string): Promise<number> {
  for (;;) {
    const [row] = await database.query(
      `select id from information_schema.processlist
       where id <> connection_id() and info like ? and command in ('Query', 'Execute')`,
      [`%${words}%`],
    );
    if (row) return Number(row['id']);
  }
}

async function threadIsGone(thread: number): Promise<void> {
  for (;;) {
    const rows = await database.query('select id from information_schema.processlist where id = ?', [thread]);
    if (rows.length === 0) return;
  }
}

describe('what is wrong with a connection is said in words', () => {
  it.each([
    [
      'a wrong password',
      (url: URL) => {
        url.password = 'wr0ng-s3cret';
      },
      'access-denied',
    ],
    [
      'an unknown user',
      (url: URL) => {
        url.username = 'nobody';
      },
      'access-denied',
    ],
    [
      'an unknown database',
      (url: URL) => {
        url.pathname = '/nowhere';
      },
      'no-database',
    ],
    [
      'a port where nobody listens',
      (url: URL) => {
        url.port = '1';
      },
      'cannot-connect',
    ],
    [
      'a host that does not exist',
      (url: URL) => {
        url.hostname = 'shop.invalid';
      },
      'cannot-connect',
    ],
  ])('%s', async (_, change, code) => {
    const url = changed(database.url, change);
    const failure: unknown = await sourceOf(url)
      .rows(asking('select 1 as a'), never)
      .catch((error: unknown) => error);
    const [problem] = (failure as ProblemError).problems;
    expect(problem).toMatchObject({ code, where: 'CONNECTION_SHOP' });
    expect(problem.cure.zh).not.toBe('');
    expect(JSON.stringify(problem)).not.toContain(new URL(url).password);
    expect(String(failure)).not.toContain(new URL(url).password);
    expect((await sourceOf(url).check(asking('select 1 as a'), never)).map((one) => one.code)).toEqual([
      code,
    ]);
  });

  it('a server that is no database', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    open.push({
      stop: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
        }),
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const [code] = await problemsOf(
      sourceOf(`mysql://a:b@127.0.0.1:${port}/c`).rows(asking('select 1 as a'), never),
    );
    expect(['connection-lost', 'query-failed']).toContain(code);
  });

  it.each([
    ['postgres://a:b@c/d'],
    ['mysql://'],
    ['not a url'],
    ['mysql://a:b@c/d?typeCast=true'],
    ['mysql://a:s3cret%@c/d'],
  ])('a URL that is none: %s', (url) => {
    expect(() => sourceOf(url)).toThrow('wrong-connection-url');
    try {
      sourceOf(url);
    } catch (error) {
      expect(JSON.stringify((error as ProblemError).problems)).not.toContain('s3cret');
    }
  });
});

describe('what an account may not do is told with the statement that helps', () => {
  const reader = `reader_${process.pid}`;
  let url = '';

  beforeAll(async () => {
    const { pathname, hostname, port } = new URL(database.url);
    url = `mysql://${reader}:r3ader@${hostname}:${port}${pathname}`;
    for (const statement of [
      'create table goods (id int primary key, name text, cost int)',
      'create table orders (id int primary key)',
      'create function twice(n int) returns int deterministic return n * 2',
      'create view seen as select id from goods',
      `create user ${reader}@'%' identified by 'r3ader'`,
      `grant select (id, name) on goods to ${reader}@'%'`,
    ]) {
      await database.query(statement);
    }
  });
  afterAll(() => database.query(`drop user ${reader}@'%'`));

  it('a database that it may not even name', async () => {
    const found = await sourceOf(changed(url, (one) => (one.pathname = '/mysql'))).check(
      asking('select 1'),
      never,
    );
    expect(found).toMatchObject([{ code: 'no-right' }]);
    expect(found[0]?.cure.en).toContain(`GRANT SELECT ON \`mysql\`.* TO '${reader}'@'%'`);
  });

  it.each([
    ['select id, twice(id) as t from goods', 'GRANT EXECUTE ON FUNCTION'],
    ['select id, cost from goods', 'GRANT SELECT (`cost`) ON'],
    ['select id from orders', 'GRANT SELECT ON'],
    ['select id from seen', 'GRANT SELECT ON'],
    ['select user from mysql.user', 'GRANT SELECT ON'],
  ])('%s', async (sql, begins) => {
    const found = await sourceOf(url).check(asking(sql), never);
    expect(found).toMatchObject([{ code: 'no-right', where: 'CONNECTION_SHOP' }]);
    const [, grant = ''] = /(GRANT .*)\.$/.exec(found[0]?.cure.en ?? '') ?? [];
    expect(grant).toMatch(new RegExp(`^${begins.replace(/[()]/g, '\\$&')}`));

    await database.query(grant);
    expect(await sourceOf(url).check(asking(sql), never)).toEqual([]);
  });
});

it.each([
  ['select no_such(1) as a', 'query-unknown-function', 'how the function is spelt'],
  ['select a.id from heavy a join heavy b', undefined, ''],
  ['select id from heavy a join heavy b', 'query-ambiguous-name', 'table.column'],
  ['select * from (select 1 as a)', 'query-syntax', ''],
  ['select (select id from heavy) as a', undefined, ''],
  [
    "select concat('a' collate utf8mb4_bin, 'b' collate utf8mb4_general_ci) = 'x' as a",
    'query-collations',
    'COLLATE',
  ],
  ['select substring() as a', 'query-syntax', ''],
  ['select id from heavy a join heavy a', 'query-doubled-name', 'AS'],
  ['select id from heavy where id = ? and words = "?"', 'query-placeholder', 'single quotes'],
  ['select id from heavy where id = :id', 'query-placeholder', 'instead of :id'],
  ['select id from heavy where id = $1', 'query-placeholder', 'instead of $1'],
  ['select id from heavy where id = {{ id }}', 'query-placeholder', 'instead of {{ id }}'],
  ['select id::text as id from heavy', 'query-cast', 'CAST(… AS CHAR)'],
  ['select id, @n := @n + 1 as n from heavy', undefined, ''],
])('what is wrong with %j is told at the query', async (sql, code, cure) => {
  const found = (await sourceOf(database.url).check(asking(sql), never)).filter(
    (one) => !one.code.startsWith('warn-'),
  );
  expect(found.map((one) => one.code)).toEqual(code === undefined ? [] : [code]);
  for (const one of found) expect(one).toMatchObject({ where: 'syncs/orders.yaml:5' });
  expect(found[0]?.cure.en ?? '').toContain(cure);
});

describe('a connection that breaks', () => {
  it('before the answer ends the read', async () => {
    const reading = problemsOf(readAll(sourceOf(database.url), asking(`${slowQuery(1000)} /* to break */`)));
    await database.runs('to break', true);
    await database.query(`kill ${await threadOf('to break')}`);
    expect(await reading).toEqual(['connection-lost']);
  });

  it('in the middle of the rows ends the read, never with a shorter answer', async () => {
    const ready = setUp('8.4.0');
    const server = await startFakeMysql('8.4.0', (sql) => {
      const reply = ready(sql);
      if (reply) return reply;
      return { columns: ['a'], rowsThenCut: [['1'], ['2']] };
    });
    open.push(server);
    expect(await problemsOf(readAll(sourceOf(server.url), asking('select a from t')))).toEqual([
      'connection-lost',
    ]);
  });

  it('says who ended the query when it was killed on the server', async () => {
    const reading = problemsOf(readAll(sourceOf(database.url), asking(`${slowQuery(1000)} /* to kill */`)));
    await database.runs('to kill', true);
    await database.query(`kill query ${await threadOf('to kill')}`);
    expect(await reading).toEqual(['query-killed']);
  });

  it('is told too where the server only warns that rows are missing', async () => {
    const ready = setUp('10.11.0-MariaDB');
    const server = await startFakeMysql('10.11.0-MariaDB', (sql) => {
      const reply = ready(sql);
      if (reply) return reply;
      if (sql.startsWith('show warnings'))
        return { columns: ['Level', 'Code', 'Message'], rows: [['Warning', '1931', 'interrupted']] };
      return { columns: ['a'], rows: [['1']] };
    });
    open.push(server);
    expect(await problemsOf(readAll(sourceOf(server.url), asking('select a from t')))).toEqual([
      'query-cut-short',
    ]);
  });

  it('after the answer does not reach anybody, nor end the process', async () => {
    const uncaught: unknown[] = [];
    const listener = (error: unknown): void => {
      uncaught.push(error);
    };
    process.on('uncaughtException', listener);
    process.on('unhandledRejection', listener);
    const ready = setUp('8.4.0');
    const server = await startFakeMysql('8.4.0', (sql) => {
      const reply = ready(sql);
      if (reply) return reply;
      return { columns: ['a'], rows: [['1']], thenReset: true };
    });
    open.push(server);
    const outcomes = new Set<string>();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      // A reset can overtake the last rows: then the read fails, which is fine too.
      const outcome = await readAll(sourceOf(server.url), asking('select a from t')).then(
        ({ rows }) => `${rows.length} row`,
        (error: ProblemError) => error.problems[0].code,
      );
      outcomes.add(outcome);
    }
    expect([...outcomes].filter((outcome) => outcome !== '1 row' && outcome !== 'connection-lost')).toEqual(
      [],
    );
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    process.off('uncaughtException', listener);
    process.off('unhandledRejection', listener);
    expect(uncaught).toEqual([]);
  });
});

describe('a reader that is slower than net_write_timeout', () => {
  const sql = 'select id, words from heavy order by id /* stalled */';

  it('is cut off when it pauses the connection', async () => {
    const connection = mysql.createConnection({ uri: database.url });
    connection.on('error', () => {});
    await new Promise((resolve) => {
      connection.query('set session net_write_timeout = 1', resolve);
    });
    let rows = 0;
    const outcome = await new Promise<string>((resolve) => {
      const reading = connection.query(sql);
      connection.on('error', () => resolve('cut off'));
      reading.on('error', () => resolve('cut off'));
      reading.on('end', () => resolve('complete'));
      reading.on('result', () => {
        rows += 1;
        if (rows > 1) return;
        connection.pause();
        // Goes on once the server has given up.
        void threadIsGone(connection.threadId).then(() => connection.resume());
      });
    });
    connection.destroy();
    expect(outcome).toBe('cut off');
    expect(rows).toBeLessThan(600);
  });

  it('gets everything from us, because the rows are drained at the pace of the server', async () => {
    const { batches } = await sourceOf(database.url).rows(asking(sql), never);
    const iterator = batches[Symbol.asyncIterator]();
    const first = await iterator.next();
    // The reader stalls until the server is done with the whole answer and the connection is closed.
    await database.runs('stalled', false);
    let rows = first.done ? 0 : first.value.length;
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      rows += next.value.length;
    expect(rows).toBe(600);
  });
});

describe('rights', () => {
  it('are fine when the account only reads', async () => {
    const schema = new URL(database.url).pathname.slice(1);
    await database.query(`create or replace user ${schema}_r identified by 'pass'`);
    await database.query(`grant select on ${schema}.* to ${schema}_r`);
    const url = changed(database.url, (parsed) => {
      parsed.username = `${schema}_r`;
      parsed.password = 'pass';
    });
    expect(await sourceOf(url).check(asking('select id from heavy'), never)).toEqual([]);
    expect(await problemsOf(sourceOf(url).columns(asking('select * from mysql.user'), never))).toEqual([
      'no-right',
    ]);
    await database.query(`drop user ${schema}_r`);
  });

  it('beyond reading are a warning with the GRANT that is needed', async () => {
    const found = await sourceOf(database.url).check(asking('select id from heavy'), never);
    expect(found.map((problem) => problem.code)).toEqual(['warn-file-right']);
    expect(found[0]?.cure.en).toContain(`GRANT SELECT ON \`${new URL(database.url).pathname.slice(1)}\`.*`);
    expect(JSON.stringify(found)).not.toContain('IDENTIFIED BY PASSWORD');
  });
});
