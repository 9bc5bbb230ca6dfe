import type { Locale } from '../sync/text.ts';
import type { Command } from './arguments.ts';
import { problemLines } from './draw.ts';
import {
  type ExitCode,
  errorOf,
  initJson,
  problemsOf,
  reportNoRun,
  ruledJson,
  verifyJson,
} from './report.ts';

/** How a command ended: for the shell, for programs and for people. */
export interface Answer {
  readonly exit: ExitCode;
  /** The one JSON object. */
  readonly json: object;
  /** The same for eyes; goes to stdout, or to stderr when `bad`. */
  readonly lines: readonly string[];
  /** Nothing came about: the lines are complaints. */
  readonly bad?: true;
}

/** Answers that a command could not be carried out, in the shape that the command's JSON has. */
export function refusal(command: Command, thrown: unknown, exit: ExitCode, locale: Locale): Answer {
  const problems = problemsOf(thrown);
  return {
    exit,
    json: failedJson(command, errorOf(problems, locale)),
    lines: problems.flatMap((problem) => problemLines(problem, locale)),
    bad: true,
  };
}

function failedJson(command: Command, error: ReturnType<typeof errorOf>): object {
  switch (command.kind) {
    case 'run':
    case 'plan':
    case 'cancel':
    case 'retry':
      return reportNoRun(command.name, error);
    case 'demo':
    case 'wrong':
      return reportNoRun(null, error);
    case 'init':
      return initJson(command.name, 'failed', error);
    case 'verify':
      return verifyJson(command.name, 'failed', error);
    case 'check':
      return { status: 'failed', app: [], definitions: [], findings: [], broken: [], error };
    case 'definitions':
      return { status: 'failed', definitions: [], error };
    case 'move-store':
      return { status: 'failed', rows: 0, store: null, error };
    case 'backup':
      return { status: 'failed', file: null, bytes: null, error };
    case 'status':
      return { status: 'failed', frozen: null, spentUntil: null, runs: [], error };
    case 'history':
      return { status: 'failed', definition: command.name, runs: [], error };
    case 'why':
      return { status: 'failed', definition: command.name, key: command.key, record: null, runs: [], error };
    case 'pause':
    case 'resume':
      return { status: 'failed', definition: command.name, error };
    case 'audit':
      return { status: 'failed', entries: [], error };
    case 'freeze':
    case 'thaw':
      return ruledJson(error);
    case 'setup':
    case 'start':
    case 'help':
    case 'version':
      return { status: 'failed', error };
  }
}
