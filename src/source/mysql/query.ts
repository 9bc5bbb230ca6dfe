import type { FieldPacket } from 'mysql2';
import { type Dialect, tokens } from '../../sync/definition/sql.ts';
import type { Column, Value } from '../../sync/fields/column.ts';
import { problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { type Zone, zoneOf } from '../../sync/words/zone.ts';
import { doubled, refuse, refuseDoubled } from '../problems.ts';
import { columnType, isSingle } from './columns.ts';
import { askWithFields, prepare } from './connection.ts';
import { cannotPrepare, fixedOffset, type Session, sameSince } from './session.ts';

export interface Reading {
  /** The query itself, or it inside another one. */
  readonly sql: string;
  readonly columns: readonly Column[];
  /** Makes the rows of a query inside another one exact, and as many values wide as it is. */
  readonly row?: Wrapped['row'];
  /** Whether the answer is to come in binary, where the server does not round what it sends. */
  readonly binary: boolean;
}

/** The query as it is to be sent; inside another one where the server would not show its values exactly otherwise. */
export async function readingOf(session: Session): Promise<Reading> {
  const { wire, asked, facts } = session;
  const { fields, prepared } = await fieldsOf(session);
  const columns = described(session, fields);
  const binary = prepared && fields.some(isSingle);
  const native = facts.server.kind === 'mariadb';
  const fixed = fixedOffset(asked.timeZone, sameSince) !== undefined;
  const bits = besideBits(fields);
  const besides = [...bits, ...(fixed ? [] : besideTimes(fields, zoneOf(asked.timeZone), native))];
  if (besides.length === 0) return { sql: asked.sql, columns, binary };
  const { queries, row } = wrap(asked.sql, facts.dialect, fields, besides);
  for (const sql of queries) {
    const taken = await prepare(wire, sql).catch(cannotPrepare);
    if (taken) return { sql, columns, binary, row };
  }
  // It cannot stand inside another query. Its times in a doubled hour are refused later on.
  const [bit] = bits;
  if (bit) throw unclearBit(fields[bit.at]?.name ?? '', asked.at);
  return { sql: asked.sql, columns, binary };
}

/** A query's columns as the server tells them without running it. */
interface Fields {
  readonly fields: readonly FieldPacket[];
  readonly prepared: boolean;
}

/**
 * Asks a server for the columns of a query. A statement without any is refused, whatever it is: it can only do something.
 * Servers without prepared statements, or that prepare without telling columns, tell those of the query inside another
 * one that has no rows, where only a SELECT can stand.
 * @throws ProblemError, or the driver's error
 */
export async function fieldsOf({ wire, asked, facts: { dialect, refused } }: Session): Promise<Fields> {
  refuse(refused);
  const prepared = await prepare(wire, asked.sql).catch((error: unknown) => {
    if (cannotPrepare(error)) return undefined;
    throw error;
  });
  if (prepared && prepared.length > 0) return { fields: prepared, prepared: true };
  try {
    const inside = `select * from (${statement(asked.sql, dialect)}\n) q limit 0`;
    return { fields: (await askWithFields(wire, inside)).fields, prepared: false };
  } catch (error) {
    const { errno } = error as { readonly errno?: unknown };
    if (errno === doubledColumn) throw doubled(asked.at);
    if (prepared && errno === syntaxError) throw noColumns(asked.at);
    throw error;
  }
}

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const doubledColumn = 1060;
const syntaxError = 1064;

/** The columns of an answer, as the rest of the program knows them. @throws ProblemError when two have the same name */
export function described(
  { facts: { settings }, asked: { sql, at } }: Session,
  fields: readonly FieldPacket[],
): readonly Column[] {
  refuseDoubled(
    fields.map((field) => field.name),
    at,
  );
  const limits = ['group_concat_max_len', 'max_allowed_packet'].flatMap((name) => settings.get(name) ?? []);
  const cuts = putTogether.test(sql) && limits.length > 0 ? { cutAt: Math.min(...limits.map(Number)) } : {};
  return fields.map((field) => {
    const type = columnType(field);
    return { name: field.name, type, ...(type === 'text' || type === 'json' ? cuts : {}) };
  });
}

/** What makes one text of many, and cuts it where it gets too long. */
const putTogether = /group_concat|json_(?:array|object)agg/i;

/** A column that a server does not show exactly, and what it is asked for beside it. */
interface Beside {
  readonly at: number;
  /** @param column its name as the wrapped query has it */
  readonly expression: (column: string) => string;
  /** The exact value, from what the server shows and from what stands beside it. */
  readonly exact: (shown: Value, beside: Value) => Value;
}

/** A query that answers more than it is asked for. */
interface Wrapped {
  /** What may be sent, the best first: not every server takes every query inside another one. */
  readonly queries: readonly string[];
  /** Makes the values exact, and drops what was added to the row. */
  row(values: Value[]): readonly Value[];
}

/** Rows that no query answers; it makes servers keep the order of a query inside another one. */
const allRows = '18446744073709551615';

/** Wraps a query so that it answers beside some columns what makes them exact. */
function wrap(
  sql: string,
  dialect: Dialect,
  fields: readonly FieldPacket[],
  besides: readonly Beside[],
): Wrapped {
  const added = besides.map(({ at, expression }) =>
    expression(`q.\`${(fields[at]?.name ?? '').replaceAll('`', '``')}\``),
  );
  const query = `(${statement(sql, dialect)}\n)`;
  return {
    queries: [`(${query} limit ${allRows})`, query].map(
      (inner) => `select q.*, ${added.join(', ')} from ${inner} q`,
    ),
    row(values) {
      besides.forEach(({ at, exact }, extra) => {
        values[at] = exact(values[at] ?? null, values[fields.length + extra] ?? null);
      });
      values.length = fields.length;
      return values;
    },
  };
}

/** The text up to its last word: without semicolons and what follows them. */
function statement(sql: string, dialect: Dialect): string {
  const last = tokens(sql, dialect).findLast(({ kind, text }) => kind !== 'mark' || text !== ';');
  return sql.slice(0, last?.end);
}

/**
 * Asks for the seconds since the epoch beside each TIMESTAMP that the server can say more of.
 *
 * What a server shows of the hour that clocks repeat in autumn is two instants at once, and only the server knows
 * which one it holds. The session keeps its zone all the same, because it decides what NOW() and the like mean.
 * https://dev.mysql.com/doc/refman/8.4/en/date-and-time-functions.html#function_unix-timestamp
 * @param native whether the server keeps instants through functions such as MAX: MariaDB does, MySQL goes by the
 *   session's clock there, and only a table's own columns stay exact
 */
const besideTimes = (fields: readonly FieldPacket[], zone: Zone, native: boolean): Beside[] =>
  fields.flatMap((field, at) =>
    columnType(field) === 'timestamp' && (native || isOwn(field))
      ? [
          {
            at,
            expression: (column) => `unix_timestamp(${column})`,
            exact: (shown, seconds) => withOffset(shown, seconds, zone),
          },
        ]
      : [],
  );

/**
 * Asks for the number beside each BIT that was worked out: MariaDB sends some of those as bits and some as digits, and
 * says the same of both. https://jira.mariadb.org/browse/MDEV-32244
 */
const besideBits = (fields: readonly FieldPacket[]): Beside[] =>
  fields.flatMap((field, at) =>
    columnType(field) === 'bit' && !isOwn(field)
      ? [{ at, expression: (column) => `${column} + 0`, exact: (_, number) => number }]
      : [],
  );

/** Whether a column is one of a table, as it is. */
const isOwn = ({ schema, db, orgTable, orgName }: FieldPacket): boolean =>
  ![schema ?? db ?? '', orgTable, orgName].includes('');

function withOffset(shown: Value, seconds: Value, zone: Zone): Value {
  if (typeof shown !== 'string' || seconds === null) return shown;
  // Clocks are changed by whole minutes. What no calendar has, such as 0000-00-00, is judged with its field.
  const local = Date.parse(`${shown.slice(0, 16).replace(' ', 'T')}:00Z`);
  return !Number.isNaN(local) && zone.isDoubled(local)
    ? shown + offsetOf(local / 1000 - Number(seconds))
    : shown;
}

/** `+02:00` from seconds that may have up to a minute too few. */
function offsetOf(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const size = Math.abs(minutes);
  const digits = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${digits(size / 60)}:${digits(size % 60)}`;
}

const noColumns = (where: string) =>
  problem({
    code: 'query-no-columns',
    where,
    message: text('这条语句不返回任何列，所以没有执行。', 'The statement has no columns, so it was not run.'),
    cure: text('只写一条 SELECT 或 WITH … SELECT 语句。', 'Write one SELECT or WITH … SELECT statement.'),
  });

/** The server does not tell how it sends a BIT that was worked out, and cannot be asked for its number. */
const unclearBit = (name: string, where: string) =>
  problem({
    code: 'query-unclear-bit',
    where,
    message: text(
      `列 ${name} 是由 BIT 计算出来的，数据库返回它的方式不明确。`,
      `The column ${name} is computed from a BIT, and the database does not say how it sends it.`,
    ),
    cure: text(
      `在查询里写成数字：(…) + 0 AS ${name}。`,
      `Make it a number in the query: (…) + 0 AS ${name}.`,
    ),
  });
