import { type Text, text } from '../../sync/words/text.ts';
import type { ChatCommand } from '../bot.ts';
import type { MenuEntry, SlashCommand } from '../ports.ts';
import { CommandList } from './grammar.ts';
import { helpText, history, list, status, why } from './look.ts';
import { cancel, plan, retry, sync } from './runs.ts';
import { freeze, mute, pause, remind, resume, thaw, unmute } from './schedule.ts';
import { init, verify } from './table.ts';

const help: ChatCommand = {
  ...{ verb: 'help', spellings: ['帮助'] },
  needs: 'nothing',
  right: 'ask',
  usages: [
    {
      line: '/help',
      does: text('显示你可以做什么，以及你的 open_id', 'shows what you may do and your own open_id'),
    },
  ],
  run: (request, bot) => helpText(request.by.openId, bot),
};

/** Every chat command, in the order of docs/commands.md. A new one is an object and a line here. */
export const chatCommands: readonly ChatCommand[] = [
  ...[sync, plan, list, status, history, why, verify, retry, cancel, init],
  ...[pause, resume, mute, unmute, remind, freeze, thaw, help],
];

/** The commands of the bot. */
export const commands = new CommandList(chatCommands, { named: sync, flagged: plan, bare: list, help });

/** The commands that are registered at Feishu; `/sync list` and the rest are typed after them. */
export const slashCommands: readonly SlashCommand[] = [
  { command: sync.verb, description: text('同步表格：/sync 名称', 'Sync a table: /sync NAME') },
  { command: help.verb, description: text('使用说明和我的 open_id', 'How to use it, and my open_id') },
];

const entry = ({ verb }: ChatCommand, name: Text): MenuEntry => ({ key: verb, name });

/**
 * The menu as the console takes it, by hand: two levels, at most five entries each and ten in all; a key has at most
 * 30 characters. What an entry lacks, such as which sync, is asked for with a form.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v7/application-v7/application-ability/patch
 */
export const botMenu: readonly MenuEntry[] = [
  entry(list, text('同步列表', 'Syncs')),
  entry(status, text('正在进行', 'In progress')),
  entry(retry, text('重试失败', 'Retry')),
  {
    key: 'more',
    name: text('更多', 'More'),
    entries: [
      entry(plan, text('只看计划', 'Plan only')),
      entry(history, text('运行历史', 'History')),
      entry(why, text('一行的来龙去脉', 'Story of a row')),
      entry(verify, text('核对两边', 'Verify')),
      entry(remind, text('提醒', 'Reminders')),
    ],
  },
  entry(help, text('帮助', 'Help')),
];
