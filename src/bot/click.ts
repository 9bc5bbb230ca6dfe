import { noticeOps, type Press } from '../cards/parts/button.ts';
import { ProblemError } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import { answer } from './answer.ts';
import { askingOf, trustOf } from './asking.ts';
import { decode } from './button.ts';
import { commandOf, visible } from './command.ts';
import type { PressDesk } from './desk.ts';
import { problemsOf } from './known.ts';
import { refusedPress } from './permit.ts';
import type { ClickEvent, Toast } from './ports.ts';
import { runPressed } from './press-run.ts';
import { start } from './press-start.ts';
import { pressNotice } from './schedule/press.ts';
import { inert, type Tell, tell } from './toast.ts';
import { factsOf } from './trouble.ts';

/** Carries a click out and answers the toast. Rejects with nothing that it can put into words. */
export async function click(event: ClickEvent, desk: PressDesk): Promise<Toast> {
  const say = tell(desk.locale);
  const press = decode(event.value);
  try {
    if (!press) return say('warning', text('这个按钮已经失效。', 'This button does not work any more.'));
    if (press.op === 'open') return say('info', text('正在打开表格。', 'Opening the table.'));
    if (isNoticeOp(press.op)) {
      const pressed = await pressNotice(event, press, desk);
      if (pressed.kind === 'said') return say(pressed.type, pressed.words);
      if (pressed.kind === 'sync') return await start(event, pressed.definition, desk, say);
      // Lists and hints have this button too.
      if (press.op !== 'sync' && press.op !== 'command') return say('warning', inert);
      // Such cards are no notices: what counts is that the bot has sent them.
      const known = await trustOf(event.message, desk);
      if (!known) return say('warning', inert);
      if (press.op === 'command') return commanded(event, press, known.thread, desk, say);
      return await startPressed(event, press.run, known.thread, desk, say);
    }
    return await runPressed(event, press, desk, say);
  } catch (error) {
    if (!(error instanceof ProblemError))
      desk.log.error('click.failed', { op: press?.op, ...factsOf(error) });
    const [{ message, cure }] = problemsOf(error, desk.admins.includes(event.from));
    return say('error', text(`${message.zh}${cure.zh}`, `${message.en} ${cure.en}`));
  }
}

/** A button or a form that stands for a command: the same as typing it. */
function commanded(
  event: ClickEvent,
  { verb, run, more = '' }: Press,
  group: boolean,
  desk: PressDesk,
  say: Tell,
): Toast {
  const filled = (name: string): string => {
    const value = event.form[name];
    return typeof value === 'string' ? visible(value.slice(0, 300)).trim() : '';
  };
  const form = Object.keys(event.form).length > 0;
  const command = commandOf(
    verb ?? 'help',
    run === '' ? filled('name') : run,
    more === '' ? filled('more') : more,
  );
  const asking = { ...askingOf(event, form ? 'form' : 'button'), group };
  desk.background.start('answer', () => answer(command, asking, desk));
  return say('success', text('好，结果见新卡片。', 'On it; a new card answers.'));
}

const isNoticeOp = (op: Press['op']): boolean => noticeOps.some((one) => one === op);

/** A button of the list: the same as the command, under the same rules. */
async function startPressed(
  event: ClickEvent,
  name: string,
  group: boolean,
  desk: PressDesk,
  say: Tell,
): Promise<Toast> {
  const definition = await desk.definitions.get(name);
  const refusal = await refusedPress(event, { right: 'run', what: 'sync', definition }, desk);
  return refusal ? say('warning', refusal) : start(event, definition, desk, say, { group });
}
