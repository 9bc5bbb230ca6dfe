import type { Run } from '../../run/runs/runs.ts';
import type { Definition } from '../../sync/definition/definition.ts';
import { dueOf, spread } from '../../sync/schedule/due.ts';
import { isScheduled } from '../../sync/schedule/health.ts';
import type { State } from '../../sync/state/state.ts';
import { zoneOf } from '../../sync/words/zone.ts';
import { type Background, createBackground } from '../bot.ts';
import { factsOf } from '../failures.ts';
import { soundOf } from '../permit.ts';
import type { ListedDefinition, Pause, Reminder, Watched } from '../ports.ts';
import { type Entry, entriesOf, owners, reminding, watching } from './entries.ts';
import { payDebts, type ScheduleContext, type ScheduleParts } from './notices.ts';
import { perform } from './perform.ts';
import { heldByQuota, liftPauses, release, report, tellBroken, tellMended, watchStale } from './report.ts';

/** Calls back about once a second; answers how to stop that. */
export type Wake = (tick: () => void) => () => void;

/**
 * Wakes once a second, whatever the clocks of the machine's zone do: node-cron's own beat stops for the hour that they
 * show twice in autumn. Never keeps the process alive.
 */
export const everySecond: Wake = (tick) => {
  const timer = setInterval(tick, 1000).unref();
  return () => clearInterval(timer);
};

const minute = 60_000;
const day = 24 * 60 * minute;
/** Everything is looked at this often (ms): files change, and people set reminders. */
const often = minute;
/** How long something that is due may take before another instance does it again, in ms. */
const doing = 30 * minute;

/** What holds at one sweep. */
interface Sweep {
  readonly reminders: readonly Reminder[];
  readonly paused: ReadonlyMap<string, Pause>;
  /** Why nothing at all happens by the clock now. */
  readonly all: 'frozen' | 'quota' | undefined;
}

/** Why an entry is left out now; nothing where it is not. */
type Held = string | undefined;

/** The clock of the program: what definitions and people want to happen at their times. */
export class Schedule {
  readonly #context: ScheduleContext;
  readonly #background: Background;
  readonly #over = new AbortController();
  /** Of each definition what this process saw last: whether its file is broken, and what is watched of it. */
  readonly #isBroken = new Map<string, boolean>();
  readonly #noted = new Map<string, string | undefined>();
  #paying = false;
  /** When something is due next, and when was looked last, in ms. */
  #next = 0;
  #looked = 0;
  #looking: Promise<void> | undefined;
  readonly #sleep: () => void;

  constructor(parts: ScheduleParts, wake: Wake) {
    const { clock, log } = parts;
    this.#context = { ...parts, stopping: this.#over.signal };
    this.#background = createBackground(log);
    this.#sleep = wake(() => {
      const now = clock.now();
      // A clock that was set back would be waited for otherwise.
      const due = now >= this.#next || now < this.#looked;
      if (!this.#over.signal.aborted && this.#looking === undefined && due) this.#looking = this.#look();
    });
    this.#background.start('schedule', () => this.#tellLeft());
  }

  /** Reports runs of the schedule that another process left, once they end. Returns at once. */
  adopt(resumed: readonly Run[]): void {
    for (const run of resumed)
      this.#background.start('schedule', async () => {
        const state = await run.ended;
        if (!run.lost.aborted) await this.#tellOf(state);
      });
  }

  async stop(): Promise<void> {
    this.#sleep();
    this.#over.abort(new Error('the program stops'));
    await this.#looking;
    await this.#background.settled();
  }

  /** A run that ended just before the program did may not have been told. */
  async #tellLeft(): Promise<void> {
    const { definitions, runs, clock } = this.#context;
    for (const { name, schedule } of soundOf(await definitions.list())) {
      if (schedule.length === 0) continue;
      const [latest] = await runs.latest(name, 1);
      if (latest && (latest.endedAt ?? 0) > clock.now() - day) await this.#tellOf(latest);
    }
  }

  async #tellOf(state: State): Promise<void> {
    if (!isScheduled(state) || state.planOnly || this.#over.signal.aborted) return;
    const definition = await this.#context.definitions.get(state.definition).catch(() => undefined);
    const entry = definition && entriesOf(definition, [], this.#context).find((one) => one.do === 'run');
    if (entry) await report(entry, state, this.#context);
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#context;
    this.#looked = clock.now();
    try {
      this.#next = await this.#sweep();
      log.debug('schedule.looked');
    } catch (error) {
      this.#next = clock.now() + often;
      log.error('schedule.failed', factsOf(error));
    }
    this.#looking = undefined;
  }

  /** Looks at everything once; answers when to look again. */
  async #sweep(): Promise<number> {
    const context = this.#context;
    const { definitions, kept, clock } = context;
    const [listed, reminders, frozen, paused] = await Promise.all([
      definitions.list(),
      kept.reminders.all(),
      kept.holds.frozen(),
      kept.holds.paused(),
    ]);
    this.#pay();
    await liftPauses(paused, context);
    const names = listed.map(({ name }) => name);
    const spent = await heldByQuota(names, context);
    const all = frozen ? 'frozen' : spent ? 'quota' : undefined;
    let next = clock.now() + often;
    for (const one of listed) next = Math.min(next, await this.#lookAt(one, { reminders, paused, all }));
    if (all === undefined) await release(context);
    return Math.min(next, clock.now() + often);
  }

  /** Sends what is owed, beside everything else: while Feishu is away each try takes long. */
  #pay(): void {
    if (this.#paying) return;
    this.#paying = true;
    const paid = (): void => {
      this.#paying = false;
    };
    this.#background.start('owed', () => payDebts(this.#context).finally(paid));
  }

  async #lookAt(one: ListedDefinition, { reminders, paused, all }: Sweep): Promise<number> {
    const context = this.#context;
    const broken = 'problems' in one;
    if (this.#isBroken.get(one.name) !== broken) {
      const told = broken ? await tellBroken(one, context) : await tellMended(one.name, context);
      if (told) this.#isBroken.set(one.name, broken);
    }
    if (broken) {
      const watched = (await context.kept.watched.all()).get(one.name);
      if (watched) await watchStale(one.name, watched, context);
      return Number.POSITIVE_INFINITY;
    }
    const { definition } = one;
    const entries = entriesOf(definition, reminders, context);
    const pause = paused.get(one.name);
    const held = all ?? (pause && 'paused');
    // Whether what was away is back shows at the next time: then the pause ends.
    const tried = all === undefined && pause?.away !== undefined;
    const turns: number[] = [];
    for (const entry of entries)
      turns.push(await this.#consider(entry, tried && entry.do === 'run' ? undefined : held));
    for (const one of reminders)
      if (one.definition === definition.name && 'at' in one.when)
        turns.push(await this.#remindLater(definition, one, one.when.at, held));
    await this.#watch(one.name, watching(entries, owners(definition, context.admins)));
    return Math.min(...turns);
  }

  /** Does what is due of an entry; answers when it is to be looked at again. */
  async #consider(entry: Entry, held: Held): Promise<number> {
    const now = this.#context.clock.now();
    // What lies ahead was noted while the clock was wrong, here or on another machine.
    const last = await this.#context.kept.firings.last(entry.id, now);
    if (last === undefined) await this.#settle(entry, now, 'first seen');
    // Whoever had taken it on was killed before it was done.
    else if (last.until !== null && last.until <= now && held === undefined)
      await this.#fire(entry, last.due, last.at);
    const found = dueOf(entry, last?.due ?? now, now);
    if (found.kind === 'wait') return found.next ?? Number.POSITIVE_INFINITY;
    if (found.kind === 'fire' && held === undefined) await this.#fire(entry, found.due, undefined);
    else await this.#settle(entry, found.due, held ?? 'missed');
    return now;
  }

  /** Reminds where somebody has put a reminder off to one moment (ms). */
  async #remindLater(
    definition: Definition,
    { id, chat, plan, createdAt }: Reminder,
    at: number,
    held: Held,
  ): Promise<number> {
    const { clock, kept, journal, timeZone } = this.#context;
    const rhythm = { fields: never, zone: zoneOf(definition.timeZone ?? timeZone) };
    const entry = reminding(`put-off|${id}`, definition, { chat, plan, rhythm });
    const turn = spread(entry.id, at);
    if (turn > clock.now()) return turn;
    if (held !== undefined) return Number.POSITIVE_INFINITY;
    const last = await kept.firings.last(entry.id);
    if (last?.until === null) await kept.reminders.remove(id);
    else if (last === undefined || last.until <= clock.now()) {
      const good = await journal.lastSuccess(definition.name);
      // Somebody synced it meanwhile: there is nothing left to be reminded of.
      if (good === undefined || good < createdAt) await this.#fire(entry, at, undefined);
      else await this.#settle(entry, at, 'fresh');
    }
    return clock.now();
  }

  /** Takes one firing on and does it, beside everything else. @param since when it was first taken on, in ms */
  async #fire(entry: Entry, due: number, since: number | undefined): Promise<void> {
    const { clock, log, kept } = this.#context;
    const now = clock.now();
    if (!(await kept.firings.take(entry.id, due, now, now + doing))) return;
    const about = { definition: entry.definition.name, do: entry.do };
    const level = entry.do === 'run' ? 'debug' : 'info';
    log[level]('schedule.fired', { ...about, due: new Date(due).toISOString() });
    this.#background.start('schedule', async () => {
      const done = await perform(entry, due, since ?? now, this.#context);
      await kept.firings.done(entry.id, due, done);
      // A run that ended has a line of its own.
      log[done === 'ran' ? 'debug' : 'info']('schedule.done', { ...about, done });
    });
  }

  async #settle({ id }: Entry, due: number, note: string): Promise<void> {
    const { kept, clock } = this.#context;
    if (await kept.firings.take(id, due, clock.now(), clock.now())) await kept.firings.done(id, due, note);
  }

  /** Also while the schedule is paused: what people read grows old all the same. */
  async #watch(name: string, watched: Watched | undefined): Promise<void> {
    const value = watched && JSON.stringify(watched);
    if (this.#noted.get(name) !== value) await this.#context.kept.watched.save(name, watched);
    this.#noted.set(name, value);
    if (watched) await watchStale(name, watched, this.#context);
  }
}

/** No time at all: what was put off has its moment, and no rhythm. */
const never = { second: [], minute: [], hour: [], dayOfMonth: [], month: [], dayOfWeek: [] };
