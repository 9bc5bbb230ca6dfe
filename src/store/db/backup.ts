import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { SqliteFault, told } from './sqlite.ts';
import { fileProblem } from './sqlite-file.ts';

/** Milliseconds that the copy waits for a program that has the store for itself. */
const patience = 2_000;

/**
 * Copies the SQLite store at `path` into a new file and returns its size in bytes. Programs that work with the store go
 * on meanwhile: the copy is the store at one moment. It gets its name once it is whole, and only its owner can read it.
 * https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause
 * @throws ProblemError when there is no store, when the file exists and is not empty, and when it cannot be written
 */
export function backUp(path: string, file: string): number {
  if (!statSync(path, { throwIfNoEntry: false })?.size) throw noStore(path);
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there && !(there.isFile() && there.size === 0)) throw exists(file);
    const part = `${file}.${randomUUID().slice(0, 8)}.partial`;
    closeSync(openSync(part, 'wx', 0o600));
    try {
      copy(path, part);
      // SQLite leaves this to whoever asks for the copy.
      flush(part);
      renameSync(part, file);
    } finally {
      rmSync(part, { force: true });
    }
    flush(dirname(file));
    return statSync(file).size;
  } catch (error) {
    throw inWords(error, path, file);
  }
}

function copy(path: string, to: string): void {
  const db = new DatabaseSync(path, { timeout: patience });
  try {
    told(() => db.exec(`vacuum into '${to.replaceAll("'", "''")}'`));
  } finally {
    db.close();
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Trouble with reading is the store's; all else is met where the copy is written. */
const ofTheStore: ReadonlySet<string> = new Set(['SQLITE_BUSY', 'SQLITE_NOTADB', 'SQLITE_CORRUPT']);

function inWords(error: unknown, path: string, file: string): unknown {
  if (error instanceof ProblemError || !(error instanceof Error && 'code' in error)) return error;
  const code = String(error.code);
  const told = error instanceof SqliteFault && ofTheStore.has(code) ? fileProblem(path, code) : undefined;
  return told ? problem(told, { cause: error }) : notWritten(file, code, error);
}

const notWritten = (file: string, code: string, cause: Error): ProblemError =>
  problem(
    {
      code: 'backup-not-written',
      message: text(`无法写入 ${file}（${code}）。`, `${file} cannot be written (${code}).`),
      cure: text(
        '换一个有空间、可以写的文件夹。',
        'Name a file in a folder that exists, can be written to and has room.',
      ),
    },
    { cause },
  );

const exists = (file: string): ProblemError =>
  problem({
    code: 'backup-exists',
    message: text(`${file} 已经存在。`, `${file} exists already.`),
    cure: text('换一个文件名，或先移走它。', 'Choose another name, or move it away first.'),
  });

/** Says that no store is in this file. */
export const noStore = (path: string): ProblemError =>
  problem({
    code: 'no-store',
    where: 'STORE_URL',
    message: text(`${path} 那里还没有同步记录。`, `There is no store at ${path} yet.`),
    cure: text(
      '在机器人所在的文件夹里运行，或把 STORE_URL 设成机器人用的那一个。',
      'Run this in the folder of the bot, or set STORE_URL as the bot has it.',
    ),
  });
