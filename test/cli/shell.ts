import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { built } from '../support/program.ts';

export const main = join(await built(), 'main.js');

/** A process of the program, as a shell starts it. */
export interface Shell {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it wrote so far. */
  readonly written: { out: string; err: string };
  /** Resolves with the exit code, once all that it wrote has arrived. */
  readonly exit: Promise<number | null>;
  /** Resolves when the words have been written to stderr; rejects when it ends without. */
  says(words: string): Promise<void>;
}

/** Types a line in a folder, with no settings but those given. */
export function type(line: string, cwd: string, env: Readonly<Record<string, string>> = {}): Shell {
  const child = spawn(process.execPath, [main, ...line.split(' ').filter(Boolean)], {
    cwd,
    env: { PATH: process.env['PATH'], LOCALE: 'en-US', ...env },
  });
  child.stdin.end();
  const written = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (words: string) => {
    written.out += words;
  });
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    written.err += words;
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return {
    child,
    written,
    exit,
    says: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (written.err.includes(words)) resolve();
        };
        child.stderr.on('data', look);
        child.on('close', () => reject(new Error(`it ended without "${words}": ${written.err}`)));
        look();
      }),
  };
}

/** The object in the last line. */
export const lastLine = (out: string): unknown => JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
