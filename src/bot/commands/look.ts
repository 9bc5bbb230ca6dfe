import { helpCard } from '../../cards/answer-cards.ts';
import { historyCard, type Listed, listCard, statusCard, storyCard } from '../../cards/list-cards.ts';
import { text } from '../../sync/words/text.ts';
import { approvers, may } from '../access.ts';
import type { Bot, ChatCommand, ChatRequest } from '../bot.ts';
import { brokenDefinition, factsOf } from '../failures.ts';
import { soundOf } from '../permit.ts';
import type { CardJson } from '../ports.ts';
import { globalHold, scheduleStates } from '../schedule/entries.ts';
import { nameAndKey } from './grammar.ts';

export const list: ChatCommand = {
  ...{ verb: 'list', spellings: ['列表'] },
  needs: 'nothing',
  right: 'ask',
  usages: [
    {
      line: '/sync list',
      does: text('列出所有同步，各有一个按钮', 'lists all syncs, a button each'),
      written: text('`/sync` 或 `/sync list`', '`/sync` or `/sync list`'),
    },
  ],
  run: listText,
};

export const status: ChatCommand = {
  ...{ verb: 'status', spellings: ['状态'] },
  needs: 'nothing',
  right: 'ask',
  usages: [
    {
      line: '/sync status',
      does: text('正在进行的同步', 'runs in progress'),
      manual: text(
        '正在进行的同步：谁发起的、什么时候、到哪一步',
        'runs in progress: who started them, when, and how far they are',
      ),
    },
  ],
  /** What goes on or waits, wherever it is carried out. */
  async run(_, bot) {
    const [open, still] = await Promise.all([bot.runs.open(), globalHold(bot)]);
    const states = open.map(({ state }) => state);
    return statusCard(states, still, bot);
  },
};

/** Runs that the history shows. */
const shown = 10;

export const history: ChatCommand = {
  ...{ verb: 'history', spellings: ['历史'] },
  needs: 'name',
  right: 'look',
  usages: [
    {
      line: '/sync history orders',
      does: text(
        '最近 10 次运行：数字、谁、什么时候、怎么发起的',
        'its last 10 runs with numbers, who, when and how',
      ),
    },
  ],
  run: async ({ name, title }, _, bot) => historyCard(title, name, await bot.runs.latest(name, shown), bot),
};

export const why: ChatCommand = {
  ...{ verb: 'why', spellings: ['为什么', '原因'] },
  needs: 'key',
  right: 'look',
  read: nameAndKey,
  usages: [
    {
      line: '/sync why orders A001',
      does: text(
        '一行的来龙去脉：何时读取、发送了什么、应答是什么',
        'the story of one row: read when, sent what, answered what',
      ),
    },
  ],
  run: async ({ name, title }, _, bot, key) => storyCard(title, key, await bot.story(name, key), bot),
};

/** Every sync with its last run and its next one; what is wrong in a file is for admins. */
async function listText({ by: { openId }, chat }: ChatRequest, bot: Bot): Promise<CardJson> {
  const { definitions, runs, log, locale, timeZone, admins } = bot;
  const all = await definitions.list();
  const clocks = await scheduleStates(soundOf(all), bot);
  const lastOf = async (name: string) => {
    try {
      return (await runs.latest(name, 1))[0];
    } catch (error) {
      log.error('run.not-read', { name, ...factsOf(error) });
      return undefined;
    }
  };
  const listed = await Promise.all(
    all.map(async (one): Promise<Listed> => {
      const { name } = one;
      if ('problems' in one)
        return { name, problems: admins.includes(openId) ? one.problems : [brokenDefinition(name)] };
      // While all is frozen the buttons stay: a press says why not.
      const { allowed } = may({ openId, chat }, 'look', one.definition, { admins });
      const { title } = one.definition;
      return { name, title, last: await lastOf(name), closed: !allowed, ...clocks.get(name) };
    }),
  );
  return listCard(listed, { locale, timeZone, still: await globalHold(bot) });
}

/** What this person may ask for. */
export async function helpText(openId: string, bot: Bot): Promise<CardJson> {
  const all = soundOf(await bot.definitions.list().catch(() => []));
  const admin = bot.admins.includes(openId);
  const approver = all.some(({ access }) =>
    approvers(access, bot.admins).some((one) => [openId, 'everyone', 'runners'].includes(one)),
  );
  const mine = bot.commands.all.filter(
    ({ right }) => (right !== 'admin' || admin) && (right !== 'approve' || admin || approver),
  );
  // Everybody's first, then what only some may do.
  const rank = ({ right }: ChatCommand): number => ['approve', 'admin'].indexOf(right) + 1;
  const usages = [...mine].sort((a, b) => rank(a) - rank(b)).flatMap((one) => one.usages);
  return helpCard(openId, usages, bot.locale);
}
