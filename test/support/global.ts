import type { TestProject } from 'vitest/node';
import type {} from './mysql.ts';
import { startMysql } from './mysql-server.ts';

/** Runs once before all tests: they share one database server. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMysql((line) => process.stderr.write(`${line}\n`));
  project.provide('mysqlUrl', server.url);
  return server.stop;
}
