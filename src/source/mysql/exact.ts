import type { FieldPacket } from 'mysql2';
import { type Dialect, tokens } from '../../sync/definition/sql.ts';
import type { Value } from '../../sync/fields/column.ts';
import type { Zone } from '../../sync/words/zone.ts';
import { columnType } from './types.ts';

/** A column that a server does not show exactly, and what it is asked for beside it. */
export interface Beside {
  /** Its position. */
  readonly at: number;
  /** @param column its name as the wrapped query has it */
  readonly expression: (column: string) => string;
  /** The exact value, from what the server shows and from what stands beside it. */
  readonly exact: (shown: Value, beside: Value) => Value;
}

/** A query that answers more than it is asked for. */
export interface Wrapped {
  /** What may be sent, the best first: not every server takes every query inside another one. */
  readonly queries: readonly string[];
  /** Makes the values exact, and drops what was added to the row. */
  row(values: Value[]): readonly Value[];
}

/** Rows that no query answers; it makes servers keep the order of a query inside another one. */
const allRows = '18446744073709551615';

/** Wraps a query so that it answers beside some columns what makes them exact. */
export function wrap(
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
export function statement(sql: string, dialect: Dialect): string {
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
export const besideTimes = (fields: readonly FieldPacket[], zone: Zone, native: boolean): Beside[] =>
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
export const besideBits = (fields: readonly FieldPacket[]): Beside[] =>
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
