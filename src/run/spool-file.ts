import {
  close,
  lstatSync,
  mkdtempSync,
  openSync,
  read,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ProblemError, problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { IsAlive } from './keeper.ts';

/** A temporary file without a name, readable by this process only. It is gone when closed, or when the process dies. */
export interface SpoolFile {
  /**
   * Writes at the end and answers where. The data must not change until `written` settles; none means that it
   * is written already. `written` never rejects: a failed write is thrown by the next call instead.
   * @throws ProblemError when the disk fails
   */
  append(data: Uint8Array): { readonly position: number; readonly written?: Promise<void> };
  /** Rejects with a `ProblemError` when the disk fails. */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes that may wait for the disk. Above that a write blocks, so that memory stays bounded. */
const waitingLimit = 8 * 1024 * 1024;

const writeSome = promisify(write);
const readSome = promisify(read);
const closeFile = promisify(close);

/** Opens one in the folder. @throws ProblemError when the folder cannot be written to. */
export function openSpoolFile(folder: string): SpoolFile {
  const file = openNameless(folder);
  const inFlight = new Set<Promise<void>>();
  let end = 0;
  let waiting = 0;
  let failure: ProblemError | undefined;

  async function writeAll(data: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await writeSome(file, data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    } catch (error) {
      failure ??= diskProblem(folder, error);
    }
    waiting -= data.length;
  }

  function writeNow(data: Uint8Array, position: number): void {
    for (let done = 0; done < data.length; ) {
      done += writeSync(file, data, done, data.length - done, position + done);
    }
  }

  return {
    append(data) {
      if (failure) throw failure;
      const position = end;
      end += data.length;
      if (waiting + data.length > waitingLimit) {
        try {
          writeNow(data, position);
        } catch (error) {
          throw diskProblem(folder, error);
        }
        return { position };
      }
      waiting += data.length;
      const written = writeAll(data, position).finally(() => inFlight.delete(written));
      inFlight.add(written);
      return { position, written };
    },
    async read(position, length) {
      if (failure) throw failure;
      const data = new Uint8Array(length);
      try {
        for (let done = 0; done < length; ) {
          const { bytesRead } = await readSome(file, data, done, length - done, position + done);
          if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it');
          done += bytesRead;
        }
      } catch (error) {
        throw diskProblem(folder, error);
      }
      return data;
    },
    async close() {
      await Promise.all(inFlight);
      await closeFile(file);
    },
  };
}

const prefix = 'bitable-sync-spool-';

/**
 * Makes a folder for one process, which only its user can read, and clears those that dead processes left. Where none
 * can be made, the run that needs a file there says so.
 * @param owner the process as the store knows it, and whether such a one lives
 */
export function openSpoolFolder(
  parent: string,
  { owner, isAlive }: { readonly owner: string; readonly isAlive: IsAlive },
): { readonly path: string; stop(): void } {
  const name = `${prefix}${Buffer.from(owner).toString('base64url')}-`;
  try {
    for (const one of readdirSync(parent)) if (isLeft(parent, one, isAlive)) remove(join(parent, one));
    const path = mkdtempSync(join(parent, name));
    return { path, stop: () => remove(path) };
  } catch {
    return { path: join(parent, name), stop: () => undefined };
  }
}

/** Whether a folder is this user's, and of a process that is gone. */
function isLeft(parent: string, name: string, isAlive: IsAlive): boolean {
  const owner = name.startsWith(prefix) ? name.slice(prefix.length, -7) : '';
  if (owner === '' || isAlive(Buffer.from(owner, 'base64url').toString()) !== false) return false;
  const about = lstatSync(join(parent, name), { throwIfNoEntry: false });
  return about?.isDirectory() === true && about.uid === (process.getuid?.() ?? about.uid);
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The next process clears it.
  }
}

/** Takes the name away at once, so that nothing is left behind whatever happens to the process. */
function openNameless(folder: string): number {
  try {
    const own = mkdtempSync(join(folder, 'spool-'));
    const path = join(own, 'rows');
    const file = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    rmdirSync(own);
    return file;
  } catch (error) {
    throw diskProblem(folder, error);
  }
}

function diskProblem(folder: string, error: unknown): ProblemError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return problem(
    {
      code: 'disk-failed',
      message: text(
        `无法使用临时文件夹 ${folder}：${code}。`,
        `The temporary folder ${folder} cannot be used: ${code}.`,
      ),
      cure: text(
        '检查该文件夹的剩余空间和写权限，然后再次同步。',
        'Check the folder for free space and the right to write, then run again.',
      ),
      where: folder,
    },
    { cause: error },
  );
}
