import { CallError } from '../sync/failure.ts';
import { problemOf } from '../sync/failure-problem.ts';
import { type Problem, ProblemError } from '../sync/problem.ts';
import { text } from '../sync/text.ts';

/** What to tell a person about an error: its problems where it has some, else where to look. */
export function problemsOf(error: unknown): readonly [Problem, ...Problem[]] {
  if (error instanceof ProblemError) return error.problems;
  if (error instanceof CallError) return [problemOf(error.failure)];
  return [
    {
      code: 'unexpected',
      message: text(
        '机器人内部出错，没有写入任何内容。',
        'Something failed inside the bot; nothing was written.',
      ),
      cure: text(
        '请稍后再试；还不行请管理员查看日志。',
        'Try again later; if it stays so, an admin should read the log.',
      ),
    },
  ];
}
