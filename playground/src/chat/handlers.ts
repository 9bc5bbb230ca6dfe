import type { Handlers } from '../endpoints.ts';
import type { Connections } from '../events/connection.ts';
import { bare, ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Handle, Request } from '../gateway/router.ts';
import type { Tokens } from '../gateway/tokens.ts';
import type { World } from '../world.ts';
import type { Messages } from './messages.ts';
import { upload } from './uploads.ts';

/** https://open.feishu.cn/document/ukTMukTMukTM/uAjMxEjLwITMx4CMyETM */
const botInfo = ({ bot }: World): Reply =>
  bare({
    code: 0,
    msg: 'ok',
    bot: {
      activate_status: 2,
      app_name: bot.name,
      avatar_url: 'https://example.com/bot.png',
      ip_white_list: [],
      open_id: bot.openId,
    },
  });

/** Who is not in the chat learns little of it. https://open.feishu.cn/document/server-docs/group/chat/get-2 */
function chatInfo({ chats, tenantKey }: World, id: string): Reply {
  const chat = chats.get(id);
  if (!chat) throw new Refusal(232006);
  const { name, kind, members, botInside, outside } = chat;
  return ok({
    ...{ name, user_count: String(members.size), bot_count: '1', chat_status: 'normal' },
    ...(botInside && { chat_mode: kind, external: outside, tenant_key: tenantKey }),
  });
}

/** Waits before it answers: what a message becomes is decided when the call comes through. */
const paced =
  (handle: (request: Request) => Reply): Handle =>
  async (request, pace) => {
    await pace(0);
    return handle(request);
  };

/** Answers token, connection, bot and message calls. */
export const messageHandlers = (world: World, tokens: Tokens, calls: Messages, connections: Connections) =>
  ({
    'auth.token': (request) => tokens.issue(request.body()),
    'ws.endpoint': (request) => connections.discover(request.body()),
    'bot.info': () => botInfo(world),
    'chats.get': ({ params }) => chatInfo(world, params['chat_id'] ?? ''),
    'messages.create': paced((request) => calls.create(request)),
    'messages.reply': paced((request) => calls.reply(request)),
    'messages.patch': paced((request) => calls.patch(request)),
    'messages.get': (request) => calls.get(request),
    'files.create': paced((request) => upload(world, request)),
  }) satisfies Partial<Handlers>;
