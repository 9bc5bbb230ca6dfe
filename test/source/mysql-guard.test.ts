import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judgeQuery } from '../../src/sync/definition/query.ts';
import type { Dialect } from '../../src/sync/definition/sql.ts';
import { testDatabase } from '../support/mysql.ts';
import type { TestDatabase } from '../support/mysql-server.ts';

let database: TestDatabase;
let reader: Connection;
let writer: Connection;

beforeAll(async () => {
  database = await testDatabase();
  await database.query('create table t (id int primary key, a int, `into` int)');
  await database.query('insert into t values (1, 2, 3)');
  [reader, writer] = await Promise.all([
    mysql.createConnection(database.url),
    mysql.createConnection(database.url),
  ]);
  await writer.query('set innodb_lock_wait_timeout = 0');
  await reader.query('set autocommit = 0');
});

afterAll(async () => {
  await Promise.all([reader.end(), writer.end()]);
  await database.drop();
});

const modes: readonly (readonly [Dialect, string])[] = [
  ['mysql', ''],
  ['ansi-mysql', 'ANSI_QUOTES'],
  ['plain-mysql', 'NO_BACKSLASH_ESCAPES'],
  ['plain-mysql', 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'],
];

// A name for each attempt: a server does not write over a file.
const place = join(tmpdir(), `guard-${process.pid}-`);
const pieces = fc.constantFrom(
  ...[
    '1',
    '1.5',
    '.5',
    '1.',
    '1e1',
    '1.e1',
    '1.5e-3',
    '1.e',
    '2.5e',
    '0x1F',
    "x'41'",
    '0b1',
    '\\N',
    '@a',
    '@',
    't.1',
    't.into',
  ],
  ...["'", '"', '`', '\\', "'a'", '"a"', '`a`', "''", "'\\'", '"\\"', "'\\''"],
  ...['-- ', '--', '#', '/*', '*/', '\n', ' ', ' ', ' ', ',', '-', '+', '(', ')', ';', '.', '\0'],
  ...['as ', 'a', 'id', ' where id > ', ' limit 1', ' union select 2', ' from t', ' from t ', '>', '='],
  ...[
    `into outfile 'FILE'`,
    `into dumpfile 'FILE'`,
    'into @b',
    'for update',
    'lock in share mode',
    'INTO/**/OUTFILE "FILE"',
  ],
);
const query = fc
  .tuple(
    fc.array(pieces, { minLength: 1, maxLength: 8 }),
    fc.constantFrom('', ' from t', '\nfrom t where id > 0.0'),
    fc.array(pieces, { maxLength: 4 }),
  )
  .map(([cells, from, end]) => `select ${cells.join('')}${from}${end.join('')}`);

it('what the guard passes has columns and writes nothing, however the server reads it', async () => {
  let attempt = 0;
  let ran = 0;
  for (const [dialect, mode] of modes) {
    await reader.query('set sql_mode = ?', [mode]);
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        attempt += 1;
        const file = `${place}${attempt}`;
        const sql = text.replaceAll('FILE', file);
        if (judgeQuery(sql, dialect).length > 0) return;
        const done = await reader.query(sql).then(
          ([answer]) => ({ rows: Array.isArray(answer) }),
          () => undefined,
        );
        if (done === undefined) return;
        ran += 1;
        expect([sql, done.rows]).toEqual([sql, true]);
        expect([sql, existsSync(file)]).toEqual([sql, false]);
        await writer.query('update t set a = a + 1');
        await reader.rollback();
      }),
      { numRuns: 600 },
    );
  }
  expect(ran).toBeGreaterThan(50);
});
