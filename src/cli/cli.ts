import { localeOf, secretsOf } from '../config.ts';
import { readEnvironment } from '../env-file.ts';
import type { Clock, Log } from '../run/ports.ts';
import { ProblemError, problem } from '../sync/words/problem.ts';
import { inLocale, type Locale, text } from '../sync/words/text.ts';
import { hiding } from '../sync/words/web-address.ts';
import { parseArguments, type Typed, wantsJson } from './arguments.ts';
import type { Answer, Command, Shell, World } from './command.ts';
import { cancel, demo, freeze, pause, resume, start, thaw } from './commands/bot.ts';
import { check, setup } from './commands/check.ts';
import { audit, history, status, why } from './commands/look.ts';
import { backup, definitions, moveStore } from './commands/offline.ts';
import { plan, retry, run } from './commands/run.ts';
import { init, trust, verify } from './commands/table.ts';
import { type ExitCode, errorOf, problemLines, problemsOf, reportNoRun } from './report.ts';
import { createTerminal, type Stream } from './terminal.ts';

/** Every command of the command line, as the help lists them. */
export const commands: readonly Command[] = [
  ...[start, run, plan, cancel, retry],
  ...[status, history, why],
  ...[pause, resume, freeze, thaw],
  ...[init, verify, trust, check, audit],
  ...[setup, definitions, backup, moveStore, demo],
];

/** The command line of one process. */
export interface Cli {
  /** Carries the line out and answers the exit code. Never rejects. */
  run(): Promise<ExitCode>;
  /** Answers at once what is known, when the process cannot or must not go on. @param thrown what nobody caught. */
  abandon(thrown?: unknown): ExitCode;
}

/** Sends whatever a library prints to stderr: stdout belongs to answers, with `--json` to one object alone. */
export function keepStdoutForAnswers(): void {
  for (const word of ['log', 'info', 'debug', 'dir', 'table'] as const) console[word] = console.error;
}

/** Prepares one command line; `line` are the words after the program's name. */
export function createCli(line: readonly string[], world: World): Cli {
  let hide = hiding(secretsOf(world.env));
  const clean = (stream: Stream): Stream => ({ ...stream, write: (words) => stream.write(hide(words)) });
  const io = { ...world.io, out: clean(world.io.out), err: clean(world.io.err) };
  const { out, err } = io;
  const json = wantsJson(line);
  const speak = (locale: Locale) => inLanguage(locale, line, err, world.clock);
  let spoken = speak(localeOf(world.env));
  let isAnswered = false;
  let lastWords: (() => Answer) | undefined;
  let log: Log | undefined;

  const refuse = (thrown: unknown, exit: ExitCode = thrown instanceof ProblemError ? 2 : 1): Answer =>
    refusal(spoken.typed, thrown, exit, spoken.locale);
  const give = (answer: Answer): ExitCode => {
    if (isAnswered) return answer.exit;
    isAnswered = true;
    spoken.terminal.clear();
    const shown = json || answer.bad ? err : out;
    shown.write(answer.lines.map((words) => `${words}\n`).join(''));
    if (json) out.write(`${JSON.stringify(answer.json)}\n`);
    return answer.exit;
  };
  const carryOut = async (): Promise<Answer> => {
    const { env, advice } = readEnvironment(world.env, world.cwd);
    hide = hiding(secretsOf(env));
    if (localeOf(env) !== spoken.locale) spoken = speak(localeOf(env));
    const { locale, typed, terminal } = spoken;
    return perform(typed, {
      ...{ world: { ...world, env, io }, advice, json, locale, terminal, refuse },
      openLog: async (options) => {
        log = (await world.load.log())({ ...options, write: terminal.write, pretty: err.isTTY });
        return log;
      },
      following: (answer) => {
        lastWords = answer;
      },
    });
  };
  const complain = (thrown: unknown): void => {
    if (log) log.error('program.failed', { error: thrown });
    else if (thrown instanceof Error && thrown.stack) err.write(`${thrown.stack}\n`);
  };
  return {
    run: async () => {
      const answer = await carryOut().catch((error: unknown) => {
        const isTold = error instanceof ProblemError;
        if (!isTold) complain(error);
        return refuse(error, isTold && !isPassing(error) ? 2 : 1);
      });
      return delivered(give(answer), out, err, spoken.locale);
    },
    abandon: (thrown) => {
      if (thrown !== undefined) complain(thrown);
      const known = thrown === undefined ? lastWords?.() : undefined;
      return give(known ?? refuse(thrown ?? leftInAHurry, 1));
    },
  };
}

/** A line and a terminal in the language that the person reads. */
const inLanguage = (locale: Locale, line: readonly string[], err: Stream, clock: Clock) => ({
  locale,
  typed: parseArguments(line, locale, commands),
  terminal: createTerminal(err, clock, locale),
});

async function perform(typed: Typed, shell: Shell): Promise<Answer> {
  switch (typed.kind) {
    case 'help':
      return { exit: 0, json: { help: typed.text }, lines: [typed.text.trimEnd()] };
    case 'version':
      return { exit: 0, json: { version: shell.world.version }, lines: [shell.world.version] };
    case 'wrong':
      throw problem({ code: 'usage', message: typed.message, cure: typed.cure });
    case 'command':
      return typed.command.run(shell);
  }
}

/** Answers that a line could not be carried out, in the shape that its JSON has. */
function refusal(typed: Typed, thrown: unknown, exit: ExitCode, locale: Locale): Answer {
  const problems = problemsOf(thrown);
  const error = errorOf(problems, locale);
  const other = typed.kind === 'wrong' ? reportNoRun(null, error) : { status: 'failed', error };
  return {
    exit,
    json: typed.kind === 'command' ? typed.command.failed(error) : other,
    lines: problems.flatMap((problem) => problemLines(problem, locale)),
    bad: true,
  };
}

/** An answer that did not arrive is no success: nobody has read it. Whoever closed the pipe needs no words. */
async function delivered(exit: ExitCode, out: Stream, err: Stream, locale: Locale): Promise<ExitCode> {
  const [answer, words] = [await out.flushed(), await err.flushed()];
  if (answer !== undefined && answer !== 'EPIPE') {
    const said = text(`标准输出无法写入（${answer}）。`, `stdout cannot be written (${answer}).`);
    err.write(`✗ ${inLocale(said, locale)}\n`);
  }
  return exit === 0 && (answer ?? words) !== undefined ? 1 : exit;
}

/** Whether nothing in line or settings is wrong: what stands in the way may be over when it is tried again. */
const isPassing = ({ problems }: ProblemError): boolean => problems.every(({ code }) => passing.has(code));
const passing: ReadonlySet<string> = new Set([
  ...['store-busy', 'store-silent', 'store-full', 'store-failed', 'store-in-use'],
  ...['backup-not-written', 'interrupted'],
]);

const leftInAHurry = problem({
  code: 'interrupted',
  message: text('已按要求立即结束。', 'Ended at once, as asked.'),
  cure: text('再次运行即可继续。', 'Run it again to continue.'),
});
