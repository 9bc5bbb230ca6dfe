import { endCard } from '../cards/command-cards.ts';
import type { Definition } from '../sync/definition.ts';
import type { State } from '../sync/state.ts';
import { approvers, deciders, starterOf } from './access.ts';
import type { Asking } from './asking.ts';
import type { Desk } from './desk.ts';
import { factsOf } from './trouble.ts';

/** What says who may approve; nothing where the definition cannot be read. */
type Told = Pick<Definition, 'access'> | undefined;

/** Who asked last, and the group. */
type Hearer = Pick<Asking, 'by' | 'chat'>;

/**
 * Notes that the progress of a run stands in a thread of a group, for whoever goes on with it by a button there. Never
 * rejects.
 */
export async function noteThread(run: string, { kept, clock, log }: Desk): Promise<void> {
  try {
    await kept.cards.saveThread(run, clock.now());
  } catch (error) {
    log.error('thread.not-noted', factsOf(error));
  }
}

/** Whether {@link noteThread} knows the run. */
export const isInThread = (run: string, { kept }: Pick<Desk, 'kept'>): Promise<boolean> =>
  kept.cards.inThread(run);

const isBad = ({ status }: State): boolean => status === 'failed' || status === 'partial';

/**
 * One line in the group about a run whose progress stands in a thread: when somebody has to decide, at the first
 * failure, and at the recovery from one. Those who have to act are mentioned, nobody for good news. Never rejects.
 */
export async function tellGroup(state: State, definition: Told, asking: Hearer, desk: Desk): Promise<void> {
  try {
    const people = await whom(state, definition, asking, desk);
    if (people === undefined) return;
    const once = `end:${state.run}:${state.version}`;
    await desk.chat.send(asking.chat, endCard(state, people, desk.locale), once);
  } catch (error) {
    desk.log.warn('group.not-told', factsOf(error));
  }
}

/** Who is mentioned; `undefined` where there is nothing to tell. */
async function whom(
  state: State,
  definition: Told,
  { by }: Hearer,
  { runs, admins }: Desk,
): Promise<readonly string[] | undefined> {
  if (state.status === 'waiting') return deciders(approvers(definition?.access, admins), starterOf(state));
  if (!isBad(state) && state.status !== 'done') return undefined;
  const earlier = (await runs.latest(state.definition, 10)).find(
    (one) => one.run !== state.run && (isBad(one) || one.status === 'done'),
  );
  // A retry goes on in the run that failed.
  const retried = state.acts.some(({ op }) => op === 'retry');
  const before = retried || (earlier !== undefined && isBad(earlier));
  if (isBad(state)) return before ? undefined : [by.openId];
  return before ? [] : undefined;
}
