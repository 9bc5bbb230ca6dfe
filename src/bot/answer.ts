import { type Asked, askCard, hintCard, lateCard, problemCard, welcomeCard } from '../cards/answer-cards.ts';
import type { Definition } from '../sync/definition/definition.ts';
import { ProblemError } from '../sync/words/problem.ts';
import { text } from '../sync/words/text.ts';
import { may } from './access.ts';
import type { Bot, ChatCommand, ChatRequest, Command, Words } from './bot.ts';
import { factsOf, problemsOf } from './failures.ts';
import { sending } from './live.ts';
import {
  ifPermitted,
  judge,
  refusedCard,
  soundOf,
  standingOf,
  toldIfPermitted,
  withDefinition,
} from './permit.ts';
import type { ArrivedEvent, CardJson, MenuEvent } from './ports.ts';
import { speak, trust } from './post.ts';

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
  const all = soundOf(await bot.definitions.list());
  const which: readonly Asked[] = name === '' ? [{ kind: 'definition', names: all }] : [];
  const key: Asked = {
    kind: 'words',
    label: text('主键', 'Key'),
    hint: text('例如 A001；几列之间写 " / "', 'Such as A001; several parts with " / " between them'),
  };
  return askCard(verb, name, [...which, ...(needs === 'key' ? [key] : [])], bot.locale);
}

const day = 86_400_000;

/**
 * Answers an entry of the menu as the command that it stands for, to the person alone. Welcomes a group that the bot
 * was added to, and whoever opens its chat, at most once in 24 hours a person; a group with outsiders, and people of
 * other companies, are noted, not welcomed.
 */
export async function greet(event: MenuEvent | ArrivedEvent, bot: Bot, late = false): Promise<void> {
  const { kept, clock, chat, locale } = bot;
  if (event.kind === 'menu') {
    const { from, at, id, key } = event;
    const request: ChatRequest = {
      ...{ by: { kind: 'chat', openId: from }, chat: from, message: undefined, group: false, via: 'menu' },
      ...(late && at !== undefined && { late: at }),
      once: `menu:${id}`,
    };
    return answer(bot.commands.ofKey(key), request, bot);
  }
  const { outside } = event;
  const note = (of: string, isOutside: boolean) => kept.chats.saveOutsiders(of, isOutside, clock.now());
  // That nobody from outside is there may have been true once: what comes late is asked for again.
  if (event.kind === 'added' && outside !== undefined && (outside || !late)) await note(event.chat, outside);
  if ((await standingOf(event.chat, bot)) === 'outside') {
    if (event.kind === 'opened') await note(event.from, true);
    return;
  }
  if (event.kind === 'opened' && !(await kept.chats.welcome(event.from, clock.now(), day))) return;
  const card = welcomeCard(event.kind === 'added', await usable(event, bot), locale);
  const sent = chat.send(event.chat, card, `welcome:${event.id}`).then((message) => trust(message, bot));
  await sending(sent, bot);
}

/** The syncs that may be run there: in a group by those who are in it, alone by the person. */
async function usable(event: ArrivedEvent, { definitions, admins }: Bot): Promise<readonly Definition[]> {
  const group = event.kind === 'added';
  return soundOf(await definitions.list()).filter((definition) => {
    const { chats } = definition.access;
    if (group) return chats === undefined || chats.includes(event.chat);
    return may({ openId: event.from, chat: event.chat }, 'look', definition, { admins }).allowed;
  });
}
