import type { Run } from '../../run/runs/runs.ts';
import { dueOf, spread } from '../../sync/schedule/due.ts';
import { isScheduled } from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state.ts';
import { type Zone, zoneOf } from '../../sync/zone.ts';
import { createBackground } from '../background.ts';
import type { Watched } from '../ports.ts';
import { factsOf } from '../trouble.ts';
import { type Entry, entriesOf, owners, type PutOff, putOffOf, watching } from './entries.ts';
import { settle as payDebts } from './owed.ts';
import type { ScheduleDesk, ScheduleParts } from './parts.ts';
import { liftPauses } from './pause.ts';
import { type Done, perform } from './perform.ts';
import { heldByQuota } from './quota.ts';
import { release, report } from './report.ts';
import { tellBroken, tellMended, watchStale } from './watch.ts';

/** Calls back about once a second; answers how to stop that. */
export type Wake = (tick: () => void) => () => void;

/** The clock of the program: what definitions and people want to happen at their times. */
export interface Schedule {
  /** Reports runs of the schedule that another process left, once they end. Returns at once. */
  adopt(resumed: readonly Run[]): void;
  stop(): Promise<void>;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** Everything is looked at this often (ms): files change, and people set reminders. */
const often = minute;
/** How long something that is due may take before another instance does it again, in ms. */
const doing = 30 * minute;

/** Starts the clock. */
export function startSchedule(parts: ScheduleParts, wake: Wake): Schedule {
  const { kept, journal, definitions, clock, log } = parts;
  const { firings, holds } = kept;
  const over = new AbortController();
  const zones = new Map<string, Zone>();
  const zone = (name: string): Zone => {
    const known = zones.get(name) ?? zoneOf(name);
    zones.set(name, known);
    return known;
  };
  const desk: ScheduleDesk = { ...parts, zone, stopping: over.signal };
  const background = createBackground(log);
  /** Of each definition what this process saw last: whether its file is broken, and what is watched of it. */
  const isBroken = new Map<string, boolean>();
  const noted = new Map<string, string | undefined>();
  let paying = false;
  let next = 0;
  let looked = 0;
  let looking: Promise<void> | undefined;

  /** Takes one firing on and does it, beside everything else. */
  const fire = async (entry: Entry, due: number, last: number | undefined): Promise<void> => {
    const now = clock.now();
    if (!(await firings.take(entry.id, due, now, now + doing))) return;
    const { name } = entry.definition;
    const level = entry.do === 'run' ? 'debug' : 'info';
    log[level]('schedule.fired', { definition: name, do: entry.do, due: new Date(due).toISOString() });
    background.start('schedule', async () => {
      const done: Done = await perform(entry, due, last ?? now, desk);
      await firings.done(entry.id, due, done);
      // A run that ended has a line of its own.
      log[done === 'ran' ? 'debug' : 'info']('schedule.done', { definition: name, do: entry.do, done });
    });
  };

  const settle = async (entry: Entry, due: number, note: string): Promise<void> => {
    if (await firings.take(entry.id, due, clock.now(), clock.now())) await firings.done(entry.id, due, note);
  };

  /** Answers when the entry is to be looked at again. @param held why nothing happens by the clock now */
  const consider = async (entry: Entry, held: string | undefined): Promise<number> => {
    const now = clock.now();
    const last = await firings.last(entry.id);
    if (last === undefined) await settle(entry, now, 'first seen');
    // Whoever had taken it on was killed before it was done.
    else if (last.until !== null && last.until <= now && held === undefined)
      await fire(entry, last.due, last.at);
    const found = dueOf(entry.rhythm, entry.id, last?.due ?? now, now, entry.missed);
    if (found.kind === 'wait') return found.next ?? Number.POSITIVE_INFINITY;
    if (found.kind === 'fire' && held === undefined) await fire(entry, found.due, undefined);
    else await settle(entry, found.due, held ?? 'missed');
    return now;
  };

  const remindLater = async (
    one: PutOff,
    rhythm: Entry['rhythm'],
    held: string | undefined,
  ): Promise<number> => {
    const { id, definition, chat, at, since, plan } = one;
    const entry: Entry = {
      ...{ id: `put-off|${id}`, definition, chat, rhythm, plan },
      ...{ do: 'remind', missed: 'once', quiet: true },
    };
    const turn = spread(entry.id, at);
    if (turn > clock.now()) return turn;
    if (held !== undefined) return Number.POSITIVE_INFINITY;
    const last = await firings.last(entry.id);
    if (last?.until === null) await kept.reminders.remove(id);
    else if (last === undefined || last.until <= clock.now()) {
      const good = await journal.lastSuccess(definition.name);
      // Somebody synced it meanwhile: there is nothing left to be reminded of.
      if (good === undefined || good < since) await fire(entry, at, undefined);
      else await settle(entry, at, 'fresh');
    }
    return clock.now();
  };

  /** Beside everything else: while Feishu is away each try takes long. */
  const payOnce = (): void => {
    if (paying) return;
    paying = true;
    background.start('owed', () =>
      payDebts(desk).finally(() => {
        paying = false;
      }),
    );
  };

  const sweep = async (): Promise<number> => {
    const [listed, reminders, frozen, paused] = await Promise.all([
      definitions.list(),
      kept.reminders.all(),
      holds.frozen(),
      holds.paused(),
    ]);
    payOnce();
    await liftPauses(paused, desk);
    const spent = await heldByQuota(
      listed.map(({ name }) => name),
      desk,
    );
    const all = frozen ? 'frozen' : spent ? 'quota' : undefined;
    const turns: number[] = [];
    for (const one of listed) {
      if (isBroken.get(one.name) !== 'problems' in one) {
        const told = 'problems' in one ? await tellBroken(one, desk) : await tellMended(one.name, desk);
        if (told) isBroken.set(one.name, 'problems' in one);
      }
      if ('problems' in one) {
        const watched = (await kept.watched.all()).get(one.name);
        if (watched) await watchStale(one.name, watched, desk);
        continue;
      }
      const { definition } = one;
      const entries = entriesOf(definition, reminders, desk);
      const pause = paused.get(one.name);
      const held = all ?? (pause && 'paused');
      // Whether what was away is back shows at the next time: then the pause ends.
      const tried = all === undefined && pause?.away !== undefined;
      for (const entry of entries)
        turns.push(await consider(entry, tried && entry.do === 'run' ? undefined : held));
      const rhythm = { fields: never, zone: zone(definition.timeZone ?? desk.timeZone) };
      for (const later of putOffOf(definition, reminders)) turns.push(await remindLater(later, rhythm, held));
      await watch(one.name, watching(entries, owners(definition, desk.admins)));
    }
    if (all === undefined) await release(desk);
    return Math.min(...turns, clock.now() + often);
  };

  /** Also while the schedule is paused: what people read grows old all the same. */
  const watch = async (name: string, watched: Watched | undefined): Promise<void> => {
    const value = watched && JSON.stringify(watched);
    if (noted.get(name) !== value) await kept.watched.save(name, watched);
    noted.set(name, value);
    if (watched) await watchStale(name, watched, desk);
  };

  const look = (): Promise<void> => {
    looked = clock.now();
    looking ??= sweep()
      .then(
        (turn) => {
          next = turn;
          log.debug('schedule.looked');
        },
        (error: unknown) => {
          next = clock.now() + often;
          log.error('schedule.failed', factsOf(error));
        },
      )
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };

  const sleep = wake(() => {
    const now = clock.now();
    // A clock that was set back would be waited for otherwise.
    if (!over.signal.aborted && looking === undefined && (now >= next || now < looked)) void look();
  });

  const entryFor = async (state: State): Promise<Entry | undefined> => {
    const definition = await definitions.get(state.definition).catch(() => undefined);
    return definition && entriesOf(definition, [], desk).find((entry) => entry.do === 'run');
  };

  const tellOf = async (state: State): Promise<void> => {
    if (!isScheduled(state) || state.planOnly || over.signal.aborted) return;
    const entry = await entryFor(state);
    if (entry) await report(entry, state, desk);
  };

  // A run that ended just before the program did may not have been told.
  background.start('schedule', async () => {
    for (const one of await definitions.list()) {
      if (!('definition' in one) || one.definition.schedule.length === 0) continue;
      const [latest] = await parts.runs.latest(one.name, 1);
      if (latest && (latest.endedAt ?? 0) > clock.now() - day) await tellOf(latest);
    }
  });

  return {
    adopt(resumed) {
      for (const run of resumed)
        background.start('schedule', async () => {
          const state = await run.ended;
          if (!run.lost.aborted) await tellOf(state);
        });
    },
    async stop() {
      sleep();
      over.abort(new Error('the program stops'));
      await looking;
      await background.settled();
    },
  };
}

/** No time at all: what was put off has its moment, and no rhythm. */
const never = { second: [], minute: [], hour: [], dayOfMonth: [], month: [], dayOfWeek: [] };
