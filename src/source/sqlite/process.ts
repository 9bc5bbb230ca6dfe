import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Group } from './rows.ts';
import type { Refusal } from './rules.ts';

/** The query that a reader's process is to prepare. */
export interface Task {
  /** Absolute. */
  readonly path: string;
  readonly sql: string;
  /** How long a writer may keep it waiting (ms). */
  readonly patience: number;
}

/** What a query may use up before its process is ended, in bytes. */
export interface Bounds {
  /** Of memory, the process itself included. */
  readonly memory: number;
  /** Of files that SQLite sorts and collects in. */
  readonly files: number;
}

/** What a reader is asked for: the columns of one query, then rows until none come. The first time runs the query. */
export type Request = Task | 'rows';

/** Its answers: that it is there, then one for each request in their order. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'columns'; readonly columns: readonly Declared[] }
  | { readonly kind: 'rows'; readonly group: Group }
  | Failure;

/** What came instead of an answer. */
export type Failure =
  /** The query would do what it may not: `said` is the name that it uses. */
  | { readonly kind: 'refused'; readonly what: Refusal['kind']; readonly said: string }
  /** `code` is SQLite's, 1 where there is none. https://www.sqlite.org/rescode.html */
  | { readonly kind: 'failed'; readonly code: number; readonly said: string }
  /** The process ended without an order: `said` is `memory`, `files`, or what the system calls it. */
  | { readonly kind: 'gone'; readonly said: string };

/** A column of a query's answer, and what it was declared as where it comes from a table. */
export interface Declared {
  readonly name: string;
  readonly type: string | null;
}

/** The other end of a process that reads one file. */
export interface Reader {
  /** Resolves when the process can work. */
  readonly ready: Promise<Reply>;
  ask(request: Request): Promise<Reply>;
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
  const waiting: ((reply: Reply) => void)[] = [];
  let gone: Reply | undefined;
  let said = '';

  const next = (): Promise<Reply> =>
    new Promise((resolve) => {
      if (gone) resolve(gone);
      else waiting.push(resolve);
    });
  const ready = next();
  const end = (why: string): void => {
    gone ??= { kind: 'gone', said: why };
    for (const answer of waiting.splice(0)) answer(gone);
  };
  child.stderr?.setEncoding('utf8').on('data', (words: string) => {
    said = (said + words).slice(0, 1000);
  });
  child.on('message', (reply: Reply) => waiting.shift()?.(reply));
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => end(said || (signal ?? `exit ${code}`)));

  return {
    ready,
    ask(request) {
      // Where that fails the process has ended, which is told above.
      if (!gone) child.send(request, () => undefined);
      return next();
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** What runs TypeScript as it is, where the program does. */
const loader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
