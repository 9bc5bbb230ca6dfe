import type { World } from '../../src/cli/command.ts';
import type { ExitCode } from '../../src/cli/report.ts';
import type { Stream } from '../../src/cli/terminal.ts';
import type { Instance } from '../../src/process.ts';
import type { Clock } from '../../src/run/ports.ts';
import type { parts } from './program.ts';

/** Where a line is typed, and at which program. */
export interface Shell {
  readonly program: Awaited<ReturnType<typeof parts>>;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Aborted when the program is to end; never when not given. */
  readonly stopping?: AbortSignal;
  /** How the program knows others on the machine; as a process does when not given. */
  readonly instance?: Instance;
}

/** What a line has written, and how it ended. */
export interface Typed {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Types a line at the program in this process; `--json` is added. Nobody types anything after it. */
export async function typed(line: string, shell: Shell): Promise<Typed> {
  const { program, folder, env, clock, stopping, instance } = shell;
  const paper = newPaper(100);
  const cli = program.createCli([...line.split(' '), '--json'], {
    ...{ version: '0.0.0', env, cwd: folder, user: 'ada', clock },
    io: { out: paper.out, err: paper.err, lines: noLines },
    stopping: stopping ?? new AbortController().signal,
    load: {
      log: async () => program.createLog,
      program: async () => (config, around) =>
        program.openProgram(config, { ...around, ...(instance && { instance }) }),
      definitions: async () => program.openDefinitions,
      storeCare: async () => program.storeCare,
      demo: () => Promise.reject(new Error('not here')),
    },
  });
  const exit = await cli.run();
  return { exit, ...paper.written };
}

/** Streams that are no terminal; what was written can be read at any time. */
export function newPaper(columns: number): {
  readonly written: { out: string; err: string };
  readonly out: Stream;
  readonly err: Stream;
} {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): Stream => ({
    write: (words) => {
      written[name] += words;
    },
    isTTY: false,
    size: () => ({ columns, rows: 24 }),
    flushed: async () => undefined,
  });
  return { written, out: stream('out'), err: stream('err') };
}

/** Nobody types anything. */
export const noLines: World['io']['lines'] = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};
