import { parse, validate } from 'node-cron';
import type { ShownReminder } from '../../cards/schedule-cards.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { nextAfter } from '../../sync/schedule/cron.ts';
import { spread } from '../../sync/schedule/due.ts';
import type { Actor, State } from '../../sync/state/state.ts';
import { count, type Text, text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import type { Asker } from '../access.ts';
import type { Bot } from '../bot.ts';
import type { Frozen, Kept, Reminders } from '../ports.ts';
import { entriesOf } from './entries.ts';

/** What the commands on the clock work with; whether somebody may is decided before. */
export interface ControlParts extends Pick<Bot, 'clock' | 'admins' | 'timeZone'> {
  readonly kept: Pick<Kept, 'reminders' | 'holds' | 'chats'>;
}

/** What became of a command. */
export type Said =
  | { readonly kind: 'done'; readonly words: Text }
  /** Cannot be done as asked: what is wrong, and what to write. */
  | { readonly kind: 'wrong'; readonly words: Text };

/** Reminders that one chat may have of one definition. */
const mostReminders = 10;

/** The reminders of a definition in a chat: those of its file, then those set by people, which have a number. */
export async function listReminders(
  definition: Definition,
  chat: string,
  bot: ControlParts,
): Promise<readonly ShownReminder[]> {
  const { kept, admins, timeZone, clock } = bot;
  const mine = await remindersIn(definition.name, chat, kept.reminders);
  const entries = entriesOf(definition, mine, { timeZone, admins, zone: zoneOf }).filter(
    (entry) => entry.do === 'remind' && entry.chat === chat,
  );
  return entries.map(({ id, rhythm }): ShownReminder => {
    const set = mine.findIndex((one) => `reminder|${one.id}` === id);
    const next = nextAfter(rhythm, clock.now());
    return {
      number: set < 0 ? null : set + 1,
      when: mine[set] && 'cron' in mine[set].when ? mine[set].when.cron : (id.split('|')[3] ?? ''),
      timeZone: rhythm.zone.name,
      next: next === undefined ? undefined : spread(id, next),
    };
  });
}

const remindersIn = async (name: string, chat: string, reminders: Reminders) =>
  (await reminders.all()).filter((one) => one.definition === name && one.chat === chat && 'cron' in one.when);

/** Sets a reminder in the chat where it is asked for; `id`: unique, at most 64 characters. */
export async function addReminder(
  definition: Definition,
  { id, cron }: { readonly id: string; readonly cron: string },
  asker: Asker,
  bot: ControlParts,
): Promise<Said> {
  const words = cron.trim().replaceAll(/\s+/gu, ' ');
  if (words.split(' ').length !== 5 || words.length > 100 || !validate(words)) return wrong(notCron(words));
  const timeZone = definition.timeZone ?? bot.timeZone;
  const rhythm = { fields: parse(words), zone: zoneOf(timeZone) };
  if (nextAfter(rhythm, bot.clock.now()) === undefined) return wrong(notCron(words));
  if (isTooOften(rhythm, bot.clock.now())) return wrong(tooOften);
  const there = await remindersIn(definition.name, asker.chat, bot.kept.reminders);
  if (there.some(({ when }) => 'cron' in when && when.cron === words))
    return wrong(text('这个提醒已经有了。', 'There is such a reminder already.'));
  if (there.length >= mostReminders)
    return wrong(
      text(
        `最多 ${mostReminders} 个提醒，请先关掉一个。`,
        `At most ${mostReminders} reminders: turn one off first.`,
      ),
    );
  const about = { id, definition: definition.name, chat: asker.chat, by: asker.openId };
  const when = { cron: words, timeZone };
  await bot.kept.reminders.add({ ...about, when, plan: true, createdAt: bot.clock.now() });
  return done(text(`已设置提醒：${words}（${timeZone}）。`, `Reminder set: ${words} (${timeZone}).`));
}

/** Minutes between two reminders, at least: a chat is for people. */
const least = 15;

/** Whether the next dozen times are closer together than that anywhere. */
function isTooOften(rhythm: Parameters<typeof nextAfter>[0], now: number): boolean {
  let last = nextAfter(rhythm, now);
  for (let nth = 1; nth < 12 && last !== undefined; nth++) {
    const next = nextAfter(rhythm, last);
    if (next !== undefined && next - last < least * 60_000) return true;
    last = next;
  }
  return false;
}

const tooOften = text(
  `太频繁了：两次提醒至少相隔 ${least} 分钟。`,
  `That is too often: reminders are at least ${least} minutes apart.`,
);

const notCron = (words: string): Text =>
  text(
    `「${words.slice(0, 60)}」不是 cron 时间。写五段：分 时 日 月 周，如 0 9 * * 1-5。`,
    `"${words.slice(0, 60)}" is no cron expression. Write five fields, such as 0 9 * * 1-5.`,
  );

/** Turns the reminder with this number off. @param number as listed, from 1 */
export async function removeReminder(
  definition: Definition,
  number: number,
  asker: Asker,
  bot: ControlParts,
): Promise<Said> {
  const found = (await remindersIn(definition.name, asker.chat, bot.kept.reminders))[number - 1];
  if (found === undefined || !(await bot.kept.reminders.remove(found.id)))
    return wrong(
      text(
        `没有第 ${number} 个提醒；定义文件里的提醒只能在文件里改。`,
        `There is no reminder ${number} here; those of the definition are changed in its file.`,
      ),
    );
  return done(text(`已关掉第 ${number} 个提醒。`, `Reminder ${number} is off.`));
}

/** Stops everything that a definition does by the clock; runs by people go on. */
export async function pauseSchedule(definition: Definition, asker: Asker, bot: ControlParts): Promise<Said> {
  const set = (await bot.kept.reminders.all()).some((one) => one.definition === definition.name);
  if (definition.schedule.length === 0 && !set) return wrong(noSchedule);
  const by = { by: asker.openId, at: bot.clock.now(), away: undefined };
  await bot.kept.holds.pause(definition.name, by);
  return done(text('定时任务已暂停。', 'The schedule is paused.'));
}

const noSchedule = text(
  '它没有定时任务，没有可以暂停的。',
  'It has no schedule, so there is nothing to pause.',
);

/** Lets the clock go on; times that passed meanwhile are left out. */
export async function resumeSchedule(definition: Definition, _: Asker, bot: ControlParts): Promise<Said> {
  await bot.kept.holds.resume(definition.name, bot.clock.now());
  return done(text('定时任务已恢复。', 'The schedule goes on.'));
}

/** No good news, reminders and digests of a definition in this chat; failures still come, and mention nobody. */
export async function muteHere(definition: Definition, asker: Asker, bot: ControlParts): Promise<Said> {
  await bot.kept.chats.mute(definition.name, asker.chat, asker.openId);
  return done(text('已静音，失败仍会通知。', 'Muted; failures are still told.'));
}

/** Takes {@link muteHere} back. */
export async function unmuteHere(definition: Definition, asker: Asker, bot: ControlParts): Promise<Said> {
  await bot.kept.chats.mute(definition.name, asker.chat, undefined);
  return done(text('已取消静音。', 'No longer muted.'));
}

const done = (words: Text): Said => ({ kind: 'done', words });
const wrong = (words: Text): Said => ({ kind: 'wrong', words });

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
  return {
    words: [before ? alreadyFrozen : nowFrozen, ...(going.length === 0 ? [] : [stillGoing(going.length)])],
    frozen,
    going,
  };
}

/** Takes {@link freezeAll} back. Times that passed meanwhile are left out. */
export async function thawAll({ kept }: Pick<FreezeParts, 'kept'>): Promise<Ruled> {
  const before = await kept.holds.frozen();
  if (before) await kept.holds.freeze(undefined);
  return { words: [before ? thawed : notFrozen], frozen: undefined, going: [] };
}

const goesOn = ({ status, planOnly, queue }: State): boolean => status === 'running' && !planOnly && !queue;

const nowFrozen = text(
  '已冻结全部同步，不会再有新的开始。',
  'Everything is frozen: nothing that writes starts any more.',
);
const alreadyFrozen = text(
  '早已冻结，什么都没有改变。',
  'Everything was frozen already; nothing was changed.',
);
const thawed = text('已解除冻结。', 'Everything goes on.');
const notFrozen = text('没有被冻结，什么都没有改变。', 'Nothing was frozen; nothing was changed.');
const stillGoing = (runs: number): Text =>
  text(
    `正在进行的 ${count(runs)} 个会做完；要停下请逐个取消。`,
    runs === 1
      ? 'One sync is under way and comes to its end; cancel it to stop it.'
      : `${count(runs)} syncs are under way and come to their end; cancel those that are to stop.`,
  );
