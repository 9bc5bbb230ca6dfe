import type { CheckStep } from '../cli/program.ts';
import { CallError } from '../sync/failure.ts';
import { problemOf } from '../sync/failure-problem.ts';
import { type Problem, ProblemError } from '../sync/problem.ts';
import type { Text } from '../sync/text.ts';

/** Tries one thing; what it answers or rejects with becomes its problems, `warn-…` ones its advice. */
export async function step(what: Text, work: () => Promise<readonly Problem[]>): Promise<CheckStep> {
  // What is not set throws before there is a promise.
  return stepOf(what, await (async () => work())().catch((error: unknown) => problemsIn(error)));
}

/** One thing that was tried, with what was found. */
export const stepOf = (what: Text, found: readonly Problem[]): CheckStep => ({
  what,
  problems: found.filter(({ code }) => !code.startsWith('warn-')),
  advice: found.filter(({ code }) => code.startsWith('warn-')),
});

function problemsIn(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  if (error instanceof CallError) return [problemOf(error.failure)];
  throw error;
}
