/** One endpoint of the open platform and how far the playground plays it. */
export interface Covered {
  /** The short name of the route. */
  readonly route: string;
  readonly method: string;
  readonly path: string;
  /** `full`: everything on its page that an app can notice; `part`: see the notes. */
  readonly status: 'full' | 'part';
  readonly notes: string;
  /** The endpoint's page. */
  readonly page: string;
}

const docs = 'https://open.feishu.cn/document';
const base = '/open-apis/bitable/v1/apps/:app_token';
const records = `${base}/tables/:table_id/records`;
const messages = '/open-apis/im/v1/messages';

/** Everything the playground answers. A test holds it against the routes, both ways. */
export const coverage: readonly Covered[] = [
  {
    route: 'auth.token',
    method: 'POST',
    path: '/open-apis/auth/v3/tenant_access_token/internal',
    status: 'full',
    notes: 'Codes 10003, 10014, 10015 with HTTP 200.',
    page: `${docs}/server-docs/authentication-management/access-token/tenant_access_token_internal`,
  },
  {
    route: 'ws.endpoint',
    method: 'POST',
    path: '/callback/ws/endpoint',
    status: 'part',
    notes: 'App secret only; no client assertions. The page says how to use it, the SDKs how it works.',
    page: `${docs}/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case`,
  },
  {
    route: 'bot.info',
    method: 'GET',
    path: '/open-apis/bot/v3/info',
    status: 'full',
    notes: 'The bot stands beside the code, without data.',
    page: `${docs}/ukTMukTMukTM/uAjMxEjLwITMx4CMyETM`,
  },
  {
    route: 'chats.get',
    method: 'GET',
    path: '/open-apis/im/v1/chats/:chat_id',
    status: 'part',
    notes: 'name, kind, numbers, whether it has members of other companies; no settings.',
    page: `${docs}/server-docs/group/chat/get-2`,
  },
  {
    route: 'permissions.auth',
    method: 'GET',
    path: '/open-apis/drive/v1/permissions/:token/members/auth',
    status: 'part',
    notes: 'Bases only; by the right of the app, not by roles.',
    page: `${docs}/uAjLw4CM/ukTMukTMukTM/reference/drive-v1/permission-member/auth`,
  },
  {
    route: 'messages.create',
    method: 'POST',
    path: messages,
    status: 'part',
    notes: 'text, post, interactive (card JSON 2.0 only); file; no templates, card entities or images.',
    page: `${docs}/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create`,
  },
  {
    route: 'files.create',
    method: 'POST',
    path: '/open-apis/im/v1/files',
    status: 'part',
    notes:
      'Types, names and sizes are checked; the content is kept as it is, and opus or mp4 are not looked into.',
    page: `${docs}/server-docs/im-v1/file/create`,
  },
  {
    route: 'messages.reply',
    method: 'POST',
    path: `${messages}/:message_id/reply`,
    status: 'part',
    notes: 'As messages.create; threads get an id only.',
    page: `${docs}/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/reply`,
  },
  {
    route: 'messages.patch',
    method: 'PATCH',
    path: `${messages}/:message_id`,
    status: 'full',
    notes: 'Cards only; 14 days; refused while a click is unanswered.',
    page: `${docs}/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/patch`,
  },
  {
    route: 'messages.get',
    method: 'GET',
    path: `${messages}/:message_id`,
    status: 'part',
    notes: 'A card comes back as a hint to upgrade the client.',
    page: `${docs}/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/get`,
  },
  {
    route: 'apps.get',
    method: 'GET',
    path: base,
    status: 'full',
    notes: '',
    page: `${docs}/server-docs/docs/bitable-v1/app/get`,
  },
  {
    route: 'tables.list',
    method: 'GET',
    path: `${base}/tables`,
    status: 'full',
    notes: 'The revision grows with each change of records or fields.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table/list`,
  },
  {
    route: 'tables.create',
    method: 'POST',
    path: `${base}/tables`,
    status: 'part',
    notes: 'How many blank records a new table has is a limit that can be set.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table/create`,
  },
  {
    route: 'fields.list',
    method: 'GET',
    path: `${base}/tables/:table_id/fields`,
    status: 'part',
    notes: 'view_id and text_field_as_array are not looked at.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-field/list`,
  },
  {
    route: 'fields.create',
    method: 'POST',
    path: `${base}/tables/:table_id/fields`,
    status: 'part',
    notes: 'Formulas calculate nothing; ranges of ratings and progress do not bind values.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-field/create`,
  },
  {
    route: 'fields.update',
    method: 'PUT',
    path: `${base}/tables/:table_id/fields/:field_id`,
    status: 'part',
    notes:
      'After a change of type, values stay where their text fits the new type. Options without their id are new ones.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-field/update`,
  },
  {
    route: 'fields.delete',
    method: 'DELETE',
    path: `${base}/tables/:table_id/fields/:field_id`,
    status: 'full',
    notes: 'The other side of a two-way link goes with it.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-field/delete`,
  },
  {
    route: 'records.search',
    method: 'POST',
    path: `${records}/search`,
    status: 'part',
    notes: 'Sorting is by number or by text; mentions and links inside texts are not recognised.',
    page: `${docs}/docs/bitable-v1/app-table-record/search`,
  },
  {
    route: 'records.batch_get',
    method: 'POST',
    path: `${records}/batch_get`,
    status: 'part',
    notes: 'with_shared_url is not looked at.',
    page: `${docs}/docs/bitable-v1/app-table-record/batch_get`,
  },
  {
    route: 'records.batch_create',
    method: 'POST',
    path: `${records}/batch_create`,
    status: 'full',
    notes: 'ignore_consistency_check has no effect: reads always see the last write.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/batch_create`,
  },
  {
    route: 'records.batch_update',
    method: 'POST',
    path: `${records}/batch_update`,
    status: 'full',
    notes: 'client_token is not looked at.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/batch_update`,
  },
  {
    route: 'records.batch_delete',
    method: 'POST',
    path: `${records}/batch_delete`,
    status: 'full',
    notes: 'One id that does not exist refuses the whole call.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/batch_delete`,
  },
  {
    route: 'records.create',
    method: 'POST',
    path: records,
    status: 'full',
    notes: '',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/create`,
  },
  {
    route: 'records.get',
    method: 'GET',
    path: `${records}/:record_id`,
    status: 'part',
    notes: 'The older value shapes; with_shared_url and automatic_fields are not looked at.',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/get`,
  },
  {
    route: 'records.update',
    method: 'PUT',
    path: `${records}/:record_id`,
    status: 'full',
    notes: '',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/update`,
  },
  {
    route: 'records.delete',
    method: 'DELETE',
    path: `${records}/:record_id`,
    status: 'full',
    notes: '',
    page: `${docs}/server-docs/docs/bitable-v1/app-table-record/delete`,
  },
  {
    route: 'contacts.ids',
    method: 'POST',
    path: '/open-apis/contact/v3/users/batch_get_id',
    status: 'full',
    notes: 'A number of mainland China is found with and without +86.',
    page: `${docs}/server-docs/contact-v3/user/batch_get_id`,
  },
  {
    route: 'contacts.users',
    method: 'GET',
    path: '/open-apis/contact/v3/users/batch',
    status: 'part',
    notes: 'Ids, name, e-mail, mobile and status only; people outside the contact range are left out.',
    page: `${docs}/contact-v3/user/batch`,
  },
  {
    route: 'wiki.get_node',
    method: 'GET',
    path: '/open-apis/wiki/v2/spaces/get_node',
    status: 'part',
    notes: 'Nodes that hold bases only.',
    page: `${docs}/server-docs/docs/wiki-v2/space-node/get_node`,
  },
  {
    route: 'app.scopes',
    method: 'GET',
    path: '/open-apis/application/v6/scopes',
    status: 'full',
    notes: 'The scopes of the calls played here, and those of events.',
    page: `${docs}/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list`,
  },
  {
    route: 'app.slashCommands',
    method: 'POST',
    path: '/open-apis/application/v7/app_slash_commands',
    status: 'part',
    notes: 'Creating only. The page names no code for a command that is there; reports say 40000000.',
    page: `${docs}/mcp_open_tools/agent-best-practices/agent-supports-slash-commands`,
  },
];
