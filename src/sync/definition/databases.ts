import type { Problem } from '../words/problem.ts';
import { listed, type Text, text } from '../words/text.ts';
import { decodes } from '../words/web-address.ts';
import type { ColumnType } from './field.ts';
import type { Dialect } from './sql.ts';

/** A kind of database, to all who do not read from it: one row here, and `source/` says how rows come out of it. */
export interface Database {
  /** Its name. */
  readonly title: string;
  /** An address as people write it, with all its parts; a login in it is `user:password`. */
  readonly example: Text;
  /** What is easily written wrong in an address. */
  readonly hint?: Text;
  /** The address that `.env.example` begins with. */
  readonly sample: string;
  /** How its servers read a query when nobody has set them otherwise. */
  readonly dialect: Dialect;
  /** What the types of its columns are called. */
  readonly types: Readonly<Partial<Record<ColumnType, string>>>;
  /** What cures say in its SQL; `列` and `column` stand for the column. */
  readonly sql: Readonly<Record<Idiom, Text>>;
  /**
   * Reads an address: the form that goes on from here, undefined where it is none of this kind, or what is wrong in it.
   * @param absolute completes a path that begins in the working directory
   */
  read(address: string, absolute: (path: string) => string): string | Wrong | undefined;
}

/**
 * What people are told to write in a query: for a part of a date, a value out of JSON, a moment of a time without a day, a
 * day of a year, and for bytes that are text.
 */
type Idiom = 'datePart' | 'jsonValue' | 'moment' | 'firstOfYear' | 'bytesAsText';

type Wrong = Pick<Problem, 'message' | 'cure'>;

/** A piece of SQL; `{}` is where the column goes. */
const column = (sql: string): Text => text(sql.replace('{}', '列'), sql.replace('{}', 'column'));

const mysql: Database = {
  title: 'MySQL',
  example: text('mysql://用户:密码@主机:3306/库', 'mysql://user:password@host:3306/database'),
  hint: text(
    '密码里的特殊字符用 % 编码，如 @ 写 %40',
    'special characters in the password as % codes: @ is %40',
  ),
  sample: 'mysql://reader:password@db.example.com:3306/shop?ssl=true',
  dialect: 'mysql',
  types: {
    integer: 'TINYINT … BIGINT, UNSIGNED, BOOLEAN',
    decimal: 'DECIMAL, NUMERIC',
    float: 'FLOAT, DOUBLE, REAL',
    bit: 'BIT',
    text: 'CHAR, VARCHAR, TEXT',
    enum: 'ENUM',
    set: 'SET',
    json: 'JSON',
    date: 'DATE',
    datetime: 'DATETIME',
    timestamp: 'TIMESTAMP',
    time: 'TIME',
    year: 'YEAR',
    binary: 'BINARY, VARBINARY, BLOB',
    geometry: 'GEOMETRY, POINT …',
    any: 'NULL',
  },
  sql: {
    datePart: text('DATE_FORMAT、YEAR 或 UNIX_TIMESTAMP', 'DATE_FORMAT, YEAR or UNIX_TIMESTAMP'),
    jsonValue: column("JSON_UNQUOTE(JSON_EXTRACT({}, '$.name'))"),
    moment: text('TIME_TO_SEC(列) 或 TIMESTAMP(日期, 时间)', 'TIME_TO_SEC(column) or TIMESTAMP(day, time)'),
    firstOfYear: column("CONCAT({}, '-01-01')"),
    bytesAsText: column('CONVERT({} USING utf8mb4)'),
  },
  read(address) {
    const named = address.replace(/^mariadb:/, 'mysql:');
    const url = URL.canParse(named) ? new URL(named) : undefined;
    if (url?.protocol !== 'mysql:' || !url.hostname || url.pathname.length < 2) return undefined;
    // An unencoded @, /, # or % in the password moves the parts of the address: better said now than as a failed login.
    if (url.hash || !decodes(url.username) || !decodes(url.password) || url.pathname.includes('@'))
      return undefined;
    const known = [...url.searchParams].every(([key, word]) => mysqlParameters.get(key)?.test(word));
    return known ? url.href : wrongParameters;
  },
};

const mysqlParameters: ReadonlyMap<string, RegExp> = new Map([
  ['ssl', /^(true|false|skip-verify)$/],
  ['socket', /^\//],
]);

const wrongParameters: Wrong = {
  message: text(
    '数据库地址的 ? 后面有不认识的参数或值。',
    'The address of the database has a parameter behind the ? that is not known, or with another value.',
  ),
  cure: text(
    '? 后面只能写 ssl=true、ssl=skip-verify 和 socket=/路径，其他的请删掉。',
    'Only ssl=true, ssl=skip-verify and socket=/path may follow the ?; remove everything else.',
  ),
};

const sqlite: Database = {
  title: 'SQLite',
  example: text('sqlite:./文件.db', 'sqlite:./file.db'),
  sample: 'sqlite:./shop.db',
  dialect: 'sqlite',
  types: { any: 'SQLite' },
  sql: {
    datePart: column('strftime'),
    jsonValue: column("json_extract({}, '$.name')"),
    moment: text("printf('%s %s', 日期, 时间)", "printf('%s %s', day, time)"),
    firstOfYear: column("printf('%s-01-01', {})"),
    bytesAsText: column('CAST({} AS TEXT)'),
  },
  read(address, absolute) {
    const path = /^sqlite:(?:\/\/(?=\/|\.))?(.+)$/.exec(address)?.[1];
    return path === undefined || path === ':memory:' ? undefined : `sqlite:${absolute(path)}`;
  },
};

/** The databases that rows can come from; the first is the one that examples show. */
export const databases = { mysql, sqlite };
export type DatabaseKind = keyof typeof databases;
export type Databases = Readonly<Record<string, Database>>;

/** The databases that the store can be in. */
export const storeDatabases = { mysql, sqlite };

/** A database: one that definitions name, or the store. */
export interface Connection<Kind extends string = DatabaseKind> {
  readonly kind: Kind;
  /** As {@link Database.read} answers it. May hold a password: never show it. */
  readonly url: string;
}

/** Names the file of an address; undefined for a database on a server. */
export const fileOf = (url: string): string | undefined => /^sqlite:(.+)$/s.exec(url)?.[1];

/** Reads the address of a database of one of these kinds, or says what is wrong with it, without quoting it. */
export function readAddress<Kind extends string>(
  address: string,
  absolute: (path: string) => string,
  all: Readonly<Record<Kind, Database>>,
): Connection<Kind> | Wrong {
  for (const kind in all) {
    const read = all[kind].read(address, absolute);
    if (read !== undefined) return typeof read === 'string' ? { kind, url: read } : read;
  }
  return wrongAddress(all);
}

function wrongAddress(all: Databases): Wrong {
  const forms = Object.values(all).map(({ example: { zh, en }, hint }) =>
    hint ? text(`${zh}（${hint.zh}）`, `${en} (${hint.en})`) : text(zh, en),
  );
  const { zh, en } = oneOf(forms);
  return {
    message: text('数据库地址写错了。', 'The address of the database is wrong.'),
    cure: text(`写成 ${zh}。`, `Write ${en}.`),
  };
}

/** Words of which one is to be chosen: `A, B or C`. */
function oneOf(words: readonly Text[]): Text {
  const last = words.at(-1) ?? text('', '');
  if (words.length < 2) return last;
  const { zh } = listed(words.slice(0, -1).map((one) => one.zh));
  const { en } = listed(words.slice(0, -1).map((one) => one.en));
  return text(`${zh}${/\w$/.test(zh) ? ' ' : ''}或 ${last.zh}`, `${en} or ${last.en}`);
}

/** What a cure says in SQL: as the first database spells it, and how the others do, in brackets. */
interface Spelt {
  readonly own: Text;
  readonly others: Text;
}

/** Spells what cures say in the SQL of the databases that there are. */
export function spelt(all: Databases = databases): (idiom: Idiom) => Spelt {
  const [first = mysql, ...rest] = Object.values(all);
  return (idiom) => {
    const zh = rest.map(({ title, sql }) => `${title}：${sql[idiom].zh}`).join('；');
    const en = rest.map(({ title, sql }) => `${title}: ${sql[idiom].en}`).join('; ');
    return { own: first.sql[idiom], others: rest.length > 0 ? text(`（${zh}）`, ` (${en})`) : text('', '') };
  };
}

/** The address that examples show, and the other ones that there are. */
export function examplesOf(all: Databases = databases): { readonly first: Database; readonly others: Text } {
  const [first = mysql, ...others] = Object.values(all);
  return { first, others: oneOf(others.map(({ example }) => example)) };
}

/** How a connection is named in the settings, from the name that definitions use: `my-shop` is `MY_SHOP`. */
export const connectionKey = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/** Names the variable of a connection: `my-shop` is `CONNECTION_MY_SHOP`. */
export const connectionVariable = (name: string): string => `CONNECTION_${connectionKey(name)}`;

/** Says that a definition names a connection that is not set. @param known the keys of those that are */
export function noConnection(name: string, known: readonly string[], all: Databases = databases): Problem {
  const where = connectionVariable(name);
  const { example } = examplesOf(all).first;
  const names = listed(known.map((key) => key.toLowerCase().replaceAll('_', '-')));
  return {
    ...{ code: 'no-connection', where },
    message:
      known.length > 0
        ? text(
            `没有名为 ${name} 的连接，已有：${names.zh}。`,
            `There is no connection called ${name}; there are ${names.en}.`,
          )
        : text(`没有名为 ${name} 的连接。`, `There is no connection called ${name}.`),
    cure: text(
      `设置 ${where}，例如 ${example.zh}，或改正定义里的名字。`,
      `Set ${where}, such as ${example.en}, or correct the name in the definition.`,
    ),
  };
}

/** Says that no connection is set at all. */
export function noConnections(all: Databases = databases): Problem {
  const { example } = examplesOf(all).first;
  return {
    code: 'no-connections',
    where: 'CONNECTION_<NAME>',
    message: text('还没有设置任何数据库连接', 'no database connection is set'),
    cure: text(
      `设置 CONNECTION_SHOP=${example.zh}，在定义里写 connection: shop。`,
      `Set CONNECTION_SHOP=${example.en} and write connection: shop in the definition.`,
    ),
  };
}
