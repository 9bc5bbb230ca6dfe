import type { TestProject } from 'vitest/node';
import type {} from './browser.ts';
import { readyChromium } from './chromium.ts';
import type {} from './mysql.ts';
import { startMysql } from './mysql-server.ts';
import { built } from './program.ts';

/** Runs once before all tests: they share one database server and one kind of browser. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  say('Compiling the program …');
  await built();
  const server = await startMysql(say);
  project.provide('mysqlUrl', server.url);
  project.provide('chromium', await readyChromium(say));
  return server.stop;
}
