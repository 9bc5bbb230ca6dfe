import { existsSync } from 'node:fs';
import { Kysely, sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/process.ts';
import { moveStore } from '../../src/store/db/copies.ts';
import { content } from '../../src/store/db/migrations.ts';
import { backendOf } from '../../src/store/db/open.ts';
import { columnsOf, type TableShape, type Tables } from '../../src/store/db/schema.ts';
import { openStore } from '../../src/store/open.ts';
import type { ProblemError } from '../../src/sync/words/problem.ts';
import { testDatabase } from '../support/mysql.ts';
import { newWorld } from '../support/world.ts';
import { sqlitePlace } from './places.ts';
import { parts, quiet } from './samples.ts';

const places = {
  SQLite: async () => {
    const { url, remove } = await sqlitePlace();
    onTestFinished(remove);
    return url;
  },
  MySQL: async () => {
    const { url, drop, query } = await testDatabase();
    onTestFinished(drop);
    // Whoever is in the database counts as somebody who works with it.
    await query('use information_schema');
    return url;
  },
};

const fresh = async (url: string): Promise<void> => (await openStore(url, parts)).stop();

function database(url: string): Kysely<Tables> {
  const db = new Kysely<Tables>({ dialect: backendOf(url).dialect });
  onTestFinished(() => db.destroy());
  return db;
}

const whole = [0, -1, 1_700_000_000_123, Number.MAX_SAFE_INTEGER];
const words = ['', 'it\'s \\ "quoted" \n\t', '订单 😀', '\u{1F469}\u200D\u{1F4BB} é'];

/** The value of a column in the n-th row: odd ones of its type. */
function sampleOf(type: string, at: number, key: boolean): unknown {
  if (!type.includes('not null') && at % 3 === 0) return null;
  if (type.startsWith('integer')) return key ? at : at % 1000;
  if (type.startsWith('bigint')) return key ? at : whole[at % whole.length];
  if (type.startsWith('longblob'))
    return Buffer.alloc(at === 5 ? 1_500_000 : at % 700, Buffer.from(everyByte));
  if (type.startsWith('longtext'))
    return JSON.stringify(`${words[at % words.length]}${'长'.repeat(at * 50)}`);
  const word = key ? `k${String(at).padStart(5, '0')}` : `${words[at % words.length]}`;
  return [...word].slice(0, 16).join('');
}
const everyByte = Array.from({ length: 256 }, (_, at) => at);

/** Rows of every table, more than are read at once. The second part of a key changes more often than the first. */
async function fill(url: string): Promise<number> {
  await fresh(url);
  const db = database(url);
  let rows = 0;
  await db.transaction().execute(async (trx) => {
    for (const shape of content) {
      const large = Object.values(shape.columns).some((type) => type.startsWith('long'));
      const names = sql.join(columnsOf(shape).map((one) => sql.ref(one)));
      const row = (at: number) => sql`(${sql.join(columnsOf(shape).map((one) => cellOf(shape, one, at)))})`;
      const all = Array.from({ length: large ? 19 : 520 }, (_, at) => row(at));
      await sql`insert into ${sql.table(shape.name)} (${names}) values ${sql.join(all)}`.execute(trx);
      rows += all.length;
    }
  });
  await db.destroy();
  return rows;
}

function cellOf({ columns, primary, unique = {} }: TableShape, column: string, at: number): unknown {
  // A lease that has not run out is one of a run that goes on.
  if (column === 'until') return 1_700_000_000_123;
  const part = primary.indexOf(column);
  const key = part >= 0 || Object.values(unique).flat().includes(column);
  const spread = part === 0 && primary.length > 1 ? Math.floor(at / 7) : at;
  return sampleOf(columns[column] ?? 'integer not null', spread, key);
}

async function all(url: string, { name, primary }: TableShape): Promise<readonly unknown[]> {
  const db = database(url);
  const order = sql.join(primary.map((one) => sql.ref(one)));
  const { rows } = await sql<object>`select * from ${sql.table(name)} order by ${order}`.execute(db);
  await db.destroy();
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row)
        .map(
          ([key, value]) =>
            [key, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value] as const,
        )
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );
}

const moving = (signal = new AbortController().signal) => ({ clock: systemClock, log: quiet, signal });

describe.each([
  ['SQLite', 'MySQL'],
  ['MySQL', 'SQLite'],
  ['SQLite', 'SQLite'],
] as const)('a store moved from %s to %s', (before, after) => {
  it('has every row of every table, and the old one stays as it was', async () => {
    const [from, to] = [await places[before](), await places[after]()];
    const rows = await fill(from);
    const was: unknown[] = [];
    // One after another: only who closes the file last leaves it free at once.
    for (const shape of content) was.push(await all(from, shape));
    expect(await moveStore(from, to, moving())).toBe(rows);
    for (const [index, shape] of content.entries()) {
      expect(await all(to, shape)).toEqual(was[index]);
      expect(await all(from, shape)).toEqual(was[index]);
    }
    await fresh(to);
    await fresh(from);
    // What is there now is not written over.
    await expect(moveStore(from, to, moving())).rejects.toMatchObject({
      problems: [{ code: 'store-not-empty' }],
    });
  });

  it('is left empty by a copy that breaks off, and can be moved again', async () => {
    const [from, to] = [await places[before](), await places[after]()];
    const store = await openStore(from, parts);
    for (let at = 0; at < 20; at++) await store.facts.width.keep(`m${at}`, 'x');
    await store.seen.first(['a'], 1);
    await store.stop();
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > 16;
      },
    } as AbortSignal;
    await expect(moveStore(from, to, moving(signal))).rejects.toMatchObject({
      problems: [{ code: 'interrupted' }],
    });
    for (const shape of content) expect(await all(to, shape)).toEqual([]);
    expect(await moveStore(from, to, moving())).toBe(21);
  });
});

it.each([
  ['SQLite', 'MySQL', 'from'],
  ['SQLite', 'MySQL', 'to'],
  ['MySQL', 'SQLite', 'from'],
  ['MySQL', 'SQLite', 'to'],
] as const)(
  'moving from %s to %s is refused while somebody works with the one moved %s',
  async (before, after, which) => {
    const urls = { from: await places[before](), to: await places[after]() };
    await fresh(urls.from);
    const bot = await openStore(urls[which], parts);
    await bot.facts.width.keep('a', 'b');
    const refused = moveStore(urls.from, urls.to, moving());
    await expect(refused).rejects.toMatchObject({ problems: [{ code: 'store-in-use' }] });
    await bot.stop();
  },
);

it('a file that is not there is not moved, and not made either', async () => {
  const [from, to] = [await places.SQLite(), await places.SQLite()];
  await expect(moveStore(from, to, moving())).rejects.toMatchObject({ problems: [{ code: 'no-store' }] });
  expect([from, to].map((url) => existsSync(url.slice('sqlite:'.length)))).toEqual([false, false]);
});

it.each(['SQLite', 'MySQL'] as const)('a store on %s is not moved onto itself', async (kind) => {
  const url = await places[kind]();
  await fresh(url);
  await expect(moveStore(url, url, moving())).rejects.toMatchObject({ problems: [{ code: 'store-same' }] });
});

it('a plan that waits is carried out from the new store, whose password is not shown', async () => {
  const world = await newWorld({ orders: 20 });
  await world.run();
  await world.shop.exec("delete from user_orders where id > 'O005'");
  const waiting = await world.run();
  expect(waiting).toMatchObject({ status: 'waiting', exit: 3 });
  const to = await places.MySQL();
  const moved = await world.type(`move-store ${to}`);
  expect(moved).toMatchObject({ exit: 0, json: { status: 'moved' } });
  const { password } = new URL(to);
  if (password !== '') expect(`${moved.out}${moved.err}`).not.toContain(password);
  expect(moved.err).toMatch(/^STORE_URL=mysql:\/\//m);
  world.env['STORE_URL'] = to;
  expect(await world.run(`run orders --approve ${waiting.run}`)).toMatchObject({ status: 'done', exit: 0 });
  await world.expectSame();
});

it.each(['', '-', 'postgres://u:geheim12@h/d', 'mysql://u:geheim12@h'])(
  'move-store %j is refused',
  async (url) => {
    const world = await newWorld({ orders: 1 });
    const { exit, out, err, json } = await world.type(`move-store ${url || '""'}`);
    expect([exit, json]).toMatchObject([2, { status: 'failed', error: { code: 'wrong-setting' } }]);
    expect(`${out}${err}`).not.toContain('geheim12');
  },
);

it('of a new address that does not work the problem says so, and not of the setting', async () => {
  const from = await places.SQLite();
  await fresh(from);
  const wrong = new URL(await places.MySQL());
  Object.assign(wrong, { username: 'nobody', password: 'geheim12' });
  const problemsAt = (to: string) =>
    moveStore(from, to, moving()).then(
      () => [],
      (error: ProblemError) => error.problems,
    );
  const refused = await problemsAt(wrong.href);
  expect(refused).toMatchObject([
    { code: 'store-refused', where: `mysql://nobody@${wrong.host}${wrong.pathname}` },
  ]);
  expect(JSON.stringify(refused)).not.toMatch(/STORE_URL|geheim12/);
  const unusable = await problemsAt('sqlite:/proc/none/store.db');
  expect(unusable).toMatchObject([{ code: 'store-unusable', where: 'sqlite:/proc/none/store.db' }]);
  expect(JSON.stringify(unusable)).not.toContain('STORE_URL');
});
