import { CallError } from '../sync/failure.ts';
import { problemOf } from '../sync/failure-problem.ts';
import { BrokenFile, type Problem, ProblemError } from '../sync/problem.ts';
import { text } from '../sync/text.ts';

/**
 * What to tell a person about an error: its problems where it has some, else where to look. What is wrong in a
 * definition's file is for admins.
 */
export function problemsOf(error: unknown, admin = false): readonly [Problem, ...Problem[]] {
  if (error instanceof BrokenFile && !admin) return [brokenDefinition(error.definition)];
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

/** Tells that a definition cannot be read, and nothing of what stands in its file. */
export const brokenDefinition = (name: string): Problem => ({
  code: 'broken-definition',
  message: text(
    `同步 ${name} 的定义有问题，无法读取。`,
    `The definition of ${name} is broken and cannot be read.`,
  ),
  cure: text(
    '请管理员发送 /sync list，或在服务器上运行 bitable-sync check 查看原因。',
    'An admin sees why with /sync list, or with bitable-sync check on the server.',
  ),
});
