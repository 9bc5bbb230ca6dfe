import { longestMore, longestRun, type Press, snoozes } from '../../cards/parts/element.ts';
import type { RunOp } from '../../cards/run-buttons.ts';
import { commands } from '../commands/registry.ts';
import type { CardButton, RunButton } from './button.ts';
import { command, open, skip, snooze, sync, unpause } from './free.ts';
import { apply, applyNoDeletes, cancel, create, csv, discard, rerun, resume, retry, verify } from './run.ts';

const ofRuns: Readonly<Record<Exclude<RunOp, 'open'>, RunButton>> = {
  ...{ cancel, resume, retry, rerun, create, apply, discard, csv, verify },
  'apply-no-deletes': applyNoDeletes,
};

/** The buttons of the bot's cards by what they ask for. */
export type Buttons = ReadonlyMap<string, CardButton>;

/** What each button does. A new one is an object here; on the card of a run, with its look in `cards/run-buttons.ts`. */
export const buttons: Buttons = new Map<string, CardButton>(
  Object.entries({ ...ofRuns, open, sync, snooze, skip, unpause, command }),
);

/**
 * Reads what a button sent. `undefined` for anything that no button of ours sends; never throws. What comes
 * out is well-formed, not true: it counts only where the store agrees.
 * @param verbs the commands that a button may stand for
 */
export function decode(value: unknown, known = buttons, verbs = commands.all): Press | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { op, run, v, until: put, verb: asked, more } = value as Readonly<Record<string, unknown>>;
  const verb = verbs.find((one) => one.verb === asked)?.verb;
  if (typeof op !== 'string' || !known.has(op) || typeof run !== 'string' || run.length > longestRun)
    return undefined;
  if (op === 'command' ? verb === undefined : run === '') return undefined;
  if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < 0) return undefined;
  const until = snoozes.find((one) => one === put);
  return {
    ...{ op, run, v },
    ...(until !== undefined && { until }),
    ...(op === 'command' && verb !== undefined && { verb }),
    ...(op === 'command' && typeof more === 'string' && more.length <= longestMore && { more }),
  };
}
