import { type Text, text } from '../../sync/words/text.ts';

/** A permission of the app, as the console calls it. */
export interface NeededScope {
  readonly name: string;
  /** What the bot does with it. */
  readonly use: Text;
  /** What the bot can do without, where that is so: it is needed only by some definitions. */
  readonly optional?: true;
  /** Methods of the SDK, or addresses, that are called with it. */
  readonly calls: readonly string[];
}

/**
 * Every permission that the program uses, with the calls that need it; app-manifest.json asks for the same.
 * Which scope a call takes stands on the call's own page: https://open.feishu.cn/document/server-docs/api-call-guide/server-api-list
 */
export const neededScopes: readonly NeededScope[] = [
  {
    name: 'im:message:send_as_bot',
    use: text('发送和更新卡片', 'sends cards and keeps them fresh'),
    calls: ['im.v1.message.create', 'im.v1.message.reply', 'im.v1.message.patch'],
  },
  {
    name: 'im:resource',
    use: text('发送 CSV 文件', 'sends CSV files'),
    optional: true,
    calls: ['im.v1.file.create'],
  },
  {
    name: 'im:message.p2p_msg:readonly',
    use: text('接收单聊里的命令', 'gets commands that are sent to it alone'),
    calls: [],
  },
  {
    name: 'im:message.group_at_msg:readonly',
    use: text('接收群里 @ 它的命令', 'gets commands of groups in which it is mentioned'),
    calls: [],
  },
  {
    name: 'im:chat:readonly',
    use: text('确认群里有没有外部成员', 'tells whether a group has people from other companies'),
    calls: ['im.v1.chat.get'],
  },
  {
    name: 'im:chat.members:bot_access',
    use: text('被拉进群时打个招呼', 'greets a group that it is added to'),
    optional: true,
    calls: [],
  },
  {
    name: 'im:chat.access_event.bot_p2p_chat:read',
    use: text('有人打开单聊时打个招呼', 'greets whoever opens the chat with it'),
    optional: true,
    calls: [],
  },
  {
    name: 'bitable:app',
    use: text('读写多维表格', 'reads and writes Bitable'),
    calls: [
      'bitable.app.get',
      'bitable.appTable.create',
      'bitable.appTable.list',
      'bitable.appTableField.create',
      'bitable.appTableField.list',
      'bitable.appTableRecord.batchCreate',
      'bitable.appTableRecord.batchDelete',
      'bitable.appTableRecord.batchGet',
      'bitable.appTableRecord.batchUpdate',
      'bitable.appTableRecord.search',
      'drive.v1.permissionMember.auth',
    ],
  },
  {
    name: 'wiki:wiki:readonly',
    use: text('找到知识库里的多维表格', 'finds a Base that stands in a wiki'),
    optional: true,
    calls: ['wiki.v2.space.getNode'],
  },
  {
    name: 'contact:user.id:readonly',
    use: text('按邮箱或手机号找人（by: email、mobile）', 'finds people by e-mail or mobile number'),
    optional: true,
    calls: ['contact.v3.user.batchGetId'],
  },
  {
    name: 'contact:contact.base:readonly',
    use: text('按 union_id 找人（by: union_id）', 'finds people by union_id'),
    optional: true,
    calls: ['contact.v3.user.batch'],
  },
  {
    name: 'contact:user.employee_id:readonly',
    use: text('按 user_id 找人（by: user_id）', 'finds people by user_id'),
    optional: true,
    calls: [],
  },
  {
    name: 'application:app_slash_command:write',
    use: text('注册 / 命令，让输入框给出提示', 'registers the / commands, which the input box then offers'),
    optional: true,
    calls: ['POST /open-apis/application/v7/app_slash_commands'],
  },
];

/** Calls that need a token and no permission. */
export const freeCalls: readonly string[] = [
  'application.v6.scope.list',
  'auth.v3.tenantAccessToken.internal',
  'GET /open-apis/bot/v3/info',
];

/** A command as the input box offers it. */
export interface SlashCommand {
  /** Without the slash. */
  readonly command: string;
  readonly description: Text;
}

/** The commands that are registered; they send ordinary text, so `/sync list` and the rest are typed after them. */
export const slashCommands: readonly SlashCommand[] = [
  { command: 'sync', description: text('同步表格：/sync 名称', 'Sync a table: /sync NAME') },
  { command: 'help', description: text('使用说明和我的 open_id', 'How to use it, and my open_id') },
];

/** An entry of the bot's menu, which stands in the one-to-one chat; one with `entries` opens them. */
export interface MenuEntry {
  /** The event key that a press sends: a command. Of one that opens others only its ID. */
  readonly key: string;
  readonly name: Text;
  readonly entries?: readonly MenuEntry[];
}

/**
 * The menu as the console takes it, by hand: two levels, at most five entries each and ten in all; a key has at most
 * 30 characters. What an entry lacks, such as which sync, is asked for with a form.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v7/application-v7/application-ability/patch
 */
export const botMenu: readonly MenuEntry[] = [
  { key: 'list', name: text('同步列表', 'Syncs') },
  { key: 'status', name: text('正在进行', 'Going on') },
  { key: 'retry', name: text('重试失败', 'Retry') },
  {
    key: 'more',
    name: text('更多', 'More'),
    entries: [
      { key: 'plan', name: text('只看计划', 'Plan only') },
      { key: 'history', name: text('运行历史', 'History') },
      { key: 'why', name: text('一行的经过', 'Story of a row') },
      { key: 'verify', name: text('核对两边', 'Verify') },
      { key: 'remind', name: text('提醒', 'Reminders') },
    ],
  },
  { key: 'help', name: text('帮助', 'Help') },
];
