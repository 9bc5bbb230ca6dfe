import { brokenCard, goodCard, quotaCard, staleCard } from '../../cards/notice-cards.ts';
import { duration } from '../../sync/definition/definition.ts';
import { isQuiet } from '../../sync/schedule/due.ts';
import { isStale } from '../../sync/schedule/health.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { brokenDefinition } from '../failures.ts';
import type { ListedDefinition, Watched } from '../ports.ts';
import { quotaSpent } from './entries.ts';
import { onlyOnce, type ScheduleContext, send } from './notices.ts';

/**
 * Whether the clock stands still because the month's calls are used up. Tells an admin once a month; a sync that
 * succeeds all the same, as after an upgrade, lets the clock go on.
 */
export async function heldByQuota(names: readonly string[], context: ScheduleContext): Promise<boolean> {
  const { kept, journal, clock, log, admins } = context;
  const now = clock.now();
  const spent = await quotaSpent(kept.holds, now);
  if (spent === undefined) return false;
  const good = await Promise.all(names.map((name) => journal.lastSuccess(name)));
  if (good.some((at) => at !== undefined && at > spent.since)) {
    await kept.holds.spend(undefined);
    log.info('quota.lifted');
    return false;
  }
  const due = spent.until;
  await onlyOnce(kept.notices.quota, { of: '', due, now }, () => {
    log.warn('quota.spent', { until: new Date(due).toISOString() });
    const people = admins.slice(0, 1);
    const notice = { name: '', title: '', others: admins, people, once: `quota:${due}` };
    return send(context, people[0], quotaCard(due, people, context), notice);
  });
  return true;
}

/** Warns once for each limit that no run has kept, and tells once when one has again. */
export async function watchStale(name: string, watched: Watched, context: ScheduleContext): Promise<void> {
  if (watched.limits.length === 0) return;
  const { kept, journal, clock } = context;
  const first = await kept.watched.since(name, clock.now());
  const good = await journal.lastSuccess(name);
  for (const limit of watched.limits) await watchLimit({ ...watched, ...limit, name, good, first }, context);
}

type Limit = Watched['limits'][number] &
  Pick<Watched, 'title' | 'others'> & {
    readonly name: string;
    /** When the last run succeeded, and when the definition was first watched, in ms. */
    readonly good: number | undefined;
    readonly first: number;
  };

async function watchLimit(limit: Limit, context: ScheduleContext): Promise<void> {
  const { id, chat, stale, name, title, others, good } = limit;
  const { kept, clock } = context;
  const now = clock.now();
  const base = good ?? limit.first;
  const muted = () => kept.chats.isMuted(name, chat);
  if (isStale(base, now, duration(stale))) {
    await onlyOnce(kept.notices.stale, { of: id, due: base, now }, async () => {
      const about = { name, title, people: (await muted()) ? [] : others };
      const card = staleCard(about, stale, good ?? null, context);
      await send(context, chat, card, { ...about, others, once: `stale|${id}|${base}` });
    });
    return;
  }
  const warned = await kept.notices.stale.last(id);
  if (warned === undefined || warned.due >= base) return;
  if (isQuiet(context.quietHours, zoneOf(context.timeZone), now)) return;
  await onlyOnce(kept.notices.fresh, { of: id, due: warned.due, now }, async () => {
    if (await muted()) return;
    const about = { name, title, people: [] };
    const notice = { ...about, others, once: `fresh|${id}|${warned.due}` };
    await send(context, chat, goodCard(about, 'fresh', context), notice);
  });
}

type Broken = Extract<ListedDefinition, { readonly problems: unknown }>;

/**
 * Tells that a definition's file is broken: once until it is mended, whatever else is changed in it meanwhile. Answers
 * whether it is told.
 */
export async function tellBroken({ name, problems }: Broken, context: ScheduleContext): Promise<boolean> {
  const { kept, clock, log, admins } = context;
  const { broken } = kept.notices;
  const last = await broken.last(name);
  if (last?.until === null && last.note !== mended) return true;
  const due = last === undefined ? 1 : last.until === null ? last.due + 1 : last.due;
  const now = clock.now();
  return onlyOnce(broken, { of: name, due, now }, async () => {
    const [first] = problems;
    log.error('definition.not-read', { definition: name, reason: first?.code, where: first?.where });
    const { title, chat } = await hearersOf(name, context);
    const about = { name, title, people: admins };
    // What stands in a file is for admins.
    const shown = chat !== undefined && admins.includes(chat) ? problems : [brokenDefinition(name)];
    const notice = { ...about, others: admins, once: `broken|${name}|${now}` };
    await send(context, chat, brokenCard(about, shown, context), notice);
  });
}

const mended = 'mended';

/** Tells that a definition which was told to be broken can be read again: once. Answers whether nothing is left to tell. */
export async function tellMended(name: string, context: ScheduleContext): Promise<boolean> {
  const { kept, clock, log, admins } = context;
  const { broken } = kept.notices;
  const last = await broken.last(name);
  if (last === undefined || last.note === mended) return true;
  const now = clock.now();
  return onlyOnce(kept.notices.mended, { of: name, due: last.due, now }, async () => {
    log.info('definition.mended', { definition: name });
    const { title, chat } = await hearersOf(name, context);
    const about = { name, title, people: [] };
    const notice = { ...about, others: admins, once: `mended|${name}|${now}` };
    await send(context, chat, goodCard(about, 'mended', context), notice);
    await broken.done(name, last.due, mended);
  });
}

/** The chat that heard of a definition before, else the first admin. */
async function hearersOf(name: string, { kept, admins }: ScheduleContext) {
  const seen = (await kept.watched.all()).get(name);
  return { title: seen?.title ?? name, chat: seen?.chat ?? admins[0] };
}
