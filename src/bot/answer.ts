import { hintCard, lateCard, problemCard } from '../cards/answer-cards.ts';
import type { Verb } from '../cards/parts/button.ts';
import type { Definition } from '../sync/definition.ts';
import { ProblemError } from '../sync/problem.ts';
import type { Right } from './access.ts';
import { type Asking, speak } from './asking.ts';
import { againOf, type Command, type Named } from './command.ts';
import { ask } from './commands/ask.ts';
import { cancel } from './commands/cancel.ts';
import { remind, rule, turn } from './commands/clock.ts';
import { init } from './commands/init.ts';
import { help, history, list, status, why } from './commands/look.ts';
import { retry, retryOnly } from './commands/retry.ts';
import { sync } from './commands/sync.ts';
import type { Desk } from './desk.ts';
import { find } from './find.ts';
import { problemsOf } from './known.ts';
import { ifPermitted, judge, refusedCard } from './permit.ts';
import type { CardJson } from './ports.ts';
import { factsOf } from './trouble.ts';
import { verifyFor } from './verify.ts';

/** Carries a command out and answers it, however it was given: as text, by a button, a form or a menu. */
export async function answer(command: Command | undefined, asking: Asking, desk: Desk): Promise<void> {
  const name = command && 'name' in command ? (command.name ?? '') : '';
  let card: CardJson | undefined;
  try {
    card = await carryOut(command, asking, desk);
  } catch (error) {
    if (!(error instanceof ProblemError)) desk.log.error('command.failed', { name, ...factsOf(error) });
    card = problemCard(name, problemsOf(error, desk.admins.includes(asking.by.openId)), desk.locale);
  }
  if (card !== undefined) await speak(card, asking, desk);
}

/** Answers the card to show; nothing where that is done already. */
async function carryOut(
  command: Command | undefined,
  asking: Asking,
  desk: Desk,
): Promise<CardJson | undefined> {
  if (!command || command.kind === 'unknown') {
    // What is no command is no act either: only the chat has to be one in which the bot speaks.
    const permission = await judge(asking, { right: 'ask', definition: undefined }, desk);
    return refusedCard(permission, desk) ?? hintCard(desk.locale, command?.near);
  }
  if (asking.late !== undefined && command.kind !== 'missing') {
    const { late } = asking;
    const again = againOf(command);
    return told(again.verb, again.name, asking, desk, async () => lateCard(again, late, desk));
  }
  switch (command.kind) {
    case 'missing': {
      const { verb, name } = command;
      return told(verb, name, asking, desk, () => ask(verb, name, desk));
    }
    case 'help':
      return told('help', undefined, asking, desk, () => help(asking.by.openId, desk));
    case 'list':
      return told('list', undefined, asking, desk, () => list(asking.by.openId, desk));
    case 'status':
      return told('status', undefined, asking, desk, () => status(desk));
    case 'freeze':
    case 'thaw': {
      const { kind } = command;
      return ifPermitted({ right: 'admin', what: kind, definition: undefined }, asking, desk, () =>
        rule(kind, asking.by, desk),
      );
    }
    case 'cancel':
      return cancel(command.name, asking, desk);
    case 'retry':
      if (command.name === undefined) return retryOnly(asking, desk);
      return withDefinition(command.name, 'retry', asking, desk, (one) => retry(one, asking, desk));
    case 'sync':
      return withDefinition(command.name, command.plan ? 'plan' : 'sync', asking, desk, (one) =>
        sync(one, command.plan, asking, desk),
      );
    case 'why':
      return named(command.name, 'look', 'why', asking, desk, (one) => why(one, command.key, desk));
    case 'remind':
      return reminders(await nameAndTime(command, desk), asking, desk);
    case 'history':
    case 'verify':
    case 'init':
    case 'pause':
    case 'resume':
    case 'mute':
    case 'unmute': {
      const { kind } = command;
      return named(command.name, rights[kind], kind, asking, desk, (one) => ofOne(kind, one, asking, desk));
    }
  }
}

type Remind = Extract<Command, { readonly kind: 'remind' }>;

const reminders = ({ name, set }: Remind, asking: Asking, desk: Desk) =>
  named(name, 'look', 'remind', asking, desk, (one) =>
    remind(one, set, askerOf(asking), asking.once.slice(-64), desk),
  );

/** What is no name as a whole, such as `orders 9:00`, may be a name and a time that cannot be read: that is told then. */
async function nameAndTime(command: Remind, desk: Desk): Promise<Remind> {
  const [first = '', ...rest] = command.name.split(' ');
  if (command.set !== undefined || rest.length === 0) return command;
  const isName = async (name: string): Promise<boolean> =>
    (await find(name, desk).catch(() => undefined))?.kind === 'definition';
  if ((await isName(command.name)) || !(await isName(first))) return command;
  return { kind: 'remind', name: first, set: { cron: rest.join(' ') } };
}

const rights: Readonly<Record<Named, Right>> = {
  history: 'look',
  verify: 'look',
  init: 'approve',
  pause: 'look',
  resume: 'look',
  mute: 'look',
  unmute: 'look',
};

function ofOne(
  what: Named,
  definition: Definition,
  asking: Asking,
  desk: Desk,
): Promise<CardJson | undefined> {
  if (what === 'history') return history(definition, desk);
  if (what === 'init') return init(definition, desk);
  if (what === 'verify') return verifyFor(definition, asking, desk).then(() => undefined);
  return turn(what, definition, askerOf(asking), desk);
}

/** For what concerns no definition, or asks which one is meant. */
const told = (
  what: string,
  name: string | undefined,
  asking: Asking,
  desk: Desk,
  work: () => Promise<CardJson>,
) =>
  ifPermitted(
    { right: 'ask', what, definition: undefined, ...(name !== undefined && { name }) },
    asking,
    desk,
    work,
  );

const askerOf = ({ by, chat }: Asking) => ({ openId: by.openId, chat });

type Work = (definition: Definition) => Promise<CardJson | undefined>;

async function withDefinition(
  name: string,
  what: Verb,
  asking: Asking,
  desk: Desk,
  work: Work,
): Promise<CardJson | undefined> {
  const found = await find(name, desk, what).catch((error: unknown) => ({ kind: 'broken', error }) as const);
  if (found.kind === 'definition') return work(found.definition);
  // Names that are near and what is wrong with a file are not for everybody either.
  return told(what, name, asking, desk, async () => {
    if (found.kind === 'broken') throw found.error;
    return found.card;
  });
}

/** For commands that are over at once: looks the definition up, and whether they may. */
const named = (name: string, right: Right, what: Verb, asking: Asking, desk: Desk, work: Work) =>
  withDefinition(name, what, asking, desk, (definition) =>
    ifPermitted({ right, what, definition }, asking, desk, () => work(definition)),
  );
