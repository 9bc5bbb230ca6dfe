import { inLocale } from '../sync/text.ts';
import { refusedOf, wrongIn } from './allowed.ts';
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

/** Pauses what a definition does by the clock, or lets it go on: as `/sync pause` and `/sync resume` do. */
export async function turn(
  command: Extract<Command, { kind: 'pause' | 'resume' }>,
  desk: Desk,
): Promise<Answer> {
  const { kind, name } = command;
  const refused =
    (await wrongIn(command, desk)) ?? (await refusedOf(command, { right: 'look', what: kind }, desk));
  if (refused) return refused;
  const words = await desk.program.turn(kind, name, desk.user);
  return {
    exit: 0,
    json: { status: kind === 'pause' ? 'paused' : 'resumed', definition: name, error: null },
    lines: [`${name}: ${inLocale(words, desk.locale)}`],
  };
}
