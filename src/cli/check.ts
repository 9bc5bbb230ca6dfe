import { ProblemError } from '../sync/problem.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import { type Answer, refusal } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import { problemLines } from './draw.ts';
import type { CheckStep, Checkup } from './program.ts';
import { reportedProblem } from './report.ts';
import { plain } from './words.ts';

/** Tries everything that a run needs, and lists what is wrong with its cure. */
export async function check(command: Extract<Command, { kind: 'check' }>, desk: Desk): Promise<Answer> {
  const { program, stopping, locale } = desk;
  try {
    return checked(await program.check(command.names, stopping), locale);
  } catch (error) {
    return refusal(command, error, error instanceof ProblemError ? 2 : 1, locale);
  }
}

function checked({ app, definitions }: Checkup, locale: Locale): Answer {
  const right = [app, ...definitions.map(({ steps }) => steps)].every(isRight);
  return {
    exit: right ? 0 : 1,
    json: {
      status: statusOf(right),
      app: app.map((step) => stepJson(step, locale)),
      definitions: definitions.map(({ name, steps }) => ({
        name,
        status: statusOf(isRight(steps)),
        steps: steps.map((step) => stepJson(step, locale)),
      })),
      error: null,
    },
    lines: [
      inLocale(text('应用', 'App'), locale),
      ...app.flatMap((step) => stepLines(step, locale)),
      ...definitions.flatMap(({ name, steps }) => [
        plain(name),
        ...steps.flatMap((step) => stepLines(step, locale)),
      ]),
      right
        ? inLocale(text('✓ 一切就绪', '✓ All is ready'), locale)
        : inLocale(text('✗ 有需要解决的问题', '✗ There are problems to solve'), locale),
    ],
  };
}

const isRight = (steps: readonly CheckStep[]): boolean =>
  steps.every(({ problems }) => problems.length === 0);
const statusOf = (right: boolean): string => (right ? 'ok' : 'problems');

const stepJson = ({ what, problems, advice }: CheckStep, locale: Locale): object => ({
  what: inLocale(what, locale),
  problems: problems.map((problem) => reportedProblem(problem, locale)),
  advice: advice.map((problem) => reportedProblem(problem, locale)),
});

function stepLines({ what, problems, advice }: CheckStep, locale: Locale): readonly string[] {
  const mark = problems.length > 0 ? '✗' : '✓';
  return [
    `  ${mark} ${plain(inLocale(what, locale))}`,
    ...problems.flatMap((problem) => problemLines(problem, locale)).map((line) => `    ${line}`),
    ...advice.flatMap((problem) => problemLines(problem, locale, '!')).map((line) => `    ${line}`),
  ];
}
