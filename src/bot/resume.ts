import type { Clock, Journal, Log } from '../run/ports.ts';
import type { Run, Runs } from '../run/runs/runs.ts';
import type { Bot } from './handle.ts';
import type { Definitions } from './ports.ts';
import { factsOf } from './trouble.ts';

/** How often is looked for runs that nobody carries out any more and for plans that have waited too long, in ms. */
const lookEvery = 5_000;

/**
 * For as long as the bot listens: takes over the runs of processes that are gone, and closes what is too old.
 * Never rejects; ends when the signal is aborted.
 */
export async function tendRuns(
  parts: ResumeParts & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await resumeRuns(parts).catch((error: unknown) => parts.log.error('run.not-resumed', factsOf(error)));
    await parts.clock.sleep(lookEvery, signal).catch(() => undefined);
  }
}

interface ResumeParts {
  readonly runs: Pick<Runs, 'resume'>;
  readonly journal: Pick<Journal, 'findRun'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly log: Log;
  readonly bot: Pick<Bot, 'show'>;
}

/** Goes on with the runs that were left, and keeps their cards fresh again. */
export async function resumeRuns(parts: ResumeParts): Promise<readonly Run[]> {
  const { runs, journal, definitions, log, bot } = parts;
  const resumed = await runs.resume();
  for (const run of resumed) {
    try {
      const card = (await journal.findRun(run.id))?.card;
      if (!card) continue;
      // A definition that is broken by now must not hide the run.
      const definition = await definitions.get(run.state().definition).catch(() => undefined);
      bot.show(run, card, definition);
    } catch (error) {
      log.error('card.not-resumed', { run: run.id, ...factsOf(error) });
    }
  }
  return resumed;
}
