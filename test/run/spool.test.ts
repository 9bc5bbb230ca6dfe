import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { Spool } from '../../src/run/plan/spool.ts';
import { ProblemError } from '../../src/sync/words/problem.ts';

let folder: string;
let spools: Spool<string>[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-test-'));
  spools = [];
});

afterEach(async () => {
  for (const spool of spools) spool.close();
  await rm(folder, { recursive: true });
});

function open(memory?: number): Spool<string> {
  const spool = new Spool<string>(folder, memory);
  spools.push(spool);
  return spool;
}

async function all<T>(spool: Spool<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const group of spool.groups()) found.push(...group);
  return found;
}

/** Bytes that are in use: what the garbage collector has not come round to says nothing, least of all on a busy machine. */
function held(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The first one lets go, the second one waits until that is accounted for.
  collect();
  collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

it('gives nothing when nothing was put in', async () => {
  expect(await all(open())).toEqual([]);
});

it('gives the values back in order, as often as asked', async () => {
  const spool = open();
  for (const word of ['a', '', 'c\n"cc']) spool.append(word);
  expect(await all(spool)).toEqual(['a', '', 'c\n"cc']);
  expect(await all(spool)).toEqual(['a', '', 'c\n"cc']);
  expect(spool.size).toBe(3);
});

it('gives rows back exactly, whatever their cells hold', async () => {
  const row = fc.record({
    row: fc.nat(),
    cells: fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\ud800', '\u001f', '中'))),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row), fc.constantFrom(0, 1_000_000), async (rows, memory) => {
      const spool = new Spool<(typeof rows)[number]>(folder, memory);
      for (const one of rows) spool.append(one);
      expect(await all(spool)).toEqual(rows);
      spool.close();
    }),
  );
});

it('loses nothing and keeps the order, in memory and on disk', async () => {
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(0, 65_532, 65_536, 70_000)), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(lengths, fc.constantFrom(0, 70_000, 1_000_000_000), async (sizes, memory) => {
      const spool = new Spool<string>(folder, memory);
      const values = sizes.map((length, i) => String.fromCharCode(i % 256).repeat(length));
      for (const value of values) spool.append(value);
      expect(await all(spool)).toEqual(values);
      for (const value of values) spool.append(value);
      expect(await all(spool)).toEqual([...values, ...values]);
      expect(spool.size).toBe(values.length * 2);
      spool.close();
    }),
    { numRuns: 50 },
  );
});

it('holds to its memory limit when the disk is slower than the rows', async () => {
  const spool = open(1024 * 1024);
  const before = held();
  let most = 0;
  // 100 MB without ever giving the disk's callbacks a chance to run.
  for (let i = 0; i < 1_000; i += 1) {
    spool.append(String(i % 10).repeat(100_000));
    if (i % 250 === 249) most = Math.max(most, held() - before);
  }
  // The limit, and the block in hand.
  expect(most).toBeLessThan(4 * 1024 * 1024);
  let next = 0;
  for await (const group of spool.groups()) {
    for (const found of group) {
      expect(found[0]).toBe(String(next % 10));
      next += 1;
    }
  }
  expect(next).toBe(1_000);
});

it('lets the event loop turn while it is read', async () => {
  const spool = open();
  for (let i = 0; i < 1_000; i += 1) spool.append('x'.repeat(1_000));
  let turns = 0;
  const immediate = (): void => {
    turns += 1;
    again = setImmediate(immediate);
  };
  let again = setImmediate(immediate);
  onTestFinished(() => clearImmediate(again));
  await all(spool);
  expect(turns).toBeGreaterThan(10);
});

it('leaves no file in the folder, not even while it is in use', async () => {
  const spool = open(0);
  for (let i = 0; i < 3; i += 1) spool.append('x'.repeat(2_000_000));
  expect(await readdir(folder)).toEqual([]);
});

it('gives what was there when reading began, also while more comes in', async () => {
  const spool = open(0);
  spool.append('1');
  const found: string[] = [];
  for await (const group of spool.groups()) {
    found.push(...group);
    for (let i = 0; i < 3; i += 1) spool.append('x'.repeat(100_000));
  }
  expect(found).toEqual(['1']);
  expect(spool.size).toBe(4);
});

it('says what to do when the folder cannot be used', () => {
  const spool = new Spool<string>(join(folder, 'missing'), 0);
  let failure: unknown;
  try {
    spool.append('x'.repeat(100_000));
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(ProblemError);
  expect((failure as ProblemError).problems[0]).toMatchObject({
    code: 'disk-failed',
    where: join(folder, 'missing'),
  });
});

it('takes nothing more once it is closed', async () => {
  const spool = open(0);
  spool.append('x'.repeat(100_000));
  spool.append('x'.repeat(100_000));
  spool.close();
  spool.close();
  expect(() => spool.append('x')).toThrow('closed');
  expect(await all(spool)).toEqual([]);
});
