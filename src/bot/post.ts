import { endCard, runCard } from '../cards/run-card.ts';
import type { Clock, Journal, Log, RunRecord } from '../run/ports.ts';
import type { Run, Runs, Started } from '../run/runs/runs.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { isBad } from '../sync/state/progress.ts';
import { type State, statuses } from '../sync/state/state.ts';
import { approvers, deciders, starterOf } from './access.ts';
import type { Bot, ChatRequest } from './bot.ts';
import { factsOf, isRefused } from './failures.ts';
import { type Place, post, sending } from './live.ts';
import type { CardJson, ClickEvent, Definitions, Kept } from './ports.ts';

/** Answers with a card, whose buttons count from then on; answers its message ID. */
export function speak(card: CardJson, request: ChatRequest, bot: Bot, part = ''): Promise<string> {
  const { message: to, chat, group: thread, by, once } = request;
  const place = { to, thread, chat, person: by.openId, once: `${once}${part}` };
  const posting = post(card, place, bot.chat).then(async (posted) => {
    await trust(posted.message, bot, posted.thread);
    return posted.message;
  });
  return sending(posting, bot);
}

/** Shows another card in place of one that answers already; as a new answer where that one cannot be changed any more. */
export async function change(message: string, card: CardJson, request: ChatRequest, bot: Bot): Promise<void> {
  try {
    await bot.chat.patch(message, card);
  } catch (error) {
    if (!isRefused(error)) throw error;
    await speak(card, request, bot, ':anew');
  }
}

/**
 * Buttons of commands count on cards that the bot itself has sent: forwarded copies are other messages.
 * @param thread whether it stands in a thread of a group
 */
export const trust = (
  message: string,
  { kept, clock }: { readonly kept: Pick<Kept, 'cards'>; readonly clock: Bot['clock'] },
  thread = false,
): Promise<void> => kept.cards.trust(message, thread, clock.now());

/**
 * What {@link trust} knows of the message. Feishu may show a card, and pass on a press on it, before it answers that it
 * was sent: what is being sent right now is waited for.
 */
export async function trustOf(
  message: string,
  { kept, underWay }: Pick<Bot, 'kept' | 'underWay'>,
): Promise<{ readonly thread: boolean } | undefined> {
  const known = await kept.cards.trusted(message);
  if (known !== undefined || underWay.size === 0) return known;
  await Promise.allSettled(underWay);
  return kept.cards.trusted(message);
}

/** Somebody who pressed a button or sent a form; the answer goes beside the card. */
export const requestOf = (event: ClickEvent, via: ChatRequest['via'] = 'button'): ChatRequest => ({
  by: { kind: 'button', openId: event.from },
  ...{ chat: event.chat, message: event.message, group: false },
  ...{ via, once: `click:${event.id}` },
});

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
  const { message, chat, group, once } = request;
  const place: Place =
    card === undefined
      ? { kind: 'reply', to: message, thread: group && message !== undefined, chat, once, copy }
      : { kind: 'card', message: card, chat, copy };
  const told = group && !copy;
  if (told) await noteThread(run.id, bot);
  await bot.live.follow(run, place, approvers(definition.access, bot.admins));
  if (told) await tellGroup(run.state(), definition, request, bot);
}

/** Notes that a run's progress stands in a thread, for whoever goes on with it by a button there. Never rejects. */
async function noteThread(run: string, { kept, clock, log }: Bot): Promise<void> {
  try {
    await kept.cards.saveThread(run, clock.now());
  } catch (error) {
    log.error('thread.not-noted', factsOf(error));
  }
}

/** What says who may approve; nothing where the definition cannot be read. */
type Told = Pick<Definition, 'access'> | undefined;

/** Who asked last, and the group. */
type Hearer = Pick<ChatRequest, 'by' | 'chat'>;

/** Whether a run came out in a way that others are compared with. */
const isJudged = (state: State): boolean => isBad(state) || statuses[state.status].outcome === 'good';

/**
 * One line in the group about a run whose progress stands in a thread: when somebody has to decide, at the first
 * failure, and at the recovery from one. Those who have to act are mentioned, nobody for good news. Never rejects.
 */
export async function tellGroup(state: State, definition: Told, hearer: Hearer, bot: Bot): Promise<void> {
  try {
    const people = await whom(state, definition, hearer, bot);
    if (people === undefined) return;
    const once = `end:${state.run}:${state.version}`;
    await bot.chat.send(hearer.chat, endCard(state, people, bot.locale), once);
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
  if (!isJudged(state)) return undefined;
  const earlier = (await runs.latest(state.definition, 10)).find(
    (one) => one.run !== state.run && isJudged(one),
  );
  // A retry goes on in the run that failed.
  const retried = state.acts.some(({ op }) => op === 'retry');
  const before = retried || (earlier !== undefined && isBad(earlier));
  if (isBad(state)) return before ? undefined : [by.openId];
  return before ? [] : undefined;
}

/** How often is looked for runs that nobody carries out any more and for plans that have waited too long, in ms. */
const lookEvery = 5_000;

interface ResumeParts {
  readonly runs: Pick<Runs, 'resume'>;
  readonly journal: Pick<Journal, 'findRun'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly log: Log;
  readonly bot: { show(run: Run, card: NonNullable<RunRecord['card']>, definition: Told): void };
}

/**
 * For as long as the bot listens: takes over the runs of processes that are gone, and closes what is too old.
 * Never rejects; ends when the signal is aborted.
 */
export async function tendRuns(
  parts: ResumeParts & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await resumeRuns(parts).catch((error: unknown) => parts.log.error('run.not-resumed', factsOf(error)));
    await parts.clock.sleep(lookEvery, signal).catch(() => undefined);
  }
}

/** Goes on with the runs that were left, and keeps their cards fresh again. */
export async function resumeRuns(parts: ResumeParts): Promise<readonly Run[]> {
  const { runs, journal, definitions, log, bot } = parts;
  const resumed = await runs.resume();
  for (const run of resumed) {
    try {
      const card = (await journal.findRun(run.id))?.card;
      if (!card) continue;
      // A definition that is broken by now must not hide the run.
      const definition = await definitions.get(run.state().definition).catch(() => undefined);
      bot.show(run, card, definition);
    } catch (error) {
      log.error('card.not-resumed', { run: run.id, ...factsOf(error) });
    }
  }
  return resumed;
}
