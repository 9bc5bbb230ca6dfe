import { localeOf, secretsOf } from '../config.ts';
import { readEnvironment } from '../env-file.ts';
import type { Log } from '../run/ports.ts';
import { hiding } from '../sync/hide.ts';
import { ProblemError, problem } from '../sync/problem.ts';
import { inLocale, text } from '../sync/text.ts';
import { type Answer, refusal } from './answer.ts';
import { type Command, parseArguments, wantsJson } from './arguments.ts';
import { perform } from './perform.ts';
import type { ExitCode } from './report.ts';
import { createTerminal, type Stream } from './terminal.ts';
import type { World } from './world.ts';

/** The command line of one process. */
export interface Cli {
  /** Carries the line out and answers the exit code. Never rejects. */
  run(): Promise<ExitCode>;
  /** Answers at once what is known, when the process cannot or must not go on. @param thrown what nobody caught. */
  abandon(thrown?: unknown): ExitCode;
}

/** Prepares one command line; `line` are the words after the program's name. */
export function createCli(line: readonly string[], world: World): Cli {
  let hide = hiding(secretsOf(world.env));
  const clean = (stream: Stream): Stream => ({
    write: (words) => stream.write(hide(words)),
    flushed: () => stream.flushed(),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  });
  const [out, err] = [clean(world.out), clean(world.err)];
  const json = wantsJson(line);
  let locale = localeOf(world.env);
  let command: Command = parseArguments(line, locale);
  let terminal = createTerminal(err, world.clock, locale);
  let answered = false;
  let lastWords: (() => Answer) | undefined;
  let log: Log | undefined;

  const give = (answer: Answer): ExitCode => {
    if (answered) return answer.exit;
    answered = true;
    terminal.clear();
    const lines = answer.lines.map((words) => `${words}\n`).join('');
    if (json || answer.bad) err.write(lines);
    else out.write(lines);
    if (json) out.write(`${JSON.stringify(answer.json)}\n`);
    return answer.exit;
  };

  /** An answer that did not arrive is no success: nobody has read it. Whoever closed the pipe needs no words. */
  const delivered = async (exit: ExitCode): Promise<ExitCode> => {
    const [answer, words] = [await out.flushed(), await err.flushed()];
    if (answer !== undefined && answer !== 'EPIPE')
      err.write(
        `✗ ${inLocale(text(`标准输出无法写入（${answer}）。`, `stdout cannot be written (${answer}).`), locale)}\n`,
      );
    return exit === 0 && (answer ?? words) !== undefined ? 1 : exit;
  };

  const carryOut = async (): Promise<Answer> => {
    const { env, advice } = readEnvironment(world.env, world.cwd);
    hide = hiding(secretsOf(env));
    if (localeOf(env) !== locale) {
      locale = localeOf(env);
      command = parseArguments(line, locale);
      terminal = createTerminal(err, world.clock, locale);
    }
    return perform(command, {
      world: { ...world, env, out, err },
      advice,
      hide,
      json,
      locale,
      terminal,
      openLog: async (options) => {
        log = (await world.createLog())({ ...options, write: terminal.write, pretty: err.isTTY });
        return log;
      },
      following: (answer) => {
        lastWords = answer;
      },
    });
  };

  return {
    run: async () => {
      try {
        return await delivered(give(await carryOut()));
      } catch (error) {
        const told = error instanceof ProblemError;
        const exit = told && !isPassing(error) ? 2 : 1;
        if (!told) complain(error);
        return delivered(give(refusal(command, error, exit, locale)));
      }
    },
    abandon: (thrown) => {
      if (thrown !== undefined) complain(thrown);
      const known = thrown === undefined ? lastWords?.() : undefined;
      return give(known ?? refusal(command, thrown ?? leftInAHurry, 1, locale));
    },
  };

  function complain(thrown: unknown): void {
    const facts = { error: thrown };
    if (log) log.error('program.failed', facts);
    else if (thrown instanceof Error && thrown.stack) err.write(`${thrown.stack}\n`);
  }
}

/** Whether nothing in line or settings is wrong: what stands in the way may be over when it is tried again. */
const isPassing = ({ problems }: ProblemError): boolean => problems.every(({ code }) => passing.has(code));
const passing: ReadonlySet<string> = new Set([
  'store-busy',
  'store-silent',
  'store-full',
  'store-failed',
  'backup-not-written',
  'store-in-use',
  'interrupted',
]);

const leftInAHurry = problem({
  code: 'interrupted',
  message: { zh: '已按要求立即结束。', en: 'Ended at once, as asked.' },
  cure: { zh: '再次运行即可继续。', en: 'Run it again to go on.' },
});
