import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { sqliteSource } from '../../src/source/sqlite.ts';
import { asking, type Bench, describeSource, never, problemsOf, readAll, slowQuery } from './contract.ts';

async function open(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  const path = join(folder, 'my shop.db');
  const database = new Database(path);
  database.exec('create table first (id integer)');
  const source = sqliteSource(path, { where: 'CONNECTION_SHOP', clock: systemClock });
  return {
    source,
    slow: slowQuery(200),
    async run(sql, values = []) {
      database
        .prepare(sql)
        .run(
          ...values.map((value) =>
            typeof value === 'string' && /^\d{16,}$/.test(value) ? BigInt(value) : value,
          ),
        );
    },
    async close() {
      await source.stop();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

describeSource('a SQLite source', open);

describe('a SQLite file', () => {
  let folder: string;
  const query = asking('select a from t');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const sourceOf = (name: string, clock = systemClock) =>
    sqliteSource(join(folder, name), { where: 'CONNECTION_SHOP', clock });

  function make(name: string, ...statements: string[]): Database.Database {
    const database = new Database(join(folder, name));
    for (const statement of ['create table t (a)', 'insert into t values (1)', ...statements])
      database.exec(statement);
    return database;
  }

  it('that is missing is not made', async () => {
    expect(await problemsOf(sourceOf('none.db').rows(query, never))).toEqual(['no-database']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is a folder, no database or damaged is said to be so', async () => {
    await mkdir(join(folder, 'folder.db'));
    expect(await problemsOf(sourceOf('folder.db').rows(query, never))).toEqual(['no-database']);
    await writeFile(join(folder, 'letter.db'), 'Dear Sir or Madam, '.repeat(100));
    expect(await problemsOf(sourceOf('letter.db').rows(query, never))).toEqual(['database-broken']);
    make('sound.db').close();
    const content = await readFile(join(folder, 'sound.db'));
    await writeFile(join(folder, 'half.db'), content.fill(7, 4096));
    expect(await problemsOf(sourceOf('half.db').rows(query, never))).toEqual(['database-broken']);
  });

  it.each(['my shop.db', '店铺.db', 'a?mode=rw&b#c%20.db'])('may be called %s', async (name) => {
    make(name).close();
    expect((await readAll(sourceOf(name), query)).rows).toEqual([[1]]);
    expect(await readdir(folder)).toEqual([name]);
  });

  it('in WAL mode is read while somebody writes to it', async () => {
    const writer = make('wal.db', 'pragma journal_mode = wal', 'begin immediate', 'insert into t values (2)');
    expect((await readAll(sourceOf('wal.db'), query)).rows).toEqual([[1]]);
    writer.close();
  });

  it('that stays locked is said to be busy', async () => {
    const writer = make('locked.db', 'begin exclusive');
    expect(
      await problemsOf(sourceOf('locked.db').rows(asking('select a from t', { timeout: 400 }), never)),
    ).toEqual(['database-busy']);
    writer.close();
  });

  it('is not held while its rows are taken', async () => {
    const writer = make('free.db');
    const { batches } = await sourceOf('free.db').rows(query, never);
    writer.exec('insert into t values (2)');
    const rows: unknown[] = [];
    for await (const batch of batches) rows.push(...batch);
    expect(rows).toEqual([[1]]);
    writer.close();
  });

  it('keeps values as they are, whatever their column was declared as', async () => {
    const database = make(
      'loose.db',
      'create table loose (id integer, i integer, r real, t text, n numeric, x)',
      "insert into loose values (1, 'word', 2, 3, '4.50', '5'), (2, 1.5, 'word', x'00', 'word', 5), (3, null, 9e999, '', -0.0, 0.1)",
    );
    const { rows } = await readAll(
      sourceOf('loose.db'),
      asking('select i, r, t, n, x from loose order by id'),
    );
    expect(rows).toEqual([
      ['word', 2, '3', 4.5, '5'],
      [1.5, 'word', Buffer.from([0]), 'word', 5],
      [null, Infinity, '', 0, 0.1],
    ]);
    database.close();
  });

  it('gives text whole that holds a zero character, and text that is broken as bytes', async () => {
    make(
      'odd.db',
      'create table odd (t text)',
      "insert into odd values ('a' || char(0) || 'b'), ('')",
    ).close();
    make(
      'gbk.db',
      'create table odd (t text)',
      "insert into odd values (cast(x'c4e3' as text)), ('你')",
    ).close();
    const all = asking('select t from odd order by rowid');
    expect((await readAll(sourceOf('odd.db'), all)).rows).toEqual([['a\0b'], ['']]);
    expect((await readAll(sourceOf('gbk.db'), all)).rows).toEqual([[Buffer.from([0xc4, 0xe3])], ['你']]);
  });

  it.each(['UTF-16le', 'UTF-16be'])('may keep its text in %s', async (encoding) => {
    const database = new Database(join(folder, 'wide.db'));
    database.exec(`pragma encoding = '${encoding}'`);
    database.exec("create table t (a); insert into t values ('订单😀'), (x'00ff10'), (7)");
    database.close();
    expect((await readAll(sourceOf('wide.db'), query)).rows).toEqual([
      ['订单😀'],
      [Buffer.from([0, 255, 16])],
      [7],
    ]);
  });

  it.each([':name', '@name', '$name', '?1'])('has nothing to fill in for %s', async (words) => {
    make('shop.db').close();
    const asked = asking(`select a from t where a = ${words}`);
    expect(await problemsOf(sourceOf('shop.db').rows(asked, never))).toEqual(['query-placeholder']);
  });

  it('is not written to by what stands behind a backslash, which escapes nothing', async () => {
    make('shop.db').close();
    const hidden = `select a from t where a <> '\\'; attach database '${join(folder, 'new.db')}' as y; create table y.z (a); --'`;
    expect(await problemsOf(sourceOf('shop.db').rows(asking(hidden), never))).toEqual([
      'query-several-statements',
    ]);
    expect(await readdir(folder)).toEqual(['shop.db']);
    const odd = "select a as [into] from t where a like '1\\_' escape '\\' or a = 1 --; the first";
    expect((await readAll(sourceOf('shop.db'), asking(odd))).rows).toEqual([[1]]);
  });

  it('lets the program work on while a query is slow', async () => {
    make('slow.db').close();
    const state = { turns: 0, ended: false };
    const reading = readAll(sourceOf('slow.db'), asking(slowQuery(150))).finally(() => {
      state.ended = true;
    });
    while (!state.ended) {
      await new Promise((resolve) => setImmediate(resolve));
      state.turns += 1;
    }
    expect((await reading).rows).toEqual([[150 ** 3]]);
    expect(state.turns).toBeGreaterThan(100);
  });
});
