import { runCard } from '../../cards/runCard.ts';
import { pausedCard } from '../../cards/scheduleCards.ts';
import { problemFacts } from '../../run/log-run.ts';
import type { Definition } from '../../sync/definition.ts';
import {
  failuresInARow,
  mostFailures,
  type Outcome,
  outcomeOf,
  telling,
} from '../../sync/schedule/health.ts';
import { isQuiet } from '../../sync/schedule/hours.ts';
import type { State } from '../../sync/state.ts';
import { type Text, text } from '../../sync/text.ts';
import { approvers } from '../access.ts';
import type { CardJson } from '../ports.ts';
import { type Entry, owners } from './entries.ts';
import type { ScheduleDesk } from './parts.ts';
import { redraw, send } from './tell.ts';

const minute = 60_000;
/** How long a report may take before another instance takes it over, in ms. */
const reporting = 10 * minute;

/** What the chat knows of a definition's scheduled runs. */
interface Health {
  readonly outcome: Outcome;
  /** The message that shows the trouble. */
  readonly message: string | null;
}

/** Tells the chat of a scheduled run that has ended: once, whoever asks. */
export async function report(entry: Entry, state: State, desk: ScheduleDesk): Promise<void> {
  const { schedules, clock } = desk;
  const outcome = outcomeOf(state);
  if (outcome === undefined) return;
  const what = `report|${state.run}`;
  const now = clock.now();
  if (!(await schedules.take(what, 0, now, now + reporting))) return;
  const { chat, definition } = entry;
  const health = await healthOf(desk, definition.name, chat);
  const how = telling(health?.outcome, state, entry.quiet);
  let message = outcome === 'good' ? null : (health?.message ?? null);
  if (how.kind === 'same' && health?.message) {
    await desk.journal.saveCard(state.run, { chat: chat ?? '', message: health.message });
    await redraw(desk, health.message, cardOf(desk, definition, state));
  } else if (how.kind === 'bad') {
    message =
      (await show(desk, definition, chat, state, { people: await mentioned(desk, definition, chat) })) ??
      null;
  } else if (how.kind === 'good') {
    await tellGood(desk, entry, state, how.recovered);
  }
  await schedules.mark('health', definition.name, chat ?? '', JSON.stringify({ outcome, message }));
  if (outcome === 'failed') await pauseAfterFailures(entry, state, desk);
  await schedules.done(what, 0, how.kind);
}

async function healthOf({ schedules }: ScheduleDesk, name: string, chat = ''): Promise<Health | undefined> {
  const marks = await schedules.marks('health');
  const found = marks.find((mark) => mark.definition === name && mark.chat === chat);
  return found && (JSON.parse(found.value) as Health);
}

/** Whether somebody muted a definition in a chat: no good news, and nobody is mentioned. */
export const isMuted = async ({ schedules }: Pick<ScheduleDesk, 'schedules'>, name: string, chat = '') =>
  (await schedules.marks('muted')).some((mark) => mark.definition === name && mark.chat === chat);

const mentioned = async (
  desk: ScheduleDesk,
  definition: Definition,
  chat = '',
): Promise<readonly string[]> =>
  (await isMuted(desk, definition.name, chat)) ? [] : owners(definition, desk.admins);

/** Good news: now, or when the quiet hours are over; of several that waited only the newest. */
async function tellGood(desk: ScheduleDesk, { definition, chat }: Entry, state: State, recovered: boolean) {
  if (await isMuted(desk, definition.name, chat)) return;
  if (isQuiet(desk.quietHours, desk.zone(desk.timeZone), desk.clock.now())) {
    await desk.schedules.mark(
      'held',
      definition.name,
      chat ?? '',
      JSON.stringify({ run: state.run, recovered }),
    );
    return;
  }
  await show(desk, definition, chat, state, {
    people: [],
    ...(recovered ? { words: [recoveredWords] } : {}),
  });
}

const recoveredWords = text('定时同步已恢复正常。', 'The scheduled sync works again.');

/** Shows what was held back over the quiet hours. */
export async function release(desk: ScheduleDesk): Promise<void> {
  const { schedules, clock } = desk;
  const now = clock.now();
  if (isQuiet(desk.quietHours, desk.zone(desk.timeZone), now)) return;
  for (const { definition: name, chat, value } of await schedules.marks('held')) {
    const { run, recovered } = JSON.parse(value) as { readonly run: string; readonly recovered: boolean };
    const what = `held|${run}`;
    if (!(await schedules.take(what, 0, now, now + reporting))) continue;
    const [state, definition] = await Promise.all([
      desk.runs.find(run),
      desk.definitions.get(name).catch(() => undefined),
    ]);
    const words = [
      text('安静时段里完成的同步：', 'Synced during the quiet hours:'),
      ...(recovered ? [recoveredWords] : []),
    ];
    if (state && definition)
      await show(desk, definition, chat === '' ? undefined : chat, state, { people: [], words });
    await schedules.mark('held', name, chat, undefined);
    await schedules.done(what, 0, '');
  }
}

interface Lead {
  readonly people: readonly string[];
  readonly words?: readonly Text[];
}

/** A fresh card of the run, whose buttons work. */
async function show(
  desk: ScheduleDesk,
  definition: Definition,
  chat: string | undefined,
  state: State,
  lead: Lead,
): Promise<string | undefined> {
  const message = await send(desk, chat, cardOf(desk, definition, state, lead), `report|${state.run}`);
  if (message !== undefined && chat !== undefined) await desk.journal.saveCard(state.run, { chat, message });
  return message;
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

/** How many runs are looked at for failures in a row: people's runs may stand between them. */
const lookedAt = 30;

async function pauseAfterFailures(
  { definition, chat }: Entry,
  state: State,
  desk: ScheduleDesk,
): Promise<void> {
  const { schedules, runs, clock, locale, timeZone, log } = desk;
  const { name, title } = definition;
  const resumed = (await schedules.marks('resumed')).find((mark) => mark.definition === name);
  const failures = failuresInARow(await runs.latest(name, lookedAt), Number(resumed?.value ?? 0));
  if (failures.length < mostFailures) return;
  const now = clock.now();
  await schedules.mark('paused', name, '', JSON.stringify({ by: null, at: now }));
  const reason = state.error === null ? {} : problemFacts(state.error);
  log.warn('schedule.paused', { definition: name, failures: failures.length, ...reason });
  const what = `paused|${name}`;
  const due = failures.at(-1)?.startedAt ?? now;
  if (!(await schedules.take(what, due, now, now + reporting))) return;
  const about = { name, title, people: await mentioned(desk, definition, chat) };
  const card = pausedCard(about, failures.length, state.error, null, { locale, timeZone });
  const message = await send(desk, chat, card, `${what}|${due}`);
  const note = { kind: 'paused', definition: name, failures: failures.length, error: state.error };
  await schedules.done(what, due, JSON.stringify(note), message);
}
