import type { MenuEntry, SlashCommand } from '../../bot/ports.ts';
import type { CallMeter } from '../../run/ports.ts';
import { CallError, type Failure, problemOf } from '../../sync/words/failure.ts';
import type { Problem } from '../../sync/words/problem.ts';
import { listed, type Text, text } from '../../sync/words/text.ts';
import type { CallSpec, FeishuApp, FeishuClient } from '../calls/client.ts';
import { odd } from '../calls/failure.ts';
import { list, shape, words } from '../calls/http.ts';
import { eventTypes } from '../events/events.ts';
import { webhookPath } from '../events/webhook.ts';

/** A permission of the app, as the console calls it. */
export interface NeededScope {
  readonly name: string;
  /** What the bot does with it. */
  readonly use: Text;
  /** Whether only some definitions need it. */
  readonly optional: boolean;
  /** Methods of the SDK, or addresses, that are called with it; none for what only brings events. */
  readonly calls: readonly string[];
}

const needed = (name: string, use: Text, calls: readonly string[] = []): NeededScope => ({
  ...{ name, use, calls, optional: false },
});
const useful = (...scope: Parameters<typeof needed>): NeededScope => ({
  ...needed(...scope),
  optional: true,
});

/**
 * Every permission that the program uses, with the calls that need it; app-manifest.json asks for the same.
 * Which scope a call takes stands on the call's own page: https://open.feishu.cn/document/server-docs/api-call-guide/server-api-list
 */
export const neededScopes: readonly NeededScope[] = [
  needed('im:message:send_as_bot', text('发送和更新卡片', 'sends cards and keeps them fresh'), [
    ...['im.v1.message.create', 'im.v1.message.reply', 'im.v1.message.patch'],
  ]),
  useful('im:resource', text('发送 CSV 文件', 'sends CSV files'), ['im.v1.file.create']),
  needed('im:message.p2p_msg:readonly', text('接收单聊里的命令', 'gets commands that are sent to it alone')),
  needed(
    'im:message.group_at_msg:readonly',
    text('接收群里 @ 它的命令', 'gets commands of groups in which it is mentioned'),
  ),
  needed(
    'im:chat:readonly',
    text('确认群里有没有外部成员', 'sees whether a group has people from other companies'),
    ['im.v1.chat.get'],
  ),
  useful('im:chat.members:bot_access', text('被拉进群时打个招呼', 'greets a group that it is added to')),
  useful(
    'im:chat.access_event.bot_p2p_chat:read',
    text('有人打开单聊时打个招呼', 'greets people who open the chat with it'),
  ),
  needed('bitable:app', text('读写多维表格', 'reads and writes Bitable'), [
    ...['bitable.app.get', 'bitable.appTable.create', 'bitable.appTable.list'],
    ...['bitable.appTableField.create', 'bitable.appTableField.list', 'bitable.appTableRecord.search'],
    ...['bitable.appTableRecord.batchCreate', 'bitable.appTableRecord.batchDelete'],
    ...['bitable.appTableRecord.batchGet', 'bitable.appTableRecord.batchUpdate'],
    'drive.v1.permissionMember.auth',
  ]),
  useful('wiki:wiki:readonly', text('找到知识库里的多维表格', 'finds a Base in a wiki'), [
    'wiki.v2.space.getNode',
  ]),
  useful(
    'contact:user.id:readonly',
    text('按邮箱或手机号找人（by: email、mobile）', 'finds people by e-mail or mobile number'),
    ['contact.v3.user.batchGetId'],
  ),
  useful(
    'contact:contact.base:readonly',
    text('按 union_id 找人（by: union_id）', 'finds people by union_id'),
    ['contact.v3.user.batch'],
  ),
  useful(
    'contact:user.employee_id:readonly',
    text('按 user_id 找人（by: user_id）', 'finds people by user_id'),
  ),
  useful(
    'application:app_slash_command:write',
    text('注册 / 命令，让输入框给出提示', 'registers the / commands, which the input box then offers'),
    ['POST /open-apis/application/v7/app_slash_commands'],
  ),
];

/** Calls that need a token and no permission. */
export const freeCalls: readonly string[] = [
  'application.v6.scope.list',
  'auth.v3.tenantAccessToken.internal',
  'GET /open-apis/bot/v3/info',
];

/** One permission, and whether the tenant has granted it. */
interface ScopeState extends NeededScope {
  readonly granted: boolean;
}

const spec = (signal: AbortSignal): CallSpec => ({
  kind: 'chat',
  meter: { count: () => undefined },
  signal,
});

/**
 * Asks which of the needed permissions are granted; one that no published version asks for is not in the answer.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list
 */
export async function scopeStates(client: FeishuClient, signal: AbortSignal): Promise<readonly ScopeState[]> {
  const answer = await client.call(spec(signal), (sdk, options) =>
    sdk.application.v6.scope.list({}, options),
  );
  const scopes = list(shape(shape(answer)?.['data'])?.['scopes']) ?? [];
  const granted = new Set(
    scopes.flatMap((one) => {
      const { scope_name, grant_status } = shape(one) ?? {};
      return grant_status === 1 ? (words(scope_name) ?? []) : [];
    }),
  );
  return neededScopes.map((scope) => ({ ...scope, granted: granted.has(scope.name) }));
}

/** A command that is there already; the page names no code for it, so that Feishu's words decide too. */
const isThere = ({ code, message }: Failure): boolean => code === 40000000 && /exist/i.test(message);

/**
 * Registers a slash command; clients show it some minutes later. Never rejects for what Feishu refuses: it works as
 * typed text all the same.
 * https://open.feishu.cn/document/mcp_open_tools/agent-best-practices/agent-supports-slash-commands
 */
async function register(
  { command, description: { zh, en } }: SlashCommand,
  client: FeishuClient,
  signal: AbortSignal,
): Promise<{ readonly state: 'registered' | 'known' | 'failed'; readonly problem?: Problem }> {
  const data = { command, description: { default_value: zh, i18n: { zh_cn: zh, en_us: en } } };
  try {
    await client.call(spec(signal), (sdk, options) =>
      sdk.request<unknown>(
        { method: 'POST', url: '/open-apis/application/v7/app_slash_commands', data },
        options,
      ),
    );
    return { state: 'registered' };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return isThere(error.failure)
      ? { state: 'known' }
      : { state: 'failed', problem: problemOf(error.failure) };
  }
}

/** The app as its settings have it. */
interface ConsoleApp extends FeishuApp {
  readonly events: { readonly kind: 'long-connection' | 'webhook' };
}

/** What people are offered in the chat. */
export interface Offers {
  readonly commands: readonly SlashCommand[];
  readonly menu: readonly MenuEntry[];
}

/** What {@link setUp} found, and what is left to a person. */
export type Setup = Awaited<ReturnType<typeof setUp>>;

/**
 * Looks at the app in the console's place: who the bot is, which permissions it lacks; registers the slash commands.
 * Rejects with `ProblemError` or `CallError` when Feishu cannot be asked.
 */
export async function setUp(app: ConsoleApp, client: FeishuClient, offers: Offers, signal: AbortSignal) {
  const bot = await whoAmI(client, spec(signal).meter, signal);
  const scopes = await scopeStates(client, signal);
  const commands = [];
  for (const one of offers.commands) commands.push({ ...one, ...(await register(one, client, signal)) });
  return {
    bot,
    steps: steps(app),
    scopes: scopes.map(({ name, use, optional, granted }) => ({ name, use, optional, granted })),
    toPaste: { scopes: { tenant: scopes.map((scope) => scope.name), user: [] } },
    grant: grantPage(app, scopes),
    menu: offers.menu.flatMap(menuLines),
    commands,
  };
}

/** An entry of the menu, or those that it opens. */
const menuLines = ({ key, name, entries }: MenuEntry): { under: Text | null; name: Text; key: string }[] =>
  entries?.map((one) => ({ under: name, name: one.name, key: one.key })) ?? [{ under: null, name, key }];

const consolePage = ({ domain, id }: ConsoleApp, page: string): string => `${domain}/app/${id}/${page}`;

/** The page that grants what is missing. */
function grantPage(app: ConsoleApp, scopes: readonly ScopeState[]): string | null {
  const missing = scopes.filter(({ granted }) => !granted).map(({ name }) => name);
  return missing.length === 0 ? null : `${consolePage(app, 'auth')}?q=${missing.join(',')}`;
}

/** What a person does in the console, in its order; each with its page. */
function steps(app: ConsoleApp): readonly { readonly what: Text; readonly page: string }[] {
  const types = eventTypes();
  const events = listed(types.filter((type) => !isCallback(type)));
  const callbacks = listed(types.filter(isCallback));
  const how =
    app.events.kind === 'webhook'
      ? text(
          `发送到 https://…${webhookPath}（“加密策略”里的两个密钥与设置一致）`,
          `to https://…${webhookPath} (both keys of the tab Encryption Strategy as in the settings)`,
        )
      : text(
          '使用长连接（先运行 bitable-sync start）',
          'over the long connection (run bitable-sync start first)',
        );
  const on = (page: string, what: Text) => ({ what, page: consolePage(app, page) });
  return [
    on('bot', text('添加应用能力：机器人', 'Add the feature: Bot')),
    on(
      'bot',
      text(
        '机器人自定义菜单：悬浮菜单，照下面逐条手工添加，响应动作选“推送事件”',
        'Custom menu of the bot: floating, add the entries below by hand, each pushes an event',
      ),
    ),
    on('auth', text('批量导入下面的权限', 'Import the permissions below as a batch')),
    on(
      'event',
      text(
        `订阅事件 ${events.zh} 和回调 ${callbacks.zh}，${how.zh}`,
        `Subscribe to ${events.en} and the callback ${callbacks.en}, ${how.en}`,
      ),
    ),
    on('version', text('创建并发布版本，等管理员通过', 'Create a version, publish it, have it approved')),
    {
      what: text(
        '把机器人拉进群；在多维表格里“添加文档应用”，给可编辑权限',
        'Invite the bot into the group; in the Base, Add document app with the right to edit',
      ),
      page: 'https://open.feishu.cn/document/faq/permission/document/1',
    },
  ];
}

/** Presses on cards are subscribed to on a tab of their own. */
const isCallback = (type: string): boolean => type.startsWith('card.');

/** Who the bot is. */
export interface Bot {
  readonly openId: string;
  readonly name: string;
}

/** Asks Feishu who the bot is. https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/bot-v3/bot_info */
export async function whoAmI(client: FeishuClient, meter: CallMeter, signal?: AbortSignal): Promise<Bot> {
  const answer: unknown = await client.again({ kind: 'chat', meter, signal }, (sdk, options) =>
    sdk.request<unknown>({ method: 'GET', url: '/open-apis/bot/v3/info' }, options),
  );
  const bot = shape(shape(answer)?.['bot']);
  const openId = words(bot?.['open_id']);
  if (openId === undefined) throw odd('the bot has no open_id');
  return { openId, name: words(bot?.['app_name']) ?? '' };
}
