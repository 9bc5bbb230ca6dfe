import { type Asked, askCard, hintCard, lateCard, problemCard } from '../cards/answer-cards.ts';
import { ProblemError } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { Bot, ChatCommand, ChatRequest, Command, Words } from './bot.ts';
import { factsOf, problemsOf } from './failures.ts';
import { ifPermitted, judge, refusedCard, toldIfPermitted, withDefinition } from './permit.ts';
import type { CardJson } from './ports.ts';
import { speak } from './request.ts';

/** Carries a command out and answers it, however it was given: as text, by a button, a form or a menu. */
export async function answer(command: Command | undefined, request: ChatRequest, bot: Bot): Promise<void> {
  const name = command?.kind === 'command' ? command.name : '';
  let card: CardJson | undefined;
  try {
    card = await carryOut(command, request, bot);
  } catch (error) {
    if (!(error instanceof ProblemError)) bot.log.error('command.failed', { name, ...factsOf(error) });
    card = problemCard(name, problemsOf(error, bot.admins.includes(request.by.openId)), bot.locale);
  }
  if (card !== undefined) await speak(card, request, bot);
}

/** Answers the card to show; nothing where that is done already. */
async function carryOut(
  given: Command | undefined,
  request: ChatRequest,
  bot: Bot,
): Promise<CardJson | undefined> {
  if (given?.kind !== 'command') {
    // What is no command is no act either: only the chat has to be one in which the bot speaks.
    const permission = await judge(request, { right: 'ask', definition: undefined }, bot);
    return refusedCard(permission, bot) ?? hintCard(bot.locale, given?.near);
  }
  const { command } = given;
  const about = { what: command.verb, name: given.name };
  if (isIncomplete(given)) return toldIfPermitted(about, request, bot, () => ask(command, given, bot));
  const { late } = request;
  if (late !== undefined) {
    const again = { verb: command.verb, name: given.name, more: given.more };
    return toldIfPermitted(about, request, bot, async () => lateCard(again, late, bot));
  }
  switch (command.needs) {
    case 'nothing': {
      const deed = { right: command.right, what: command.verb, definition: undefined };
      return ifPermitted(deed, request, bot, () => command.run(request, bot));
    }
    case 'perhaps a name':
      return command.run(given.name, request, bot);
    case 'name':
    case 'key': {
      const { name, more } = (await command.reread?.(given, bot)) ?? given;
      return withDefinition({ name, what: command.verb }, request, bot, (definition) =>
        ifPermitted({ right: command.right, what: command.verb, definition }, request, bot, () =>
          command.run(definition, request, bot, more),
        ),
      );
    }
  }
}

const isIncomplete = ({ command, name, more }: Extract<Command, { readonly kind: 'command' }>): boolean =>
  command.needs === 'key' ? name === '' || more === '' : command.needs === 'name' && name === '';

/** Asks, with a form, for what a command lacks. */
async function ask({ verb, needs }: ChatCommand, { name }: Words, bot: Bot): Promise<CardJson> {
  const all = (await bot.definitions.list()).flatMap((one) => ('definition' in one ? [one.definition] : []));
  const which: readonly Asked[] = name === '' ? [{ kind: 'definition', names: all }] : [];
  const key: Asked = {
    kind: 'words',
    label: text('主键', 'Key'),
    hint: text('例如 A001；几列之间写 " / "', 'Such as A001; several parts with " / " between them'),
  };
  return askCard(verb, name, [...which, ...(needs === 'key' ? [key] : [])], bot.locale);
}
