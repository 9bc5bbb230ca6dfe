import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import type { ExecuteValues, Pool, PoolConnection } from 'mysql2';

/** Bytes from which a value travels as it is, in a prepared statement. */
const large = 16 * 1024;

/** Milliseconds after which a server that says nothing counts as gone. Statements take milliseconds, locks 5 s. */
const silence = 20_000;

/** The server has not answered in time; its connection is given up. */
export const silentCode = 'STORE_SILENT';

const silent = (): Error => Object.assign(new Error('the server does not answer'), { code: silentCode });

/**
 * A pool for Kysely that leaves a server which hangs, and that sends large bytes as bytes. In the text of a statement each would be two digits,
 * and writing those down holds up the event loop for some 10 ms a megabyte.
 */
export function bytesPool(pool: Pool, patience = silence): MysqlPool {
  // Kysely knows a connection again by its identity.
  const known = new WeakMap<PoolConnection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      pool.getConnection((error, connection) => {
        // Kysely looks at the error first, and at nothing else then.
        if (error) return callback(error, undefined as never);
        const dressed = known.get(connection) ?? dress(connection, patience);
        known.set(connection, dressed);
        callback(null, dressed);
      });
    },
    end: (callback) => pool.end(callback),
  };
}

type Told = (error: unknown, result: MysqlQueryResult) => void;

function dress(connection: PoolConnection, patience: number): MysqlPoolConnection {
  let gone = false;
  function query(sql: string, parameters: unknown[]): never;
  function query(sql: string, parameters: unknown[], told: Told): void;
  function query(sql: string, parameters: unknown[], told?: Told): void {
    if (!told) throw new Error('the store reads no streams');
    if (gone) {
      told(silent(), undefined as never);
      return;
    }
    const late = setTimeout(() => {
      gone = true;
      // The statement and those behind it end with it.
      connection.destroy();
      answer(silent(), undefined);
    }, patience);
    let answered = false;
    const answer = (error: unknown, result: unknown): void => {
      clearTimeout(late);
      if (!answered) told(error, result as MysqlQueryResult);
      answered = true;
    };
    const bytes = parameters.some((value) => value instanceof Uint8Array && value.length >= large);
    if (bytes) connection.execute(sql, parameters as ExecuteValues, answer);
    else connection.query(sql, parameters, answer);
  }
  return { query, release: () => connection.release() };
}
