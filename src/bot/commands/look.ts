import { helpCard } from '../../cards/answer-cards.ts';
import { historyCard, type Listed, listCard, statusCard, storyCard } from '../../cards/list-cards.ts';
import { text } from '../../sync/words/text.ts';
import { approvers, may } from '../access.ts';
import { type Bot, type ChatCommand, type ChatRequest, usage } from '../bot.ts';
import { brokenDefinition, factsOf } from '../failures.ts';
import type { CardJson } from '../ports.ts';
import { globalHold, scheduleStates } from '../schedule/holds.ts';
import { nameAndKey } from './grammar.ts';

export const list: ChatCommand = {
  verb: 'list',
  spellings: ['列表'],
  needs: 'nothing',
  right: 'ask',
  usages: [
    usage(
      '/sync list',
      text('列出所有同步', 'lists all syncs'),
      text('列出所有同步，各有一个按钮', 'lists all syncs, a button each'),
      text('`/sync` 或 `/sync list`', '`/sync` or `/sync list`'),
    ),
  ],
  run: listText,
};

export const status: ChatCommand = {
  verb: 'status',
  spellings: ['状态'],
  needs: 'nothing',
  right: 'ask',
  usages: [
    usage(
      '/sync status',
      text('正在进行的同步', 'what goes on right now'),
      text(
        '正在进行的同步：谁发起的、什么时候、到哪一步',
        'what goes on right now: who started it, since when, how far it is',
      ),
    ),
  ],
  /** What goes on or waits, wherever it is carried out. */
  async run(_, { runs, kept, clock, locale, timeZone }) {
    const [open, still] = await Promise.all([runs.open(), globalHold({ kept, clock })]);
    const states = open.map(({ state }) => state);
    return statusCard(states, still, { locale, timeZone });
  },
};

/** Runs that the history shows. */
const shown = 10;

export const history: ChatCommand = {
  verb: 'history',
  spellings: ['历史'],
  needs: 'name',
  right: 'look',
  usages: [
    usage(
      '/sync history orders',
      text('最近 10 次运行', 'the last 10 runs'),
      text(
        '最近 10 次运行：数字、谁、什么时候、怎么发起的',
        'its last 10 runs with numbers, who, when and how',
      ),
    ),
  ],
  run: async ({ name, title }, _, { runs, locale, timeZone }) =>
    historyCard(title, name, await runs.latest(name, shown), { locale, timeZone }),
};

export const why: ChatCommand = {
  verb: 'why',
  spellings: ['为什么', '原因'],
  needs: 'key',
  right: 'look',
  usages: [
    usage(
      '/sync why orders A001',
      text('一行数据的来龙去脉', 'the story of one row'),
      text(
        '一行的经过：何时读取、发送了什么、应答是什么',
        'the story of one row: read when, sent what, answered what',
      ),
    ),
  ],
  read: nameAndKey,
  run: async ({ name, title }, _, { story, locale, timeZone }, key) =>
    storyCard(title, key, await story(name, key), { locale, timeZone }),
};

/** Every sync with its last run and its next one; what is wrong in a file is for admins. */
async function listText({ by, chat }: ChatRequest, bot: Bot): Promise<CardJson> {
  const { definitions, kept, runs, clock, log, locale, timeZone, admins } = bot;
  const all = await definitions.list();
  const sound = all.flatMap((one) => ('definition' in one ? [one.definition] : []));
  const clocks = await scheduleStates(sound, { kept, timeZone, now: clock.now() });
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
        return { name, problems: admins.includes(by.openId) ? one.problems : [brokenDefinition(name)] };
      // While all is frozen the buttons stay: a press says why not.
      const { allowed } = may({ openId: by.openId, chat }, 'look', one.definition, { admins });
      const { title } = one.definition;
      return { name, title, last: await lastOf(name), closed: !allowed, ...clocks.get(name) };
    }),
  );
  return listCard(listed, { locale, timeZone, still: await globalHold(bot) });
}

/** What this person may ask for. */
export async function helpText(openId: string, bot: Bot): Promise<CardJson> {
  const all = await bot.definitions.list().catch(() => []);
  const admin = bot.admins.includes(openId);
  const approver = all.some((one) => {
    if (!('definition' in one)) return false;
    const people = approvers(one.definition.access, bot.admins);
    return people.some((one) => one === openId || one === 'everyone' || one === 'runners');
  });
  const shown = bot.commands.all.filter(
    ({ right }) => (right !== 'admin' || admin) && (right !== 'approve' || admin || approver),
  );
  // Everybody's first, then what only some may do.
  const rank = ({ right }: ChatCommand): number => ['approve', 'admin'].indexOf(right) + 1;
  const usages = [...shown].sort((a, b) => rank(a) - rank(b)).flatMap((one) => one.usages);
  return helpCard(openId, usages, bot.locale);
}
