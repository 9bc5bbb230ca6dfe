import { remindersCard, saidCard } from '../../cards/commandCards.ts';
import { colours } from '../../cards/look.ts';
import { same } from '../../cards/plain.ts';
import type { Definition } from '../../sync/definition.ts';
import { text } from '../../sync/text.ts';
import type { Asker } from '../access.ts';
import type { Command, Setting } from '../command.ts';
import type { Desk } from '../desk.ts';
import type { CardJson } from '../ports.ts';
import {
  addReminder,
  freeze,
  listReminders,
  mute,
  pause,
  removeReminder,
  resumeSchedule,
  type Said,
  thaw,
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
export const rule = async (what: 'freeze' | 'thaw', asker: Asker, desk: Desk): Promise<CardJson> =>
  answer(await (what === 'freeze' ? freeze(asker, desk) : thaw(asker, desk)), '', desk);

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
  const title = about === '' ? text('全部同步', 'All syncs') : same(about);
  return saidCard(title, [said.words], locale, {
    colour: said.kind === 'done' ? colours.good : colours.asking,
  });
}
