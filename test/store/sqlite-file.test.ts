import { chmodSync, copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Dialect, Kysely, sql } from 'kysely';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/process.ts';
import { around, backendOf, beside, watch } from '../../src/store/db/open.ts';
import type { Tables } from '../../src/store/db/schema.ts';
import { openDatabase, prepareFile, SqliteFault } from '../../src/store/db/sqlite.ts';
import { type OpenedStore, openStore } from '../../src/store/open.ts';
import { startChild, writeUntilKilled } from './kill.ts';
import { sqlitePlace } from './places.ts';
import { bodyOf, chunkOf, entriesOf, parts, quiet, runOf, scopeOf } from './samples.ts';

const opened: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

async function place() {
  const made = await sqlitePlace();
  opened.push({ stop: made.remove });
  return made;
}

async function open(url: string): Promise<OpenedStore> {
  const store = await openStore(url, parts);
  opened.push(store);
  return store;
}

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe('the SQLite file', () => {
  it('and its side files can be read by their owner only, in a folder made for them', async () => {
    const { url, file } = await place();
    const store = await open(url);
    await store.facts.width.keep('a', 'b');
    expect([file, `${file}-wal`, `${file}-shm`].map(modeOf)).toEqual(['600', '600', '600']);
    expect(modeOf(dirname(file))).toBe('700');
  });

  it('loses rights that others had', async () => {
    const { url, file } = await place();
    mkdirSync(dirname(file));
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    await open(url);
    expect(modeOf(file)).toBe('600');
  });

  it('can be kept in memory', async () => {
    const store = await open('sqlite::memory:');
    await store.facts.width.keep('a', 'b');
    expect(await store.facts.width.of('a')).toBe('b');
  });

  it('leaves no side files when it was closed', async () => {
    const { url, file } = await place();
    const store = await openStore(url, parts);
    await store.journal.createRun(runOf('r1'));
    await store.stop();
    expect(() => statSync(`${file}-wal`)).toThrow('ENOENT');
  });

  it('is not opened when it is no database, and says what to do', async () => {
    const { url, file } = await place();
    mkdirSync(dirname(file));
    writeFileSync(file, 'name: orders\n'.repeat(100));
    await expect(openStore(url, parts)).rejects.toMatchObject({
      problems: [{ code: 'store-not-a-database', where: 'STORE_URL' }],
    });
  });

  it.each([
    ['/proc/bitable-sync/x.db', 'no folder or file can be made there (ENOENT)', 'an ordinary folder'],
    ['/dev/full', 'it is not an ordinary file (EISDIR)', 'let STORE_URL name a file'],
    [tmpdir(), 'it is not an ordinary file (EISDIR)', 'let STORE_URL name a file'],
    [
      `${fileURLToPath(import.meta.url)}/x.db`,
      'a part of the path is a file and no folder (ENOTDIR)',
      'path',
    ],
    [
      `${fileURLToPath(import.meta.url)}/a/x.db`,
      'a part of the path is a file and no folder (ENOTDIR)',
      'path',
    ],
    [join(tmpdir(), 'x'.repeat(300)), 'that is not the path of a file (ENAMETOOLONG)', 'path'],
  ])('cannot be %s, and that is said with its cure', async (path, what, cure) => {
    const refused = openStore(`sqlite:${path}`, parts).then(({ stop }) => stop());
    await expect(refused).rejects.toMatchObject({
      problems: [
        {
          code: 'store-unusable',
          where: 'STORE_URL',
          message: { en: `${path} cannot be used: ${what}` },
          cure: { en: expect.stringContaining(cure) },
        },
      ],
    });
  });

  it('that is full in the middle of a run says so, and what is no business of people stays as it is', async () => {
    const backend = backendOf('sqlite::memory:');
    const { dialect } = backend;
    const driver = dialect.createDriver();
    let fault = new SqliteFault('database or disk is full', 'SQLITE_FULL');
    driver.acquireConnection = async () => ({
      executeQuery: () => Promise.reject(fault),
      streamQuery: () => {
        throw new Error('not here');
      },
    });
    const logged: string[] = [];
    const note = (event: string) => logged.push(event);
    const log = { ...quiet, warn: note, error: note };
    const failing: Dialect = {
      createAdapter: () => dialect.createAdapter(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createDriver: () => driver,
    };
    const db = new Kysely<Tables>({
      dialect: around(failing, watch(backend.faults, { ...parts, log }).call),
    });
    opened.push({ stop: () => db.destroy() });
    const asked = () => db.selectFrom('bitable_sync_memory').selectAll().execute();
    await expect(asked()).rejects.toMatchObject({
      problems: [{ code: 'store-unusable', message: { en: expect.stringContaining('the disk is full') } }],
      cause: fault,
    });
    const error = await asked().catch((refused: unknown) => refused);
    beside(log).warn('lease.not-renewed', { error });
    beside(log).error('runs.not-resumed', { problem: 'store-unusable', error: 'in words' });
    beside(log).error('other.failed', { error: new Error('other') });
    expect(logged).toEqual(['store.failed', 'other.failed']);
    fault = new SqliteFault('no such table: memory', 'SQLITE_ERROR');
    await expect(asked()).rejects.toBe(fault);
  });

  it('rejects what is asked of it after it was closed', async () => {
    const { url } = await place();
    const store = await openStore(url, parts);
    await store.stop();
    await expect(store.ping()).rejects.toThrow();
  });

  it('ends what was asked before it is closed', async () => {
    const { url } = await place();
    const store = await openStore(url, parts);
    await store.journal.createRun(runOf('r1'));
    const added = store.journal.addChunks('r1', [chunkOf('C001', 1)]);
    await store.stop();
    await added;
    const again = await open(url);
    expect(await again.journal.chunks('r1')).toHaveLength(1);
  });
});

describe('a file that another program holds', () => {
  /** Another program that has the file for itself until told otherwise; what the store logs; time fifty times faster. */
  async function held() {
    const { url, file } = await place();
    const logged: [string, unknown][] = [];
    const note = (event: string, facts?: unknown) => logged.push([event, facts]);
    const time = () => Date.now() * 50;
    const clock = { now: time, monotonic: time, sleep: (ms: number) => systemClock.sleep(ms / 50) };
    const options = { clock, log: { ...quiet, warn: note, error: note } };
    const store = await openStore(url, options);
    opened.push(store);
    const other = new DatabaseSync(file);
    opened.push({ stop: async () => other.close() });
    const seen = async (event: string) =>
      vi.waitFor(() => expect(logged.map(([name]) => name)).toContain(event));
    return { url, store, other, logged, options, seen };
  }

  it('is waited for however long it takes, with one word at the start and one at the end', async () => {
    const { store, other, logged, seen } = await held();
    await store.journal.createRun(runOf('r1'));
    other.exec('begin immediate');
    const added = [1, 2, 3].map((seq) => store.journal.addChunks('r1', [chunkOf(`C00${seq}`, seq)]));
    await seen('store.failed');
    await expect(store.ping()).rejects.toMatchObject({ problems: [{ code: 'store-busy' }] });
    expect(store.trouble()).toMatchObject({ code: 'store-busy', where: 'STORE_URL' });
    other.exec('commit');
    await Promise.all(added);
    expect(await store.journal.chunks('r1')).toHaveLength(3);
    await store.ping();
    expect(logged.map(([event]) => event)).toEqual(['store.failed', 'store.recovered']);
    expect(logged[0]?.[1]).toMatchObject({ code: 'store-busy', message: expect.stringContaining('locked') });
  });

  it('is told as locked to whoever reads', async () => {
    const { file } = await place();
    const db = openDatabase(prepareFile(file));
    opened.push({ stop: async () => db.close() });
    const read = db.prepare('select * from sqlite_master');
    db.prepare('pragma journal_mode = delete').all([]);
    const other = new DatabaseSync(file);
    opened.push({ stop: async () => other.close() });
    other.exec('begin exclusive');
    expect(() => read.all([])).toThrow(expect.objectContaining({ name: 'SqliteFault', code: 'SQLITE_BUSY' }));
  });

  it('is given up after some seconds by whoever opens it, in words', async () => {
    const { url, other, options } = await held();
    other.exec('begin exclusive');
    await expect(openStore(url, options)).rejects.toMatchObject({ problems: [{ code: 'store-busy' }] });
  });

  it('holds nobody up who stops', async () => {
    const { store, other, seen } = await held();
    other.exec('begin immediate');
    const noted = store.facts.width.keep('a', 'b').catch((error: unknown) => error);
    await seen('store.failed');
    store.hurry();
    await store.stop();
    expect(await noted).toMatchObject({ problems: [{ code: 'store-busy' }] });
  });

  it('does not stop the event loop', async () => {
    const { store, other } = await held();
    other.exec('begin immediate');
    const noted = store.facts.width.keep('a', 'b');
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await systemClock.sleep(300);
    delay.disable();
    other.exec('commit');
    await noted;
    // A driver that waits by itself would have held it up all the time.
    expect(delay.max / 1e6).toBeLessThan(250);
  });
});

it('changes move into the file now and then, so that a copy of it alone is nearly whole', async () => {
  const { url, file } = await place();
  const store = await open(url);
  await store.journal.createRun(runOf('r1'));
  await store.journal.addChunks('r1', [chunkOf('C001', 1, Buffer.alloc(2_000_000, 1))]);
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(2_000_000);
  await store.tend();
  expect(statSync(`${file}-wal`).size).toBe(0);
  copyFileSync(file, `${file}.copy`);
  const copy = await open(`sqlite:${file}.copy`);
  expect(await copy.journal.chunks('r1')).toHaveLength(1);
});

it.each(['', 'postgres://u:geheim@h/d', 'sqlite:', 'data/x.db'])(
  'STORE_URL %j is refused without repeating it',
  async (url) => {
    const refused = await openStore(url, parts).catch((error: unknown) => String(error));
    expect(refused).toBe('ProblemError: store-url: STORE_URL cannot be understood');
  },
);

it('every settled chunk is whole after kills at any step, of processes that write side by side', async () => {
  const { url } = await place();
  const settled: [run: string, chunk: string][] = [];
  const kept = new Map<string, number>();
  const writeAll = async (lines: number): Promise<void> => {
    const run = `killed-after-${lines}`;
    for (const line of await writeUntilKilled(url, run, lines)) {
      const [word, chunk] = line.split(' ');
      if (word === 'settled' && chunk) settled.push([run, chunk]);
      if (word === 'kept') kept.set(run, (kept.get(run) ?? 0) + 1);
    }
  };
  // Each number ends a process in another step: opening, adding, sending, settling, keeping, between two chunks.
  await Promise.all([1, 6].map(writeAll));
  await Promise.all([12, 27, 44].map(writeAll));
  const store = await open(url);
  for (const [run, chunk] of settled) {
    const stored = (await store.journal.chunks(run)).find(({ id }) => id === chunk);
    expect(stored).toMatchObject({ status: 'done', attempts: 1, token: `token-${chunk}` });
  }
  for (const { id: run } of await store.journal.openRuns()) {
    for (const { id, status } of await store.journal.chunks(run)) {
      expect(Buffer.compare(await store.journal.body(run, id), bodyOf(run, id))).toBe(0);
      const { wrote } = await store.journal.confirmed(run, id);
      expect([run, id, wrote]).toEqual([run, id, status === 'done' ? entriesOf(run, id) : []]);
    }
    // What was kept last, or what was about to be.
    const last = kept.get(run) ?? 0;
    const known = await store.known.load(scopeOf(run));
    if (known?.note) {
      expect([`C${last}`, `C${last + 1}`]).toContain(known.note.run);
      expect([...known.table.slots()].map((slot) => known.table.record(slot))).toEqual(
        Array.from({ length: 10_500 }, (_, at) => `rec${known.note?.run}${at}`),
      );
    } else expect(last).toBe(0);
  }
  expect(settled.length).toBeGreaterThan(12);
  const db = new Kysely<Tables>({ dialect: backendOf(url).dialect });
  opened.push({ stop: () => db.destroy() });
  expect((await sql`pragma integrity_check`.execute(db)).rows).toEqual([{ integrity_check: 'ok' }]);
});

it('of two processes that claim one table exactly one gets it', async () => {
  const { url } = await place();
  const children = ['p1', 'p2'].map((owner) => startChild('claim', url, owner));
  for (const child of children) await child.lines.next();
  for (const child of children) child.process.stdin.write('go\n');
  const answers = await Promise.all(children.map(async (child) => String((await child.lines.next()).value)));
  const kinds = answers.map((answer) => (JSON.parse(answer) as { kind: string }).kind);
  expect(kinds.sort()).toEqual(['claimed', 'held']);
});
