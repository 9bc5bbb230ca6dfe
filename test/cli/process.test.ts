import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastLine, main, type } from './shell.ts';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function shell(line: string, env: Readonly<Record<string, string>> = {}) {
  const { exit, written } = type(line, cwd, env);
  return { exit: await exit, ...written };
}

describe('the program', () => {
  it('shows its help', async () => {
    const { out, err, exit } = await shell('--help');
    expect(exit).toBe(0);
    expect(err).toBe('');
    for (const word of ['start', 'run NAME', 'plan NAME', 'check', 'definitions', 'demo', 'FEISHU_APP_ID']) {
      expect(out).toContain(word);
    }
  });

  it('shows its version', async () => {
    expect(await shell('--version')).toMatchObject({
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      exit: 0,
    });
  });

  it('says what is wrong with the line typed', async () => {
    expect(await shell('rnu orders')).toEqual({
      out: '',
      err: "✗ Wrong usage: unknown command 'rnu'\n  → Did you mean run? See bitable-sync --help.\n",
      exit: 2,
    });
  });

  it('ends a wrong line with one object when asked to', async () => {
    const { out, exit } = await shell('run --json');
    expect(exit).toBe(2);
    expect(lastLine(out)).toMatchObject({ run: null, definition: null, error: { code: 'usage' } });
  });

  it.each(['start', 'run orders', 'plan orders', 'check'])(
    '%s tells all missing and wrong settings at once',
    async (line) => {
      const { out, err, exit } = await shell(`${line} --json`, { TIME_ZONE: 'Mars', KEEP_DAYS: '-1' });
      expect(exit).toBe(2);
      for (const name of ['FEISHU_APP_ID', 'FEISHU_APP_SECRET', 'TIME_ZONE', 'KEEP_DAYS']) {
        expect(err).toContain(`✗ ${name}: `);
      }
      expect(lastLine(out)).toMatchObject({ status: 'failed', error: { code: 'missing-setting' } });
    },
  );

  it.runIf(existsSync('/dev/full')).each([
    ['definitions', '> /dev/full', 1, 'stdout cannot be written (ENOSPC)'],
    ['definitions --json', '> /dev/full', 1, 'stdout cannot be written (ENOSPC)'],
    ['--help', '> /dev/full', 1, 'stdout cannot be written (ENOSPC)'],
    ['definitions --json', '2> /dev/full', 1, ''],
    ['definitions', '| head -1', 0, ''],
    ['--help', '| true', 1, ''],
  ])('%s %s ends with %d and no stack', (line, to, exit, words) => {
    const { status, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', `set -o pipefail; "$0" "$1" ${line} ${to}`, process.execPath, main],
      {
        ...{ cwd, encoding: 'utf8' },
        env: { PATH: process.env['PATH'], LOCALE: 'en-US' },
      },
    );
    expect(status).toBe(exit);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/\n\s+at |Error:/);
  });

  it('reads .env in the folder it is started in', async () => {
    writeFileSync(join(cwd, '.env'), 'KEEP_DAYS=never\nTIME_ZONE=Mars\n');
    const { err } = await shell('check', { TIME_ZONE: 'Asia/Shanghai' });
    rmSync(join(cwd, '.env'));
    expect(err).toContain('✗ KEEP_DAYS: ');
    expect(err).not.toContain('TIME_ZONE');
  });
});
