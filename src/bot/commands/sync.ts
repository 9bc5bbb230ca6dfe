import { acceptedCard, problemCard } from '../../cards/answer-cards.ts';
import type { Started } from '../../run/runs/runs.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { ProblemError } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import { type Bot, type ChatCommand, type ChatRequest, usage } from '../bot.ts';
import { factsOf, problemsOf } from '../failures.ts';
import type { CardJson } from '../ports.ts';
import { change, speak } from '../request.ts';
import { showStarted } from '../show-run.ts';

export const sync: ChatCommand = {
  verb: 'sync',
  spellings: [],
  needs: 'name',
  right: 'run',
  usages: [
    usage(
      '/sync orders',
      text('同步名为 orders 的定义', 'runs the sync called orders'),
      text(
        '同步 orders；正在同步时显示正在进行的那次；表格被别的同步占用时排队',
        'runs the sync called orders; while one runs, shows it; queues while another sync has the table',
      ),
    ),
  ],
  run: (definition, request, bot) => start(definition, false, request, bot),
};

export const plan: ChatCommand = {
  verb: 'plan',
  spellings: ['计划'],
  needs: 'name',
  // A plan writes nothing: it is made while everything is frozen too.
  right: 'look',
  usages: [
    usage(
      '/sync orders --plan',
      text('只比较，不写入；可在卡片上应用', 'compares only; its card can apply the plan'),
      text(
        '只比较，不写入；卡片上有数字和样例，点「应用」就执行这个计划',
        'compares only, writes nothing; its card shows numbers and samples, and _Apply_ carries out that plan',
      ),
    ),
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
  const starting = bot.runs.start({ definition, by: request.by, planOnly, queue: true });
  const card = await accepted(starting, definition, request, bot);
  try {
    await showStarted(await starting, { definition, request, card }, bot);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProblemError))
      bot.log.error('run.not-started', { name: definition.name, ...factsOf(error) });
    const problem = problemCard(definition.name, problemsOf(error), bot.locale);
    if (card === undefined) return problem;
    await change(card, problem, request, bot);
    return undefined;
  }
}

/** People see within a second that they were heard; opening a table can take longer. */
const heardWithin = 400;

/** Waits a moment for the start of a run; when it takes longer, answers with a card that the run's will replace. */
async function accepted(
  starting: Promise<Started>,
  definition: Definition,
  request: ChatRequest,
  bot: Bot,
): Promise<string | undefined> {
  const { clock, log, locale } = bot;
  const started = new AbortController();
  const late = clock.sleep(heardWithin, started.signal).then(
    () => true,
    () => false,
  );
  const isLate = await Promise.race([starting.then(() => false), late]).catch(() => false);
  started.abort();
  if (!isLate) return undefined;
  try {
    return await speak(acceptedCard(definition.title, locale), request, bot, ':heard');
  } catch (error) {
    log.warn('card.not-sent', factsOf(error));
    return undefined;
  }
}
