import { connectionOf, noConnection } from '../config.ts';
import { ProblemError, problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import { type Answer, refusal } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import type { ShellDeed } from './program.ts';

/** A line about one sync. */
type OfOne = Command & { readonly name: string };

/** Answers what a person must put right before anything is called: the name, the definition's file, or its connection. */
export async function wrongIn(
  command: OfOne,
  { program, config, locale }: Pick<Desk, 'program' | 'config' | 'locale'>,
): Promise<Answer | undefined> {
  try {
    const { source } = await program.definitions.get(command.name);
    if (!connectionOf(config, source.connection)) throw problem(noConnection(source.connection));
    return undefined;
  } catch (error) {
    return refusal(command, error, error instanceof ProblemError ? 2 : 1, locale);
  }
}

/** Notes an act of the command line; answers why it must not be, where that is so: only a freeze stops it. */
export async function refusedOf(
  command: OfOne,
  deed: Omit<ShellDeed, 'user' | 'name'>,
  { program, user, locale }: Pick<Desk, 'program' | 'user' | 'locale'>,
): Promise<Answer | undefined> {
  const permission = await program.permit({ ...deed, name: command.name, user });
  if (permission.allowed) return undefined;
  const frozen = problem({
    code: 'frozen',
    message: permission.refusal,
    cure: text(
      '先解冻，然后再试：在这里运行 bitable-sync thaw，或由管理员在聊天里发送 /sync thaw。',
      'Thaw it first: run bitable-sync thaw here, or have an admin send /sync thaw in the chat.',
    ),
  });
  return refusal(command, frozen, 1, locale);
}
