import type { Text } from './text.ts';

/** Something that a person must put right: what is wrong and what to do about it. */
export interface Problem {
  /** Stable word for programs, such as `no-such-field`. */
  readonly code: string;
  readonly message: Text;
  readonly cure: Text;
  /** Where it is: a setting's name, a file with its line, a column. */
  readonly where?: string;
  /** Feishu's log ID of the call that showed it, for their support. */
  readonly logId?: string;
}

/** Thrown when work cannot start or go on until a person has put the {@link Problem}s right. */
export class ProblemError extends Error {
  readonly problems: readonly [Problem, ...Problem[]];

  constructor(problems: readonly [Problem, ...Problem[]], options?: ErrorOptions) {
    super(problems.map((problem) => `${problem.code}: ${problem.message.en}`).join('; '), options);
    this.name = 'ProblemError';
    this.problems = problems;
  }
}

/** Thrown where the saved definition itself is broken: what stands in its file is for those who may see the file. */
export class BrokenFile extends ProblemError {
  readonly definition: string;

  constructor(definition: string, problems: readonly [Problem, ...Problem[]]) {
    super(problems);
    this.name = 'BrokenFile';
    this.definition = definition;
  }
}

/** Shortens the common case of one problem. */
export const problem = (one: Problem, options?: ErrorOptions): ProblemError =>
  new ProblemError([one], options);
