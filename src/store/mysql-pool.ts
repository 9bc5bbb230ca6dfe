import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import type { ExecuteValues, Pool, PoolConnection } from 'mysql2';

/** Bytes from which a value travels as it is, in a prepared statement. */
const large = 16 * 1024;

/**
 * A pool for Kysely that sends large bytes as bytes. In the text of a statement each would be two digits,
 * and writing those down holds up the event loop for some 10 ms a megabyte.
 */
export function bytesPool(pool: Pool): MysqlPool {
  // Kysely knows a connection again by its identity.
  const known = new WeakMap<PoolConnection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      pool.getConnection((error, connection) => {
        // Kysely looks at the error first, and at nothing else then.
        if (error) return callback(error, undefined as never);
        const dressed = known.get(connection) ?? dress(connection);
        known.set(connection, dressed);
        callback(null, dressed);
      });
    },
    end: (callback) => pool.end(callback),
  };
}

type Told = (error: unknown, result: MysqlQueryResult) => void;

function dress(connection: PoolConnection): MysqlPoolConnection {
  function query(sql: string, parameters: unknown[]): never;
  function query(sql: string, parameters: unknown[], told: Told): void;
  function query(sql: string, parameters: unknown[], told?: Told): void {
    if (!told) throw new Error('the store reads no streams');
    const answer = (error: unknown, result: unknown): void => told(error, result as MysqlQueryResult);
    const bytes = parameters.some((value) => value instanceof Uint8Array && value.length >= large);
    if (bytes) connection.execute(sql, parameters as ExecuteValues, answer);
    else connection.query(sql, parameters, answer);
  }
  return { query, release: () => connection.release() };
}
