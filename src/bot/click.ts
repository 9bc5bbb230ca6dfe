import type { Press } from '../cards/parts/element.ts';
import { opsFor } from '../cards/run-buttons.ts';
import type { RunRecord } from '../run/ports.ts';
import { ProblemError } from '../sync/words/problem.ts';
import { type Text, text } from '../sync/words/text.ts';
import { approvers, starterOf } from './access.ts';
import type { Bot } from './bot.ts';
import { inert, type RunButton, type Said, say, toast } from './buttons/button.ts';
import { buttons, decode } from './buttons/registry.ts';
import { gone, redraw, stale } from './buttons/run.ts';
import { factsOf, problemsOf } from './failures.ts';
import { definitionOf } from './find.ts';
import { refusedPress } from './permit.ts';
import type { ClickEvent, Toast } from './ports.ts';

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
    if (state.status !== 'running') redraw({ event, people }, state, bot);
    return say('warning', stale);
  }
  const about = { definition, name: state.definition, run, starter: starterOf(state) };
  const refusal = await refusedPress(event, { right: button.right(state), what: op, ...about }, bot);
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

const notYet = text(
  '这张卡片还没准备好，请稍后再点。',
  'This card is not ready yet; press again in a moment.',
);
