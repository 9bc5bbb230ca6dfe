import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';

/** Does one thing with the database in its own way: again, later, or with other words for what went wrong. */
export type Call = <R>(work: () => Promise<R>) => Promise<R>;

/** Returns the dialect with every access to the database done through `call`. */
export const around = (dialect: Dialect, call: Call): Dialect => ({
  createAdapter: () => dialect.createAdapter(),
  createIntrospector: (db) => dialect.createIntrospector(db),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createDriver: () => calledDriver(dialect.createDriver(), call),
});

function calledDriver(driver: Driver, call: Call): Driver {
  const known = new WeakSet<DatabaseConnection>();
  return {
    init: () => call(() => driver.init()),
    async acquireConnection() {
      const connection = await call(() => driver.acquireConnection());
      // The driver knows its connections again by their identity.
      if (!known.has(connection)) dress(connection, call);
      known.add(connection);
      return connection;
    },
    // These are statements of the connection's own, which is dressed.
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    releaseConnection: (connection) => driver.releaseConnection(connection),
    destroy: () => driver.destroy(),
  };
}

function dress(connection: DatabaseConnection, call: Call): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
    call(() => execute<R>(query));
}
