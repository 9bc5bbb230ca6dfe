import { cancelCard, severalCard } from '../../cards/answer-cards.ts';
import type { State } from '../../sync/state/state.ts';
import { type Text, text } from '../../sync/words/text.ts';
import { approvers, starterOf } from '../access.ts';
import { type Bot, type ChatCommand, type ChatRequest, usage } from '../bot.ts';
import { find } from '../find.ts';
import { permit, refusedCard, toldIfPermitted } from '../permit.ts';
import type { CardJson } from '../ports.ts';

/** Stops the runs of a definition, wherever they are carried out; without a name the only one of the chat. */
export const cancel: ChatCommand = {
  verb: 'cancel',
  spellings: ['取消', 'stop'],
  needs: 'perhaps a name',
  right: 'of each run',
  usages: [
    usage(
      '/sync cancel orders',
      text('停下正在进行的同步', 'stops a sync that is going on'),
      text(
        '在两次调用之间停下，或放弃等待确认的计划；不写名称就是这个会话里的那一个',
        'stops it between two calls, or throws away a plan that waits; without a name the only one of the chat',
      ),
    ),
  ],
  run: (name, request, bot) => (name === '' ? here(request, bot) : named(name, request, bot)),
};

async function named(name: string, request: ChatRequest, bot: Bot): Promise<CardJson> {
  const open = (await bot.runs.open()).map(({ state }) => state);
  const written = name.toLowerCase();
  const mine = open.filter(({ definition }) => definition === written);
  if (mine.length > 0) return stop(mine, request, bot);
  const titled = await withTitle(name, open, bot);
  if (titled.length > 1)
    return told(name, request, bot, async () => severalCard(name, 'cancel', titled, bot.locale));
  const theirs = open.filter(({ definition }) => definition === titled[0]);
  if (theirs.length > 0) return stop(theirs, request, bot);
  return told(name, request, bot, async () => {
    const found = await find(name, bot, 'cancel');
    return found.kind === 'not' ? found.card : cancelCard(nothingOpen, [], bot.locale);
  });
}

/** The definitions that have this title now, or had it when a run began that is open. */
async function withTitle(title: string, open: readonly State[], { definitions }: Bot): Promise<string[]> {
  const listed = (await definitions.list()).flatMap((one) => ('definition' in one ? [one.definition] : []));
  const all = [
    ...listed.map((one) => [one.name, one.title] as const),
    ...open.map((one) => [one.definition, one.title] as const),
  ];
  return [...new Set(all.flatMap(([name, its]) => (its.normalize('NFKC') === title ? [name] : [])))];
}

async function here(request: ChatRequest, bot: Bot): Promise<CardJson> {
  const open = (await bot.runs.open()).filter(
    // What was asked for by a menu is known by the person alone.
    ({ chat }) => chat === request.chat || chat === request.by.openId,
  );
  const names = [...new Set(open.map(({ state }) => state.definition))];
  if (names.length !== 1)
    return told('', request, bot, async () =>
      cancelCard(names.length === 0 ? nothingHere : which, names, bot.locale),
    );
  return stop(
    open.map(({ state }) => state),
    request,
    bot,
  );
}

/** For an order to stop that stops nothing. */
const told = (
  name: string,
  request: ChatRequest,
  bot: Bot,
  card: () => Promise<CardJson>,
): Promise<CardJson> => toldIfPermitted({ what: 'cancel', name }, request, bot, card);

/** All runs of one definition. A plan that waits is thrown away, which is for those who may discard it. */
async function stop(states: readonly State[], request: ChatRequest, bot: Bot): Promise<CardJson> {
  const { definition: name } = states[0] ?? { definition: '' };
  const definition = await bot.definitions.get(name).catch(() => undefined);
  const allowed: State[] = [];
  let refusal: CardJson | undefined;
  for (const state of states) {
    const about = { definition, name, run: state.run, starter: starterOf(state) };
    const right = state.status === 'waiting' ? 'discard' : 'stop';
    const permission = await permit(request, { right, what: 'cancel', ...about }, bot);
    if (permission.allowed) allowed.push(state);
    refusal ??= refusedCard(permission, bot);
  }
  if (allowed.length === 0 && refusal !== undefined) return refusal;
  let said: Text = nothingOpen;
  const people = approvers(definition?.access, bot.admins);
  for (const state of allowed) {
    const acted = await bot.runs.cancel(state.run, request.by, state.version);
    if (acted.kind === 'asked' || acted.kind === 'going') said = cancelling;
    if (acted.kind !== 'settled') continue;
    if (said === nothingOpen) said = state.queue ? unqueued : discarded;
    const card = (await bot.journal.findRun(state.run))?.card;
    if (card) await bot.live.refresh(card.message, acted.state, people);
  }
  return cancelCard(said, [], bot.locale);
}

/** What becomes of a run that somebody stops. */
export const cancelling = text(
  '正在取消：在途的分块结束后停下，结果见卡片。',
  'Cancelling: what is on its way ends first; its card tells the rest.',
);

const nothingOpen = text(
  '这个同步没有在进行，什么都没有做。',
  'This sync is not going on; nothing was done.',
);
const nothingHere = text(
  '这个会话里没有正在进行的同步。其他会话里的请写名称：/sync cancel 名称。',
  'No sync is going on in this chat. For one of another chat name it: /sync cancel NAME.',
);
const which = text('有不止一个同步在进行，请写名称：', 'More than one sync is going on; say which:');
const unqueued = text('已从排队中取消，什么都没有写入。', 'Taken out of the queue; nothing was written.');
const discarded = text(
  '等待确认的计划已放弃，什么都没有写入。',
  'The plan that waited is discarded; nothing was written.',
);
