import type { Desk } from './desk.ts';
import { factsOf } from './trouble.ts';

/** Whether a chat has members of other companies. */
export type Standing = 'ours' | 'outside' | 'unknown';

/** Milliseconds that "nobody from outside" counts: a group can be opened to other companies later. */
const counts = 6 * 3_600_000;

/** Notes whether a chat has members of other companies. */
export const noteStanding = (
  chat: string,
  outside: boolean,
  { kept, clock }: Pick<Desk, 'kept' | 'clock'>,
): Promise<void> => kept.chats.saveOutsiders(chat, outside, clock.now());

/**
 * Answers whether a chat has members of other companies, and asks Feishu where that is not known or was learned hours
 * ago: the event that says so when the bot is added may never have come. Never rejects.
 */
export async function standingOf(
  chat: string,
  desk: Pick<Desk, 'kept' | 'chat' | 'clock' | 'log'>,
): Promise<Standing> {
  // A press on the bot's menu comes from no chat.
  if (!chat.startsWith('oc_')) return 'ours';
  const known = await desk.kept.chats.outsiders(chat);
  if (known?.outside) return 'outside';
  if (known && Math.abs(desk.clock.now() - known.at) < counts) return 'ours';
  try {
    const { outside } = await desk.chat.about(chat);
    await noteStanding(chat, outside, desk);
    return outside ? 'outside' : 'ours';
  } catch (error) {
    desk.log.warn('chat.outsiders-not-told', { chat, ...factsOf(error) });
    return known === undefined ? 'unknown' : 'ours';
  }
}
