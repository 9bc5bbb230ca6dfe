import { saidCard } from '../../cards/answer-cards.ts';
import { colours } from '../../cards/parts/card.ts';
import { commandButton } from '../../cards/parts/element.ts';
import { same } from '../../cards/parts/words.ts';
import { remindersCard } from '../../cards/schedule-cards.ts';
import { text } from '../../sync/words/text.ts';
import type { Bot, ChatCommand, ChatRequest, Usage, Words } from '../bot.ts';
import { find } from '../permit.ts';
import type { CardJson } from '../ports.ts';
import {
  addReminder,
  freezeAll,
  listReminders,
  muteHere,
  pauseSchedule,
  type Ruled,
  removeReminder,
  resumeSchedule,
  type Said,
  thawAll,
  unmuteHere,
} from '../schedule/controls.ts';
import { quotes, unquoted } from './grammar.ts';

/** A command that changes at once what a definition does by the clock. */
const change = (
  verb: string,
  spelling: string,
  act: typeof pauseSchedule,
  usages: readonly Usage[],
): ChatCommand => ({
  ...{ verb, spellings: [spelling], usages },
  needs: 'name',
  right: 'look',
  run: async (definition, request, bot) =>
    said(await act(definition, askerOf(request), bot), definition.title, bot),
});

export const pause = change('pause', '暂停', pauseSchedule, [
  {
    line: '/sync pause|resume orders',
    does: text('暂停或恢复它的定时任务', 'pauses or resumes its schedule'),
    written: text('`/sync pause orders`、`resume`', '`/sync pause orders`, `resume`'),
  },
]);

export const resume = change('resume', '恢复', resumeSchedule, []);

export const mute = change('mute', '静音', muteHere, [
  {
    line: '/sync mute|unmute orders',
    does: text('这个会话里不再收到它的好消息，或恢复', 'mutes or unmutes success messages in this chat'),
    written: text('`/sync mute orders`、`unmute`', '`/sync mute orders`, `unmute`'),
  },
]);

export const unmute = change('unmute', '取消静音', unmuteHere, []);

const five = /^(.+?) ((?:[\d*][\d*,/-]* ){3}[\w*,/-]+ [\w*,/-]+)$/u;
const last = new RegExp(`^(.+?) ?[${quotes}]([^${quotes}]+)[${quotes}]$`, 'u');
const off = /^off (\d{1,4})$/u;

export const remind: ChatCommand = {
  ...{ verb: 'remind', spellings: ['提醒'] },
  needs: 'name',
  right: 'look',
  usages: [
    {
      line: '/sync remind orders "0 9 * * 1-5"',
      does: text('按时提醒；不写时间则列出', 'sets a reminder; lists them without a time'),
      manual: text(
        '按时在这个会话里提醒；`off 1` 关掉第 1 个，不写时间则列出',
        'reminds this chat at set times; `off 1` turns number 1 off, no time lists them',
      ),
    },
  ],
  /** `NAME`, `NAME "0 9 * * 1-5"` (quotes or not) or `NAME off N`. */
  read(words) {
    const line = words.join(' ');
    const [, of = '', number] = /^(.+?) (?:off|关闭|关掉|关|删除) ?#?(\d{1,4})$/iu.exec(line) ?? [];
    if (number !== undefined) return { name: unquoted(of), more: `off ${Number(number)}` };
    const [, name, cron = ''] = last.exec(line) ?? five.exec(line) ?? [];
    if (name !== undefined) return { name: unquoted(name), more: cron.trim() };
    return { name: unquoted(line.replace(/ (?:off|关闭|关掉|关)$/iu, '')), more: '' };
  },
  /** What is no name as a whole, such as `orders 9:00`, may be a name and a time that cannot be read: that is told then. */
  async reread(given, bot): Promise<Words> {
    const [first = '', ...rest] = given.name.split(' ');
    if (given.more !== '' || rest.length === 0) return given;
    const isName = async (name: string): Promise<boolean> =>
      (await find(name, bot).catch(() => undefined))?.kind === 'definition';
    if ((await isName(given.name)) || !(await isName(first))) return given;
    return { name: first, more: rest.join(' ') };
  },
  /** Lists the reminders of a definition in this chat, or changes them. */
  async run(definition, request, bot, more) {
    const { name, title } = definition;
    const asker = askerOf(request);
    if (more === '') return remindersCard(title, name, await listReminders(definition, asker.chat, bot), bot);
    const number = off.exec(more)?.[1];
    const done =
      number === undefined
        ? await addReminder(definition, { id: request.once.slice(-64), cron: more }, asker, bot)
        : await removeReminder(definition, Number(number), asker, bot);
    return said(done, title, bot);
  },
};

export const freeze: ChatCommand = {
  ...{ verb: 'freeze', spellings: ['冻结'], forOne: 'pause' },
  needs: 'nothing',
  right: 'admin',
  usages: [
    {
      line: '/sync freeze|thaw',
      does: text('冻结或解冻全部同步', 'freezes or unfreezes everything'),
      manual: text(
        '不再开始任何写入，不论由谁、在哪里发起；管理员才能用。正在进行的会做完',
        'no run starts writing, no matter who asks, the shell included; for admins. Runs in progress finish',
      ),
      written: text('`/sync freeze`、`/sync thaw`', '`/sync freeze`, `/sync thaw`'),
    },
  ],
  run: async (request, bot) => ruled(await freezeAll(request.by, bot), bot),
};

export const thaw: ChatCommand = {
  ...{ verb: 'thaw', spellings: ['解冻'], forOne: 'resume', usages: [] },
  needs: 'nothing',
  right: 'admin',
  run: async (_, bot) => ruled(await thawAll(bot), bot),
};

const askerOf = ({ by, chat }: ChatRequest) => ({ openId: by.openId, chat });

function ruled({ words, going }: Ruled, { locale }: Bot): CardJson {
  const status = commandButton('status', '', 0, text('正在进行', 'Runs in progress'));
  const buttons = going.length === 0 ? [] : [status];
  return saidCard(text('全部同步', 'All syncs'), words, locale, { colour: colours.good, buttons });
}

const said = ({ kind, words }: Said, about: string, { locale }: Bot): CardJson =>
  saidCard(same(about), [words], locale, { colour: kind === 'done' ? colours.good : colours.asking });
