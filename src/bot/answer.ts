import { type Listed, listCard } from '../cards/listCard.ts';
import { acceptedCard, helpCard, hintCard, problemCard, refusalCard } from '../cards/noticeCard.ts';
import { runCard } from '../cards/runCard.ts';
import type { Started } from '../run/runs.ts';
import type { Definition } from '../sync/definition.ts';
import { ProblemError } from '../sync/problem.ts';
import type { Actor } from '../sync/state.ts';
import { approvers, may } from './access.ts';
import { cancel } from './cancel.ts';
import type { Command } from './command.ts';
import type { Desk } from './desk.ts';
import { find } from './find.ts';
import { problemsOf } from './known.ts';
import type { Place } from './live.ts';
import type { CardJson, MessageEvent } from './ports.ts';
import { outlooks } from './schedule/outlook.ts';
import { factsOf } from './trouble.ts';
import { verifyFor } from './verify.ts';

/** Who asks for a run, and which message its card answers. */
export interface Asking {
  readonly by: Actor & { readonly openId: string };
  readonly chat: string;
  readonly message: string;
  /** Repeats of the same answer within the hour send nothing. */
  readonly once: string;
}

/** Answers a line that is meant for the bot. */
export async function answer(event: MessageEvent, command: Command | undefined, desk: Desk): Promise<void> {
  const { locale } = desk;
  const once = `answer:${event.message}`;
  const reply = (card: CardJson) => desk.chat.reply(event.message, card, once).then(() => undefined);
  switch (command?.kind) {
    case undefined:
    case 'unknown':
      return reply(hintCard(locale));
    case 'help':
      return reply(helpCard(event.from, locale));
    case 'list':
      return reply(await theList(desk));
    case 'cancel':
      return reply(await cancel(command.name, { openId: event.from, chat: event.chat }, desk));
    case 'verify':
      return verify(command.name, event, once, desk, reply);
    case 'sync': {
      const by = { kind: 'chat', openId: event.from } as const;
      const asking = { by, chat: event.chat, message: event.message, once };
      return sync(command.name, command.plan, asking, desk, reply);
    }
  }
}

async function verify(
  name: string,
  event: MessageEvent,
  once: string,
  desk: Desk,
  reply: (card: CardJson) => Promise<void>,
): Promise<void> {
  try {
    const found = await find(name, desk);
    if (found.kind === 'not') return await reply(found.card);
    const asker = { openId: event.from, chat: event.chat };
    const permission = may(asker, 'run', found.definition, desk.admins);
    if (!permission.allowed) return await reply(refusalCard(permission.refusal, permission.ask, desk.locale));
    await verifyFor(found.definition, { by: event.from, message: event.message, once }, desk);
  } catch (error) {
    if (!(error instanceof ProblemError)) desk.log.error('not-verified', { name, ...factsOf(error) });
    await reply(problemCard(name, problemsOf(error), desk.locale));
  }
}

async function sync(
  name: string,
  planOnly: boolean,
  asking: Asking,
  desk: Desk,
  reply: (card: CardJson) => Promise<void>,
): Promise<void> {
  let tell = reply;
  try {
    const found = await find(name, desk);
    if (found.kind === 'not') return await reply(found.card);
    const { definition } = found;
    const asker = { openId: asking.by.openId, chat: asking.chat };
    const permission = may(asker, 'run', definition, desk.admins);
    if (!permission.allowed) return await reply(refusalCard(permission.refusal, permission.ask, desk.locale));
    const starting = desk.runs.start({ definition, by: asking.by, planOnly });
    const card = await accepted(starting, definition, asking, desk);
    if (card !== undefined) tell = (problem) => desk.chat.patch(card, problem);
    await showStarted(await starting, definition, asking, desk, card);
  } catch (error) {
    if (!(error instanceof ProblemError)) desk.log.error('sync-not-started', { name, ...factsOf(error) });
    await tell(problemCard(name, problemsOf(error), desk.locale));
  }
}

/** People see within a second that they were heard; opening a table can take longer. */
const heardWithin = 400;

/** Waits a moment for the start of a run; when it takes longer, answers with a card that the run's will replace. */
async function accepted(
  starting: Promise<Started>,
  definition: Definition,
  { message, once }: Asking,
  { chat, clock, log, locale }: Desk,
): Promise<string | undefined> {
  const started = new AbortController();
  const late = clock.sleep(heardWithin, started.signal).then(
    () => true,
    () => false,
  );
  const isLate = await Promise.race([starting.then(() => false), late]).catch(() => false);
  started.abort();
  if (!isLate) return undefined;
  try {
    return await chat.reply(message, acceptedCard(definition.title, locale), `${once}:heard`);
  } catch (error) {
    log.warn('card-not-sent', factsOf(error));
    return undefined;
  }
}

/**
 * Shows a run that was just started, or the one that holds the table, as an answer to the message.
 * @param card a card that answers it already
 */
export async function showStarted(
  started: Started,
  definition: Definition,
  asking: Asking,
  { live, chat, clock, locale, timeZone, admins }: Desk,
  card?: string,
): Promise<void> {
  const { message, once } = asking;
  const people = approvers(definition.access, admins);
  const copy = started.kind === 'busy';
  const { run } = started;
  if (run) {
    const place: Place =
      card === undefined
        ? { kind: 'reply', to: message, chat: asking.chat, once, copy }
        : { kind: 'card', message: card, chat: asking.chat, copy };
    return live.follow(run, place, people);
  }
  if (started.kind === 'started') return;
  const view = { now: clock.now(), locale, timeZone, approvers: people, copy: true };
  const held = runCard(started.state, view);
  if (card === undefined) await chat.reply(message, held, once);
  else await chat.patch(card, held);
}

async function theList(desk: Desk): Promise<CardJson> {
  const { definitions, schedules, runs, clock, log, locale, timeZone } = desk;
  const all = await definitions.list();
  const sound = all.flatMap((one) => ('definition' in one ? [one.definition] : []));
  const clocks = await outlooks(sound, { schedules, timeZone, now: clock.now() });
  const lastOf = async (name: string) => {
    try {
      return (await runs.latest(name, 1))[0];
    } catch (error) {
      log.error('last-run-not-read', { name, ...factsOf(error) });
      return undefined;
    }
  };
  const listed = await Promise.all(
    all.map(async (one): Promise<Listed> => {
      if (!('definition' in one)) return { name: one.name, problems: one.problems };
      return {
        name: one.name,
        title: one.definition.title,
        last: await lastOf(one.name),
        ...clocks.get(one.name),
      };
    }),
  );
  return listCard(listed, { locale, timeZone });
}
