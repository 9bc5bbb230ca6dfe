import type { CardJson } from '../ports.ts';
import { factsOf, isRefused } from '../trouble.ts';
import type { Notice } from './notice.ts';
import { deliver, owe, owes } from './owed.ts';
import type { ScheduleDesk } from './parts.ts';

/**
 * Sends a card by itself; where its chat is gone, to those who are responsible. Answers the message, or `undefined`
 * when it cannot be sent now: then it is owed, and comes as soon as messages arrive again. Never rejects for what Feishu
 * says.
 */
export async function send(
  desk: ScheduleDesk,
  to: string | undefined,
  card: CardJson,
  notice: Notice,
): Promise<string | undefined> {
  const hearer = to ?? notice.others[0];
  if (hearer === undefined) {
    desk.log.error('notice.nobody-told', { what: notice.once });
    return undefined;
  }
  try {
    if (!(await owes(hearer, desk))) return await deliver(hearer, notice.others, card, notice.once, desk);
  } catch (error) {
    desk.log.warn('notice.owed', { to: hearer, ...factsOf(error) });
  }
  await owe(hearer, card, notice, desk);
  return undefined;
}

/** Draws a card anew; false where Feishu refuses to change it. Never rejects. */
export async function redraw(
  { chat, log }: Pick<ScheduleDesk, 'chat' | 'log'>,
  message: string,
  card: CardJson,
): Promise<boolean> {
  try {
    await chat.patch(message, card);
    return true;
  } catch (error) {
    log.warn('notice.not-updated', factsOf(error));
    return !isRefused(error);
  }
}
