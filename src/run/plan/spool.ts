import { closeSync, mkdtempSync, openSync, read, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';

/** Values in memory, or where they are in the file as JSON. */
type Block<T> = readonly T[] | { readonly position: number; readonly length: number };

/** Bytes and values of a block at most: what is worked on in some milliseconds, and looked up in the store at once. */
const blockSize = 128 * 1024;
const blockValues = 500;
/** Bytes that may stay in memory when nothing else is said, and where no records of a table do. */
const usualMemory = 64 * 1024 * 1024;
export const aloneMemory = 4 * usualMemory;

const readSome = promisify(read);

/** Values in the order they came: as they are up to a limit of memory, as JSON in a nameless temporary file above it. */
export class Spool<T> {
  readonly #folder: string;
  #memory: number;
  #blocks: Block<T>[] = [];
  #last: T[] = [];
  #lastSize = 0;
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

  /** Lets so many bytes stay in memory from now on. */
  allow(memory: number): void {
    this.#memory = memory;
  }

  /** Takes a value, which nobody changes from then on. @throws ProblemError when the disk fails. */
  append(value: T): void {
    if (this.#closed) throw new Error('the spool is closed');
    this.#last.push(value);
    this.#lastSize += sizeOf(value);
    this.#size++;
    if (this.#lastSize >= blockSize || this.#last.length === blockValues) this.#endBlock();
  }

  #endBlock(): void {
    const [block, size] = [this.#last, this.#lastSize];
    this.#last = [];
    this.#lastSize = 0;
    if (this.#kept + size > this.#memory) this.#blocks.push(this.#write(block));
    else {
      this.#kept += size;
      this.#blocks.push(block);
    }
  }

  #write(values: readonly T[]): Block<T> {
    const block = Buffer.from(JSON.stringify(values));
    const position = this.#fileEnd;
    try {
      this.#file ??= openNameless(this.#folder);
      for (let done = 0; done < block.length; )
        done += writeSync(this.#file, block, done, block.length - done, position + done);
    } catch (error) {
      throw diskProblem(this.#folder, error);
    }
    this.#fileEnd += block.length;
    return { position, length: block.length };
  }

  /**
   * Yields what it held when reading began, some hundred values at a time, and lets the event loop turn between them;
   * may be called again. Rejects with a `ProblemError` when the disk fails.
   */
  async *groups(): AsyncGenerator<readonly T[]> {
    const blocks = [...this.#blocks];
    const last = [...this.#last];
    for (const block of blocks) {
      yield 'position' in block ? await this.#read(block) : block;
      await nextTurn();
    }
    if (last.length > 0) yield last;
  }

  async #read(block: Exclude<Block<T>, readonly T[]>): Promise<readonly T[]> {
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
    return JSON.parse(bytes.toString()) as readonly T[];
  }

  /** Frees memory and file; can be called again. */
  close(): void {
    this.#closed = true;
    this.#blocks = [];
    this.#last = [];
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** About how many bytes of memory a value takes. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 24 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 32;
  for (const member of Array.isArray(value) ? value : Object.values(value)) size += 8 + sizeOf(member);
  return size;
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
