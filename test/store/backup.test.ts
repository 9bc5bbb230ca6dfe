import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/process.ts';
import { backUp } from '../../src/store/db/copies.ts';
import { openStore } from '../../src/store/open.ts';
import { typed } from '../support/command-line.ts';
import { parts as program } from '../support/program.ts';
import { startChild } from './kill.ts';
import { sqlitePlace } from './places.ts';
import { bodyOf, entriesOf, parts, runOf, scopeOf } from './samples.ts';

async function place() {
  const made = await sqlitePlace();
  onTestFinished(made.remove);
  return made;
}

it('a copy made while another process writes is the store at one moment', async () => {
  const { url, file } = await place();
  const before = await openStore(url, parts);
  await before.facts.width.keep('table.orders', 'tblMadeByInit');
  await before.journal.createRun(runOf('waits', { status: 'waiting' }));
  await before.stop();
  const { process: writer, lines } = startChild('write', url, 'busy');
  onTestFinished(() => void writer.kill('SIGKILL'));
  const settled: string[] = [];
  for await (const line of lines) {
    if (line.startsWith('settled')) settled.push(line.slice('settled '.length));
    if (settled.length === 3) break;
  }
  const copy = join(dirname(file), "it's a copy.db");
  const bytes = backUp(file, copy);
  expect(writer.exitCode).toBeNull();
  expect([bytes, statSync(copy).mode & 0o777]).toEqual([statSync(copy).size, 0o600]);
  expect(readdirSync(dirname(copy)).filter((name) => name.includes('copy'))).toEqual(["it's a copy.db"]);
  const store = await openStore(`sqlite:${copy}`, parts);
  onTestFinished(() => store.stop());
  expect(await store.facts.width.of('table.orders')).toBe('tblMadeByInit');
  expect((await store.journal.openRuns()).map(({ id }) => id).sort()).toEqual(['busy', 'waits']);
  const chunks = await store.journal.chunks('busy');
  expect(chunks.filter(({ status }) => status === 'done').map(({ id }) => id)).toEqual(
    expect.arrayContaining(settled),
  );
  for (const { id, status } of chunks) {
    expect(Buffer.compare(await store.journal.body('busy', id), bodyOf('busy', id))).toBe(0);
    const { wrote } = await store.journal.confirmed('busy', id);
    expect(wrote).toEqual(status === 'done' ? entriesOf('busy', id) : []);
  }
  const known = await store.known.load(scopeOf('busy'));
  expect([known?.note?.run, known?.table.size]).toEqual([expect.stringMatching(/^C\d+$/), 10_500]);
});

/** Types `backup …` where a store is. */
async function shell() {
  const { url, file } = await place();
  const store = await openStore(url, parts);
  await store.stop();
  const folder = mkdtempSync(join(tmpdir(), 'backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env: Record<string, string> = { STORE_URL: url, LOCALE: 'en-US' };
  const loaded = await program();
  const type = async (to: string) => {
    const { exit, out, err } = await typed(`backup ${to}`, {
      ...{ program: loaded, folder, env, clock: systemClock },
    });
    return { exit, err, json: JSON.parse(out) as Record<string, unknown> };
  };
  return { folder, env, type, file };
}

it('bitable-sync backup needs no Feishu app, and says where the copy is and how large', async () => {
  const { folder, type } = await shell();
  writeFileSync(join(folder, 'empty.db'), '');
  for (const name of ['copy.db', 'empty.db']) {
    const { exit, json, err } = await type(name);
    const { size } = statSync(join(folder, name));
    expect([exit, json]).toEqual([0, { status: 'ok', file: join(folder, name), bytes: size, error: null }]);
    expect(err).toContain(`Backed up to ${join(folder, name)} (`);
  }
});

it.each([
  ['a file with something in it', 'full.db', 2, 'backup-exists'],
  ['a folder', 'folder', 2, 'backup-exists'],
  ['a device', '/dev/null', 2, 'backup-exists'],
  ['the store itself', 'store.db', 2, 'backup-exists'],
  ['a file in no folder', 'no/such/copy.db', 1, 'backup-not-written'],
  ['a file where none can be', '/proc/copy.db', 1, 'backup-not-written'],
])('bitable-sync backup to %s changes nothing', async (_, to, exit, code) => {
  const { folder, type, file } = await shell();
  writeFileSync(join(folder, 'full.db'), 'something');
  symlinkSync(file, join(folder, 'store.db'));
  symlinkSync(tmpdir(), join(folder, 'folder'));
  const before = readdirSync(folder);
  const answer = await type(to);
  expect(answer).toMatchObject({ exit, json: { status: 'failed', error: { code } } });
  expect(answer.err).not.toMatch(/\n\s+at /);
  expect([readdirSync(folder), statSync(join(folder, 'full.db')).size]).toEqual([before, 9]);
});

it.each([
  [
    'is not there',
    (env: Record<string, string>, folder: string) => {
      env['STORE_URL'] = `sqlite:${folder}/none.db`;
    },
    2,
    'no-store',
  ],
  [
    'is no database',
    (env: Record<string, string>, folder: string) => {
      writeFileSync(join(folder, 'text.db'), 'name: orders\n'.repeat(100));
      env['STORE_URL'] = `sqlite:${folder}/text.db`;
    },
    2,
    'store-not-a-database',
  ],
  [
    'is in MySQL',
    (env: Record<string, string>) => {
      env['STORE_URL'] = 'mysql://u:geheim12@127.0.0.1:1/d';
    },
    2,
    'backup-mysql',
  ],
] as const)('bitable-sync backup of a store that %s says so', async (_, change, exit, code) => {
  const { folder, env, type } = await shell();
  change(env, folder);
  const before = readdirSync(folder);
  const answer = await type('copy.db');
  expect(answer).toMatchObject({ exit, json: { status: 'failed', error: { code } } });
  expect(answer.err).not.toContain('geheim12');
  expect(readdirSync(folder)).toEqual(before);
});

it('bitable-sync backup of a store that somebody keeps for himself is told as busy', async () => {
  const { type, file } = await shell();
  const other = new DatabaseSync(file);
  onTestFinished(() => other.close());
  other.exec('pragma journal_mode = delete; begin exclusive');
  expect(await type('copy.db')).toMatchObject({ exit: 1, json: { error: { code: 'store-busy' } } });
});
