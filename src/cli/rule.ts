import { inLocale } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import { ruledJson } from './report.ts';

/** Freezes everything, or thaws it: whoever is on the command line may. */
export async function rule(
  { kind }: Extract<Command, { kind: 'freeze' | 'thaw' }>,
  { program, user, locale }: Desk,
): Promise<Answer> {
  const ruled = await program.rule(kind, user);
  return {
    exit: 0,
    json: ruledJson(null, ruled),
    lines: [
      ...ruled.words.map((one) => inLocale(one, locale)),
      ...ruled.going.map(({ definition, run }) => `  bitable-sync cancel ${definition}  (${run})`),
    ],
  };
}
