import { CallError, problemOf } from '../sync/words/failure.ts';
import { backoff } from '../sync/words/limits.ts';
import { BrokenFile, type Problem, ProblemError } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';

/** What to tell a person about an error; what is wrong in a definition's file is for admins. */
export function problemsOf(error: unknown, admin = false): readonly [Problem, ...Problem[]] {
  if (error instanceof BrokenFile && !admin) return [brokenDefinition(error.definition)];
  if (error instanceof ProblemError) return error.problems;
  if (error instanceof CallError) return [problemOf(error.failure)];
  return [
    {
      code: 'unexpected',
      message: text('机器人出错，什么都没有写入。', 'Something failed inside the bot; nothing was written.'),
      cure: text('请稍后再试；不行请管理员看日志。', 'Try again later; else an admin should read the log.'),
    },
  ];
}

/** Tells that a definition cannot be read, and nothing of what stands in its file. */
export const brokenDefinition = (name: string): Problem => ({
  code: 'broken-definition',
  message: text(`同步 ${name} 的定义无法读取。`, `The definition of ${name} is broken and cannot be read.`),
  cure: text(
    '请管理员发送 /sync list，或在服务器上运行 bitable-sync check 查看原因。',
    'An admin sees why with /sync list, or with bitable-sync check on the server.',
  ),
});

/** What trouble with showing means: the card can never be shown again, the message is away, or later it may work. */
export type Trouble = 'hopeless' | 'message-gone' | 'later';

/** The message is recalled, deleted, no card, of a dissolved topic, or older than the 14 days in which cards change. */
const goneCodes = new Set([230001, 230011, 230019, 230031, 230110]);
/** The bot is out of the chat or may not speak there. https://open.feishu.cn/document/server-docs/im-v1/message/create */
const hopelessCodes = new Set([
  230002, 230006, 230013, 230018, 230027, 230029, 230034, 230035, 230053, 230075, 232009, 99991672,
]);

/** Of those, what is about the chat or the person and not about the app. */
const deafCodes = new Set([...hopelessCodes].filter((code) => ![230006, 230027, 99991672].includes(code)));

/** Tells what a failed attempt to show a card means. It never touches the run. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof CallError)) return 'later';
  const { code, verdict } = error.failure;
  if (code !== null && goneCodes.has(code)) return 'message-gone';
  if (code !== null && hopelessCodes.has(code)) return 'hopeless';
  return verdict === 'stop' ? 'hopeless' : 'later';
}

/** Whether Feishu has answered that it will not do it: nothing was sent, and the same again would be refused again. */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof CallError)) return false;
  const { how, verdict, status = 200, mayHaveHappened } = error.failure;
  // A code that no table lists may mean anything for rows; a message that was answered with one was not sent.
  const unlisted = verdict === 'unknown' && status < 500;
  return how === 'answered' && (!mayHaveHappened || unlisted) && verdict !== 'wait' && verdict !== 'round';
}

/** Whether a chat or person can be told nothing: gone, left, or shut; another one may be told instead. */
export function cannotHear(error: unknown): boolean {
  if (!(error instanceof CallError) || !isRefused(error)) return false;
  const { code, verdict } = error.failure;
  return (code !== null && deafCodes.has(code)) || verdict === 'values' || verdict === 'unknown';
}

/** Milliseconds before the next attempt: doubling from a second to a minute, or what Feishu asks for. */
export function pauseAfter(error: unknown, failures: number): number {
  const asked = error instanceof CallError ? (error.failure.retryAfter ?? 0) : 0;
  return Math.max(asked, backoff(failures - 1, 1000, 60_000));
}

/** Facts for the log: code and way of failing, never words that may hold data. */
export const factsOf = (error: unknown): Readonly<Record<string, unknown>> =>
  error instanceof CallError
    ? { code: error.failure.code, how: error.failure.how, logId: error.failure.logId }
    : {
        ...(error instanceof ProblemError ? { problem: error.problems[0].code } : {}),
        error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      };
