import { parse, validate } from 'node-cron';
import type { ShownReminder } from '../../cards/schedule-cards.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { nextAfter, type Rhythm } from '../../sync/schedule/cron.ts';
import { spread } from '../../sync/schedule/due.ts';
import { type Actor, isGoing, type State } from '../../sync/state/state.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import type { Asker } from '../access.ts';
import type { Bot } from '../bot.ts';
import type { Frozen, Kept } from '../ports.ts';
import { entriesOf } from './entries.ts';

/** What the commands on the clock work with; whether somebody may is decided before. */
export interface ControlParts extends Pick<Bot, 'clock' | 'admins' | 'timeZone'> {
  readonly kept: Pick<Kept, 'reminders' | 'holds' | 'chats'>;
}

/** What became of a command; `wrong`: it cannot be done as asked, and the words say what to write. */
export interface Said {
  readonly kind: 'done' | 'wrong';
  readonly words: Text;
}

const done = (zh: string, en: string): Said => ({ kind: 'done', words: text(zh, en) });
const wrong = (zh: string, en: string): Said => ({ kind: 'wrong', words: text(zh, en) });

/** Reminders that one chat may have of one definition. */
const most = 10;

/** The reminders of a definition in a chat: those of its file, then those set by people, which have a number. */
export async function listReminders(
  definition: Definition,
  chat: string,
  bot: ControlParts,
): Promise<readonly ShownReminder[]> {
  const set = await remindersIn(definition.name, chat, bot);
  return entriesOf(definition, set, bot)
    .filter((entry) => entry.do === 'remind' && entry.chat === chat)
    .map(({ id, rhythm }): ShownReminder => {
      const at = set.findIndex((one) => `reminder|${one.id}` === id);
      const next = nextAfter(rhythm, bot.clock.now());
      return {
        number: at < 0 ? null : at + 1,
        when: set[at]?.when.cron ?? id.split('|')[3] ?? '',
        timeZone: rhythm.zone.name,
        next: next === undefined ? undefined : spread(id, next),
      };
    });
}

const remindersIn = async (name: string, chat: string, { kept }: ControlParts) =>
  (await kept.reminders.all()).flatMap(({ when, ...one }) =>
    one.definition === name && one.chat === chat && 'cron' in when ? [{ ...one, when }] : [],
  );

/** Sets a reminder in the chat where it is asked for; `id`: unique, at most 64 characters. */
export async function addReminder(
  definition: Definition,
  { id, cron }: { readonly id: string; readonly cron: string },
  { chat, openId: by }: Asker,
  bot: ControlParts,
): Promise<Said> {
  const words = cron.trim().replaceAll(/\s+/gu, ' ');
  const timeZone = definition.timeZone ?? bot.timeZone;
  const [now, name] = [bot.clock.now(), definition.name];
  const isCron = words.split(' ').length === 5 && words.length <= 100 && validate(words);
  const rhythm = isCron ? { fields: parse(words), zone: zoneOf(timeZone) } : undefined;
  if (rhythm === undefined || nextAfter(rhythm, now) === undefined)
    return wrong(
      `「${words.slice(0, 60)}」不是 cron 时间。写五段：分 时 日 月 周，如 0 9 * * 1-5。`,
      `"${words.slice(0, 60)}" is not a cron expression. Write five fields, such as 0 9 * * 1-5.`,
    );
  if (isTooOften(rhythm, now))
    return wrong(
      `太频繁了：两次提醒至少相隔 ${least} 分钟。`,
      `That is too often: reminders are at least ${least} minutes apart.`,
    );
  const there = await remindersIn(name, chat, bot);
  if (there.some(({ when }) => when.cron === words))
    return wrong('这个提醒已经有了。', 'There is such a reminder already.');
  if (there.length >= most)
    return wrong(`最多 ${most} 个提醒，请先关掉一个。`, `At most ${most} reminders: turn one off first.`);
  const when = { cron: words, timeZone };
  await bot.kept.reminders.add({ id, definition: name, chat, by, when, plan: true, createdAt: now });
  return done(`已设置提醒：${words}（${timeZone}）。`, `Reminder set: ${words} (${timeZone}).`);
}

/** Minutes between two reminders, at least: a chat is for people. */
const least = 15;

/** Whether the next dozen times are closer together than that anywhere. */
function isTooOften(rhythm: Rhythm, now: number): boolean {
  let last = nextAfter(rhythm, now);
  for (let nth = 1; nth < 12 && last !== undefined; nth++) {
    const next = nextAfter(rhythm, last);
    if (next !== undefined && next - last < least * 60_000) return true;
    last = next;
  }
  return false;
}

/** Turns the reminder with this number off. @param number as listed, from 1 */
export async function removeReminder(
  { name }: Definition,
  number: number,
  { chat }: Asker,
  bot: ControlParts,
): Promise<Said> {
  const found = (await remindersIn(name, chat, bot))[number - 1];
  if (found === undefined || !(await bot.kept.reminders.remove(found.id)))
    return wrong(
      `没有第 ${number} 个提醒；定义文件里的提醒只能在文件里改。`,
      `There is no reminder ${number} here; those of the definition are changed in its file.`,
    );
  return done(`已关掉第 ${number} 个提醒。`, `Reminder ${number} is off.`);
}

/** Changes at once what a definition does by the clock. */
type Change = (definition: Definition, asker: Asker, bot: ControlParts) => Promise<Said>;

/** Stops everything that a definition does by the clock; runs by people go on. */
export const pauseSchedule: Change = async (definition, { openId: by }, { kept, clock }) => {
  const { name } = definition;
  if (await hasNoSchedule(definition, kept))
    return wrong('它没有定时任务，没有可以暂停的。', 'It has no schedule, so there is nothing to pause.');
  await kept.holds.pause(name, { by, at: clock.now(), away: undefined });
  return done('定时任务已暂停。', 'The schedule is paused.');
};

/** Whether nothing happens by the clock for it: neither its file nor anybody in a chat has set a time. */
const hasNoSchedule = async ({ name, schedule }: Definition, kept: ControlParts['kept']): Promise<boolean> =>
  schedule.length === 0 && !(await kept.reminders.all()).some((one) => one.definition === name);

/** Lets the clock go on; times that passed meanwhile are left out. */
export const resumeSchedule: Change = async (definition, _, { kept, clock }) => {
  const { name } = definition;
  if ((await hasNoSchedule(definition, kept)) && !(await kept.holds.paused()).has(name))
    return wrong('它没有定时任务，没有可以恢复的。', 'It has no schedule, so there is nothing to resume.');
  await kept.holds.resume(name, clock.now());
  return done('定时任务已恢复。', 'The schedule continues.');
};

/** No good news, reminders and digests of a definition in this chat; failures still come, and mention nobody. */
export const muteHere: Change = async ({ name }, { chat, openId }, { kept }) => {
  await kept.chats.mute(name, chat, openId);
  return done('已静音，失败仍会通知。', 'Muted; failures are still told.');
};

/** Takes {@link muteHere} back. */
export const unmuteHere: Change = async ({ name }, { chat }, { kept }) => {
  await kept.chats.mute(name, chat, undefined);
  return done('已取消静音。', 'No longer muted.');
};

/** How things stand after `freeze` or `thaw`. */
export interface Ruled {
  /** A sentence a line. */
  readonly words: readonly Text[];
  /** Nothing while nothing is frozen. */
  readonly frozen: Frozen | undefined;
  /** Runs that write and that a freeze leaves alone, because they go on already. */
  readonly going: readonly State[];
}

/** What freezing works with. */
interface FreezeParts extends Pick<Bot, 'clock'> {
  readonly kept: Pick<Kept, 'holds'>;
  readonly runs: Pick<Bot['runs'], 'open'>;
}

/**
 * Stops everything that would begin to write: the clock, and what people ask for. What goes on already comes to its
 * end, and is told. Who froze it first stays the one to ask.
 */
export async function freezeAll(by: Actor, { kept, clock, runs }: FreezeParts): Promise<Ruled> {
  const before = await kept.holds.frozen();
  const frozen = before ?? { by, at: clock.now() };
  if (!before) await kept.holds.freeze(frozen);
  const going = (await runs.open()).map(({ state }) => state).filter(goesOn);
  const first = before
    ? text('早已冻结，什么都没有改变。', 'Everything was frozen already; nothing was changed.')
    : text('已冻结全部同步，不再有新的开始。', 'Everything is frozen: nothing that writes starts any more.');
  return { words: [first, ...stillGoing(going.length)], frozen, going };
}

/** Takes {@link freezeAll} back. Times that passed meanwhile are left out. */
export async function thawAll({ kept }: Pick<FreezeParts, 'kept'>): Promise<Ruled> {
  const before = await kept.holds.frozen();
  if (before) await kept.holds.freeze(undefined);
  const words = before
    ? text('已解除冻结。', 'Everything continues.')
    : text('没有被冻结，什么都没有改变。', 'Nothing was frozen; nothing was changed.');
  return { words: [words], frozen: undefined, going: [] };
}

const goesOn = (state: State): boolean => isGoing(state) && !state.planOnly && !state.queue;

function stillGoing(runs: number): readonly Text[] {
  if (runs === 0) return [];
  const en =
    runs === 1
      ? 'One sync is under way and comes to its end; cancel it to stop it.'
      : `${count(runs)} syncs are under way and come to their end; cancel those that are to stop.`;
  return [text(`正在进行的 ${count(runs)} 个会做完；要停下请逐个取消。`, en)];
}
