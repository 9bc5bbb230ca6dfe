import type { Desk } from './desk.ts';
import type { Schedules } from './ports.ts';
import { factsOf } from './trouble.ts';

/** Whether a chat has members of other companies. */
export type Standing = 'ours' | 'outside' | 'unknown';

/** Marks what is known of a chat: `1` with outsiders or `0` without, and when that was learned (ms). */
const kind = 'outside';
/** Milliseconds that "nobody from outside" counts: a group can be opened to other companies later. */
const counts = 6 * 3_600_000;

/** Notes whether a chat has members of other companies. */
export const noteStanding = (
  chat: string,
  outside: boolean,
  { schedules, clock }: { readonly schedules: Pick<Schedules, 'mark'>; readonly clock: Desk['clock'] },
): Promise<void> => schedules.mark(kind, '', chat, `${outside ? 1 : 0}|${clock.now()}`);

/**
 * Answers whether a chat has members of other companies, and asks Feishu where that is not known or was learned hours
 * ago: the event that says so when the bot is added may never have come. Never rejects.
 */
export async function standingOf(
  chat: string,
  desk: Pick<Desk, 'schedules' | 'chat' | 'clock' | 'log'>,
): Promise<Standing> {
  // A press on the bot's menu comes from no chat.
  if (!chat.startsWith('oc_')) return 'ours';
  const known = (await desk.schedules.marks(kind)).find((mark) => mark.chat === chat)?.value;
  if (known?.startsWith('1')) return 'outside';
  const at = Number(known?.split('|')[1] ?? Number.NaN);
  if (Math.abs(desk.clock.now() - at) < counts) return 'ours';
  try {
    const { outside } = await desk.chat.about(chat);
    await noteStanding(chat, outside, desk);
    return outside ? 'outside' : 'ours';
  } catch (error) {
    desk.log.warn('chat.outsiders-not-told', { chat, ...factsOf(error) });
    return known === undefined ? 'unknown' : 'ours';
  }
}
