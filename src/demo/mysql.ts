import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { ProblemError, problem } from '../sync/words/problem.ts';
import { type Locale, text } from '../sync/words/text.ts';
import { shopRows, shopTables } from './shop.ts';

/** What was found or made in a real database. */
export interface RealShop {
  /** Whether the two tables were made just now; else they were there, and are only read. */
  readonly created: boolean;
  /** Rows that the sample query answers with. */
  readonly orders: number;
  /** `host:port/database`, without the password. */
  readonly place: string;
}

/** How long the login may take, in ms. */
const patience = 10_000;
const where = '--source';

/**
 * Makes the sample shop in a real MySQL or MariaDB, unless its tables are there: those are never touched.
 * @throws {ProblemError} when the database cannot be used, or holds only one of the two tables.
 */
export async function realShop(address: string, orders: number, locale: Locale): Promise<RealShop> {
  const url = parse(address);
  const place = `${url.host}${url.pathname}`;
  let connection: Connection | undefined;
  try {
    connection = await mysql.createConnection(optionsOf(url));
    const found = await tablesOf(connection);
    if (found.length === 1) throw halfThere(found[0] ?? '', place);
    if (found.length === 0) await make(connection, orders, locale);
    return { created: found.length === 0, orders: await countOrders(connection), place };
  } catch (error) {
    throw error instanceof ProblemError ? error : unusable(error, place);
  } finally {
    // A connection that was never made, or is gone already, has nothing to say goodbye to.
    await connection?.end().catch(() => undefined);
  }
}

function parse(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'mysql:' && url.hostname !== '' && url.pathname.length > 1) return url;
  throw problem({
    code: 'wrong-connection-url',
    where,
    message: text('不是有效的 MySQL 地址。', 'It is not a valid MySQL address.'),
    cure: text(
      '写成 mysql://用户:密码@主机:3306/库（密码里的特殊字符用 % 编码，如 @ 写 %40）。',
      'Write mysql://user:password@host:3306/database (special characters in the password as % codes: @ is %40).',
    ),
  });
}

function optionsOf(url: URL): mysql.ConnectionOptions {
  const socketPath = url.searchParams.get('socket');
  const ssl = url.searchParams.get('ssl');
  return {
    ...(socketPath === null
      ? { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 3306) }
      : { socketPath }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4',
    connectTimeout: patience,
    ...(ssl === null || ssl === 'false' ? {} : { ssl: { rejectUnauthorized: ssl === 'true' } }),
  };
}

async function tablesOf(connection: Connection): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "select table_name as name from information_schema.tables where table_schema = database() and table_name in ('users', 'user_orders')",
  );
  return rows.map((row) => String(row['name']));
}

/** Makes both tables, or none: what was made is taken away again when something fails. */
async function make(connection: Connection, orders: number, locale: Locale): Promise<void> {
  const made: string[] = [];
  const names = ['users', 'user_orders'] as const;
  try {
    for (const [at, statement] of shopTables('mysql').entries()) {
      await connection.query(statement);
      made.push(names[at] ?? '');
    }
    await connection.beginTransaction();
    for (const statement of shopRows(orders, locale)) await connection.query(statement);
    await connection.commit();
  } catch (error) {
    for (const name of made) await connection.query(`drop table ${name}`).catch(() => undefined);
    throw error;
  }
}

async function countOrders(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'select count(*) as n from user_orders uo join users u on u.id = uo.user_id where uo.production_id = 10',
  );
  return Number(rows[0]?.['n'] ?? 0);
}

const halfThere = (name: string, place: string): ProblemError =>
  problem({
    code: 'half-a-shop',
    where,
    message: text(
      `${place} 里已有表 ${name}，但缺少另一张；演示不会改动已有的表。`,
      `${place} has a table ${name} but not the other one; the demo never touches tables that exist.`,
    ),
    cure: text(
      '换一个空的库，或补上缺少的表（users 和 user_orders）。',
      'Name an empty database, or add the missing table (it takes users and user_orders).',
    ),
  });

const unusable = (cause: unknown, place: string): ProblemError => {
  const words = cause instanceof Error ? cause.message : String(cause);
  return problem(
    {
      code: 'source-unusable',
      where,
      message: text(`${place} 用不了：${words}`, `${place} cannot be used: ${words}`),
      cure: text(
        '检查地址、账号和密码；建表需要 CREATE 和 INSERT 权限，已有两张表时只需要 SELECT。',
        'Check address, account and password; making the tables takes CREATE and INSERT, reading existing ones only SELECT.',
      ),
    },
    { cause },
  );
};
