import { hintCard, problemCard, refusalCard } from '../cards/noticeCard.ts';
import type { Definition } from '../sync/definition.ts';
import { ProblemError } from '../sync/problem.ts';
import type { Right } from './access.ts';
import { type Asking, speak } from './asking.ts';
import type { Command, Named } from './command.ts';
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
import { permit } from './permit.ts';
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
    if (!(error instanceof ProblemError)) desk.log.error('command-failed', { name, ...factsOf(error) });
    card = problemCard(name, problemsOf(error), desk.locale);
  }
  if (card !== undefined) await speak(card, asking, desk);
}

/** Answers the card to show; nothing where that is done already. */
async function carryOut(
  command: Command | undefined,
  asking: Asking,
  desk: Desk,
): Promise<CardJson | undefined> {
  if (!command) return hintCard(desk.locale);
  switch (command.kind) {
    case 'unknown':
      return hintCard(desk.locale, command.near);
    case 'missing':
      return ask(command.verb, command.name, desk);
    case 'help':
      return help(asking.by.openId, desk);
    case 'list':
      return list(desk);
    case 'status':
      return status(desk);
    case 'freeze':
    case 'thaw': {
      const { kind } = command;
      return allowed({ right: 'admin', what: kind, definition: undefined }, asking, desk, () =>
        rule(kind, askerOf(asking), desk),
      );
    }
    case 'cancel':
      return cancel(command.name, asking, desk);
    case 'retry':
      if (command.name === undefined) return retryOnly(asking, desk);
      return withDefinition(command.name, desk, (one) => retry(one, asking, desk));
    case 'sync':
      return withDefinition(command.name, desk, (one) => sync(one, command.plan, asking, desk));
    case 'why':
      return named(command.name, 'look', 'why', asking, desk, (one) => why(one, command.key, desk));
    case 'remind':
      return named(command.name, 'look', 'remind', asking, desk, (one) =>
        remind(one, command.set, askerOf(asking), asking.once.slice(-64), desk),
      );
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

const askerOf = ({ by, chat }: Asking) => ({ openId: by.openId, chat });

type Work = (definition: Definition) => Promise<CardJson | undefined>;

async function withDefinition(name: string, desk: Desk, work: Work): Promise<CardJson | undefined> {
  const found = await find(name, desk);
  return found.kind === 'not' ? found.card : work(found.definition);
}

/** For commands that are over at once: looks the definition up, and whether they may. */
const named = (name: string, right: Right, what: string, asking: Asking, desk: Desk, work: Work) =>
  withDefinition(name, desk, (definition) =>
    allowed({ right, what, definition }, asking, desk, () => work(definition)),
  );

async function allowed(
  deed: Parameters<typeof permit>[1],
  asking: Asking,
  desk: Desk,
  work: () => Promise<CardJson | undefined>,
): Promise<CardJson | undefined> {
  const permission = await permit(asking, deed, desk);
  if (!permission.allowed) return refusalCard(permission.refusal, permission.ask, desk.locale);
  return work();
}
