import { longestMore, longestRun, type Press, snoozes } from '../../cards/parts/element.ts';
import { opsFor, type RunOp } from '../../cards/run-buttons.ts';
import type { RunRecord } from '../../run/ports.ts';
import { isGoing } from '../../sync/state/state.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { approvers, starterOf } from '../access.ts';
import type { Bot } from '../bot.ts';
import { commands } from '../commands/registry.ts';
import { factsOf, problemsOf } from '../failures.ts';
import { definitionOf, refusedPress } from '../permit.ts';
import type { ClickEvent, Toast } from '../ports.ts';
import { type CardButton, inert, type RunButton, type Said, say, toast } from './button.ts';
import { command, open, skip, snooze, sync, unpause } from './free.ts';
import {
  apply,
  applyNoDeletes,
  cancel,
  create,
  csv,
  discard,
  gone,
  redraw,
  rerun,
  resume,
  retry,
  stale,
  verify,
} from './run.ts';

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

/** Carries a click out and answers the toast. Rejects with nothing that it can put into words. */
export async function click(event: ClickEvent, bot: Bot): Promise<Toast> {
  const press = decode(event.value, buttons, bot.commands.all);
  try {
    return toast(await pressed(event, press, bot), bot.locale);
  } catch (error) {
    if (!(error instanceof ProblemError)) bot.log.error('click.failed', { op: press?.op, ...factsOf(error) });
    const [{ message, cure }] = problemsOf(error, bot.admins.includes(event.from));
    const words = text(`${message.zh}${cure.zh}`, `${message.en} ${cure.en}`);
    return toast(say('error', words), bot.locale);
  }
}

async function pressed(event: ClickEvent, press: Press | undefined, bot: Bot): Promise<Said> {
  const button = press && buttons.get(press.op);
  if (!button) return say('warning', text('这个按钮已经失效。', 'This button does not work any more.'));
  return button.on === 'run' ? runPressed(event, press, button, bot) : button.press(event, press, bot);
}

/** A button of a run: counts on the card that the store knows for that run, and in its version only. */
async function runPressed(
  event: ClickEvent,
  { op, run, v }: Press,
  button: RunButton,
  bot: Bot,
): Promise<Said> {
  const record = await noted(run, bot);
  const shown = await bot.journal.findRunByMessage(event.message);
  if (record?.card?.message !== event.message || shown?.id !== run)
    return say('warning', await whyNot(record, run, bot));
  const state = (await bot.runs.find(run)) ?? record.state;
  const definition = await definitionOf(state.definition, bot);
  const people = approvers(definition?.access, bot.admins);
  const fits = opsFor(state).some((one) => one === op);
  if (state.version !== v || !fits) {
    if (!isGoing(state)) redraw({ event, people }, state, bot);
    return say('warning', stale);
  }
  const right = typeof button.right === 'function' ? button.right(state) : button.right;
  const about = { definition, name: state.definition, run, starter: starterOf(state) };
  const refusal = await refusedPress(event, { right, what: op, ...about }, bot);
  if (refusal) return say('warning', refusal);
  return button.press({ event, record, state, definition, people }, bot);
}

/** A run with the message that shows it: a card that is being sent right now is waited for. */
async function noted(run: string, { journal, underWay }: Bot): Promise<RunRecord | undefined> {
  const record = await journal.findRun(run);
  if (record?.card !== null || underWay.size === 0) return record;
  await Promise.allSettled(underWay);
  return journal.findRun(run);
}

/** Why a press does not count on a message that is not the run's card. */
async function whyNot(record: RunRecord | undefined, run: string, { runs }: Bot): Promise<Text> {
  if (!(await runs.find(run))) return gone;
  // Feishu may show a card before it answers that it does.
  return record?.card === null ? notYet : inert;
}

const notYet = text('卡片还没准备好，请稍后再点。', 'This card is not ready yet; press again in a moment.');
