import type { ChatEvent, HandleEvent, Toast } from '../bot/ports.ts';
import type { Clock, Log } from '../run/ports.ts';
import { arrivedEvent, clickEvent, menuEvent, messageEvent, tenantOf } from './events.ts';

/** Feishu waits 3 s for an answer; https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication */
const answerWithin = 2500;

/** What Feishu gets for an event: a toast, or `{}`; never nothing, which it takes for a fault. */
export type Receipt = { readonly toast: Toast } | Readonly<Record<string, never>>;

/** The events that the bot listens to, as the SDK or a webhook hands them over. */
export interface Receiver {
  /** The types that it understands. */
  readonly types: readonly string[];
  /**
   * Takes one event; others than `types` have no effect. Never rejects.
   * @param nonce of the request, where it came by one: an event with the same is a repeat
   */
  receive(type: string, payload: unknown, nonce?: string): Promise<Receipt>;
}

/** What a {@link Receiver} works with. */
export interface ReceiverParts {
  /** open_id of the bot. */
  readonly self: string;
  readonly handle: HandleEvent;
  readonly log: Log;
  readonly clock: Clock;
}

/** Reads payloads, drops those that are not for us, and answers in time whatever the handler does. */
export function receiver({ self, handle, log, clock }: ReceiverParts): Receiver {
  const take = async (payload: unknown, event: ChatEvent | undefined, type: string): Promise<Receipt> => {
    if (!event) {
      log.warn('event.not-understood', { type });
      return {};
    }
    const own = tenantOf(payload);
    if (own !== undefined && event.tenant !== own) {
      log.info('event.left-out', { type, id: event.id });
      return {};
    }
    // Only presses are waited for: a timer for each event would cost more than reading it.
    const done = event.kind === 'click' ? new AbortController() : undefined;
    try {
      const working = handle(event);
      const late =
        done &&
        clock.sleep(answerWithin, done.signal).then(
          () => 'late' as const,
          () => undefined,
        );
      const toast = await (late ? Promise.race([working, late]) : working);
      if (toast === 'late') log.warn('event.answered-late', { type, id: event.id });
      return toast === undefined || toast === 'late' ? {} : { toast };
    } catch (error) {
      log.error('event.failed', {
        type,
        id: event.id,
        error: error instanceof Error ? error.name : 'unknown',
      });
      return {};
    } finally {
      done?.abort();
    }
  };
  return {
    types: eventTypes(),
    receive(type, payload, nonce) {
      const event = readers.get(type)?.(payload, self);
      return take(payload, event && nonce !== undefined ? { ...event, nonce } : event, type);
    },
  };
}

type Reader = (payload: unknown, self: string) => ChatEvent | undefined;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['im.message.receive_v1', messageEvent],
  ['application.bot.menu_v6', menuEvent],
  ['im.chat.member.bot.added_v1', (payload) => arrivedEvent(payload, 'added')],
  ['im.chat.access_event.bot_p2p_chat_entered_v1', (payload) => arrivedEvent(payload, 'opened')],
  ['card.action.trigger', clickEvent],
]);

/** The types of events and callbacks that the program subscribes to. */
export const eventTypes = (): readonly string[] => [...readers.keys()];
