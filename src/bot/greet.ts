import { welcomeCard } from '../cards/noticeCard.ts';
import { answer } from './answer.ts';
import { trust } from './asking.ts';
import { commandOfKey } from './command.ts';
import type { Desk } from './desk.ts';
import { outsideMark } from './permit.ts';
import type { ArrivedEvent, MenuEvent } from './ports.ts';

const day = 86_400_000;

/**
 * Answers an entry of the menu as the command that it stands for, to the person alone. Welcomes a group that the bot
 * was added to, and whoever opens its chat, at most once a day a person; a group with outsiders is noted, not welcomed.
 */
export async function greet(event: MenuEvent | ArrivedEvent, desk: Desk): Promise<void> {
  const { schedules, clock, chat, locale } = desk;
  if (event.kind === 'menu') {
    const by = { kind: 'chat', openId: event.from } as const;
    const asking = { by, chat: event.from, message: undefined, group: false, via: 'menu' } as const;
    return answer(commandOfKey(event.key), { ...asking, once: `menu:${event.id}` }, desk);
  }
  const now = clock.now();
  if (event.kind === 'added') {
    await schedules.mark(outsideMark, '', event.chat, event.outside ? '1' : undefined);
    if (event.outside) return;
  } else {
    const today = Math.floor(now / day);
    if (!(await schedules.take(`welcome|${event.from}`, today, now, now))) return;
    await schedules.done(`welcome|${event.from}`, today, '');
  }
  const card = welcomeCard(event.kind === 'added', locale);
  await trust(await chat.send(event.chat, card, `welcome:${event.id}`), desk);
}
