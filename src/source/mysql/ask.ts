import type { FieldPacket, RowDataPacket } from 'mysql2';
import type { Wire } from './address.ts';

/** Runs a statement of our own and answers its rows. */
export const ask = async (wire: Wire, sql: string, values: string[] = []): Promise<unknown[][]> =>
  (await askWithFields(wire, sql, values)).rows;

/** Runs a statement and answers its rows and what the server tells of their columns. */
export const askWithFields = (
  { connection }: Wire,
  sql: string,
  values: string[] = [],
): Promise<{ readonly rows: unknown[][]; readonly fields: readonly FieldPacket[] }> =>
  new Promise((resolve, reject) => {
    connection.query<RowDataPacket[][]>({ sql, values, rowsAsArray: true }, (error, rows, fields) => {
      if (error) reject(error);
      else resolve({ rows: Array.isArray(rows) ? rows.map((row) => [...row]) : [], fields });
    });
  });

/** The columns that a query will answer with. The server parses and resolves it, but does not run it. */
export const prepare = ({ connection }: Wire, sql: string): Promise<readonly FieldPacket[]> =>
  new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement: unknown) => {
      if (error) return reject(error);
      // The driver's types leave out what it knows of a statement.
      return resolve((statement as { columns: FieldPacket[] }).columns);
    });
  });
