#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { createCli, keepStdoutForAnswers } from './cli/cli.ts';
import type { RunDemo } from './cli/command.ts';
import type { Stream } from './cli/terminal.ts';
import { systemClock } from './process.ts';

keepStdoutForAnswers();

const stopping = new AbortController();
const cli = createCli(process.argv.slice(2), {
  version: version(),
  env: process.env,
  cwd: process.cwd(),
  user: shellUser(),
  io: { out: output(process.stdout), err: output(process.stderr), lines: typedLines() },
  clock: systemClock,
  stopping: stopping.signal,
  load: {
    log: async () => (await import('./log.ts')).createLog,
    program: async () => (await import('./app.ts')).openProgram,
    definitions: async () => (await import('./local.ts')).openDefinitions,
    storeCare: async () => (await import('./local.ts')).storeCare,
    demo: openDemo,
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The second one is from somebody who does not want to wait.
    if (stopping.signal.aborted) process.exit(cli.abandon());
    stopping.abort(new Error(signal));
  });
}
process.on('uncaughtException', (error) => process.exit(cli.abandon(error)));
process.on('unhandledRejection', (reason) =>
  process.exit(cli.abandon(reason ?? new Error('unhandled rejection'))),
);

process.exit(await cli.run());

/** The demo, which comes with the sources only: undefined in a build, or where its playground is not installed. */
async function openDemo(): Promise<RunDemo | undefined> {
  try {
    // A name that is computed keeps the compiler from building the demo into dist.
    const { href } = new URL('./demo/demo.ts', import.meta.url);
    return ((await import(href)) as { readonly runDemo: RunDemo }).runDemo;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Who types; in a container an ID without a name. */
function shellUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? ''}`.trim();
  }
}

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return version;
}

/** A stream as people or programs read it. What cannot be written is remembered, and ends nothing. */
function output(stream: WriteStream): Stream {
  let failed: string | undefined;
  let last = Promise.resolve();
  stream.on('error', () => undefined);
  return {
    write: (words) => {
      last = new Promise((resolve) => {
        stream.write(words, (error) => {
          if (error) failed ??= 'code' in error ? String(error.code) : error.message;
          resolve();
        });
      });
    },
    flushed: async () => {
      await last;
      return failed;
    },
    isTTY: stream.isTTY,
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  };
}

/** Standard input, opened when somebody listens. */
async function* typedLines(): AsyncGenerator<string> {
  yield* createInterface({ input: process.stdin });
}
