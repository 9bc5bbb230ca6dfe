import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { type Problem, ProblemError, problem } from '../sync/problem.ts';

/**
 * The dialect, with a word for people: what they can put right, now or in the middle of a run (a full disk, a server
 * that is gone), is rejected as a `ProblemError`. All else stays as it is.
 */
export const telling = (dialect: Dialect, problemOf: (error: unknown) => Problem | undefined): Dialect => ({
  createAdapter: () => dialect.createAdapter(),
  createIntrospector: (db) => dialect.createIntrospector(db),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createDriver: () => tellingDriver(dialect.createDriver(), (error) => told(error, problemOf)),
});

function told(error: unknown, problemOf: (error: unknown) => Problem | undefined): never {
  const one = error instanceof ProblemError ? undefined : problemOf(error);
  throw one ? problem(one, { cause: error }) : error;
}

function tellingDriver(driver: Driver, tell: (error: unknown) => never): Driver {
  const known = new WeakSet<DatabaseConnection>();
  return {
    init: () => driver.init(),
    async acquireConnection() {
      const connection = await driver.acquireConnection().catch(tell);
      // The driver knows its connections again by their identity.
      if (!known.has(connection)) dress(connection, tell);
      known.add(connection);
      return connection;
    },
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings).catch(tell),
    commitTransaction: (connection) => driver.commitTransaction(connection).catch(tell),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection).catch(tell),
    releaseConnection: (connection) => driver.releaseConnection(connection),
    destroy: () => driver.destroy(),
  };
}

function dress(connection: DatabaseConnection, tell: (error: unknown) => never): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
    execute<R>(query).catch(tell);
}
