import { saidCard } from '../../cards/answer-cards.ts';
import { commandButton } from '../../cards/parts/element.ts';
import { plain, same } from '../../cards/parts/words.ts';
import { opsFor } from '../../cards/run-buttons.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import type { State } from '../../sync/state/state.ts';
import { text } from '../../sync/words/text.ts';
import { type Bot, type ChatCommand, type ChatRequest, usage } from '../bot.ts';
import { ifPermitted, judge, permit, refusedCard, withDefinition } from '../permit.ts';
import type { CardJson } from '../ports.ts';
import { follow } from '../show-run.ts';

export const retry: ChatCommand = {
  verb: 'retry',
  spellings: ['重试'],
  needs: 'perhaps a name',
  right: 'of each run',
  usages: [
    usage(
      '/sync retry orders',
      text('重试没有写入的部分', 'sends again what was not written'),
      text(
        '重发最近一次没有写入的；不写名称就是唯一有可重试内容的那个',
        'sends again what the newest run did not write; without a name the only sync that has something',
      ),
    ),
  ],
  run: (name, request, bot) =>
    name === ''
      ? retryOnly(request, bot)
      : withDefinition({ name, what: 'retry' }, request, bot, (one) => retryOf(one, request, bot)),
};

const title = text('重试', 'Retry');

/** Sends again what the newest run of a definition did not write; answers a card where there is nothing to show. */
async function retryOf(
  definition: Definition,
  request: ChatRequest,
  bot: Bot,
): Promise<CardJson | undefined> {
  const { name } = definition;
  const [state] = await bot.runs.latest(name, 1);
  const about = { ...(state && { run: state.run }) };
  const permission = await permit(request, { right: 'run', what: 'retry', definition, ...about }, bot);
  const refused = refusedCard(permission, bot);
  if (refused) return refused;
  if (!state || !canRetry(state)) {
    const again = commandButton('sync', name, 0, text('同步', 'Sync'));
    return saidCard(title, [nothing], bot.locale, { buttons: [again] });
  }
  const acted = await bot.runs.retry(state.run, request.by, state.version);
  if (acted.kind === 'going') await follow(acted.run, { definition, request }, bot);
  else return saidCard(title, [acted.kind === 'busy' ? busy : nothing], bot.locale);
  return undefined;
}

/** Retries the only sync that has something to retry; lets people choose where there are several. */
async function retryOnly(request: ChatRequest, bot: Bot): Promise<CardJson | undefined> {
  const open = await retryable(request, bot);
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) return retryOf(only, request, bot);
  const deed = { right: 'ask', what: 'retry', definition: undefined } as const;
  return ifPermitted(deed, request, bot, async () => whichCard(open, bot));
}

function whichCard(open: readonly Definition[], { locale }: Bot): CardJson {
  if (open.length === 0) return saidCard(title, [nothing], locale);
  const buttons = open
    .slice(0, 10)
    .map((one, at) => commandButton('retry', one.name, at, same(plain(one.title, 40))));
  return saidCard(title, [text('要重试哪一个？', 'Which one?')], locale, { buttons });
}

/** The syncs with something to retry that this person may run. */
async function retryable(request: ChatRequest, bot: Bot): Promise<readonly Definition[]> {
  const open: Definition[] = [];
  for (const one of await bot.definitions.list()) {
    if (!('definition' in one)) continue;
    const { definition } = one;
    const [state] = await bot.runs.latest(definition.name, 1);
    if (!state || !canRetry(state)) continue;
    // While all is frozen they stay in the list: what is chosen then says why not.
    if ((await judge(request, { right: 'look', definition }, bot)).allowed) open.push(definition);
  }
  return open;
}

const canRetry = (state: State): boolean => opsFor(state).includes('retry');

const nothing = text('没有可以重试的，什么都没有做。', 'There is nothing to retry; nothing was done.');
const busy = text('这个表格正在同步，请等它结束。', 'This table is being synced; wait for it to end.');
