import type { ChatEvent, HandleEvent, Toast } from '../../bot/ports.ts';
import type { Clock, Log, LogEvent } from '../../run/ports.ts';
import type { Hide } from '../../sync/words/hide.ts';
import { inTime } from '../../sync/words/limits.ts';
import { arrivedEvent, clickEvent, hasNamelessMention, menuEvent, messageEvent, tenantOf } from './events.ts';

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
  /** Counts an event of a type that nobody asked for. */
  leaveOut(type: string): void;
}

/** What a {@link Receiver} works with. */
export interface ReceiverParts {
  /** open_id of the bot. */
  readonly self: string;
  /** Name of the bot. */
  readonly name?: string;
  readonly handle: HandleEvent;
  readonly log: Log;
  readonly clock: Clock;
  /** Takes secrets out of toasts. */
  readonly hide: Hide;
}

/** Reads payloads, drops those that are not for us, and answers in time whatever the handler does. */
export function receiver({ self, name = '', handle, log, clock, hide }: ReceiverParts): Receiver {
  const warn = seldom({ clock, log });
  const leaveOut = tally(log, clock);
  const take = async (payload: unknown, event: ChatEvent | undefined, type: string): Promise<Receipt> => {
    if (!event) {
      warn('event.not-understood', { why: type });
      return {};
    }
    const own = tenantOf(payload);
    if (own !== undefined && event.tenant !== own) {
      leaveOut('another-tenant');
      return {};
    }
    if (event.kind === 'message' && !event.mentioned && hasNamelessMention(payload, self, name))
      warn('mention.not-recognised', { why: 'no-open-id' });
    try {
      const working = handle(event);
      // Only presses are waited for: a timer for each event would cost more than reading it.
      const toast = await (event.kind === 'click'
        ? inTime(working, answerWithin, clock, 'late' as const)
        : working);
      if (toast === 'late') log.warn('event.answered-late', { type, id: event.id });
      if (toast === undefined || toast === 'late') return {};
      return { toast: { ...toast, content: hide(toast.content) } };
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      log.error('event.failed', { type, id: event.id, error: name });
      return {};
    }
  };
  return {
    types: eventTypes(),
    leaveOut,
    receive(type, payload, nonce) {
      const read = readers.get(type);
      if (!read) {
        leaveOut(type);
        return Promise.resolve({});
      }
      const event = read(payload, self, name);
      return take(payload, event && nonce !== undefined ? { ...event, nonce } : event, type);
    },
  };
}

/** Milliseconds between two lines about events that nobody asked for. */
const summaryEvery = 3_600_000;
/** Types that are told apart: they come from outside. */
const mostTypes = 50;

/** Counts what has no effect: one line at the first of it, then one an hour at most, with the number of each type since. */
function tally(log: Log, clock: Pick<Clock, 'now'>): (type: string) => void {
  const counts = new Map<string, number>();
  let told: number | undefined;
  return (type) => {
    const short = type.replaceAll(/[^\w.-]/g, '').slice(0, 80);
    const kind = counts.has(short) || counts.size < mostTypes ? short : 'others';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const now = clock.now();
    if (told !== undefined && Math.abs(now - told) < summaryEvery) return;
    log.info('event.left-out', { counts: Object.fromEntries(counts) });
    told = now;
    counts.clear();
  };
}

type Reader = (payload: unknown, self: string, name: string) => ChatEvent | undefined;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['im.message.receive_v1', messageEvent],
  ['application.bot.menu_v6', menuEvent],
  ['im.chat.member.bot.added_v1', (payload) => arrivedEvent(payload, 'added')],
  ['im.chat.access_event.bot_p2p_chat_entered_v1', (payload) => arrivedEvent(payload, 'opened')],
  ['card.action.trigger', clickEvent],
]);

/** The types of events and callbacks that the program subscribes to. */
export const eventTypes = (): readonly string[] => [...readers.keys()];

/** Milliseconds between two lines of one kind. */
const quietFor = 60_000;

/**
 * Makes a `warn` for what anybody on the network can cause: one line a minute of each event and `why`, with the number
 * of those left out since the last one.
 */
export function seldom({ clock, log }: { readonly clock: Pick<Clock, 'now'>; readonly log: Log }) {
  const kinds = new Map<string, { at: number; leftOut: number }>();
  return (event: LogEvent, facts: { readonly why: string }): void => {
    const kind = `${event}|${facts.why}`;
    const now = clock.now();
    const last = kinds.get(kind);
    if (last && Math.abs(now - last.at) < quietFor) {
      last.leftOut++;
      return;
    }
    kinds.set(kind, { at: now, leftOut: 0 });
    log.warn(event, last && last.leftOut > 0 ? { ...facts, leftOut: last.leftOut } : facts);
  };
}
