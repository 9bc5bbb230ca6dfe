import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as letOthersWork } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/process.ts';
import type { Bounds } from '../../src/source/sqlite/process.ts';
import { allowedFunctions } from '../../src/source/sqlite/rules.ts';
import { built, parts } from '../support/program.ts';
import { asking, type Bench, describeSource, never, problemsOf, readAll, slowQuery } from './contract.ts';

// A reader's process starts in a fraction of the time where it needs no loader of TypeScript.
const { sqliteSource } = await parts();

async function open(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  const path = join(folder, 'my shop.db');
  const database = new DatabaseSync(path);
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

  function make(name: string, ...statements: string[]): InstanceType<typeof DatabaseSync> {
    const database = new DatabaseSync(join(folder, name));
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

  it('in WAL mode that nobody has open is read without a file beside it', async () => {
    make('idle #1?.db', 'pragma journal_mode = wal').close();
    expect((await readAll(sourceOf('idle #1?.db'), query)).rows).toEqual([[1]]);
    expect(await readdir(folder)).toEqual(['idle #1?.db']);
  });

  it('in WAL mode is read from one moment, however often it is changed meanwhile', async () => {
    const path = join(folder, 'moved.db');
    make(
      'moved.db',
      'pragma journal_mode = wal',
      `insert into t select 1 from (with recursive n(x) as (select 1 union all select x + 1 from n where x < 50000) select x from n)`,
    ).close();
    const state = { ended: false };
    const reading = readAll(
      sourceOf('moved.db'),
      asking('select a, count(*) as n from t group by a'),
    ).finally(() => {
      state.ended = true;
    });
    while (!state.ended) {
      const writer = new DatabaseSync(path);
      writer.exec('update t set a = a + 1');
      writer.close();
      await letOthersWork();
    }
    expect((await reading).rows).toEqual([[expect.any(Number), 50_001]]);
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
    expect((await readAll(sourceOf('gbk.db'), all)).rows).toEqual([[new Uint8Array([0xc4, 0xe3])], ['你']]);
  });

  it.each(['UTF-16le', 'UTF-16be'])('may keep its text in %s', async (encoding) => {
    const database = new DatabaseSync(join(folder, 'wide.db'));
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

describe('a query of a SQLite source can', () => {
  let folder: string;
  let path: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'source-test-'));
    path = join(folder, 'shop.db');
    const database = new DatabaseSync(path);
    database.exec(`create table t (a); insert into t values (1); create virtual table words using fts5(word);
      create view sly as select sqlite_compileoption_get(0) as a; create table "dbstat2" (a)`);
    database.close();
  });

  afterAll(() => rm(folder, { recursive: true }));

  const source = (bounds?: Bounds) =>
    sqliteSource(path, { where: 'CONNECTION_SHOP', clock: systemClock, ...(bounds ? { bounds } : {}) });
  const refusedFor = async (sql: string): Promise<string> => {
    const [found] = await source().check(asking(sql), never);
    return `${found?.code}: ${found?.message.en}`;
  };

  it.each([
    ["select load_extension('/tmp/x.so') as a", 'the function load_extension'],
    ["select fts3_tokenizer('simple') as a", 'the function fts3_tokenizer'],
    ["select sqlite_log(1, 'x') as a from t", 'the function sqlite_log'],
    ['select a from sly', 'the function sqlite_compileoption_get'],
    ['select a from t where exists (select 1 from (select SQLITE_LOG(1, a)))', 'the function sqlite_log'],
    ['select name from dbstat', 'dbstat is not an ordinary table'],
    ["select count(*) as a from pragma_table_info('t')", 'pragma_table_info is not an ordinary table'],
    ["select input from fts3tokenize('simple')", 'fts3tokenize is not an ordinary table'],
    ['select word from words', 'words is not an ordinary table'],
    ['with x as (select * from words) select count(*) as a from x', 'words is not an ordinary table'],
  ])('not reach beyond its tables: %s', async (sql, words) => {
    expect(await refusedFor(sql)).toContain(`query-refused: The query was refused: ${words}`);
  });

  it('read what is its own in every ordinary way', async () => {
    const sql = `with recursive n(x) as (select 1 union all select x + 1 from n where x < 3)
      select n.x, j.value, sum(n.x) over (order by n.x), (select count(*) from sqlite_schema where name = 't')
      from n join json_each('[7,8]') j on j.key = n.x - 1`;
    expect((await readAll(source(), asking(sql))).rows).toEqual([
      [1, 7, 1, 1],
      [2, 8, 3, 1],
    ]);
  });

  it.each([
    [
      'memory',
      `select ${Array.from({ length: 20 }, (_, i) => `hex(zeroblob(16000000 + ${i})) as c${i}`).join(', ')}`,
    ],
    [
      'temporary files',
      'with recursive n(x) as (select 1 union all select x + 1 from n) select x, randomblob(4000) as y from n order by y',
    ],
  ])('not take %s without end', async (what, sql) => {
    const failure = await readAll(
      source({ memory: 200 * 1024 ** 2, files: 20 * 1024 ** 2 }),
      asking(sql),
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({ problems: [{ code: 'query-too-large' }] });
    expect(String(failure)).toContain(`of ${what} and was ended`);
  });

  it('not make values beyond counting', async () => {
    expect(await problemsOf(readAll(source(), asking('select zeroblob(900000000) as a')))).toEqual([
      'query-too-large',
    ]);
  });

  it('find nothing of the program around it', async () => {
    const { env } = process;
    expect(Object.keys(env).length).toBeGreaterThan(3);
    const reading = source().rows(asking('select a from t'), never);
    const { batches } = await reading;
    const children = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim().split(' ');
    const readers: string[] = [];
    for (const child of children) {
      const [line, names] = await Promise.all([
        readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => ''),
        readFile(`/proc/${child}/environ`, 'utf8').catch(() => ''),
      ]);
      if (line.includes('sqlite/reader'))
        readers.push(...names.split('\0').map((one) => one.split('=')[0] ?? ''));
    }
    await batches[Symbol.asyncIterator]().return?.();
    expect(new Set(readers.filter(Boolean))).toEqual(
      new Set([
        'SQLITE_TMPDIR',
        'NODE_CHANNEL_FD',
        'NODE_CHANNEL_SERIALIZATION_MODE',
        ...('TZ' in env ? ['TZ'] : []),
      ]),
    );
  });
});

it('a reader does not outlive the program that asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  new DatabaseSync(join(folder, 'shop.db')).close();
  const program = `const { sqliteSource } = await import(${JSON.stringify(pathToFileURL(join(await built(), 'source/sqlite/sqlite.js')))});
    const { systemClock } = await import(${JSON.stringify(pathToFileURL(join(await built(), 'process.js')))});
    const source = sqliteSource('${folder}/shop.db', { where: 'X', clock: systemClock });
    source.rows({ sql: ${JSON.stringify(slowQuery(2000))}, timeout: 60000, timeZone: 'UTC' }, new AbortController().signal);
    const { readFileSync } = await import('node:fs');
    const look = setInterval(() => {
      const [child] = readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').split(' ');
      if (child) { console.log(child); clearInterval(look); }
    }, 10);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const reader = Number(line);
  child.kill('SIGKILL');
  await expect.poll(() => isAlive(reader), { timeout: 20_000 }).toBe(false);
  await rm(folder, { recursive: true });
});

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has waited for is no longer at work.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it('every function and module that the driver brings was judged', () => {
  const database = new DatabaseSync(':memory:');
  const namesIn = (list: string): Set<string> =>
    new Set(
      database
        .prepare(`select name from pragma_${list}`)
        .all()
        .map(({ name }) => String(name)),
    );
  const refused =
    `bm25 changes fts3_tokenizer fts5 fts5_get_locale fts5_insttoken fts5_locale fts5_source_id geopoly_area
    geopoly_bbox geopoly_blob geopoly_ccw geopoly_contains_point geopoly_debug geopoly_group_bbox geopoly_json
    geopoly_overlap geopoly_regular geopoly_svg geopoly_within geopoly_xform highlight last_insert_rowid load_extension
    match matchinfo offsets optimize rtreecheck rtreedepth rtreenode snippet sqlite_compileoption_get
    sqlite_compileoption_used sqlite_log sqlite_source_id total_changes`.split(/\s+/);
  expect(new Set([...allowedFunctions, ...refused])).toEqual(namesIn('function_list'));
  // None of them may be read, see `refusal`; json_each and json_tree are made when they are first named.
  const modules = 'dbstat fts3 fts3tokenize fts4 fts4aux fts5 fts5vocab geopoly rtree rtree_i32';
  expect(namesIn('module_list')).toEqual(
    new Set([...modules.split(' '), 'pragma_module_list', 'pragma_function_list']),
  );
  database.close();
});
