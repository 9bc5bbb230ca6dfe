import { acceptedCard, cancelCard, problemCard, saidCard, severalCard } from '../../cards/answer-cards.ts';
import { commandButton } from '../../cards/parts/element.ts';
import { plain, same } from '../../cards/parts/words.ts';
import { opsFor } from '../../cards/run-buttons.ts';
import type { Started } from '../../run/runs/runs.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import type { State } from '../../sync/state/state.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { approvers, starterOf } from '../access.ts';
import { type Bot, type ChatCommand, type ChatRequest, within } from '../bot.ts';
import { factsOf, problemsOf } from '../failures.ts';
import { find, judge, permit, refusedCard, soundOf, toldIfPermitted, withDefinition } from '../permit.ts';
import type { CardJson } from '../ports.ts';
import { change, follow, showStarted, speak } from '../post.ts';

export const sync: ChatCommand = {
  ...{ verb: 'sync', spellings: [] },
  needs: 'name',
  right: 'run',
  usages: [
    {
      line: '/sync orders',
      does: text('同步名为 orders 的定义', 'runs the sync called orders'),
      manual: text(
        '同步 orders；正在同步时显示正在进行的那次；表格被别的同步占用时排队',
        'runs the sync called orders; while one runs, shows it; queues while another sync has the table',
      ),
    },
  ],
  run: (definition, request, bot) => start(definition, false, request, bot),
};

export const plan: ChatCommand = {
  // A plan writes nothing: it is made while everything is frozen too.
  ...{ verb: 'plan', spellings: ['计划'] },
  needs: 'name',
  right: 'look',
  usages: [
    {
      line: '/sync orders --plan',
      does: text('只比较，不写入；可在卡片上执行', 'compares only; its card can apply the plan'),
      manual: text(
        '只比较，不写入；卡片上有数字和样例，点「执行」就执行这个计划',
        'compares only, writes nothing; its card shows numbers and samples, and _Apply_ carries out that plan',
      ),
    },
  ],
  run: (definition, request, bot) => start(definition, true, request, bot),
};

/** Starts a run and shows it; answers a card where there is none to show. */
async function start(
  definition: Definition,
  planOnly: boolean,
  request: ChatRequest,
  bot: Bot,
): Promise<CardJson | undefined> {
  const { name } = definition;
  const starting = bot.runs.start({ definition, by: request.by, planOnly, queue: true });
  const card = await accepted(starting, definition, request, bot);
  try {
    await showStarted(await starting, { definition, request, card }, bot);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProblemError)) bot.log.error('run.not-started', { name, ...factsOf(error) });
    const problem = problemCard(name, problemsOf(error), bot.locale);
    if (card === undefined) return problem;
    await change(card, problem, request, bot);
    return undefined;
  }
}

/** People see within a second that they were heard (ms); opening a table can take longer. */
const heardWithin = 400;

/** Waits a moment for the start of a run; when it takes longer, answers with a card that the run's will replace. */
async function accepted(
  starting: Promise<Started>,
  { title }: Definition,
  request: ChatRequest,
  bot: Bot,
): Promise<string | undefined> {
  if (await within(starting, heardWithin, bot.clock).catch(() => true)) return undefined;
  try {
    return await speak(acceptedCard(title, bot.locale), request, bot, ':heard');
  } catch (error) {
    bot.log.warn('card.not-sent', factsOf(error));
    return undefined;
  }
}

export const retry: ChatCommand = {
  ...{ verb: 'retry', spellings: ['重试'] },
  needs: 'perhaps a name',
  right: 'of each run',
  usages: [
    {
      line: '/sync retry orders',
      does: text('重试没有写入的部分', 'sends again what was not written'),
      manual: text(
        '重发最近一次没有写入的；不写名称就是唯一有可重试内容的那个',
        'sends again what the newest run did not write; without a name the only sync that has something',
      ),
    },
  ],
  run: (name, request, bot) =>
    name === ''
      ? retryOnly(request, bot)
      : withDefinition({ name, what: 'retry' }, request, bot, (one) => retryOf(one, request, bot)),
};

/** Sends again what the newest run of a definition did not write; answers a card where there is nothing to show. */
async function retryOf(
  definition: Definition,
  request: ChatRequest,
  bot: Bot,
): Promise<CardJson | undefined> {
  const { name } = definition;
  const [state] = await bot.runs.latest(name, 1);
  const deed = { right: 'run', what: 'retry', definition, ...(state && { run: state.run }) } as const;
  const refused = refusedCard(await permit(request, deed, bot), bot);
  if (refused) return refused;
  if (!state || !canRetry(state)) {
    const again = commandButton('sync', name, 0, text('同步', 'Sync'));
    return saidCard(retrying, [nothingToRetry], bot.locale, { buttons: [again] });
  }
  const acted = await bot.runs.retry(state.run, request.by, state.version);
  if (acted.kind !== 'going')
    return saidCard(retrying, [acted.kind === 'busy' ? busy : nothingToRetry], bot.locale);
  await follow(acted.run, { definition, request }, bot);
  return undefined;
}

/** Retries the only sync that this person may run and that has something to retry; several are offered. */
async function retryOnly(request: ChatRequest, bot: Bot): Promise<CardJson | undefined> {
  const open: Definition[] = [];
  for (const definition of soundOf(await bot.definitions.list())) {
    const [state] = await bot.runs.latest(definition.name, 1);
    if (!state || !canRetry(state)) continue;
    // While all is frozen they stay in the list: what is chosen then says why not.
    if ((await judge(request, { right: 'look', definition }, bot)).allowed) open.push(definition);
  }
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) return retryOf(only, request, bot);
  return toldIfPermitted({ what: 'retry', name: '' }, request, bot, async () => {
    const buttons = open
      .slice(0, 10)
      .map(({ name, title }, at) => commandButton('retry', name, at, same(plain(title, 40))));
    const words = open.length === 0 ? nothingToRetry : text('要重试哪一个？', 'Which one?');
    return saidCard(retrying, [words], bot.locale, { buttons });
  });
}

const canRetry = (state: State): boolean => opsFor(state).includes('retry');

const retrying = text('重试', 'Retry');
const nothingToRetry = text('没有可以重试的，什么都没有做。', 'There is nothing to retry; nothing was done.');

/** For what has to wait for a run that goes on. */
export const busy = text('这个表格正在同步，请等它结束。', 'This table is being synced; wait for it to end.');

/** Stops the runs of a definition, wherever they are carried out; without a name the only one of the chat. */
export const cancel: ChatCommand = {
  ...{ verb: 'cancel', spellings: ['取消', 'stop'] },
  needs: 'perhaps a name',
  right: 'of each run',
  usages: [
    {
      line: '/sync cancel orders',
      does: text('停下正在进行的同步', 'stops a sync in progress'),
      manual: text(
        '在两次调用之间停下，或放弃等待确认的计划；不写名称就是这个会话里的那一个',
        'stops it between two calls, or throws away a plan that waits; without a name the only one of the chat',
      ),
    },
  ],
  run: (name, request, bot) => (name === '' ? cancelHere(request, bot) : cancelNamed(name, request, bot)),
};

async function cancelNamed(name: string, request: ChatRequest, bot: Bot): Promise<CardJson> {
  const open = (await bot.runs.open()).map(({ state }) => state);
  const written = name.toLowerCase();
  const mine = open.filter(({ definition }) => definition === written);
  if (mine.length > 0) return stop(mine, request, bot);
  // The definitions that have this title now, or had it when a run began that is open.
  const listed = soundOf(await bot.definitions.list());
  const all = [...listed, ...open.map(({ definition, title }) => ({ name: definition, title }))];
  const titled = [...new Set(all.flatMap((one) => (one.title.normalize('NFKC') === name ? [one.name] : [])))];
  const theirs = open.filter(({ definition }) => definition === titled[0]);
  if (titled.length === 1 && theirs.length > 0) return stop(theirs, request, bot);
  return toldIfPermitted({ what: 'cancel', name }, request, bot, async () => {
    if (titled.length > 1) return severalCard(name, 'cancel', titled, bot.locale);
    const found = await find(name, bot, 'cancel');
    return found.kind === 'not' ? found.card : cancelCard(nothingOpen, [], bot.locale);
  });
}

async function cancelHere(request: ChatRequest, bot: Bot): Promise<CardJson> {
  const open = (await bot.runs.open()).filter(
    // What was asked for by a menu is known by the person alone.
    ({ chat }) => chat === request.chat || chat === request.by.openId,
  );
  const states = open.map(({ state }) => state);
  const names = [...new Set(states.map(({ definition }) => definition))];
  if (names.length === 1) return stop(states, request, bot);
  return toldIfPermitted({ what: 'cancel', name: '' }, request, bot, async () =>
    cancelCard(names.length === 0 ? nothingHere : which, names, bot.locale),
  );
}

/** All runs of one definition. A plan that waits is thrown away, which is for those who may discard it. */
async function stop(states: readonly State[], request: ChatRequest, bot: Bot): Promise<CardJson> {
  const { definition: name } = states[0] ?? { definition: '' };
  const definition = await bot.definitions.get(name).catch(() => undefined);
  const allowed: State[] = [];
  let refusal: CardJson | undefined;
  for (const state of states) {
    const right = state.status === 'waiting' ? 'discard' : 'stop';
    const about = { definition, name, run: state.run, starter: starterOf(state) };
    const permission = await permit(request, { right, what: 'cancel', ...about }, bot);
    if (permission.allowed) allowed.push(state);
    refusal ??= refusedCard(permission, bot);
  }
  if (allowed.length === 0 && refusal !== undefined) return refusal;
  let said: Text = nothingOpen;
  for (const state of allowed) {
    const acted = await bot.runs.cancel(state.run, request.by, state.version);
    if (acted.kind === 'asked' || acted.kind === 'going') said = cancelling;
    if (acted.kind !== 'settled') continue;
    if (said === nothingOpen) said = state.queue ? unqueued : discarded;
    const card = (await bot.journal.findRun(state.run))?.card;
    const people = approvers(definition?.access, bot.admins);
    if (card) await bot.live.refresh(card.message, acted.state, people);
  }
  return cancelCard(said, [], bot.locale);
}

/** What becomes of a run that somebody stops. */
export const cancelling = text(
  '正在取消：在途的分块结束后停下，结果见卡片。',
  'Cancelling: what is on its way ends first; its card tells the rest.',
);

const nothingOpen = text('这个同步没在进行，什么都没有做。', 'This sync is not running; nothing was done.');
const nothingHere = text(
  '这个会话里没有正在进行的同步。其他会话里的请写名称：/sync cancel 名称。',
  'No sync is running in this chat. For one from another chat, name it: /sync cancel NAME.',
);
const which = text('有不止一个同步在进行，请写名称：', 'More than one sync is running; say which one:');
const unqueued = text('已从排队中取消，什么都没有写入。', 'Taken out of the queue; nothing was written.');
const discarded = text('计划已放弃，什么都没有写入。', 'The waiting plan is discarded; nothing was written.');
