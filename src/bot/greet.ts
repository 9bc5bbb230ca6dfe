import { welcomeCard } from '../cards/answer-cards.ts';
import type { Definition } from '../sync/definition.ts';
import { may } from './access.ts';
import { answer } from './answer.ts';
import type { Bot } from './bot.ts';
import { noteStanding } from './permit.ts';
import type { ArrivedEvent, MenuEvent } from './ports.ts';
import { sending } from './post.ts';
import { trust } from './request.ts';

const day = 86_400_000;

/**
 * Answers an entry of the menu as the command that it stands for, to the person alone. Welcomes a group that the bot
 * was added to, and whoever opens its chat, at most once in 24 hours a person; a group with outsiders is noted, not welcomed.
 */
export async function greet(event: MenuEvent | ArrivedEvent, bot: Bot, late = false): Promise<void> {
  const { kept, clock, chat, locale } = bot;
  if (event.kind === 'menu') {
    const by = { kind: 'chat', openId: event.from } as const;
    const request = { by, chat: event.from, message: undefined, group: false, via: 'menu' } as const;
    const { at } = event;
    const old = late && at !== undefined ? { late: at } : {};
    return answer(bot.commands.ofKey(event.key), { ...request, ...old, once: `menu:${event.id}` }, bot);
  }
  if (event.kind === 'added') {
    await noteStanding(event.chat, event.outside, bot);
    if (event.outside) return;
  } else if (!(await kept.chats.welcome(event.from, clock.now(), day))) return;
  const card = welcomeCard(event.kind === 'added', await usable(event, bot), locale);
  const welcome = chat.send(event.chat, card, `welcome:${event.id}`).then(async (message) => {
    await trust(message, bot);
    return message;
  });
  await sending(welcome, bot);
}

/** The syncs that may be run there: in a group by those who are in it, alone by the person. */
async function usable(event: ArrivedEvent, { definitions, admins }: Bot): Promise<readonly Definition[]> {
  const all = (await definitions.list()).flatMap((one) => ('definition' in one ? [one.definition] : []));
  const group = event.kind === 'added';
  return all.filter((definition) => {
    const { chats } = definition.access;
    if (group) return chats === undefined || chats.includes(event.chat);
    return may({ openId: event.from, chat: event.chat }, 'look', definition, { admins }).allowed;
  });
}
