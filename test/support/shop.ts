import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { testDatabase } from './mysql.ts';

/** An order as the table is to show it. */
export interface Order {
  readonly 用户ID: number;
  readonly 昵称: string;
  readonly 性别: string;
  readonly 手机号: string;
  readonly 城市: string;
  readonly 订单号: string;
  /** Milliseconds since the epoch. */
  readonly 下单时间: number;
  readonly 下单金额: number;
}

/** The shop whose orders are synced. */
export interface Shop {
  /** The address for `CONNECTION_SHOP`. */
  readonly url: string;
  exec(sql: string): Promise<void>;
  /** What the sample query is to answer, in no order. */
  orders(): Promise<Order[]>;
  close(): Promise<void>;
}

const tables = [
  'create table users (id bigint primary key, nickname varchar(200), sex int, mobile varchar(20), city varchar(50))',
  'create table user_orders (id varchar(40) primary key, user_id bigint, production_id int, paid_time bigint, amount bigint)',
];

/** Orders `O001` … with seven customers between them; one order of another product that must never show up. */
function samples(orders: number): string[] {
  const cities = ['上海', '北京', '广州'];
  const users = Array.from(
    { length: 7 },
    (_, at) => `(${at + 1}, '客户${at + 1}', ${at % 3}, '1380000${1000 + at}', '${cities[at % 3] ?? ''}')`,
  );
  const rows = Array.from({ length: orders }, (_, at) => orderRow(at + 1));
  return [
    `insert into users values ${users.join(', ')}`,
    ...(rows.length > 0 ? [`insert into user_orders values ${rows.join(', ')}`] : []),
    "insert into user_orders values ('X1', 1, 11, 1700000000, 5)",
  ];
}

/** The name of an order by its number. */
export const orderId = (number: number): string => `O${String(number).padStart(3, '0')}`;

/** An order's values for `insert into user_orders values`. */
export const orderRow = (number: number): string =>
  `('${orderId(number)}', ${(number % 7) + 1}, 10, ${1_700_000_000 + number}, ${1000 + number * 3})`;

const plainQuery = `select uo.user_id as a, u.nickname as b, u.sex as c, u.mobile as d, u.city as e, uo.id as f,
  uo.paid_time as g, uo.amount as h
  from user_orders uo join users u on u.id = uo.user_id where uo.production_id = 10`;

/** The query's answer worked out a second time, by hand. */
function orderOf(row: Readonly<Record<string, unknown>>): Order {
  return {
    用户ID: Number(row['a']),
    昵称: String(row['b']),
    性别: ['女', '男'][Number(row['c'])] ?? '未知',
    手机号: String(row['d']),
    城市: String(row['e']),
    订单号: String(row['f']),
    下单时间: Number(row['g']) * 1000,
    下单金额: Number(row['h']) / 100,
  };
}

/** Opens a shop in a file of the folder. */
export function sqliteShop(folder: string, orders: number): Shop {
  const shop = new DatabaseSync(join(folder, 'shop.db'));
  for (const sql of [...tables, ...samples(orders)]) shop.exec(sql);
  return {
    url: 'sqlite:./shop.db',
    exec: async (sql) => {
      shop.exec(sql);
    },
    orders: async () => (shop.prepare(plainQuery).all() as Record<string, unknown>[]).map(orderOf),
    close: async () => {
      shop.close();
    },
  };
}

/** Opens a shop in a schema of its own on the tests' database server. */
export async function mysqlShop(orders: number): Promise<Shop> {
  const database = await testDatabase();
  for (const sql of [...tables, ...samples(orders)]) await database.query(sql);
  return {
    url: database.url,
    exec: async (sql) => {
      await database.query(sql);
    },
    orders: async () => (await database.query(plainQuery)).map(orderOf),
    close: () => database.drop(),
  };
}
