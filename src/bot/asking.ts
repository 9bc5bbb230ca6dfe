import type { Actor } from '../sync/state.ts';
import type { Desk } from './desk.ts';
import type { Place } from './live.ts';
import type { AuditEntry, CardJson, ClickEvent, Kept } from './ports.ts';
import { post, sending } from './post.ts';
import { isRefused } from './trouble.ts';

/** Who asks for something, and where the answer goes. */
export interface Asking {
  readonly by: Actor & { readonly openId: string };
  /** The chat; the person's own open_id where no chat is known, as for menus. */
  readonly chat: string;
  /** What the answer is a reply to; a message of its own when there is nothing. */
  readonly message: string | undefined;
  /** Whether it stands in a group: the answer goes into a thread. */
  readonly group: boolean;
  readonly via: Exclude<AuditEntry['via'], 'cli'>;
  /** When it was written (ms), where that was too long ago for it to be carried out unasked. */
  readonly late?: number;
  /** Repeats of the same answer within the hour send nothing; also the audit entry's ID. */
  readonly once: string;
}

/** Answers with a card, whose buttons count from then on; answers its message ID. */
export async function speak(card: CardJson, asking: Asking, desk: Desk, part = ''): Promise<string> {
  const { message: to, chat, group: thread, by, once } = asking;
  const place = { to, thread, chat, person: by.openId, once: `${once}${part}` };
  const posting = post(card, place, desk.chat).then(async (posted) => {
    await trust(posted.message, desk, posted.thread);
    return posted.message;
  });
  return sending(posting, desk);
}

/** Shows another card in place of one that answers already; as a new answer where that one cannot be changed any more. */
export async function change(message: string, card: CardJson, asking: Asking, desk: Desk): Promise<void> {
  try {
    await desk.chat.patch(message, card);
  } catch (error) {
    if (!isRefused(error)) throw error;
    await speak(card, asking, desk, ':anew');
  }
}

/**
 * Buttons of commands count on cards that the bot itself has sent: forwarded copies are other messages.
 * @param thread whether it stands in a thread of a group
 */
export async function trust(
  message: string,
  { kept, clock }: { readonly kept: Pick<Kept, 'cards'>; readonly clock: Desk['clock'] },
  thread = false,
): Promise<void> {
  await kept.cards.trust(message, thread, clock.now());
}

/**
 * What {@link trust} knows of the message. Feishu may show a card, and pass on a press on it, before it answers that it
 * was sent: what is being sent right now is waited for.
 */
export async function trustOf(
  message: string,
  { kept, underWay }: Pick<Desk, 'kept' | 'underWay'>,
): Promise<{ readonly thread: boolean } | undefined> {
  const known = await kept.cards.trusted(message);
  if (known !== undefined || underWay.size === 0) return known;
  await Promise.allSettled(underWay);
  return kept.cards.trusted(message);
}

/** Where the card of a run goes. */
export const placeOf = ({ message, chat, group, once }: Asking, copy: boolean): Place => ({
  ...{ kind: 'reply', chat, once, copy },
  ...(message !== undefined && { to: message, thread: group }),
});

/** Somebody who pressed a button or sent a form; the answer goes beside the card. */
export const askingOf = (event: ClickEvent, via: Asking['via'] = 'button'): Asking => ({
  by: { kind: 'button', openId: event.from },
  ...{ chat: event.chat, message: event.message, group: false },
  ...{ via, once: `click:${event.id}` },
});
