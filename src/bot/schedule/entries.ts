import { parse } from 'node-cron';
import type { Definition, ScheduleEntry } from '../../sync/definition/definition.ts';
import type { Rhythm } from '../../sync/schedule/cron.ts';
import { type Zone, zoneIssue } from '../../sync/words/zone.ts';
import { approvers } from '../access.ts';
import type { Reminder, Watched } from '../ports.ts';

/** Something that a definition does by the clock. */
export interface Entry extends Pick<ScheduleEntry, 'do' | 'unless' | 'stale'> {
  /** The same while nothing of its meaning changes: what was done under it is not done again. */
  readonly id: string;
  readonly definition: Definition;
  readonly rhythm: Rhythm;
  /** Who is told; `undefined` when nobody is named anywhere. */
  readonly chat: string | undefined;
  readonly missed: 'once' | 'skip';
  readonly plan: boolean;
  readonly quiet: boolean;
}

/** A reminder that was put off to one moment. */
export interface PutOff {
  readonly id: string;
  readonly definition: Definition;
  readonly chat: string;
  readonly at: number;
  readonly since: number;
  readonly plan: boolean;
}

interface Surroundings {
  readonly timeZone: string;
  readonly admins: readonly string[];
  readonly zone: (name: string) => Zone;
}

/**
 * The entries of a definition: those of its file, then the reminders set in chats. An entry tells its own
 * chat, else the first of `access.chats`, else the first of those who may approve.
 */
export function entriesOf(
  definition: Definition,
  reminders: readonly Reminder[],
  { timeZone, admins, zone }: Surroundings,
): readonly Entry[] {
  const own = definition.schedule.map((entry) => {
    const name = entry.timeZone ?? definition.timeZone ?? timeZone;
    return {
      id: ['entry', definition.name, entry.do, entry.cron, name, entry.chat ?? ''].join('|'),
      definition,
      do: entry.do,
      rhythm: { fields: parse(entry.cron), zone: zone(name) },
      chat: entry.chat ?? definition.access.chats?.[0] ?? owners(definition, admins)[0],
      missed: entry.missed ?? 'once',
      plan: entry.plan ?? false,
      quiet: entry.quiet ?? true,
      ...(entry.unless !== undefined && { unless: entry.unless }),
      ...(entry.stale !== undefined && { stale: entry.stale }),
    } satisfies Entry;
  });
  const set = reminders.flatMap(({ id, definition: name, chat, when, plan }) =>
    name !== definition.name || 'at' in when
      ? []
      : [
          {
            id: `reminder|${id}`,
            definition,
            do: 'remind' as const,
            rhythm: {
              fields: parse(when.cron),
              zone: zone(soundZone(when.timeZone) ?? definition.timeZone ?? timeZone),
            },
            chat,
            missed: 'once' as const,
            plan,
            quiet: true,
          },
        ],
  );
  return [...own, ...set];
}

/** Reminders may be older than the rule which names of zones are taken: then that of the definition counts. */
const soundZone = (name: string): string | undefined => (zoneIssue(name) ? undefined : name);

/** The reminders of a definition that were put off. */
export const putOffOf = (definition: Definition, reminders: readonly Reminder[]): readonly PutOff[] =>
  reminders.flatMap(({ id, definition: name, chat, when, plan, createdAt }) =>
    name === definition.name && 'at' in when
      ? [{ id, definition, chat, at: when.at, since: createdAt, plan }]
      : [],
  );

/** open_ids of those who are responsible: who may approve, else the admins. */
export const owners = (definition: Definition, admins: readonly string[]): readonly string[] => {
  const named = approvers(definition.access, []).filter((id) => id.startsWith('ou_'));
  return named.length > 0 ? named : admins;
};

/** What is to be watched of a definition with these entries. */
export function watching(entries: readonly Entry[], others: readonly string[]): Watched | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const limits = entries.flatMap(({ id, chat, stale }) => (stale === undefined ? [] : [{ id, chat, stale }]));
  return { title: first.definition.title, chat: first.chat, others, limits };
}
