import { brokenCard, freshCard, staleCard } from '../../cards/scheduleCards.ts';
import { isStale } from '../../sync/schedule/health.ts';
import { duration, isQuiet } from '../../sync/schedule/hours.ts';
import type { ListedDefinition } from '../ports.ts';
import { type Entry, owners } from './entries.ts';
import type { ScheduleDesk } from './parts.ts';
import { isMuted } from './report.ts';
import { send } from './tell.ts';

const sending = 10 * 60_000;

/** Warns once when no run has succeeded for the entry's `stale`, and tells once when one has again. */
export async function watchStale(entry: Entry, firstSeen: number, desk: ScheduleDesk): Promise<void> {
  const { schedules, clock, locale, timeZone, admins } = desk;
  const { definition, chat, stale } = entry;
  if (stale === undefined) return;
  const { name, title } = definition;
  const now = clock.now();
  const good = await schedules.lastSuccess(name);
  const base = good ?? firstSeen;
  const view = { locale, timeZone };
  const warning = `stale|${entry.id}`;
  if (isStale(base, now, duration(stale))) {
    if (!(await schedules.take(warning, base, now, now + sending))) return;
    const people = (await isMuted(desk, name, chat)) ? [] : owners(definition, admins);
    const card = staleCard({ name, title, people }, stale, good ?? null, view);
    return schedules.done(warning, base, '', await send(desk, chat, card, `${warning}|${base}`));
  }
  const warned = await schedules.last(warning);
  if (warned === undefined || warned.due >= base || isQuiet(desk.quietHours, desk.zone(timeZone), now))
    return;
  const recovery = `fresh|${entry.id}`;
  if (!(await schedules.take(recovery, warned.due, now, now + sending))) return;
  const muted = await isMuted(desk, name, chat);
  if (!muted)
    await send(desk, chat, freshCard({ name, title, people: [] }, view), `${recovery}|${warned.due}`);
  await schedules.done(recovery, warned.due, '');
}

/** Tells those who heard of a definition before that its file is broken: once for each way of being broken. */
export async function tellBroken(
  { name, problems }: Extract<ListedDefinition, { readonly problems: unknown }>,
  desk: ScheduleDesk,
): Promise<void> {
  const { schedules, clock, locale, timeZone, admins } = desk;
  const place = (await schedules.marks('place')).find((mark) => mark.definition === name);
  if (place === undefined) return;
  const now = clock.now();
  const what = ['broken', name, ...problems.map(({ code, where }) => `${code} ${where ?? ''}`)].join('|');
  if (!(await schedules.take(what, 0, now, now + sending))) return;
  const card = brokenCard({ name, title: name, people: admins }, problems, { locale, timeZone });
  await schedules.done(what, 0, '', await send(desk, place.value, card, `${what}|${now}`));
}
