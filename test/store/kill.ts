import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { built } from '../support/program.ts';

const dist = await built();
const program = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Starts `child.ts`; its lines come one by one. */
export function startChild(...args: string[]): {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: AsyncIterableIterator<string>;
} {
  const child = spawn(process.execPath, ['--import', 'tsx', program, dist, ...args], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  child.stderr.pipe(process.stderr);
  return { process: child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** Lets a process write until it has said so many lines, kills it that instant, and answers what it said. */
export async function writeUntilKilled(url: string, run: string, lines: number): Promise<string[]> {
  const child = startChild('write', url, run);
  const gone = once(child.process, 'exit');
  const said: string[] = [];
  for await (const line of child.lines) {
    said.push(line);
    if (said.length === lines) child.process.kill('SIGKILL');
  }
  await gone;
  return said;
}
