import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bounds, Reply, Request } from './wire.ts';

/** The end of a reader that nobody ordered. `said` is `memory`, `files`, or what the system calls it. */
export class ReaderGone extends Error {
  readonly said: string;

  constructor(said: string, options?: ErrorOptions) {
    super(`the reading process ended: ${said}`, options);
    this.name = 'ReaderGone';
    this.said = said;
  }
}

/** The other end of a process that reads one file: columns as often as asked, and then the rows of one query. */
export interface Reader {
  /** Resolves when the process can work. */
  readonly ready: Promise<Reply>;
  /** Rejects with {@link ReaderGone} when the process has ended. */
  ask(request: Request): Promise<Reply>;
  /** Whether it has not ended yet. */
  lives(): boolean;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
}

/** All that the process gets to know of ours: where to put files of its own, and what `localtime` means. */
const environment = (): NodeJS.ProcessEnv => ({
  SQLITE_TMPDIR: tmpdir(),
  ...Object.fromEntries(
    ['TZ', 'TEMP', 'TMP', 'SystemRoot', 'LD_LIBRARY_PATH'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ),
});

/**
 * Starts a process in which a query can neither find anything but its file nor outlive its time: SQLite cannot be
 * stopped in the middle of a step, a process can.
 */
export function startReader(most: Bounds): Reader {
  const extension = extname(import.meta.filename);
  const child = fork(new URL(`./reader${extension}`, import.meta.url), [JSON.stringify(most)], {
    cwd: parse(process.cwd()).root,
    env: environment(),
    execArgv: extension === '.ts' ? ['--import', loader()] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  let gone: ReaderGone | undefined;
  let said = '';

  const next = (): Promise<Reply> =>
    new Promise((resolve, reject) => {
      if (gone) reject(gone);
      else waiting.push({ resolve, reject });
    });
  const ready = next();
  const end = (why: string, cause?: Error): void => {
    gone ??= new ReaderGone(why, { cause });
    for (const one of waiting.splice(0)) one.reject(gone);
  };
  child.stderr?.setEncoding('utf8').on('data', (words: string) => {
    said = (said + words).slice(0, 1000);
  });
  child.on('message', (reply: Reply) => waiting.shift()?.resolve(reply));
  child.on('error', (error) => end(error.message, error));
  child.on('close', (code, signal) => end(said || (signal ?? `exit ${code}`)));

  return {
    ready,
    ask(request) {
      // Where that fails the process has ended, which is told above.
      if (!gone) child.send(request, () => undefined);
      return next();
    },
    lives: () => gone === undefined,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** What runs TypeScript as it is, where the program does. */
const loader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
