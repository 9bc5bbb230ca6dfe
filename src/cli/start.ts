import { ProblemError } from '../sync/problem.ts';
import { inLocale, text } from '../sync/text.ts';
import { type Answer, refusal } from './answer.ts';
import type { Desk } from './desk.ts';

/** Runs the bot until it is told to stop. */
export async function start({ program, terminal, stopping, locale }: Desk): Promise<Answer> {
  try {
    await program.serve();
  } catch (error) {
    if (error instanceof ProblemError) return refusal({ kind: 'start' }, error, 1, locale);
    throw error;
  }
  terminal.write(
    `${inLocale(text('机器人已启动，按 Ctrl-C 结束。', 'The bot is running; Ctrl-C ends it.'), locale)}\n`,
  );
  await aborted(stopping);
  return { exit: 0, json: { status: 'stopped', error: null }, lines: [] };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
