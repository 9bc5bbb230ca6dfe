import { expect, it, onTestFinished } from 'vitest';
import { realShop } from '../../src/demo/mysql.ts';
import { ProblemError } from '../../src/sync/words/problem.ts';
import { testDatabase } from '../support/mysql.ts';
import { play } from './stage.ts';

async function database() {
  const made = await testDatabase();
  onTestFinished(() => made.drop());
  return made;
}

const problemOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error(`no problem: ${String(error)}`);
  return error.problems[0];
};

it('makes the shop in an empty database, says so, and syncs from there', async () => {
  const { url, query } = await database();
  const demo = play({ once: true, rows: 200, source: url });
  expect(await demo.ended).toMatchObject({ status: 'done', rows: { read: 200, created: 200 } });
  expect(demo.out()).toMatch(/Made the tables users and user_orders in [^ ]+ \(200 orders\); they stay/);
  expect(demo.out()).toContain('but for your MySQL, nothing leaves this machine');
  expect(demo.out()).not.toContain(new URL(url).password || 'no password');
  expect(await query('select count(*) as n from user_orders')).toMatchObject([{ n: 200 }]);
});

it('only reads a shop that is there', async () => {
  const { url, query } = await database();
  await query(
    'create table users (id int, nickname varchar(9), sex int, mobile varchar(20), city varchar(9))',
  );
  await query('create table user_orders (id int, user_id int, production_id int, paid_time int, amount int)');
  await query("insert into users values (1, '松鼠', 0, '13800000001', '上海')");
  await query('insert into user_orders values (41, 1, 10, 1767574800, 1250), (42, 1, 11, 1767574800, 1250)');
  const demo = play({ once: true, source: url });
  expect(await demo.ended).toMatchObject({ status: 'done', rows: { read: 1, created: 1 } });
  expect(demo.out()).toMatch(/has users and user_orders already \(1 orders\): they are read, never changed/);
  expect(await query('select id from user_orders order by id')).toEqual([{ id: 41 }, { id: 42 }]);
});

it('touches nothing when only one of the tables is there', async () => {
  const { url, query } = await database();
  await query('create table users (id int)');
  expect(await problemOf(realShop(url, 10, 'en-US'))).toMatchObject({
    code: 'half-a-shop',
    where: '--source',
  });
  expect(Object.values((await query('show tables'))[0] ?? {})).toEqual(['users']);
});

it('takes the tables away again when it cannot fill them', async () => {
  const { url, query } = await database();
  const schema = new URL(url).pathname.slice(1);
  const account = `'${schema.slice(0, 30)}'@'%'`;
  await query(`create user ${account} identified by 'example'`);
  onTestFinished(async () => void (await query(`drop user ${account}`)));
  await query(`grant select, create, drop on \`${schema}\`.* to ${account}`);
  const weak = new URL(url);
  [weak.username, weak.password] = [schema.slice(0, 30), 'example'];
  expect(await problemOf(realShop(weak.href, 10, 'en-US'))).toMatchObject({ code: 'source-unusable' });
  expect(await query('show tables')).toEqual([]);
});

it.each(['', 'mysql://', 'mysql://127.0.0.1', 'sqlite:./shop.db', 'postgres://x@127.0.0.1/shop'])(
  'refuses an address that is none: %j',
  async (source) => {
    expect(await problemOf(play({ once: true, source }).ended)).toMatchObject({
      code: 'wrong-connection-url',
      where: '--source',
    });
  },
);

it('says what is wrong with a database that does not answer, without the password', async () => {
  const found = await problemOf(realShop('mysql://somebody:hidden@127.0.0.1:1/shop', 10, 'en-US'));
  expect(found).toMatchObject({
    code: 'source-unusable',
    message: { en: expect.stringContaining('127.0.0.1:1/shop') },
  });
  expect(JSON.stringify(found)).not.toContain('hidden');
});
