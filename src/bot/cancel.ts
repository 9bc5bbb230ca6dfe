import { cancelCard, problemCard, refusalCard } from '../cards/noticeCard.ts';
import { ProblemError } from '../sync/problem.ts';
import type { State } from '../sync/state.ts';
import { type Text, text } from '../sync/text.ts';
import { type Asker, may, startedBy } from './access.ts';
import type { Desk } from './desk.ts';
import { find } from './find.ts';
import { problemsOf } from './known.ts';
import type { CardJson } from './ports.ts';
import { factsOf } from './trouble.ts';

/** Stops the runs of a definition, wherever they are carried out; without a name the only one of the chat. */
export async function cancel(name: string | undefined, asker: Asker, desk: Desk): Promise<CardJson> {
  try {
    return name === undefined ? await here(asker, desk) : await named(name, asker, desk);
  } catch (error) {
    if (!(error instanceof ProblemError)) desk.log.error('not-cancelled', { name, ...factsOf(error) });
    return problemCard(name ?? '', problemsOf(error), desk.locale);
  }
}

async function named(name: string, asker: Asker, desk: Desk): Promise<CardJson> {
  const open = await desk.runs.open();
  const written = name.toLowerCase();
  const mine = open.filter(({ state }) => state.definition === written || isTitle(state, name));
  if (mine.length > 0)
    return stop(
      mine.map(({ state }) => state),
      asker,
      desk,
    );
  const found = await find(name, desk);
  return found.kind === 'not' ? found.card : cancelCard(nothingOpen, [], desk.locale);
}

async function here(asker: Asker, desk: Desk): Promise<CardJson> {
  const open = (await desk.runs.open()).filter(({ chat }) => chat === asker.chat);
  const names = [...new Set(open.map(({ state }) => state.definition))];
  if (names.length > 1) return cancelCard(which, names, desk.locale);
  if (names.length === 0) return cancelCard(nothingHere, [], desk.locale);
  return stop(
    open.map(({ state }) => state),
    asker,
    desk,
  );
}

const isTitle = ({ title }: State, name: string): boolean => title.normalize('NFKC') === name;

/** All runs of one definition. */
async function stop(states: readonly State[], asker: Asker, desk: Desk): Promise<CardJson> {
  const { definition: name } = states[0] ?? { definition: '' };
  const definition = await desk.definitions.get(name).catch(() => undefined);
  const permission = may(asker, 'run', definition, desk.admins);
  const allowed = permission.allowed ? states : states.filter((state) => startedBy(state, asker.openId));
  if (!permission.allowed && allowed.length === 0)
    return refusalCard(permission.refusal, permission.ask, desk.locale);
  const by = { kind: 'chat', openId: asker.openId } as const;
  let said: Text = nothingOpen;
  for (const state of allowed) {
    const { kind } = await desk.runs.cancel(state.run, by, state.version);
    if (kind === 'asked' || kind === 'going') said = cancelling;
    else if (kind === 'settled' && said === nothingOpen) said = discarded;
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
const discarded = text(
  '等待确认的计划已放弃，什么都没有写入。',
  'The plan that waited is discarded; nothing was written.',
);
