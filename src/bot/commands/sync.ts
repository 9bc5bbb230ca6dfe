import { acceptedCard, problemCard } from '../../cards/answer-cards.ts';
import { runCard } from '../../cards/run-card.ts';
import type { Run, Started } from '../../run/runs/runs.ts';
import type { Definition } from '../../sync/definition.ts';
import { ProblemError } from '../../sync/problem.ts';
import { approvers } from '../access.ts';
import { type Asking, change, placeOf, speak } from '../asking.ts';
import type { Desk } from '../desk.ts';
import { problemsOf } from '../known.ts';
import type { Place } from '../live.ts';
import { permit, refusedCard } from '../permit.ts';
import type { CardJson } from '../ports.ts';
import { noteThread, tellGroup } from '../tell-group.ts';
import { factsOf } from '../trouble.ts';

/** Starts a run and shows it; answers a card where there is none to show. */
export async function sync(
  definition: Definition,
  planOnly: boolean,
  asking: Asking,
  desk: Desk,
): Promise<CardJson | undefined> {
  const what = planOnly ? 'plan' : 'sync';
  // A plan writes nothing: it is made while everything is frozen too.
  const permission = await permit(asking, { right: planOnly ? 'look' : 'run', what, definition }, desk);
  const refused = refusedCard(permission, desk);
  if (refused) return refused;
  const starting = desk.runs.start({ definition, by: asking.by, planOnly, queue: true });
  const card = await accepted(starting, definition, asking, desk);
  try {
    await showStarted(await starting, definition, asking, desk, card);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProblemError))
      desk.log.error('run.not-started', { name: definition.name, ...factsOf(error) });
    const problem = problemCard(definition.name, problemsOf(error), desk.locale);
    if (card === undefined) return problem;
    await change(card, problem, asking, desk);
    return undefined;
  }
}

/** People see within a second that they were heard; opening a table can take longer. */
const heardWithin = 400;

/** Waits a moment for the start of a run; when it takes longer, answers with a card that the run's will replace. */
async function accepted(
  starting: Promise<Started>,
  definition: Definition,
  asking: Asking,
  desk: Desk,
): Promise<string | undefined> {
  const { clock, log, locale } = desk;
  const started = new AbortController();
  const late = clock.sleep(heardWithin, started.signal).then(
    () => true,
    () => false,
  );
  const isLate = await Promise.race([starting.then(() => false), late]).catch(() => false);
  started.abort();
  if (!isLate) return undefined;
  try {
    return await speak(acceptedCard(definition.title, locale), asking, desk, ':heard');
  } catch (error) {
    log.warn('card.not-sent', factsOf(error));
    return undefined;
  }
}

/**
 * Shows a run that was just started, or the one that holds the table, as an answer.
 * @param card a card that answers already
 */
export async function showStarted(
  started: Started,
  definition: Definition,
  asking: Asking,
  desk: Desk,
  card?: string,
): Promise<void> {
  const { clock, locale, timeZone, admins } = desk;
  const copy = started.kind === 'busy';
  const { run } = started;
  if (run) return follow(run, definition, asking, desk, copy, card);
  if (started.kind === 'started') return;
  const people = approvers(definition.access, admins);
  const view = { now: clock.now(), locale, timeZone, approvers: people, copy: true };
  const held = runCard(started.state, view);
  if (card === undefined) await speak(held, asking, desk);
  else await change(card, held, asking, desk);
}

/** Shows a run until it ends; a group hears of its end where somebody has to act. */
export async function follow(
  run: Run,
  definition: Definition,
  asking: Asking,
  desk: Desk,
  copy = false,
  card?: string,
): Promise<void> {
  const place: Place =
    card === undefined ? placeOf(asking, copy) : { kind: 'card', message: card, chat: asking.chat, copy };
  const told = asking.group && !copy;
  if (told) await noteThread(run.id, desk);
  await desk.live.follow(run, place, approvers(definition.access, desk.admins));
  if (told) await tellGroup(run.state(), definition, asking, desk);
}
