import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  read,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { IsAlive } from '../keeper.ts';

/** Values in the order they came, as lines of JSON: in memory up to a limit, in a nameless temporary file above it. */
export interface Spool<T> {
  /** How many values it holds. */
  readonly size: number;
  /** @throws ProblemError when the disk fails. */
  append(value: T): void;
  /**
   * Yields what it held when reading began, some hundred values at a time, and lets the event loop turn between them;
   * may be called again. Rejects with a `ProblemError` when the disk fails.
   */
  groups(): AsyncIterable<readonly T[]>;
  /** Frees memory and file; can be called again. */
  close(): Promise<void>;
}

/** Lines of JSON: in memory, or where they are in the file. */
type Block = Buffer | { readonly position: number; readonly length: number };

/** Characters and values of a block at most: what is worked on in some milliseconds, and looked up in the store at once. */
const blockSize = 64 * 1024;
const blockValues = 500;

const readSome = promisify(read);

/**
 * Opens an empty spool. The file is made when the first block goes to disk.
 * @param memory bytes that may stay in memory, 32 MB when not given
 * @param folder where the temporary file goes
 */
export function openSpool<T>({
  memory = 32 * 1024 * 1024,
  folder,
}: {
  readonly memory?: number;
  readonly folder: string;
}): Spool<T> {
  let blocks: Block[] = [];
  let lines: string[] = [];
  let characters = 0;
  let kept = 0;
  let size = 0;
  let file: number | undefined;
  let fileEnd = 0;
  let closed = false;

  function endBlock(): void {
    const block = Buffer.from(lines.join('\n'));
    lines = [];
    characters = 0;
    if (kept + block.length <= memory) {
      kept += block.length;
      blocks.push(block);
      return;
    }
    try {
      file ??= openNameless(folder);
      for (let done = 0; done < block.length; )
        done += writeSync(file, block, done, block.length - done, fileEnd + done);
    } catch (error) {
      throw diskProblem(folder, error);
    }
    blocks.push({ position: fileEnd, length: block.length });
    fileEnd += block.length;
  }

  async function linesOf(block: Block): Promise<readonly string[]> {
    if (Buffer.isBuffer(block)) return block.toString().split('\n');
    const bytes = Buffer.allocUnsafe(block.length);
    try {
      for (let done = 0; done < bytes.length; ) {
        if (file === undefined) throw new Error('the spool is closed');
        const { bytesRead } = await readSome(file, bytes, done, bytes.length - done, block.position + done);
        if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it');
        done += bytesRead;
      }
    } catch (error) {
      throw diskProblem(folder, error);
    }
    return bytes.toString().split('\n');
  }

  return {
    get size() {
      return size;
    },
    append(value) {
      if (closed) throw new Error('the spool is closed');
      const line = JSON.stringify(value);
      lines.push(line);
      characters += line.length;
      size++;
      if (characters >= blockSize || lines.length === blockValues) endBlock();
    },
    async *groups() {
      const picture = [...blocks];
      const last = [...lines];
      const parsed = (some: readonly string[]): T[] => some.map((line) => JSON.parse(line) as T);
      for (const block of picture) {
        yield parsed(await linesOf(block));
        await nextTurn();
      }
      if (last.length > 0) yield parsed(last);
    },
    async close() {
      closed = true;
      blocks = [];
      lines = [];
      if (file !== undefined) closeSync(file);
      file = undefined;
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
