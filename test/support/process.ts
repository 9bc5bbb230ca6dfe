import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Report } from '../../src/cli/report.ts';
import { built } from './program.ts';
import type { World } from './world.ts';

/** A process of the program. */
export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its exit code and outputs, once it has ended. */
  readonly ended: Promise<{ exit: number | null; out: string; err: string; report: Report }>;
}

/** Starts the compiled program in the world's folder, with the world's settings. */
export async function start(
  world: World,
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const main = join(await built(), 'main.js');
  const child = spawn(process.execPath, [main, ...line.split(' ')], {
    cwd: world.folder,
    env: { PATH: process.env['PATH'], ...world.env, ...env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  child.stdin.end();
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (words: string) => {
    out += words;
  });
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    err += words;
  });
  const ended = new Promise<Awaited<Started['ended']>>((resolve, reject) => {
    child.on('error', reject).on('close', (exit) => {
      const last = out.trimEnd().split('\n').at(-1) ?? '';
      const report = (last.startsWith('{') ? JSON.parse(last) : {}) as Report;
      resolve({ exit, out, err, report });
    });
  });
  return { child, ended };
}

/** Resolves when a call of the route arrives for the nth time, before Feishu looks at it. */
export const arrival = (world: World, route: string, nth = 1): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0;
    const off = world.feishu.onRequest((request) => {
      if (request.route.name !== route) return;
      seen += 1;
      if (seen < nth) return;
      off();
      resolve();
    });
  });
