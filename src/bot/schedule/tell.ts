import type { CardJson } from '../ports.ts';
import { factsOf, pauseAfter, troubleOf } from '../trouble.ts';
import type { ScheduleDesk } from './parts.ts';

/** How often a card is sent before it is given up; the chat itself already waits a minute each time. */
const tries = 5;

/** Sends a card by itself; answers the message, or `undefined` when it cannot be sent. Never rejects. */
export async function send(
  desk: ScheduleDesk,
  to: string | undefined,
  card: CardJson,
  once: string,
): Promise<string | undefined> {
  if (to === undefined) {
    desk.log.warn('notice.left-out', { what: once });
    return undefined;
  }
  for (let failures = 1; ; failures++) {
    try {
      return await desk.chat.send(to, card, once);
    } catch (error) {
      const over = failures >= tries || desk.stopping.aborted || troubleOf(error) !== 'later';
      desk.log.warn(over ? 'notice.given-up' : 'notice.not-sent', factsOf(error));
      if (over) return undefined;
      await desk.clock.sleep(pauseAfter(error, failures), desk.stopping).catch(() => undefined);
    }
  }
}

/** Draws a card anew. Never rejects. */
export async function redraw(
  { chat, log }: Pick<ScheduleDesk, 'chat' | 'log'>,
  message: string,
  card: CardJson,
) {
  try {
    await chat.patch(message, card);
  } catch (error) {
    log.warn('notice.not-updated', factsOf(error));
  }
}
