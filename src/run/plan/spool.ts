import { closeSync, mkdtempSync, openSync, read, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';

/** Lines of JSON: in memory, or where they are in the file. */
type Block = Buffer | { readonly position: number; readonly length: number };

/** Characters and values of a block at most: what is worked on in some milliseconds, and looked up in the store at once. */
const blockSize = 64 * 1024;
const blockValues = 500;
/** Bytes that may stay in memory when nothing else is said. */
const usualMemory = 32 * 1024 * 1024;

const readSome = promisify(read);

/** Values in the order they came, as lines of JSON: in memory up to a limit, in a nameless temporary file above it. */
export class Spool<T> {
  readonly #folder: string;
  readonly #memory: number;
  #blocks: Block[] = [];
  #lines: string[] = [];
  #characters = 0;
  #kept = 0;
  #size = 0;
  #file: number | undefined;
  #fileEnd = 0;
  #closed = false;

  /** Opens an empty spool. @param folder where the file is made when the first block goes to disk */
  constructor(folder: string, memory = usualMemory) {
    this.#folder = folder;
    this.#memory = memory;
  }

  /** How many values it holds. */
  get size(): number {
    return this.#size;
  }

  /** @throws ProblemError when the disk fails. */
  append(value: T): void {
    if (this.#closed) throw new Error('the spool is closed');
    const line = JSON.stringify(value);
    this.#lines.push(line);
    this.#characters += line.length;
    this.#size++;
    if (this.#characters >= blockSize || this.#lines.length === blockValues) this.#endBlock();
  }

  #endBlock(): void {
    const block = Buffer.from(this.#lines.join('\n'));
    this.#lines = [];
    this.#characters = 0;
    if (this.#kept + block.length <= this.#memory) {
      this.#kept += block.length;
      this.#blocks.push(block);
      return;
    }
    try {
      this.#file ??= openNameless(this.#folder);
      for (let done = 0; done < block.length; )
        done += writeSync(this.#file, block, done, block.length - done, this.#fileEnd + done);
    } catch (error) {
      throw diskProblem(this.#folder, error);
    }
    this.#blocks.push({ position: this.#fileEnd, length: block.length });
    this.#fileEnd += block.length;
  }

  /**
   * Yields what it held when reading began, some hundred values at a time, and lets the event loop turn between them;
   * may be called again. Rejects with a `ProblemError` when the disk fails.
   */
  async *groups(): AsyncGenerator<readonly T[]> {
    const blocks = [...this.#blocks];
    const last = [...this.#lines];
    const parsed = (some: readonly string[]): T[] => some.map((line) => JSON.parse(line) as T);
    for (const block of blocks) {
      yield parsed((await this.#bytesOf(block)).toString().split('\n'));
      await nextTurn();
    }
    if (last.length > 0) yield parsed(last);
  }

  async #bytesOf(block: Block): Promise<Buffer> {
    if (Buffer.isBuffer(block)) return block;
    const bytes = Buffer.allocUnsafe(block.length);
    try {
      for (let done = 0; done < bytes.length; ) {
        if (this.#file === undefined) throw new Error('the spool is closed');
        const left = bytes.length - done;
        const { bytesRead } = await readSome(this.#file, bytes, done, left, block.position + done);
        if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it');
        done += bytesRead;
      }
    } catch (error) {
      throw diskProblem(this.#folder, error);
    }
    return bytes;
  }

  /** Frees memory and file; can be called again. */
  close(): void {
    this.#closed = true;
    this.#blocks = [];
    this.#lines = [];
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Makes a file that only its user can read, and takes its name away at once: nothing is left whatever happens. */
function openNameless(folder: string): number {
  const own = mkdtempSync(join(folder, 'bitable-sync-spool-'));
  const path = join(own, 'rows');
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  rmdirSync(own);
  return file;
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
