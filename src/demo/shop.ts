import type { Locale } from '../sync/words/text.ts';
import { shopWords } from './definition.ts';

/** Which database the statements are for: their words for character sets differ. */
export type Dialect = 'sqlite' | 'mysql';

/** One sample order. The people are invented. */
interface Order {
  readonly id: number;
  readonly user: number;
  /** Seconds since the epoch. */
  readonly paidTime: number;
  /** In cents. */
  readonly amount: number;
}

/** The statements that make the shop's two tables. They fail when a table of that name is there already. */
export const shopTables = (dialect: Dialect): readonly [users: string, orders: string] => {
  const end = dialect === 'mysql' ? ' default charset = utf8mb4' : '';
  return [
    `create table users (id bigint primary key, nickname varchar(50), sex tinyint, mobile varchar(20), city varchar(50))${end}`,
    `create table user_orders (id bigint primary key, user_id bigint, production_id int, paid_time bigint, amount int)${end}`,
  ];
};

/** Rows that one statement inserts. */
const batch = 500;

/**
 * The statements that fill the shop: so many orders, and about an eighth as many people. The same number gives
 * the same rows, always. All words are our own, so nothing needs to be escaped.
 */
export function* shopRows(orders: number, locale: Locale): Generator<string> {
  const people = Math.min(10_000, Math.ceil(orders / 8));
  yield* inserts('users', people, (at) => user(at, locale));
  yield* inserts('user_orders', orders, (at) => orderValues(at, people));
}

function orderValues(at: number, people: number): string {
  const { id, user: buyer, paidTime, amount } = order(at, people);
  return `${id}, ${buyer}, ${product}, ${paidTime}, ${amount}`;
}

function* inserts(table: string, rows: number, row: (at: number) => string): Generator<string> {
  for (let start = 0; start < rows; start += batch) {
    const size = Math.min(batch, rows - start);
    const values = Array.from({ length: size }, (_, at) => `(${row(start + at)})`);
    yield `insert into ${table} values ${values.join(', ')}`;
  }
}

/** How much a shop changes at once. */
export interface ShopChange {
  readonly created: number;
  readonly changed: number;
  readonly gone: number;
}

/**
 * What changes in a shop that began with so many orders: new ones, some of the latest with another amount, the oldest gone.
 * @param round from 0; each one takes up where the one before ended
 */
export function shopChange(
  orders: number,
  round: number,
): ShopChange & { readonly statements: readonly string[] } {
  const people = Math.min(10_000, Math.ceil(orders / 8));
  const size = {
    // More than two fifths at once and a person is asked first.
    created: Math.min(200, Math.ceil(orders / 4)),
    changed: Math.min(40, Math.ceil(orders / 10)),
    gone: Math.min(20, Math.floor(orders / 20)),
  };
  const total = orders + round * size.created;
  const ids = (from: number, count: number): string =>
    Array.from({ length: count }, (_, at) => order(from + at, people).id).join(', ');
  return {
    ...size,
    statements: [
      `insert into user_orders values ${Array.from({ length: size.created }, (_, at) => `(${orderValues(total + at, people)})`).join(', ')}`,
      `update user_orders set amount = amount + 100 where id in (${ids(total - size.changed, size.changed)})`,
      ...(size.gone === 0
        ? []
        : [`delete from user_orders where id in (${ids(round * size.gone, size.gone)})`]),
    ],
  };
}

/** The product that the sample query asks for. */
const product = 10;

const pick = (list: readonly string[], at: number): string => list[at % list.length] ?? '';

function user(at: number, locale: Locale): string {
  const { manners, beings, cities, mobile } = shopWords[locale];
  const name = pick(manners, at) + pick(beings, Math.floor(at / manners.length));
  const rounds = Math.floor(at / (manners.length * beings.length));
  // Numbers without a common pattern, so that neighbours in the table look different.
  const sex = [0, 1, 1, 0, 2][(at * 7) % 5];
  return `${at + 1}, '${name}${rounds > 0 ? ` ${rounds + 1}`.slice(locale === 'zh-CN' ? 1 : 0) : ''}', ${sex}, '${mobile(at)}', '${pick(cities, at * 3 + rounds)}'`;
}

/** 2026-01-05 09:00 in Shanghai, in seconds. */
const opening = 1_767_574_800;
const shanghai = 8 * 3600;

function order(at: number, people: number): Order {
  const paidTime = opening + at * 97 + ((at * 7919) % 61);
  const day = new Date((paidTime + shanghai) * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  return {
    id: Number(day) * 1_000_000 + at + 1,
    user: ((at * 31 + Math.floor(at / 7)) % people) + 1,
    paidTime,
    amount: 990 + ((at * 7127) % 48_000),
  };
}
