import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createDatabase, type MysqlServer, startMysql } from '../support/mysql-server.ts';

export { sampleQuery as query } from '../support/samples.ts';

/** The shop whose orders are synced. */
export interface Shop {
  /** For `CONNECTION_SHOP`. */
  readonly url: string;
  /** Fills it anew with so many orders. */
  fill(orders: number): Promise<void>;
  /** Gives one order in a hundred another amount, or one in so many. */
  change(every?: number): Promise<void>;
  /** Takes one order in a hundred out. */
  remove(): Promise<void>;
  close(): Promise<void>;
}

const tables = [
  'create table users (id bigint primary key, nickname varchar(200), sex int, mobile varchar(20), city varchar(50))',
  'create table user_orders (id varchar(40) primary key, n int, user_id bigint, production_id int, paid_time bigint, amount bigint)',
];
const customers = 2_000;
const perInsert = 1_000;
const cities = ['上海', '北京', '广州', '深圳', '杭州', '成都'];
const names = ['小鱼', '阿明', '晴天', '山里的风', '早起的猫', '南方以南'];

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);

const customer = (n: number): string =>
  `(${n}, '${names[n % 6] ?? ''}${n}', ${n % 3}, '1380000${String(1000 + n).slice(-4)}', '${cities[n % 6] ?? ''}')`;

const order = (n: number): string =>
  `('SO2026${String(n).padStart(8, '0')}', ${n}, ${n % customers}, 10, ${1_700_000_000 + n}, ${1000 + n * 3})`;

function shopOf(url: string, exec: (sql: string) => Promise<void>, close: () => Promise<void>): Shop {
  async function fill(orders: number): Promise<void> {
    await exec('delete from user_orders');
    await exec('delete from users');
    await exec(`insert into users values ${range(0, customers).map(customer).join(', ')}`);
    for (let from = 0; from < orders; from += perInsert) {
      const rows = range(from, Math.min(orders, from + perInsert)).map(order);
      await exec(`insert into user_orders values ${rows.join(', ')}`);
    }
  }
  return {
    url,
    fill,
    change: (every = 100) =>
      exec(`update user_orders set amount = amount + 1 where n % ${every} = ${7 % every}`),
    remove: () => exec('delete from user_orders where n % 100 = 8'),
    close,
  };
}

/** Opens a shop in a file of the folder. */
export async function sqliteShop(folder: string): Promise<Shop> {
  const path = join(folder, 'shop.db');
  const shop = new DatabaseSync(path);
  for (const sql of tables) shop.exec(sql);
  return shopOf(
    `sqlite:${path}`,
    async (sql) => {
      shop.exec(sql);
    },
    async () => {
      shop.close();
    },
  );
}

/** Opens a shop on a server of its own. @param say is told what takes long */
export async function mysqlShop(say: (line: string) => void): Promise<Shop> {
  const server: MysqlServer = await startMysql(say);
  const database = await createDatabase(server.url);
  for (const sql of tables) await database.query(sql);
  return shopOf(
    database.url,
    async (sql) => {
      await database.query(sql);
    },
    async () => {
      await database.drop();
      await server.stop();
    },
  );
}
