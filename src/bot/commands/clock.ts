import { remindersCard, saidCard } from '../../cards/command-cards.ts';
import { commandButton } from '../../cards/parts/button.ts';
import { colours } from '../../cards/parts/look.ts';
import { same } from '../../cards/parts/plain.ts';
import type { Definition } from '../../sync/definition.ts';
import type { Actor } from '../../sync/state.ts';
import { text } from '../../sync/text.ts';
import type { Asker } from '../access.ts';
import type { Command, Setting } from '../command.ts';
import type { Desk } from '../desk.ts';
import { freeze, thaw } from '../frozen.ts';
import type { CardJson } from '../ports.ts';
import {
  addReminder,
  listReminders,
  mute,
  pause,
  removeReminder,
  resumeSchedule,
  type Said,
  unmute,
} from '../reminders.ts';

type Switch = Extract<Command['kind'], 'pause' | 'resume' | 'mute' | 'unmute'>;

const switches = { pause, resume: resumeSchedule, mute, unmute } as const;

/** Pauses, resumes, mutes or unmutes what a definition does by the clock. */
export const turn = async (
  what: Switch,
  definition: Definition,
  asker: Asker,
  desk: Desk,
): Promise<CardJson> => answer(await switches[what](definition, asker, desk), definition.title, desk);

/** Freezes everything, or thaws it. */
export async function rule(what: 'freeze' | 'thaw', by: Actor, desk: Desk): Promise<CardJson> {
  const { words, going } = await (what === 'freeze' ? freeze(by, desk) : thaw(desk));
  const status = commandButton('status', '', 0, text('正在进行', 'What goes on'));
  return saidCard(text('全部同步', 'All syncs'), words, desk.locale, {
    colour: colours.good,
    buttons: going.length === 0 ? [] : [status],
  });
}

/** Lists the reminders of a definition in this chat, or changes them. @param id of a new one */
export async function remind(
  definition: Definition,
  set: Setting | undefined,
  asker: Asker,
  id: string,
  desk: Desk,
): Promise<CardJson> {
  if (set !== undefined && 'cron' in set)
    return answer(await addReminder(definition, set.cron, asker, id, desk), definition.title, desk);
  if (set !== undefined)
    return answer(await removeReminder(definition, set.off, asker, desk), definition.title, desk);
  const { locale, timeZone } = desk;
  const all = await listReminders(definition, asker.chat, desk);
  return remindersCard(definition.title, definition.name, all, { locale, timeZone });
}

function answer(said: Said, about: string, { locale }: Desk): CardJson {
  return saidCard(same(about), [said.words], locale, {
    colour: said.kind === 'done' ? colours.good : colours.asking,
  });
}
