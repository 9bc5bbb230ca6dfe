import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { send } from './support.ts';

const bin = fileURLToPath(new URL('../bin.mjs', import.meta.url));

function start(...words: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, exit, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

it('prints where it listens, serves app and page there, prints calls, and ends with Ctrl-C', async () => {
  const id = 'cli_0123456789abcdef';
  const { child, exit, lines } = start('--port', '0', '--app-id', id, '--app-secret', 'secret');
  const next = async (): Promise<string> => String((await lines.next()).value);
  const printed = [await next(), await next(), await next(), await next(), await next()];
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed[0] ?? '')?.[0] ?? '';
  expect(printed[3]).toMatch(/^Table +https:\S+\/base\/\w+\?table=tbl\w+$/);
  const path = '/open-apis/auth/v3/tenant_access_token/internal';
  const answer = await send(url, 'POST', path, { app_id: id, app_secret: 'secret' });
  expect(answer.body['tenant_access_token']).toMatch(/^t-/);
  expect(await next()).toMatch(/^POST \/open-apis\/auth\/\S+ → 200 code 0, \d+ ms$/);
  await send(url, 'GET', '/open-apis/nothing');
  expect(await next()).toBe('not played: GET /open-apis/nothing');
  expect((await send(url, 'GET', '/')).text).toContain('/page/main.js');
  child.kill('SIGINT');
  expect(await exit).toBe(0);
});

it('says in one line what is wrong with an option', async () => {
  const { child, exit } = start('--port', '0', '--app-id', 'mine');
  expect(await text(child.stderr)).toMatch(/^--app-id takes cli_ and 16 hex digits.*\n$/);
  expect(await exit).toBe(2);
});
