import { pausedCard } from '../../cards/notice-cards.ts';
import type { Press } from '../../cards/parts/element.ts';
import { moment } from '../../cards/parts/words.ts';
import { reminderCard } from '../../cards/schedule-cards.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { tomorrow } from '../../sync/schedule/due.ts';
import { text } from '../../sync/words/text.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { answer } from '../answer.ts';
import type { Bot } from '../bot.ts';
import { visible } from '../commands/grammar.ts';
import { definitionOf, refusedPress } from '../permit.ts';
import type { CardJson, CardNotice, ClickEvent } from '../ports.ts';
import { requestOf, trustOf } from '../post.ts';
import { redraw } from '../schedule/notices.ts';
import { type FreeButton, inert, type Said, say, start } from './button.ts';

export const open: FreeButton = {
  on: 'card',
  press: async () => say('info', text('正在打开表格。', 'Opening the table.')),
};

/** A button or a form that stands for a command: the same as typing it. */
export const command: FreeButton = {
  on: 'card',
  async press(event, { verb = '', run, more = '' }, bot) {
    const known = await trustOf(event.message, bot);
    if (!known) return say('warning', inert);
    const filled = (name: string): string => {
      const value = event.form[name];
      return typeof value === 'string' ? visible(value.slice(0, 300)).trim() : '';
    };
    const via = Object.keys(event.form).length > 0 ? 'form' : 'button';
    const given = bot.commands.of(verb, run || filled('name'), more || filled('more'));
    const request = { ...requestOf(event, via), group: known.thread };
    bot.background.start('answer', () => answer(given, request, bot));
    return say('success', text('好，结果见新卡片。', 'On it; a new card answers.'));
  },
};

/** Starts a sync: on a reminder, which it settles, and on lists and hints, as the command does under the same rules. */
export const sync: FreeButton = {
  on: 'card',
  async press(event, press, bot) {
    const pressed = await pressNotice(event, press, bot);
    if (pressed && 'words' in pressed) return pressed;
    if (pressed) return start(event, pressed.sync, {}, bot);
    // Lists are no notices: what counts is that the bot has sent them.
    const known = await trustOf(event.message, bot);
    if (!known) return say('warning', inert);
    const definition = await bot.definitions.get(press.run);
    const refusal = await refusedPress(event, { right: 'run', what: 'sync', definition }, bot);
    if (refusal) return say('warning', refusal);
    return start(event, definition, { group: known.thread }, bot);
  },
};

/** Counts on the notice that has it, once. */
const onNotice: FreeButton = {
  on: 'card',
  async press(event, press, bot) {
    const pressed = await pressNotice(event, press, bot);
    return pressed && 'words' in pressed ? pressed : say('warning', inert);
  },
};

export const snooze = onNotice;
export const skip = onNotice;
export const unpause = onNotice;

/** What is said, or the sync that may be started, whose card is settled; nothing on a message that is no notice. */
type Pressed = Said | { readonly sync: Definition } | undefined;

type RemindNote = Extract<CardNotice, { kind: 'remind' }>;
type PausedNote = Extract<CardNotice, { kind: 'paused' }>;

/** Carries out `snooze`, `skip`, `sync` and `unpause` where they were pressed on the notice that has them. */
async function pressNotice(event: ClickEvent, press: Press, bot: Bot): Promise<Pressed> {
  const note = await bot.kept.cards.notice(event.message);
  if (note === undefined || note.definition !== press.run) return undefined;
  const fits =
    note.kind === 'paused' ? press.op === 'unpause' : ['sync', 'snooze', 'skip'].includes(press.op);
  if (!fits) return undefined;
  // To start a sync its definition must be sound; to put a reminder off it need not.
  const starts = press.op === 'sync';
  const definition = starts
    ? await bot.definitions.get(note.definition)
    : await definitionOf(note.definition, bot);
  const deed = { right: starts ? 'run' : 'look', what: press.op, definition, name: note.definition } as const;
  const refusal = await refusedPress(event, deed, bot);
  if (refusal) return say('warning', refusal);
  const now = bot.clock.now();
  // Two presses at the same moment, or on a card that was settled: one counts.
  if (!(await bot.kept.cards.presses.take(event.message, 0, now, now + 60_000)))
    return say('info', text('这张卡片已经处理过了。', 'This card has already been handled.'));
  const pressed =
    note.kind === 'paused' ? await lift(event, note, definition, bot) : await remind(event, press, note, bot);
  await bot.kept.cards.presses.done(event.message, 0, press.op);
  return starts && definition ? { sync: definition } : pressed;
}

/** The card stays locked until the click is answered, so its new face comes after. */
const show = (bot: Bot, message: string, card: CardJson): void =>
  bot.background.start('show', () => redraw(bot, message, card).then(() => undefined));

async function lift(
  event: ClickEvent,
  { definition: name, failures, error }: PausedNote,
  definition: Definition | undefined,
  bot: Bot,
): Promise<Said> {
  const { kept, clock } = bot;
  await kept.holds.resume(name, clock.now());
  const about = { name, title: definition?.title ?? name, people: [] };
  const facts = { failures, problem: error, resumedBy: event.from };
  show(bot, event.message, pausedCard(about, facts, bot));
  return say('success', text('定时任务已恢复。', 'The schedule continues.'));
}

async function remind(
  event: ClickEvent,
  { op, until: put }: Press,
  note: RemindNote,
  bot: Bot,
): Promise<Said> {
  const { kept, clock, timeZone } = bot;
  const now = clock.now();
  const until = op !== 'snooze' ? null : put === 'tomorrow' ? nextDay(note, now) : now + 3_600_000;
  if (until !== null) {
    const { definition, chat, plan } = note;
    const about = { id: event.message.slice(0, 64), definition, chat, plan, by: event.from };
    await kept.reminders.add({ ...about, when: { at: until }, createdAt: now });
  }
  const how = op === 'snooze' || op === 'skip' ? op : 'sync';
  const facts = { ...note.facts, settled: { by: event.from, how, until } } as const;
  show(bot, event.message, reminderCard(facts, bot));
  if (until === null) return say('success', text('好，这次跳过。', 'Skipped this time.'));
  const at = moment(until, timeZone);
  return say('success', text(`好，${at} 再提醒。`, `You will be reminded at ${at}.`));
}

/** The reminder's own time of the day, on the next day that has not come. */
function nextDay({ due, zone }: RemindNote, now: number): number {
  const clocks = zoneOf(zone);
  let at = tomorrow(due, clocks);
  while (at <= now) at = tomorrow(at, clocks);
  return at;
}
