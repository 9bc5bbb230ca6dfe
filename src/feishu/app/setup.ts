import type { CallMeter } from '../../run/ports.ts';
import { CallError, type Failure, problemOf } from '../../sync/words/failure.ts';
import { listed, type Text, text } from '../../sync/words/text.ts';
import type { CallSpec, FeishuClient } from '../calls/client.ts';
import { odd } from '../calls/failure.ts';
import { list, shape, words } from '../calls/shape.ts';
import { eventTypes } from '../events/receive.ts';
import { webhookPath } from '../events/webhook.ts';
import {
  botMenu,
  type MenuEntry,
  type NeededScope,
  neededScopes,
  type SlashCommand,
  slashCommands,
} from './needs.ts';

/** One permission, and whether the tenant has granted it. */
interface ScopeState extends NeededScope {
  readonly granted: boolean;
}

/** One command, and what became of its registration. */
interface CommandState extends SlashCommand {
  readonly state: 'registered' | 'known' | 'failed';
  readonly failure?: Failure;
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
 * Registers the slash commands; clients show them some minutes later. Never rejects for what Feishu refuses: the
 * commands work as typed text all the same.
 * https://open.feishu.cn/document/mcp_open_tools/agent-best-practices/agent-supports-slash-commands
 */
async function registerCommands(client: FeishuClient, signal: AbortSignal): Promise<readonly CommandState[]> {
  const states: CommandState[] = [];
  for (const one of slashCommands) states.push(await register(one, client, signal));
  return states;
}

async function register(one: SlashCommand, client: FeishuClient, signal: AbortSignal): Promise<CommandState> {
  const { zh, en } = one.description;
  const data = {
    command: one.command,
    description: { default_value: zh, i18n: { zh_cn: zh, en_us: en } },
  };
  try {
    await client.call(spec(signal), (sdk, options) =>
      sdk.request<unknown>(
        { method: 'POST', url: '/open-apis/application/v7/app_slash_commands', data },
        options,
      ),
    );
    return { ...one, state: 'registered' };
  } catch (error) {
    if (error instanceof CallError && isThere(error.failure)) return { ...one, state: 'known' };
    if (error instanceof CallError) return { ...one, state: 'failed', failure: error.failure };
    throw error;
  }
}

/** The app as its settings have it. */
export interface ConsoleApp {
  readonly id: string;
  readonly domain: string;
  readonly events: { readonly kind: 'long-connection' | 'webhook' };
}

/** What {@link setUp} found, and what is left to a person. */
export type Setup = Awaited<ReturnType<typeof setUp>>;

/**
 * Looks at the app in the console's place: who the bot is, which permissions it lacks; registers the slash commands.
 * Rejects with `ProblemError` or `CallError` when Feishu cannot be asked.
 */
export async function setUp(app: ConsoleApp, client: FeishuClient, signal: AbortSignal) {
  const { name, openId } = await whoAmI(client, { count: () => undefined }, signal);
  const scopes = await scopeStates(client, signal);
  const commands = await registerCommands(client, signal);
  return {
    bot: { name, openId },
    steps: steps(app),
    scopes: scopes.map(({ name: scope, use, optional = false, granted }) => ({
      ...{ name: scope, use, optional, granted },
    })),
    toPaste: { scopes: { tenant: scopes.map((scope) => scope.name), user: [] } },
    grant: grantPage(app, scopes),
    menu: botMenu.flatMap(menuLines),
    commands: commands.map(({ command, description, state, failure }) => ({
      ...{ command, description, state },
      ...(failure && { problem: problemOf(failure) }),
    })),
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
  return [
    {
      what: text('添加应用能力：机器人', 'Add the feature: Bot'),
      page: consolePage(app, 'bot'),
    },
    {
      what: text(
        '机器人自定义菜单：悬浮菜单，照下面逐条手工添加，响应动作选“推送事件”',
        'Custom menu of the bot: floating, add the entries below by hand, each pushes an event',
      ),
      page: consolePage(app, 'bot'),
    },
    {
      what: text('批量导入下面的权限', 'Import the permissions below as a batch'),
      page: consolePage(app, 'auth'),
    },
    {
      what: text(
        `订阅事件 ${events.zh} 和回调 ${callbacks.zh}，${how.zh}`,
        `Subscribe to ${events.en} and the callback ${callbacks.en}, ${how.en}`,
      ),
      page: consolePage(app, 'event'),
    },
    {
      what: text('创建并发布版本，等管理员通过', 'Create a version, publish it, have it approved'),
      page: consolePage(app, 'version'),
    },
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
  const answer: unknown = await client.again(
    { kind: 'chat', meter, ...(signal === undefined ? {} : { signal }) },
    (sdk, options) => sdk.request<unknown>({ method: 'GET', url: '/open-apis/bot/v3/info' }, options),
  );
  const bot = shape(shape(answer)?.['bot']);
  const openId = words(bot?.['open_id']);
  if (openId === undefined) throw odd('the bot has no open_id');
  return { openId, name: words(bot?.['app_name']) ?? '' };
}
