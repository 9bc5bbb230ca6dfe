import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

/** The demo comes with the sources only. */
const main = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../src/main.ts', import.meta.url)),
];

/** Takes the temporary files of all tests, because what tsx compiles is kept among them. */
const temporary = mkdtempSync(join(tmpdir(), 'shell-'));
afterAll(() => rmSync(temporary, { recursive: true }));

/** Starts the demo as a shell would, in an empty folder. */
function shell(line: string) {
  const cwd = mkdtempSync(join(temporary, 'cwd-'));
  const child = spawn(process.execPath, [...main, 'demo', ...line.split(' ').filter(Boolean)], {
    cwd,
    env: { PATH: process.env['PATH'], LOCALE: 'en-US', TMPDIR: temporary },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const left = (): readonly string[] => readdirSync(temporary).filter((name) => name.includes('demo'));
  return { child, left, ended: Promise.all([text(child.stdout), text(child.stderr), exit]) };
}

it('ends after the first run with one object when asked to, all else on stderr, and nothing left behind', async () => {
  const { ended, left } = shell('--once --rows 300 --json');
  const [out, err, exit] = await ended;
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(out)).toMatchObject({
    definition: 'orders',
    status: 'done',
    rows: { read: 300, created: 300 },
  });
  expect(err).toContain('[Done]');
  expect(exit).toBe(0);
  expect(left()).toEqual([]);
});

it('draws on stdout, and ends with 1 when faults were left', async () => {
  const [out, err, exit] = await shell('--once --faults --rows 40').ended;
  expect(err).not.toContain('[Partly done]');
  expect(out).toContain('[Partly done]');
  expect(out).toContain('1255001');
  expect(exit).toBe(1);
});

it('leaves nothing behind after Ctrl-C', async () => {
  const { child, ended, left } = shell('--rows 8000');
  child.stdin.write('\n');
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (words: Buffer) => {
      if (words.includes('[Uploading]')) resolve();
    });
  });
  expect(left()).toHaveLength(1);
  child.kill('SIGINT');
  const [, , exit] = await ended;
  expect(exit).toBe(0);
  expect(left()).toEqual([]);
});
