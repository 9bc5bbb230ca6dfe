import type { Bot, ChatRequest } from './bot.ts';
import { isRefused } from './failures.ts';
import { post, sending } from './live.ts';
import type { CardJson, ClickEvent, Kept } from './ports.ts';

/** Answers with a card, whose buttons count from then on; answers its message ID. */
export function speak(card: CardJson, request: ChatRequest, bot: Bot, part = ''): Promise<string> {
  const { message: to, chat, group: thread, by, once } = request;
  const place = { to, thread, chat, person: by.openId, once: `${once}${part}` };
  const posting = post(card, place, bot.chat).then(async (posted) => {
    await trust(posted.message, bot, posted.thread);
    return posted.message;
  });
  return sending(posting, bot);
}

/** Shows another card in place of one that answers already; as a new answer where that one cannot be changed any more. */
export async function change(message: string, card: CardJson, request: ChatRequest, bot: Bot): Promise<void> {
  try {
    await bot.chat.patch(message, card);
  } catch (error) {
    if (!isRefused(error)) throw error;
    await speak(card, request, bot, ':anew');
  }
}

/**
 * Buttons of commands count on cards that the bot itself has sent: forwarded copies are other messages.
 * @param thread whether it stands in a thread of a group
 */
export const trust = (
  message: string,
  { kept, clock }: { readonly kept: Pick<Kept, 'cards'>; readonly clock: Bot['clock'] },
  thread = false,
): Promise<void> => kept.cards.trust(message, thread, clock.now());

/**
 * What {@link trust} knows of the message. Feishu may show a card, and pass on a press on it, before it answers that it
 * was sent: what is being sent right now is waited for.
 */
export async function trustOf(
  message: string,
  { kept, underWay }: Pick<Bot, 'kept' | 'underWay'>,
): Promise<{ readonly thread: boolean } | undefined> {
  const known = await kept.cards.trusted(message);
  if (known !== undefined || underWay.size === 0) return known;
  await Promise.allSettled(underWay);
  return kept.cards.trusted(message);
}

/** Somebody who pressed a button or sent a form; the answer goes beside the card. */
export const requestOf = (event: ClickEvent, via: ChatRequest['via'] = 'button'): ChatRequest => ({
  by: { kind: 'button', openId: event.from },
  ...{ chat: event.chat, message: event.message, group: false },
  ...{ via, once: `click:${event.id}` },
});
