import { problem } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';

/** Whether nothing that writes may begin at this moment: somebody has frozen everything. */
export type IsHeld = () => Promise<boolean>;

/** Rejects with a `ProblemError` while nothing may begin, also where that was allowed a moment ago. */
export async function refuseHeld(isHeld: IsHeld): Promise<void> {
  if (await isHeld()) throw problem(frozen);
}

const frozen = {
  code: 'frozen',
  message: text('全部同步已被冻结，没有开始。', 'Everything is frozen; nothing was started.'),
  cure: text(
    '先解冻，然后再试：/sync thaw，或在服务器上运行 bitable-sync thaw。',
    'Thaw it first: /sync thaw, or bitable-sync thaw on the server.',
  ),
};
