import { text } from '../../sync/words/text.ts';
import { type ChatCommand, usage } from '../bot.ts';
import { cancel } from './cancel.ts';
import { CommandList } from './grammar.ts';
import { helpText, history, list, status, why } from './look.ts';
import { retry } from './retry.ts';
import { freeze, mute, pause, remind, resume, thaw, unmute } from './schedule.ts';
import { plan, sync } from './sync.ts';
import { init, verify } from './table.ts';

const help: ChatCommand = {
  verb: 'help',
  spellings: ['帮助'],
  needs: 'nothing',
  right: 'ask',
  usages: [
    usage(
      '/help',
      text('显示这张卡片', 'shows this card'),
      text('显示你可以做什么，以及你的 open_id', 'shows what you may do and your own open_id'),
    ),
  ],
  run: (request, bot) => helpText(request.by.openId, bot),
};

/** Every chat command, in the order of the README. A new one is an object and a line here. */
export const chatCommands: readonly ChatCommand[] = [
  ...[sync, plan, list, status, history, why, verify, retry, cancel, init],
  ...[pause, resume, mute, unmute, remind, freeze, thaw, help],
];

/** The commands of the bot. */
export const commands = new CommandList(chatCommands, { named: sync, flagged: plan, bare: list, help });
