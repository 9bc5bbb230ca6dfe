import type { Connections } from '../events/connection.ts';
import { bare, ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Route } from '../gateway/router.ts';
import type { Tokens } from '../gateway/tokens.ts';
import type { World } from '../world.ts';
import type { Messages } from './messages.ts';
import { upload } from './uploads.ts';

const messages = '/open-apis/im/v1/messages';
const rate = { calls: 50, perMs: 1000 };
const sending = ['im:message', 'im:message:send_as_bot'];

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

/** Token, connection, bot and message calls. */
export function messageRoutes(
  world: World,
  tokens: Tokens,
  calls: Messages,
  connections: Connections,
): Route[] {
  const open = { method: 'POST', business: false, write: false, scopes: [] } as const;
  const business = { business: true, write: false, rate } as const;
  return [
    {
      ...open,
      name: 'auth.token',
      path: '/open-apis/auth/v3/tenant_access_token/internal',
      handle: (request) => tokens.issue(request.body()),
    },
    {
      ...open,
      name: 'ws.endpoint',
      path: '/callback/ws/endpoint',
      handle: (request) => connections.discover(request.body()),
    },
    {
      ...business,
      name: 'bot.info',
      method: 'GET',
      path: '/open-apis/bot/v3/info',
      scopes: [],
      handle: () => botInfo(world),
    },
    {
      ...business,
      name: 'chats.get',
      method: 'GET',
      path: '/open-apis/im/v1/chats/:chat_id',
      scopes: ['im:chat', 'im:chat:readonly', 'im:chat:read'],
      handle: ({ params }) => chatInfo(world, params['chat_id'] ?? ''),
    },
    {
      ...business,
      name: 'messages.create',
      method: 'POST',
      path: messages,
      scopes: sending,
      handle: async (request, pace) => {
        await pace(0);
        return calls.create(request);
      },
    },
    {
      ...business,
      name: 'files.create',
      method: 'POST',
      path: '/open-apis/im/v1/files',
      scopes: ['im:resource', 'im:resource:upload'],
      handle: async (request, pace) => {
        await pace(0);
        return upload(world, request);
      },
    },
    {
      ...business,
      name: 'messages.reply',
      method: 'POST',
      path: `${messages}/:message_id/reply`,
      scopes: sending,
      handle: async (request, pace) => {
        await pace(0);
        return calls.reply(request);
      },
    },
    {
      ...business,
      name: 'messages.patch',
      method: 'PATCH',
      path: `${messages}/:message_id`,
      scopes: [...sending, 'im:message:update'],
      handle: async (request, pace) => {
        await pace(0);
        return calls.patch(request);
      },
    },
    {
      ...business,
      name: 'messages.get',
      method: 'GET',
      path: `${messages}/:message_id`,
      scopes: ['im:message', 'im:message:readonly'],
      handle: (request) => calls.get(request),
    },
  ];
}
