import type { Delivery, Events } from '../events/events.ts';
import type { ChatState, Person, World } from '../world.ts';

/** An event on its way. */
export interface Sent {
  readonly eventId: string;
  /** Settles when the app has acknowledged the event, or will not get it any more. */
  readonly delivered: Promise<Delivery>;
}

const idsOf = ({ openId: open_id, unionId: union_id, userId: user_id }: Person) => ({
  open_id,
  union_id,
  user_id,
});

/** https://open.feishu.cn/document/server-docs/group/chat-member/event/added */
export function added(
  { tenantKey }: World,
  events: Events,
  { id, name }: ChatState,
  { from, outside }: { readonly from: Person; readonly outside: boolean },
): Sent {
  return events.deliver('im.chat.member.bot.added_v1', {
    chat_id: id,
    operator_id: idsOf(from),
    external: outside,
    operator_tenant_key: tenantKey,
    name,
    i18n_names: { zh_cn: name, en_us: name, ja_jp: name },
  });
}

/** https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/chat-access_event/events/bot_p2p_chat_entered */
export function entered(world: World, events: Events, { id }: ChatState, from: Person): Sent {
  const last = [...world.messages.values()].findLast(({ chatId }) => chatId === id);
  return events.deliver('im.chat.access_event.bot_p2p_chat_entered_v1', {
    chat_id: id,
    operator_id: idsOf(from),
    ...(last && { last_message_id: last.id, last_message_create_time: String(last.createdAt) }),
  });
}

/** The event names no chat. https://open.feishu.cn/document/client-docs/bot-v3/events/menu */
export function menuPressed(world: World, events: Events, from: Person, key: string): Sent {
  if (key.length < 1 || key.length > 30) throw new Error('An event key has 1 to 30 characters.');
  return events.deliver('application.bot.menu_v6', {
    operator: { operator_name: from.name, operator_id: idsOf(from) },
    event_key: key,
    timestamp: String(Math.floor(world.now() / 1000)),
  });
}
