import { summaryOf } from '../../cards/digest-cards.ts';
import { runCard } from '../../cards/run-card.ts';
import type { Definition } from '../../sync/definition.ts';
import type { Problem } from '../../sync/problem.ts';
import { outcomeOf, telling } from '../../sync/schedule/health.ts';
import { isQuiet } from '../../sync/schedule/hours.ts';
import type { State } from '../../sync/state.ts';
import { type Text, text } from '../../sync/text.ts';
import { approvers } from '../access.ts';
import type { CardJson } from '../ports.ts';
import type { Entry } from './entries.ts';
import { noticeOf } from './notice.ts';
import type { ScheduleDesk } from './parts.ts';
import { pauseAfterFailures } from './pause.ts';
import { redraw, send } from './tell.ts';

const minute = 60_000;
/** How long a report may take before another instance takes it over, in ms. */
const reporting = 10 * minute;

/** Tells the chat of a scheduled run that has ended: once, whoever asks. */
export async function report(entry: Entry, state: State, desk: ScheduleDesk): Promise<void> {
  const { clock, kept } = desk;
  const { news } = kept;
  const told = kept.notices.report;
  const outcome = outcomeOf(state);
  if (outcome === undefined) return;
  const now = clock.now();
  if (!(await told.take(state.run, 0, now, now + reporting))) return;
  const { chat, definition } = entry;
  const health = await news.health(definition.name, chat);
  const how = telling(health?.outcome, state, entry.quiet);
  let message = outcome === 'good' ? null : (health?.message ?? null);
  const people = async () => (await noticeOf(desk, definition, chat, '')).people;
  if (how.kind === 'same' && health?.message) {
    await desk.journal.saveCard(state.run, { chat: chat ?? '', message: health.message });
    if (!(await redraw(desk, health.message, cardOf(desk, definition, state))))
      message = (await show(desk, entry, state, { people: [] })) ?? null;
  } else if (how.kind === 'bad') {
    message = (await show(desk, entry, state, { people: await people() })) ?? null;
  } else if (how.kind === 'good') {
    await tellGood(desk, entry, state, how.recovered);
  }
  await news.saveHealth(definition.name, chat, { outcome, message });
  if (outcome === 'failed') await pauseAfterFailures(entry, state, desk);
  await told.done(state.run, 0, how.kind);
}

/** Good news: now, or when the quiet hours are over; of several that waited only the newest. */
async function tellGood(desk: ScheduleDesk, { definition, chat }: Entry, state: State, recovered: boolean) {
  if (await desk.kept.chats.isMuted(definition.name, chat)) return;
  if (isQuiet(desk.quietHours, desk.zone(desk.timeZone), desk.clock.now())) {
    await desk.kept.news.hold({ definition: definition.name, chat, run: state.run, recovered });
    return;
  }
  await show(desk, { definition, chat }, state, {
    people: [],
    ...(recovered ? { words: [recoveredWords] } : {}),
  });
}

const recoveredWords = text('定时同步已恢复正常。', 'The scheduled sync works again.');

/** Shows what was held back over the quiet hours. */
export async function release(desk: ScheduleDesk): Promise<void> {
  const { clock, kept } = desk;
  const told = kept.notices.held;
  const now = clock.now();
  if (isQuiet(desk.quietHours, desk.zone(desk.timeZone), now)) return;
  for (const held of await kept.news.held()) {
    const { definition: name, chat, run, recovered } = held;
    if (!(await told.take(run, 0, now, now + reporting))) continue;
    const [state, definition] = await Promise.all([
      desk.runs.find(run),
      desk.definitions.get(name).catch(() => undefined),
    ]);
    const words = [
      text('安静时段里完成的同步：', 'Synced during the quiet hours:'),
      ...(recovered ? [recoveredWords] : []),
    ];
    if (state && definition) await show(desk, { definition, chat }, state, { people: [], words });
    await kept.news.release(held);
    await told.done(run, 0);
  }
}

interface Lead {
  readonly people: readonly string[];
  readonly words?: readonly Text[];
}

/** A fresh card of the run, whose buttons work. */
async function show(
  desk: ScheduleDesk,
  { definition, chat }: Pick<Entry, 'definition' | 'chat'>,
  state: State,
  lead: Lead,
): Promise<string | undefined> {
  const { people } = lead;
  const notice = { ...(await noticeOf(desk, definition, chat, `report|${state.run}`)), people };
  const card = cardOf(desk, definition, state, lead);
  const words = state.error === null ? {} : { words: failedWords(card, state.error) };
  const message = await send(desk, chat, card, { ...notice, ...words });
  if (message !== undefined && chat !== undefined) await desk.journal.saveCard(state.run, { chat, message });
  return message;
}

/** What is said of a failed run where its card comes too late. */
function failedWords(card: CardJson, { message }: Problem): Text {
  const { zh, en } = summaryOf(card);
  return text(`${zh} · ${message.zh}`, `${en} · ${message.en}`);
}

const cardOf = (
  { clock, locale, timeZone, admins }: ScheduleDesk,
  definition: Definition,
  state: State,
  { people, words = [] }: Lead = { people: [] },
): CardJson =>
  runCard(state, {
    ...{ now: clock.now(), locale, timeZone },
    approvers: approvers(definition.access, admins),
    lead: { words, people },
  });
