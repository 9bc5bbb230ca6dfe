import type { Rate } from './gateway/rates.ts';
import type { Handle, Route } from './gateway/router.ts';

/** What the playground answers: how an endpoint is called, what it asks for and how far it is played. */
export interface Endpoint {
  /** Method and path, with `:name` for the parts of the path that vary. */
  readonly call: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  /** True for a call that needs no token. */
  readonly open?: boolean;
  /** True for a call that changes records or fields. */
  readonly write?: boolean;
  readonly rate?: Rate;
  /** Any one of these scopes is enough. */
  readonly scopes: readonly string[];
  /** `full`: everything on its page that an app can notice; `part`: see the notes. */
  readonly played: 'full' | 'part';
  readonly notes: string;
  /** The endpoint's own page, below `https://open.feishu.cn/document/`. */
  readonly page: string;
}

const perSecond = (calls: number): Rate => ({ calls, perMs: 1000 });
const perMinute = (calls: number): Rate => ({ calls, perMs: 60_000 });

/** @param scope is enough beside the wide ones */
const read = (scope: string) => ({
  rate: perSecond(20),
  scopes: ['bitable:app', 'bitable:app:readonly', scope],
});
const write = (scope: string) => ({ write: true, rate: perSecond(50), scopes: ['bitable:app', scope] });
const schema = (scope: string) => ({ ...write(scope), rate: perSecond(10) });
const sending = ['im:message', 'im:message:send_as_bot'];
const contacts = [
  'contact:contact:access_as_app',
  'contact:contact:readonly',
  'contact:contact:readonly_as_app',
];

const app = '/open-apis/bitable/v1/apps/:app_token';
const fields = `${app}/tables/:table_id/fields` as const;
const records = `${app}/tables/:table_id/records` as const;
const messages = '/open-apis/im/v1/messages';
const bitablePage = 'server-docs/docs/bitable-v1';
const messagePage = 'uAjLw4CM/ukTMukTMukTM/reference/im-v1/message';

/** All endpoints by their short names. What is not here answers 404 and is noted. */
export const endpoints = {
  'auth.token': {
    call: 'POST /open-apis/auth/v3/tenant_access_token/internal',
    open: true,
    scopes: [],
    played: 'full',
    notes: 'Codes 10003, 10014, 10015 with HTTP 200.',
    page: 'server-docs/authentication-management/access-token/tenant_access_token_internal',
  },
  'ws.endpoint': {
    call: 'POST /callback/ws/endpoint',
    open: true,
    scopes: [],
    played: 'part',
    notes: 'App secret only; no client assertions. The page says how to use it, the SDKs how it works.',
    page: 'server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case',
  },
  'bot.info': {
    call: 'GET /open-apis/bot/v3/info',
    rate: perSecond(50),
    scopes: [],
    played: 'full',
    notes: 'The bot stands beside the code, without data.',
    page: 'ukTMukTMukTM/uAjMxEjLwITMx4CMyETM',
  },
  'chats.get': {
    call: 'GET /open-apis/im/v1/chats/:chat_id',
    rate: perSecond(50),
    scopes: ['im:chat', 'im:chat:readonly', 'im:chat:read'],
    played: 'part',
    notes: 'name, kind, numbers, whether it has members of other companies; no settings.',
    page: 'server-docs/group/chat/get-2',
  },
  'permissions.auth': {
    call: 'GET /open-apis/drive/v1/permissions/:token/members/auth',
    rate: perMinute(100),
    scopes: ['bitable:app', 'docs:permission.member:auth', 'drive:drive', 'wiki:wiki'],
    played: 'part',
    notes: 'Bases only; by the right of the app, not by roles.',
    page: 'uAjLw4CM/ukTMukTMukTM/reference/drive-v1/permission-member/auth',
  },
  'messages.create': {
    call: `POST ${messages}`,
    rate: perSecond(50),
    scopes: sending,
    played: 'part',
    notes: 'text, post, interactive (card JSON 2.0 only); file; no templates, card entities or images.',
    page: `${messagePage}/create`,
  },
  'files.create': {
    call: 'POST /open-apis/im/v1/files',
    rate: perSecond(50),
    scopes: ['im:resource', 'im:resource:upload'],
    played: 'part',
    notes:
      'Types, names and sizes are checked; the content is kept as it is, and opus or mp4 are not looked into.',
    page: 'server-docs/im-v1/file/create',
  },
  'messages.reply': {
    call: `POST ${messages}/:message_id/reply`,
    rate: perSecond(50),
    scopes: sending,
    played: 'part',
    notes: 'As messages.create; threads get an id only.',
    page: `${messagePage}/reply`,
  },
  'messages.patch': {
    call: `PATCH ${messages}/:message_id`,
    rate: perSecond(50),
    scopes: [...sending, 'im:message:update'],
    played: 'full',
    notes: 'Cards only; 14 days; refused while a click is unanswered.',
    page: `${messagePage}/patch`,
  },
  'messages.get': {
    call: `GET ${messages}/:message_id`,
    rate: perSecond(50),
    scopes: ['im:message', 'im:message:readonly'],
    played: 'part',
    notes: 'A card comes back as a hint to upgrade the client.',
    page: `${messagePage}/get`,
  },
  'apps.get': {
    call: `GET ${app}`,
    ...read('base:app:read'),
    played: 'full',
    notes: '',
    page: `${bitablePage}/app/get`,
  },
  'tables.list': {
    call: `GET ${app}/tables`,
    ...read('base:table:read'),
    played: 'full',
    notes: 'The revision grows with each change of records or fields.',
    page: `${bitablePage}/app-table/list`,
  },
  'tables.create': {
    call: `POST ${app}/tables`,
    ...schema('base:table:create'),
    played: 'part',
    notes: 'How many blank records a new table has is a limit that can be set.',
    page: `${bitablePage}/app-table/create`,
  },
  'fields.list': {
    call: `GET ${fields}`,
    ...read('base:field:read'),
    played: 'part',
    notes: 'view_id and text_field_as_array are not looked at.',
    page: `${bitablePage}/app-table-field/list`,
  },
  'fields.create': {
    call: `POST ${fields}`,
    ...schema('base:field:create'),
    played: 'part',
    notes: 'Formulas calculate nothing; ranges of ratings and progress do not bind values.',
    page: `${bitablePage}/app-table-field/create`,
  },
  'fields.update': {
    call: `PUT ${fields}/:field_id`,
    ...schema('base:field:update'),
    played: 'part',
    notes:
      'After a change of type, values stay where their text fits the new type. Options without their id are new ones.',
    page: `${bitablePage}/app-table-field/update`,
  },
  'fields.delete': {
    call: `DELETE ${fields}/:field_id`,
    ...schema('base:field:delete'),
    played: 'full',
    notes: 'The other side of a two-way link goes with it.',
    page: `${bitablePage}/app-table-field/delete`,
  },
  'records.search': {
    call: `POST ${records}/search`,
    ...read('base:record:retrieve'),
    played: 'part',
    notes: 'Sorting is by number or by text; mentions and links inside texts are not recognised.',
    page: 'docs/bitable-v1/app-table-record/search',
  },
  'records.batch_get': {
    call: `POST ${records}/batch_get`,
    ...read('base:record:retrieve'),
    played: 'part',
    notes: 'with_shared_url is not looked at.',
    page: 'docs/bitable-v1/app-table-record/batch_get',
  },
  'records.batch_create': {
    call: `POST ${records}/batch_create`,
    ...write('base:record:create'),
    played: 'full',
    notes: 'ignore_consistency_check has no effect: reads always see the last write.',
    page: `${bitablePage}/app-table-record/batch_create`,
  },
  'records.batch_update': {
    call: `POST ${records}/batch_update`,
    ...write('base:record:update'),
    played: 'full',
    notes: 'client_token is not looked at.',
    page: `${bitablePage}/app-table-record/batch_update`,
  },
  'records.batch_delete': {
    call: `POST ${records}/batch_delete`,
    ...write('base:record:delete'),
    played: 'full',
    notes: 'One id that does not exist refuses the whole call.',
    page: `${bitablePage}/app-table-record/batch_delete`,
  },
  'records.create': {
    call: `POST ${records}`,
    ...write('base:record:create'),
    played: 'full',
    notes: '',
    page: `${bitablePage}/app-table-record/create`,
  },
  'records.get': {
    call: `GET ${records}/:record_id`,
    ...read('base:record:retrieve'),
    played: 'part',
    notes: 'The older value shapes; with_shared_url and automatic_fields are not looked at.',
    page: `${bitablePage}/app-table-record/get`,
  },
  'records.update': {
    call: `PUT ${records}/:record_id`,
    ...write('base:record:update'),
    played: 'full',
    notes: '',
    page: `${bitablePage}/app-table-record/update`,
  },
  'records.delete': {
    call: `DELETE ${records}/:record_id`,
    ...write('base:record:delete'),
    played: 'full',
    notes: '',
    page: `${bitablePage}/app-table-record/delete`,
  },
  'contacts.ids': {
    call: 'POST /open-apis/contact/v3/users/batch_get_id',
    rate: perSecond(50),
    scopes: ['contact:user.id:readonly'],
    played: 'full',
    notes: 'A number of mainland China is found with and without +86.',
    page: 'server-docs/contact-v3/user/batch_get_id',
  },
  'contacts.users': {
    call: 'GET /open-apis/contact/v3/users/batch',
    rate: perSecond(50),
    scopes: ['contact:contact.base:readonly', ...contacts],
    played: 'part',
    notes: 'Ids, name, e-mail, mobile and status only; people outside the contact range are left out.',
    page: 'contact-v3/user/batch',
  },
  'wiki.get_node': {
    call: 'GET /open-apis/wiki/v2/spaces/get_node',
    rate: perMinute(100),
    scopes: ['wiki:wiki', 'wiki:wiki:readonly', 'wiki:node:read'],
    played: 'part',
    notes: 'Nodes that hold bases only.',
    page: 'server-docs/docs/wiki-v2/space-node/get_node',
  },
  'app.scopes': {
    call: 'GET /open-apis/application/v6/scopes',
    scopes: [],
    played: 'full',
    notes: 'The scopes of the calls played here, and those of events.',
    page: 'uAjLw4CM/ukTMukTMukTM/application-v6/scope/list',
  },
  'app.slashCommands': {
    call: 'POST /open-apis/application/v7/app_slash_commands',
    scopes: ['application:app_slash_command:write'],
    played: 'part',
    notes: 'Creating only. The page names no code for a command that is there; reports say 40000000.',
    page: 'mcp_open_tools/agent-best-practices/agent-supports-slash-commands',
  },
} as const satisfies Readonly<Record<string, Endpoint>>;

/** What answers each endpoint; the type checker finds one that is missing. */
export type Handlers = Readonly<Record<keyof typeof endpoints, Handle>>;

const names = Object.keys(endpoints) as readonly (keyof typeof endpoints)[];

/** Joins the endpoints with what answers them. */
export const routesOf = (handlers: Handlers): readonly Route[] =>
  names.map((name) => {
    const { call, scopes, rate, open = false, write = false }: Endpoint = endpoints[name];
    const [method = '', path = ''] = call.split(' ');
    return { name, method, path, business: !open, write, rate, scopes, handle: handlers[name] };
  });
