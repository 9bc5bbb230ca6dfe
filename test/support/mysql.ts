import { inject } from 'vitest';
import { createDatabase, type TestDatabase } from './mysql-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    mysqlUrl: string;
  }
}

/** A new schema on the server that all test files share. Drop it when done. */
export const testDatabase = (): Promise<TestDatabase> => createDatabase(mysqlUrl());

/** The server itself, without a schema. */
export const mysqlUrl = (): string => inject('mysqlUrl');
