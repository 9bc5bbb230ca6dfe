import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ownerName } from '../../src/process.ts';
import { openSpool, type Spool } from '../../src/run/spool.ts';
import { openSpoolFile, openSpoolFolder } from '../../src/run/spool-file.ts';
import { ProblemError } from '../../src/sync/problem.ts';

let folder: string;
let spools: Spool[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-test-'));
  spools = [];
});

afterEach(async () => {
  await Promise.all(spools.map((spool) => spool.close()));
  await rm(folder, { recursive: true });
});

function open(memory?: number): Spool {
  const spool = openSpool(memory === undefined ? { folder } : { memory, folder });
  spools.push(spool);
  return spool;
}

async function all(spool: Spool): Promise<string[]> {
  const found: string[] = [];
  for await (const frame of spool.frames()) found.push(Buffer.from(frame).toString('latin1'));
  return found;
}

/** Bytes that are in use: what the garbage collector has not come round to says nothing, least of all on a busy machine. */
function held(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The first one lets go, the second one waits until that is accounted for.
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

const bytes = (word: string): Uint8Array => Buffer.from(word, 'latin1');

it('gives nothing when nothing was put in', async () => {
  expect(await all(open())).toEqual([]);
});

it('gives the frames back in order, as often as asked', async () => {
  const spool = open();
  for (const word of ['a', '', 'ccc']) spool.append(bytes(word));
  expect(await all(spool)).toEqual(['a', '', 'ccc']);
  expect(await all(spool)).toEqual(['a', '', 'ccc']);
  expect({ size: spool.size, bytes: spool.bytes }).toEqual({ size: 3, bytes: 4 });
});

it('gives the same frames in groups', async () => {
  const spool = open(0);
  for (let i = 0; i < 1_000; i += 1) spool.append(bytes(`${i}`.padEnd(i)));
  const found: string[] = [];
  for await (const group of spool.groups())
    found.push(...group.map((frame) => Buffer.from(frame).toString()));
  expect(found).toEqual(await all(spool));
});

it('keeps its own copy', async () => {
  const spool = open();
  const frame = bytes('before');
  spool.append(frame);
  frame.fill(0);
  expect(await all(spool)).toEqual(['before']);
});

it('loses nothing and keeps the order, in memory and on disk', async () => {
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(0, 65_532, 65_536, 200_000)), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(lengths, fc.constantFrom(0, 70_000, 1_000_000_000), async (sizes, memory) => {
      const spool = openSpool({ memory, folder });
      const frames = sizes.map((length, i) => String.fromCharCode(i % 256).repeat(length));
      for (const frame of frames) spool.append(bytes(frame));
      expect(await all(spool)).toEqual(frames);
      // Written in place, with room to spare.
      for (const frame of frames) {
        spool.write(frame.length * 3, (into, start) => start + into.write(frame, start, 'latin1'));
      }
      expect(await all(spool)).toEqual([...frames, ...frames]);
      const length = frames.join('').length * 2;
      expect({ size: spool.size, bytes: spool.bytes }).toEqual({ size: frames.length * 2, bytes: length });
      await spool.close();
    }),
    { numRuns: 50 },
  );
});

it('holds to its memory limit when the disk is slower than the rows', async () => {
  const spool = open(1024 * 1024);
  const frame = new Uint8Array(100_000);
  const before = held();
  let most = 0;
  // 300 MB without ever giving the disk's callbacks a chance to run.
  for (let i = 0; i < 3_000; i += 1) {
    spool.append(frame.fill(i % 256));
    if (i % 500 === 499) most = Math.max(most, held() - before);
  }
  // The limit, what is on its way to the disk, the block in hand.
  expect(most).toBeLessThan(14 * 1024 * 1024);
  let next = 0;
  for await (const found of spool.frames()) {
    expect(found[0]).toBe(next % 256);
    next += 1;
  }
  expect(next).toBe(3_000);
});

it('leaves no file in the folder, not even while it is in use', async () => {
  const spool = open(0);
  for (let i = 0; i < 3; i += 1) spool.append(new Uint8Array(2_000_000));
  expect(await readdir(folder)).toEqual([]);
});

it('gives what was there when reading began, also while more comes in', async () => {
  const spool = open(0);
  spool.append(bytes('1'));
  const found: string[] = [];
  for await (const frame of spool.frames()) {
    found.push(Buffer.from(frame).toString());
    for (let i = 0; i < 3; i += 1) spool.append(new Uint8Array(100_000));
  }
  expect(found).toEqual(['1']);
  expect(spool.size).toBe(4);
});

it('says what to do when the folder cannot be used', () => {
  const spool = openSpool({ memory: 0, folder: join(folder, 'missing') });
  spool.append(new Uint8Array(100_000));
  let failure: unknown;
  try {
    spool.append(new Uint8Array(100_000));
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
  spool.append(new Uint8Array(100_000));
  spool.append(new Uint8Array(100_000));
  await spool.close();
  await spool.close();
  expect(() => spool.append(bytes('x'))).toThrow('closed');
  expect(await all(spool)).toEqual([]);
});

describe('the folder of a process', () => {
  const own = ownerName('place', process.pid, 'own');
  const open = (parent: string) =>
    openSpoolFolder(parent, { owner: own, isAlive: (owner) => !owner.includes(' 7 ') });

  it('is its own, and gone when it stops', () => {
    const parent = mkdtempSync(join(tmpdir(), 'spool-folder-'));
    onTestFinished(() => rmSync(parent, { recursive: true }));
    const one = open(parent);
    const other = open(parent);
    expect(one.path).not.toBe(other.path);
    expect(statSync(one.path).mode & 0o777).toBe(0o700);
    one.stop();
    expect(readdirSync(parent)).toEqual([basename(other.path)]);
  });

  it('does not mind what others have put in the way, and clears what dead processes left', () => {
    const parent = mkdtempSync(join(tmpdir(), 'spool-folder-'));
    onTestFinished(() => rmSync(parent, { recursive: true }));
    writeFileSync(join(parent, 'bitable-sync'), 'in the way');
    const dead = openSpoolFolder(parent, { owner: ownerName('place', 7, 'x'), isAlive: () => true });
    writeFileSync(join(dead.path, 'rows'), 'left');
    const living = open(parent);
    expect(readdirSync(parent).sort()).toEqual(['bitable-sync', basename(living.path)].sort());
  });

  it('that cannot be made stops only who needs it', () => {
    const { path, stop } = open('/no/such/folder');
    expect(() => openSpoolFile(path)).toThrow('disk-failed');
    stop();
  });
});
