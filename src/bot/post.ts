import type { CallMeter } from '../run/ports.ts';
import { isRefused } from './failures.ts';
import type { CardJson, Chat } from './ports.ts';

/** Where a card is to stand: the first of these that Feishu takes it for. */
export interface Destination {
  /** The message that it answers. */
  readonly to?: string | undefined;
  /** Begins a thread where there is none. */
  readonly thread?: boolean | undefined;
  readonly chat: string;
  /** open_id of who must hear of it at any rate; nothing where nobody is known. */
  readonly person?: string | undefined;
  /** Repeats within the hour send nothing. */
  readonly once: string;
}

/** Where a card stands. */
export interface Posted {
  readonly message: string;
  readonly chat: string;
  readonly thread: boolean;
}

/**
 * Sends a card as an answer; where Feishu refuses that, whatever the code, by itself in the chat, and where that is
 * refused, to the person alone. Only a refusal leads on: what may have been sent is never sent elsewhere too.
 * Rejects with the last failure.
 */
export async function post(
  card: CardJson,
  { to, thread = false, chat, person, once }: Destination,
  talk: Pick<Chat, 'send' | 'reply'>,
  meter?: CallMeter,
): Promise<Posted> {
  const alone = async (): Promise<Posted> => {
    try {
      return { message: await talk.send(chat, card, once, meter), chat, thread: false };
    } catch (error) {
      if (person === undefined || person === chat || !isRefused(error)) throw error;
    }
    return { message: await talk.send(person, card, once, meter), chat: person, thread: false };
  };
  if (to === undefined) return alone();
  try {
    return { message: await talk.reply(to, card, once, { meter, thread }), chat, thread };
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  return alone();
}

/** Keeps in mind that a card is being sent, until it is known which message it is. */
export function sending<T>(
  posting: Promise<T>,
  { underWay }: { readonly underWay: Set<Promise<unknown>> },
): Promise<T> {
  const over = posting.finally(() => underWay.delete(over));
  underWay.add(over);
  return over;
}
