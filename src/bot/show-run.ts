import { endCard, runCard } from '../cards/run-card.ts';
import type { Run, Started } from '../run/runs/runs.ts';
import type { Definition } from '../sync/definition/definition.ts';
import type { State } from '../sync/state/state.ts';
import { approvers, deciders, starterOf } from './access.ts';
import type { Bot, ChatRequest } from './bot.ts';
import { factsOf } from './failures.ts';
import { change, placeOf, speak } from './request.ts';

/** Who asked for a run of what, and the card that answers already, if one does. */
export interface Showing {
  readonly definition: Definition;
  readonly request: ChatRequest;
  readonly card?: string | undefined;
  /** The run has its own card elsewhere. */
  readonly copy?: boolean;
}

/** Shows a run that was just started, or the one that holds the table, as an answer. */
export async function showStarted(started: Started, showing: Showing, bot: Bot): Promise<void> {
  const { clock, locale, timeZone, admins } = bot;
  const { definition, request, card } = showing;
  const { run } = started;
  if (run) return follow(run, { ...showing, copy: started.kind === 'busy' }, bot);
  if (started.kind === 'started') return;
  const people = approvers(definition.access, admins);
  const held = runCard(started.state, { now: clock.now(), locale, timeZone, approvers: people, copy: true });
  if (card === undefined) await speak(held, request, bot);
  else await change(card, held, request, bot);
}

/** Shows a run until it ends; a group hears of its end where somebody has to act. */
export async function follow(
  run: Run,
  { definition, request, card, copy = false }: Showing,
  bot: Bot,
): Promise<void> {
  const place =
    card === undefined
      ? placeOf(request, copy)
      : ({ kind: 'card', message: card, chat: request.chat, copy } as const);
  const told = request.group && !copy;
  if (told) await noteThread(run.id, bot);
  await bot.live.follow(run, place, approvers(definition.access, bot.admins));
  if (told) await tellGroup(run.state(), definition, request, bot);
}

/** What says who may approve; nothing where the definition cannot be read. */
type Told = Pick<Definition, 'access'> | undefined;

/** Who asked last, and the group. */
type Hearer = Pick<ChatRequest, 'by' | 'chat'>;

/**
 * Notes that the progress of a run stands in a thread of a group, for whoever goes on with it by a button there. Never
 * rejects.
 */
async function noteThread(run: string, { kept, clock, log }: Bot): Promise<void> {
  try {
    await kept.cards.saveThread(run, clock.now());
  } catch (error) {
    log.error('thread.not-noted', factsOf(error));
  }
}

/** Whether {@link noteThread} knows the run. */
export const isInThread = (run: string, { kept }: Pick<Bot, 'kept'>): Promise<boolean> =>
  kept.cards.inThread(run);

const isBad = ({ status }: State): boolean => status === 'failed' || status === 'partial';

/**
 * One line in the group about a run whose progress stands in a thread: when somebody has to decide, at the first
 * failure, and at the recovery from one. Those who have to act are mentioned, nobody for good news. Never rejects.
 */
export async function tellGroup(state: State, definition: Told, request: Hearer, bot: Bot): Promise<void> {
  try {
    const people = await whom(state, definition, request, bot);
    if (people === undefined) return;
    const once = `end:${state.run}:${state.version}`;
    await bot.chat.send(request.chat, endCard(state, people, bot.locale), once);
  } catch (error) {
    bot.log.warn('group.not-told', factsOf(error));
  }
}

/** Who is mentioned; `undefined` where there is nothing to tell. */
async function whom(
  state: State,
  definition: Told,
  { by }: Hearer,
  { runs, admins }: Bot,
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
