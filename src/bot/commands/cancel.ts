import { cancelCard, severalCard } from '../../cards/answer-cards.ts';
import type { State } from '../../sync/state.ts';
import { type Text, text } from '../../sync/text.ts';
import { approvers, starterOf } from '../access.ts';
import type { Asking } from '../asking.ts';
import type { Desk } from '../desk.ts';
import { find } from '../find.ts';
import { ifPermitted, permit, refusedCard } from '../permit.ts';
import type { CardJson } from '../ports.ts';

/** Stops the runs of a definition, wherever they are carried out; without a name the only one of the chat. */
export const cancel = (name: string | undefined, asking: Asking, desk: Desk): Promise<CardJson> =>
  name === undefined ? here(asking, desk) : named(name, asking, desk);

async function named(name: string, asking: Asking, desk: Desk): Promise<CardJson> {
  const open = (await desk.runs.open()).map(({ state }) => state);
  const written = name.toLowerCase();
  const mine = open.filter(({ definition }) => definition === written);
  if (mine.length > 0) return stop(mine, asking, desk);
  const titled = await withTitle(name, open, desk);
  if (titled.length > 1)
    return told(name, asking, desk, async () => severalCard(name, 'cancel', titled, desk.locale));
  const theirs = open.filter(({ definition }) => definition === titled[0]);
  if (theirs.length > 0) return stop(theirs, asking, desk);
  return told(name, asking, desk, async () => {
    const found = await find(name, desk, 'cancel');
    return found.kind === 'not' ? found.card : cancelCard(nothingOpen, [], desk.locale);
  });
}

/** The definitions that have this title now, or had it when a run began that is open. */
async function withTitle(title: string, open: readonly State[], { definitions }: Desk): Promise<string[]> {
  const listed = (await definitions.list()).flatMap((one) => ('definition' in one ? [one.definition] : []));
  const all = [
    ...listed.map((one) => [one.name, one.title] as const),
    ...open.map((one) => [one.definition, one.title] as const),
  ];
  return [...new Set(all.flatMap(([name, its]) => (its.normalize('NFKC') === title ? [name] : [])))];
}

async function here(asking: Asking, desk: Desk): Promise<CardJson> {
  const open = (await desk.runs.open()).filter(
    // What was asked for by a menu is known by the person alone.
    ({ chat }) => chat === asking.chat || chat === asking.by.openId,
  );
  const names = [...new Set(open.map(({ state }) => state.definition))];
  if (names.length !== 1)
    return told('', asking, desk, async () =>
      cancelCard(names.length === 0 ? nothingHere : which, names, desk.locale),
    );
  return stop(
    open.map(({ state }) => state),
    asking,
    desk,
  );
}

/** For an order to stop that stops nothing. */
const told = (name: string, asking: Asking, desk: Desk, card: () => Promise<CardJson>): Promise<CardJson> =>
  ifPermitted({ right: 'ask', what: 'cancel', definition: undefined, name }, asking, desk, card);

/** All runs of one definition. A plan that waits is thrown away, which is for those who may discard it. */
async function stop(states: readonly State[], asking: Asking, desk: Desk): Promise<CardJson> {
  const { definition: name } = states[0] ?? { definition: '' };
  const definition = await desk.definitions.get(name).catch(() => undefined);
  const allowed: State[] = [];
  let refusal: CardJson | undefined;
  for (const state of states) {
    const about = { definition, name, run: state.run, starter: starterOf(state) };
    const right = state.status === 'waiting' ? 'discard' : 'stop';
    const permission = await permit(asking, { right, what: 'cancel', ...about }, desk);
    if (permission.allowed) allowed.push(state);
    refusal ??= refusedCard(permission, desk);
  }
  if (allowed.length === 0 && refusal !== undefined) return refusal;
  let said: Text = nothingOpen;
  const people = approvers(definition?.access, desk.admins);
  for (const state of allowed) {
    const acted = await desk.runs.cancel(state.run, asking.by, state.version);
    if (acted.kind === 'asked' || acted.kind === 'going') said = cancelling;
    if (acted.kind !== 'settled') continue;
    if (said === nothingOpen) said = state.queue ? unqueued : discarded;
    const card = (await desk.journal.findRun(state.run))?.card;
    if (card) await desk.live.refresh(card.message, acted.state, people);
  }
  return cancelCard(said, [], desk.locale);
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
