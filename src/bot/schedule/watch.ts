import { brokenCard, goodCard, staleCard } from '../../cards/scheduleCards.ts';
import { isStale } from '../../sync/schedule/health.ts';
import { duration, isQuiet } from '../../sync/schedule/hours.ts';
import { brokenDefinition } from '../known.ts';
import type { ListedDefinition } from '../ports.ts';
import { isMuted } from './notice.ts';
import type { ScheduleDesk } from './parts.ts';
import { send } from './tell.ts';
import { type Watched, watchedOf } from './watched.ts';

const sending = 10 * 60_000;

/** Warns once for each limit that no run has kept, and tells once when one has again. */
export async function watchStale(name: string, watched: Watched, desk: ScheduleDesk): Promise<void> {
  if (watched.limits.length === 0) return;
  const seen = `seen|${name}`;
  const now = desk.clock.now();
  if (await desk.schedules.take(seen, 0, now, now)) await desk.schedules.done(seen, 0, '');
  const first = (await desk.schedules.last(seen))?.at ?? now;
  const { title, others } = watched;
  for (const limit of watched.limits) await watchLimit({ ...limit, name, title, others }, first, desk);
}

type Limit = Watched['limits'][number] & Pick<Watched, 'title' | 'others'> & { readonly name: string };

async function watchLimit(
  { id, chat, stale, name, title, others }: Limit,
  firstSeen: number,
  desk: ScheduleDesk,
): Promise<void> {
  const { schedules, clock, locale, timeZone } = desk;
  const now = clock.now();
  const good = await schedules.lastSuccess(name);
  const base = good ?? firstSeen;
  const view = { locale, timeZone };
  const warning = `stale|${id}`;
  if (isStale(base, now, duration(stale))) {
    if (!(await schedules.take(warning, base, now, now + sending))) return;
    const people = (await isMuted(desk, name, chat)) ? [] : others;
    const card = staleCard({ name, title, people }, stale, good ?? null, view);
    const notice = { name, title, others, people, once: `${warning}|${base}` };
    return schedules.done(warning, base, '', await send(desk, chat, card, notice));
  }
  const warned = await schedules.last(warning);
  if (warned === undefined || warned.due >= base || isQuiet(desk.quietHours, desk.zone(timeZone), now))
    return;
  const recovery = `fresh|${id}`;
  if (!(await schedules.take(recovery, warned.due, now, now + sending))) return;
  const about = { name, title, people: [] };
  if (!(await isMuted(desk, name, chat)))
    await send(desk, chat, goodCard(about, 'fresh', view), {
      ...about,
      others,
      once: `${recovery}|${warned.due}`,
    });
  await schedules.done(recovery, warned.due, '');
}

type Broken = Extract<ListedDefinition, { readonly problems: unknown }>;

/**
 * Tells that a definition's file is broken: once until it is mended, whatever else is changed in it meanwhile. Answers
 * whether it is told.
 */
export async function tellBroken({ name, problems }: Broken, desk: ScheduleDesk): Promise<boolean> {
  const { schedules, clock, log, locale, timeZone, admins } = desk;
  const what = `broken|${name}`;
  const last = await schedules.last(what);
  if (last?.until === null && last.note !== mended) return true;
  const due = last === undefined ? 1 : last.until === null ? last.due + 1 : last.due;
  const now = clock.now();
  if (!(await schedules.take(what, due, now, now + sending))) return false;
  const [first] = problems;
  log.error('definition.not-read', { definition: name, reason: first?.code, where: first?.where });
  const { title, chat } = await hearersOf(name, desk);
  const about = { name, title, people: admins };
  // What stands in a file is for admins.
  const shown = chat !== undefined && admins.includes(chat) ? problems : [brokenDefinition(name)];
  const card = brokenCard(about, shown, { locale, timeZone });
  const message = await send(desk, chat, card, { ...about, others: admins, once: `${what}|${now}` });
  await schedules.done(what, due, '', message);
  return true;
}

const mended = 'mended';

/** Tells that a definition which was told to be broken can be read again: once. Answers whether nothing is left to tell. */
export async function tellMended(name: string, desk: ScheduleDesk): Promise<boolean> {
  const { schedules, clock, log, locale, timeZone, admins } = desk;
  const last = await schedules.last(`broken|${name}`);
  if (last === undefined || last.note === mended) return true;
  const what = `mended|${name}`;
  const now = clock.now();
  if (!(await schedules.take(what, last.due, now, now + sending))) return false;
  log.info('definition.mended', { definition: name });
  const { title, chat } = await hearersOf(name, desk);
  const about = { name, title, people: [] };
  const card = goodCard(about, 'mended', { locale, timeZone });
  await send(desk, chat, card, { ...about, others: admins, once: `${what}|${now}` });
  await schedules.done(`broken|${name}`, last.due, mended);
  await schedules.done(what, last.due, '');
  return true;
}

/** The chat that heard of a definition before, else the first admin. */
async function hearersOf(name: string, { schedules, admins }: ScheduleDesk) {
  const seen = watchedOf(await schedules.marks('watched'), name);
  return { title: seen?.title ?? name, chat: seen?.chat ?? admins[0] };
}
