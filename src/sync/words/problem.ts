import { type Text, text } from './text.ts';

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

export const problem = (one: Problem, options?: ErrorOptions): ProblemError =>
  new ProblemError([one], options);

/** Thrown when a lease was lost: whoever holds the table now goes on. */
export class Fenced extends Error {
  constructor(table: string) {
    super(`the lease on ${table} was taken over`);
    this.name = 'Fenced';
  }
}

/** Why a run is over here though it is not over. Read at the shell only: card and store are the other instance's by now. */
export const takenOver: Problem = {
  code: 'taken-over',
  message: text(
    '另一个实例接手了这次同步，由它继续；这里的数字只到那时为止。',
    'Another instance took this run over and continues it; the numbers here are those up to then.',
  ),
  cure: text(
    '结果看卡片，或加 --wait 秒数再运行一次：它会等那边结束。',
    'See the card for how it ends, or run it again with --wait SECONDS: that waits for the other one.',
  ),
};
