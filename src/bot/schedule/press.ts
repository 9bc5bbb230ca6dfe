import { moment } from '../../cards/parts/amounts.ts';
import type { Press } from '../../cards/parts/button.ts';
import { pausedCard, reminderCard } from '../../cards/schedule-cards.ts';
import type { Definition } from '../../sync/definition.ts';
import { tomorrow } from '../../sync/schedule/hours.ts';
import { type Text, text } from '../../sync/text.ts';
import { zoneOf } from '../../sync/zone.ts';
import type { Background } from '../background.ts';
import type { Desk } from '../desk.ts';
import { definitionOf } from '../find.ts';
import { refusedPress } from '../permit.ts';
import type { CardJson, CardNotice, ClickEvent } from '../ports.ts';
import { redraw } from './tell.ts';

/** What a press on a notice of the clock needs. */
export interface NoticeDesk
  extends Pick<
    Desk,
    'chat' | 'kept' | 'definitions' | 'admins' | 'audit' | 'clock' | 'log' | 'locale' | 'timeZone'
  > {
  readonly background: Background;
}

/** What became of a press: said and done; `sync`: allowed, the card is settled, and the run is to be started. */
export type Pressed =
  | { readonly kind: 'said'; readonly type: 'success' | 'warning' | 'info'; readonly words: Text }
  | { readonly kind: 'sync'; readonly definition: Definition }
  /** On no notice that is known. */
  | { readonly kind: 'unknown' };

type RemindNote = Extract<CardNotice, { kind: 'remind' }>;
type PausedNote = Extract<CardNotice, { kind: 'paused' }>;

/** Carries out `snooze`, `skip`, `sync` and `unpause` where they were pressed on the notice that has them. */
export async function pressNotice(event: ClickEvent, press: Press, desk: NoticeDesk): Promise<Pressed> {
  const note = await desk.kept.cards.notice(event.message);
  if (note === undefined || note.definition !== press.run) return { kind: 'unknown' };
  const fits =
    note.kind === 'paused' ? press.op === 'unpause' : ['sync', 'snooze', 'skip'].includes(press.op);
  if (!fits) return { kind: 'unknown' };
  // To start a sync its definition must be sound; to put a reminder off it need not.
  const starts = press.op === 'sync';
  const definition = starts
    ? await desk.definitions.get(note.definition)
    : await definitionOf(note.definition, desk);
  const deed = { right: starts ? 'run' : 'look', what: press.op, definition, name: note.definition } as const;
  const refusal = await refusedPress(event, deed, desk);
  if (refusal) return said('warning', refusal);
  const now = desk.clock.now();
  // Two presses at the same moment, or on a card that was settled: one counts.
  if (!(await desk.kept.cards.presses.take(event.message, 0, now, now + 60_000)))
    return said('info', text('这张卡片已经处理过了。', 'This card was dealt with already.'));
  const pressed =
    note.kind === 'paused'
      ? await unpause(event, note, definition, desk)
      : await remind(event, press, note, desk);
  await desk.kept.cards.presses.done(event.message, 0, press.op);
  return starts && definition ? { kind: 'sync', definition } : pressed;
}

/** The card stays locked until the click is answered, so its new face comes after. */
const show = (desk: NoticeDesk, message: string, card: CardJson): void =>
  desk.background.start('show', async () => {
    await redraw(desk, message, card);
  });

const said = (type: 'success' | 'warning' | 'info', words: Text): Pressed => ({ kind: 'said', type, words });

async function unpause(
  event: ClickEvent,
  { definition: name, failures, error }: PausedNote,
  definition: Definition | undefined,
  desk: NoticeDesk,
): Promise<Pressed> {
  const { kept, clock, locale, timeZone } = desk;
  await kept.holds.resume(name, clock.now());
  const about = { name, title: definition?.title ?? name, people: [] };
  show(desk, event.message, pausedCard(about, failures, error, event.from, { locale, timeZone }));
  return said('success', text('定时任务已恢复。', 'The schedule goes on.'));
}

async function remind(
  event: ClickEvent,
  { op, until: put }: Press,
  note: RemindNote,
  desk: NoticeDesk,
): Promise<Pressed> {
  const { kept, clock, locale, timeZone } = desk;
  const now = clock.now();
  const until = op !== 'snooze' ? null : put === 'tomorrow' ? nextDay(note, now) : now + 3_600_000;
  if (until !== null) {
    await kept.reminders.add({
      id: event.message.slice(0, 64),
      definition: note.definition,
      chat: note.chat,
      when: { at: until },
      plan: note.plan,
      by: event.from,
      createdAt: now,
    });
  }
  const how = op === 'snooze' || op === 'skip' ? op : 'sync';
  const facts = { ...note.facts, settled: { by: event.from, how, until } } as const;
  show(desk, event.message, reminderCard(facts, { locale, timeZone }));
  if (until === null) return said('success', text('好，这次跳过。', 'Skipped this time.'));
  const at = moment(until, timeZone);
  return said('success', text(`好，${at} 再提醒。`, `You will be reminded at ${at}.`));
}

/** The reminder's own time of the day, on the next day that has not come. */
function nextDay({ due, zone }: RemindNote, now: number): number {
  const clocks = zoneOf(zone);
  let at = tomorrow(due, clocks);
  while (at <= now) at = tomorrow(at, clocks);
  return at;
}
