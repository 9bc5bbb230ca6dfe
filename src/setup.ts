import type { Setup } from './cli/program.ts';
import type { Config } from './config.ts';
import { whoAmI } from './feishu/bot.ts';
import type { FeishuClient } from './feishu/client.ts';
import { botMenu, type MenuEntry } from './feishu/needs.ts';
import { eventTypes } from './feishu/receive.ts';
import { registerCommands, type ScopeState, scopeStates } from './feishu/setup.ts';
import { webhookPath } from './feishu/webhook.ts';
import { problemOf } from './sync/failure-problem.ts';
import { listed, type Text, text } from './sync/text.ts';

/**
 * Looks at the app in the console's place: who the bot is, which permissions it lacks; registers the slash commands.
 * Rejects with `ProblemError` or `CallError` when Feishu cannot be asked.
 */
export async function setUp(config: Config, client: FeishuClient, signal: AbortSignal): Promise<Setup> {
  const { name, openId } = await whoAmI(client, { count: () => undefined }, signal);
  const scopes = await scopeStates(client, signal);
  const commands = await registerCommands(client, signal);
  return {
    bot: { name, openId },
    steps: steps(config),
    scopes: scopes.map(({ name: scope, use, optional = false, granted }) => ({
      ...{ name: scope, use, optional, granted },
    })),
    toPaste: { scopes: { tenant: scopes.map((scope) => scope.name), user: [] } },
    grant: grantPage(config, scopes),
    menu: botMenu.flatMap(menuLines),
    commands: commands.map(({ command, description, state, failure }) => ({
      ...{ command, description, state },
      ...(failure && { problem: problemOf(failure) }),
    })),
  };
}

/** An entry of the menu, or those that it opens. */
const menuLines = ({ key, name, entries }: MenuEntry): Setup['menu'] =>
  entries?.map((one) => ({ under: name, name: one.name, key: one.key })) ?? [{ under: null, name, key }];

const consolePage = ({ app }: Config, page: string): string => `${app.domain}/app/${app.id}/${page}`;

/** The page that grants what is missing. */
function grantPage(config: Config, scopes: readonly ScopeState[]): string | null {
  const missing = scopes.filter(({ granted }) => !granted).map(({ name }) => name);
  return missing.length === 0 ? null : `${consolePage(config, 'auth')}?q=${missing.join(',')}`;
}

/** What a person does in the console, in its order; each with its page. */
function steps(config: Config): readonly { readonly what: Text; readonly page: string }[] {
  const types = eventTypes();
  const events = listed(types.filter((type) => !isCallback(type)));
  const callbacks = listed(types.filter(isCallback));
  const how =
    config.app.events.kind === 'webhook'
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
      page: consolePage(config, 'bot'),
    },
    {
      what: text(
        '机器人自定义菜单：悬浮菜单，照下面逐条手工添加，响应动作选“推送事件”',
        'Custom menu of the bot: floating, add the entries below by hand, each pushes an event',
      ),
      page: consolePage(config, 'bot'),
    },
    {
      what: text('批量导入下面的权限', 'Import the permissions below as a batch'),
      page: consolePage(config, 'auth'),
    },
    {
      what: text(
        `订阅事件 ${events.zh} 和回调 ${callbacks.zh}，${how.zh}`,
        `Subscribe to ${events.en} and the callback ${callbacks.en}, ${how.en}`,
      ),
      page: consolePage(config, 'event'),
    },
    {
      what: text('创建并发布版本，等管理员通过', 'Create a version, publish it, have it approved'),
      page: consolePage(config, 'version'),
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
