import type { FieldPacket } from 'mysql2';
import { tokens } from '../sync/sql.ts';
import type { Value } from '../sync/value.ts';
import type { Zone } from '../sync/zone.ts';
import { columnType } from './mysql-types.ts';

/**
 * A query that answers each TIMESTAMP twice: as the session's zone shows it and as seconds since the epoch.
 *
 * What a server shows of the hour that clocks repeat in autumn is two instants at once, and only the server knows
 * which one it holds. The session keeps its zone all the same, because it decides what NOW() and the like mean.
 * https://dev.mysql.com/doc/refman/8.4/en/date-and-time-functions.html#function_unix-timestamp
 */
export interface Exact {
  /** What may be sent, the best first: not every server takes every query inside another one. */
  readonly wrapped: readonly string[];
  /** Puts the offset behind each time that clocks show twice, and drops what was added to the row. */
  row(values: Value[]): readonly Value[];
}

/** Rows that no query answers; it makes servers keep the order of a query inside another one. */
const allRows = '18446744073709551615';

/**
 * Wraps a query so that its TIMESTAMPs are exact; undefined when it has none that the server can say more of.
 * @param native whether the server keeps instants through functions such as MAX: MariaDB does, MySQL goes by the
 *   session's clock there, and only a table's own columns stay exact
 */
export function exactTimes(
  sql: string,
  fields: readonly FieldPacket[],
  zone: Zone,
  native: boolean,
): Exact | undefined {
  const places = fields.flatMap((field, at) =>
    columnType(field) === 'timestamp' && (native || isOwn(field)) ? [{ at, name: field.name }] : [],
  );
  if (places.length === 0) return undefined;
  const seconds = places.map(({ name }) => `unix_timestamp(q.\`${name.replaceAll('`', '``')}\`)`);
  const query = `(${statement(sql)}\n)`;
  return {
    wrapped: [`(${query} limit ${allRows})`, query].map(
      (inner) => `select q.*, ${seconds.join(', ')} from ${inner} q`,
    ),
    row(values) {
      places.forEach(({ at }, extra) => {
        values[at] = withOffset(values[at] ?? null, values[fields.length + extra] ?? null, zone);
      });
      values.length = fields.length;
      return values;
    },
  };
}

/** Whether a column is one of a table, as it is. */
const isOwn = ({ schema, db, orgTable, orgName }: FieldPacket): boolean =>
  ![schema ?? db ?? '', orgTable, orgName].includes('');

/** The text up to its last word: without semicolons and what follows them. */
function statement(sql: string): string {
  const last = tokens(sql, 'mysql').findLast(({ kind, text }) => kind !== 'mark' || text !== ';');
  return sql.slice(0, last?.end);
}

function withOffset(shown: Value, seconds: Value, zone: Zone): Value {
  if (typeof shown !== 'string' || seconds === null) return shown;
  // Clocks are changed by whole minutes.
  const local = Date.parse(`${shown.slice(0, 16).replace(' ', 'T')}:00Z`);
  return zone.isDoubled(local) ? shown + offsetOf(local / 1000 - Number(seconds)) : shown;
}

/** `+02:00` from seconds that may have up to a minute too few. */
function offsetOf(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const size = Math.abs(minutes);
  const digits = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${digits(size / 60)}:${digits(size % 60)}`;
}
