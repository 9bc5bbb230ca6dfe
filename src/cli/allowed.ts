import { type ProblemError, problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { Desk } from './desk.ts';
import type { ShellDeed } from './program.ts';

/** Notes an act of the command line; answers why it must not be, where that is so: only a freeze stops it. */
export async function refusedOf(
  deed: Omit<ShellDeed, 'user'>,
  { program, user }: Pick<Desk, 'program' | 'user'>,
): Promise<ProblemError | undefined> {
  const permission = await program.permit({ ...deed, user });
  if (permission.allowed) return undefined;
  return problem({
    code: 'frozen',
    message: permission.refusal,
    cure: text(
      '先解冻，然后再试：在这里运行 bitable-sync thaw，或由管理员在聊天里发送 /sync thaw。',
      'Thaw it first: run bitable-sync thaw here, or have an admin send /sync thaw in the chat.',
    ),
  });
}
