import { brokenCard, goodCard, staleCard } from '../../cards/notice-cards.ts';
import { duration } from '../../sync/definition/definition.ts';
import { isQuiet } from '../../sync/schedule/due.ts';
import { isStale } from '../../sync/schedule/health.ts';
import { brokenDefinition } from '../failures.ts';
import type { ListedDefinition, Watched } from '../ports.ts';
import { type ScheduleContext, send } from './notices.ts';

const sending = 10 * 60_000;

/** Warns once for each limit that no run has kept, and tells once when one has again. */
export async function watchStale(name: string, watched: Watched, context: ScheduleContext): Promise<void> {
  if (watched.limits.length === 0) return;
  const first = await context.kept.watched.since(name, context.clock.now());
  const { title, others } = watched;
  for (const limit of watched.limits) await watchLimit({ ...limit, name, title, others }, first, context);
}

type Limit = Watched['limits'][number] & Pick<Watched, 'title' | 'others'> & { readonly name: string };

async function watchLimit(
  { id, chat, stale, name, title, others }: Limit,
  firstSeen: number,
  context: ScheduleContext,
): Promise<void> {
  const { kept, journal, clock, locale, timeZone } = context;
  const { stale: warning, fresh: recovery } = kept.notices;
  const now = clock.now();
  const good = await journal.lastSuccess(name);
  const base = good ?? firstSeen;
  const view = { locale, timeZone };
  if (isStale(base, now, duration(stale))) {
    if (!(await warning.take(id, base, now, now + sending))) return;
    const people = (await kept.chats.isMuted(name, chat)) ? [] : others;
    const card = staleCard({ name, title, people }, stale, good ?? null, view);
    const notice = { name, title, others, people, once: `stale|${id}|${base}` };
    await send(context, chat, card, notice);
    return warning.done(id, base);
  }
  const warned = await warning.last(id);
  if (warned === undefined || warned.due >= base || isQuiet(context.quietHours, context.zone(timeZone), now))
    return;
  if (!(await recovery.take(id, warned.due, now, now + sending))) return;
  const about = { name, title, people: [] };
  if (!(await kept.chats.isMuted(name, chat)))
    await send(context, chat, goodCard(about, 'fresh', view), {
      ...about,
      others,
      once: `fresh|${id}|${warned.due}`,
    });
  await recovery.done(id, warned.due);
}

type Broken = Extract<ListedDefinition, { readonly problems: unknown }>;

/**
 * Tells that a definition's file is broken: once until it is mended, whatever else is changed in it meanwhile. Answers
 * whether it is told.
 */
export async function tellBroken({ name, problems }: Broken, context: ScheduleContext): Promise<boolean> {
  const { kept, clock, log, locale, timeZone, admins } = context;
  const { broken } = kept.notices;
  const last = await broken.last(name);
  if (last?.until === null && last.note !== mended) return true;
  const due = last === undefined ? 1 : last.until === null ? last.due + 1 : last.due;
  const now = clock.now();
  if (!(await broken.take(name, due, now, now + sending))) return false;
  const [first] = problems;
  log.error('definition.not-read', { definition: name, reason: first?.code, where: first?.where });
  const { title, chat } = await hearersOf(name, context);
  const about = { name, title, people: admins };
  // What stands in a file is for admins.
  const shown = chat !== undefined && admins.includes(chat) ? problems : [brokenDefinition(name)];
  const card = brokenCard(about, shown, { locale, timeZone });
  await send(context, chat, card, { ...about, others: admins, once: `broken|${name}|${now}` });
  await broken.done(name, due);
  return true;
}

const mended = 'mended';

/** Tells that a definition which was told to be broken can be read again: once. Answers whether nothing is left to tell. */
export async function tellMended(name: string, context: ScheduleContext): Promise<boolean> {
  const { kept, clock, log, locale, timeZone, admins } = context;
  const { broken, mended: told } = kept.notices;
  const last = await broken.last(name);
  if (last === undefined || last.note === mended) return true;
  const now = clock.now();
  if (!(await told.take(name, last.due, now, now + sending))) return false;
  log.info('definition.mended', { definition: name });
  const { title, chat } = await hearersOf(name, context);
  const about = { name, title, people: [] };
  const card = goodCard(about, 'mended', { locale, timeZone });
  await send(context, chat, card, { ...about, others: admins, once: `mended|${name}|${now}` });
  await broken.done(name, last.due, mended);
  await told.done(name, last.due);
  return true;
}

/** The chat that heard of a definition before, else the first admin. */
async function hearersOf(name: string, { kept, admins }: ScheduleContext) {
  const seen = (await kept.watched.all()).get(name);
  return { title: seen?.title ?? name, chat: seen?.chat ?? admins[0] };
}
