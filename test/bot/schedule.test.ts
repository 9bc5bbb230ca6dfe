import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ListedDefinition } from '../../src/bot/ports.ts';
import { nextMonth, noteQuota, quotaSpent } from '../../src/bot/schedule/entries.ts';
import type { ScheduleParts } from '../../src/bot/schedule/notices.ts';
import { everySecond, Schedule } from '../../src/bot/schedule/ticker.ts';
import type { Definition, ScheduleEntry } from '../../src/sync/definition/definition.ts';
import type { State } from '../../src/sync/state/state.ts';
import { wordsOf } from '../cards/read.ts';
import { at, stateWith } from '../cards/states.ts';
import {
  brokenFile,
  callError,
  definition,
  fakeChat,
  fakeClock,
  fakeDefinitions,
  fakeJournal,
  fakeKept,
  fakeLog,
  fakeRun,
  fakeRuns,
  settle,
} from './fakes.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A clock at 14:00 in Shanghai with one definition, beaten once a minute by `pass`. */
function newSchedule(entry: Partial<ScheduleEntry>, access: Definition['access'] = {}) {
  const clock = fakeClock();
  const talk = fakeChat(clock);
  const { runs, asked, answers } = fakeRuns();
  const kept = fakeKept();
  const journal = fakeJournal();
  const log = fakeLog();
  const ticks: (() => void)[] = [];
  const orders = definition({
    schedule: [{ do: 'remind', cron: '10 * * * *', chat: 'oc_group', ...entry }],
    access,
  });
  const sound: ListedDefinition = { name: 'orders', definition: orders };
  const disk: { orders: ListedDefinition } = { orders: sound };
  const parts: ScheduleParts = {
    ...{ kept, journal, runs, clock, log, locale: 'en-US', timeZone: 'Asia/Shanghai' },
    definitions: { ...fakeDefinitions([orders]), list: async () => [disk.orders] },
    chat: talk.chat,
    admins: ['ou_boss'],
    quietHours: undefined,
  };
  const open = () =>
    new Schedule(parts, (tick) => {
      ticks.push(tick);
      return () => ticks.splice(ticks.indexOf(tick), 1);
    });
  const schedule = open();
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= minute) {
      for (const tick of ticks) tick();
      for (let turn = 0; turn < 20; turn++) await settle();
      await clock.advance(Math.min(minute, left));
    }
  };
  const states: State[] = [];
  answers.latest = async () => states;
  /** Lets each scheduled run end so, newest first. */
  const runsEnd = (status: 'done' | 'failed', change: Partial<State> = {}) => {
    answers.start = async () => {
      const acts = [{ op: 'start', by: { kind: 'schedule' }, at }] as const;
      const run = fakeRun(stateWith({ run: `r${states.length}`, acts, startedAt: clock.now() }));
      const endedAt = clock.now();
      run.end(status, { endedAt, ...change });
      states.unshift(run.state());
      if (status === 'done') journal.lastSuccess = async () => endedAt;
      return { kind: 'started', run };
    };
  };
  const fires = () => log.lines.filter(({ event }) => event === 'schedule.fired').length;
  return {
    schedule,
    open,
    pass,
    clock,
    kept,
    journal,
    asked,
    answers,
    fires,
    log,
    disk,
    sound,
    runsEnd,
    ...talk,
  };
}

describe('the beat', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    vi.useRealTimers();
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it.each([
    ['Europe/Berlin', '2026-10-24T23:30:00Z'],
    ['Europe/Berlin', '2026-03-29T00:30:00Z'],
    ['America/New_York', '2026-11-01T04:30:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T14:00:00Z'],
    ['Asia/Shanghai', '2026-10-25T00:00:00Z'],
  ])('of a process in %s does not stop at %s, when its clocks change', (name, from) => {
    process.env['TZ'] = name;
    vi.useFakeTimers({ now: Date.parse(from) });
    let beats = 0;
    const stop = everySecond(() => {
      beats += 1;
    });
    vi.advanceTimersByTime(3 * hour);
    stop();
    vi.advanceTimersByTime(hour);
    expect(beats).toBe(3 * 3600);
  });

  it('finds what is due after the clock was set back by an hour', async () => {
    const { pass, clock, fires, schedule } = newSchedule({ cron: '* * * * *' });
    await pass(5 * minute);
    const [before, now] = [fires(), clock.now];
    clock.now = () => now() - hour;
    await pass(hour + 3 * minute);
    expect(fires()).toBeGreaterThan(before);
    await schedule.stop();
  });

  it.each([8 * hour, 3650 * 24 * hour])(
    'goes on at once when a clock that was %d ms ahead is set right, a sync with unless, too',
    async (ahead) => {
      const { pass, clock, fires, asked, runsEnd, schedule } = newSchedule({
        ...{ do: 'run', cron: '* * * * *', unless: '1m' },
      });
      runsEnd('done');
      const { now } = clock;
      clock.now = () => now() + ahead;
      await pass(3 * minute);
      const fired = fires();
      expect([fired, asked.length]).toEqual([2, 2]);
      clock.now = now;
      await pass(4 * minute);
      expect([fires() - fired, asked.length - fired]).toEqual([3, 3]);
      await schedule.stop();
    },
  );
});

describe('sending', () => {
  it('throttled at full load, is made up for later, once', async () => {
    const { control, said, pass, schedule } = newSchedule({});
    control.fail = (_, nth) => (nth < 3 ? callError(11232, { verdict: 'wait' }) : undefined);
    await pass(30 * minute);
    expect(said).toHaveLength(3);
    expect(wordsOf(said[2]?.card ?? {})).toMatch(/11-23 14:10.*Time to sync/);
    await schedule.stop();
  });

  it('ends for the month when its calls are used up, whoever met that: one notice, nothing fires until the next', async () => {
    const { said, pass, kept, fires, schedule, clock } = newSchedule({ missed: 'skip' });
    await noteQuota(kept.holds, clock.now());
    await pass(3 * hour);
    await noteQuota(kept.holds, clock.now());
    await pass(3 * hour);
    expect([fires(), said.map(({ to }) => to)]).toEqual([0, ['ou_boss']]);
    expect(JSON.stringify(said[0]?.card)).toContain('API calls are used up');
    const until = Date.parse('2026-11-30T16:00Z');
    await clock.advance(until - clock.now());
    await pass(hour);
    expect([fires(), said.at(-1)?.to]).toEqual([1, 'oc_group']);
    await schedule.stop();
  });

  it('goes on before the month is over once a sync has succeeded: the plan was upgraded', async () => {
    const { pass, kept, journal, fires, schedule, clock } = newSchedule({ missed: 'skip' });
    await noteQuota(kept.holds, clock.now());
    await pass(2 * hour);
    expect([fires(), (await quotaSpent(kept.holds, clock.now())) !== undefined]).toEqual([0, true]);
    const synced = clock.now();
    journal.lastSuccess = async () => synced;
    await pass(hour);
    expect([fires(), await quotaSpent(kept.holds, clock.now())]).toEqual([1, undefined]);
    await schedule.stop();
  });

  it.each([
    ['2026-11-23T06:00Z', '2026-11-30T16:00Z'],
    ['2026-11-30T16:00Z', '2026-12-31T16:00Z'],
  ])('the month after %s begins at %s', (now, next) =>
    expect(nextMonth(Date.parse(now))).toBe(Date.parse(next)),
  );
});

describe.each([
  ['frozen', ''],
  ['paused', 'orders'],
])('while %s', (kind, name) => {
  it('nothing fires, and what passed is left out afterwards', async () => {
    const { pass, kept, fires, said, schedule } = newSchedule({});
    await kept.marks.set(kind, name, '', '{}');
    await pass(3 * hour);
    expect(fires()).toBe(0);
    await kept.marks.set(kind, name, '', undefined);
    await pass(5 * minute);
    expect(fires()).toBe(0);
    await pass(hour);
    expect(fires()).toBe(1);
    expect(said).toHaveLength(1);
    await schedule.stop();
  });
});

it('muted, a chat gets no reminders; a failure still comes, and mentions nobody', async () => {
  const muted = newSchedule({});
  await muted.kept.chats.mute('orders', 'oc_group', 'ou_anna');
  await muted.pass(20 * minute);
  expect([muted.fires(), muted.said.length]).toEqual([1, 0]);
  await muted.schedule.stop();

  for (const silent of [true, false]) {
    const one = newSchedule({ do: 'run' });
    if (silent) await one.kept.chats.mute('orders', 'oc_group', 'ou_anna');
    const run = fakeRun(stateWith({ acts: [{ op: 'start', by: { kind: 'schedule' }, at }] }));
    one.answers.start = async () => ({ kind: 'started', run });
    await one.pass(15 * minute);
    run.end('failed');
    await one.pass(minute);
    expect(one.said).toHaveLength(1);
    expect(JSON.stringify(one.said[0]?.card).includes('<at id=ou_boss>')).toBe(!silent);
    await one.schedule.stop();
  }
});

describe('a busy table', () => {
  it('with the same definition at it: nothing more happens', async () => {
    const one = newSchedule({ do: 'run' });
    one.answers.start = async () => ({ kind: 'busy', state: stateWith() });
    await one.pass(30 * minute);
    expect(one.asked.filter(({ op }) => op === 'start')).toHaveLength(1);
    expect(one.said).toEqual([]);
    await one.schedule.stop();
  });

  it('with another one at it: it waits ten minutes and says that it was left out', async () => {
    const one = newSchedule({ do: 'run' });
    one.answers.start = async () => ({ kind: 'busy', state: stateWith({ definition: 'other' }) });
    await one.pass(40 * minute);
    expect(one.said.map(({ card }) => JSON.stringify(card).includes('was left out'))).toEqual([true]);
    await one.schedule.stop();
  });

  it('that gets free meanwhile is synced', async () => {
    const one = newSchedule({ do: 'run' });
    let tries = 0;
    one.answers.start = async () => {
      tries += 1;
      if (tries < 3) return { kind: 'busy', state: stateWith({ definition: 'other' }) };
      const run = fakeRun(stateWith({ acts: [{ op: 'start', by: { kind: 'schedule' }, at }] }));
      run.end('done', { rows: { ...stateWith().rows, created: 1 } });
      return { kind: 'started', run };
    };
    await one.pass(20 * minute);
    expect(tries).toBe(3);
    expect(one.said).toHaveLength(1);
    await one.schedule.stop();
  });
});

it('what a killed instance had taken on is done by another one, and a run that it started is only reported', async () => {
  const entry = 'entry|orders|run|10 * * * *|Asia/Shanghai|oc_group';
  const due = at + 10 * minute;
  for (const began of [false, true]) {
    const one = newSchedule({ do: 'run' });
    await one.kept.firings.take(entry, due, at, at + 30 * minute);
    const own = stateWith({
      ...{ status: 'failed', phase: 'ended', startedAt: at + minute, endedAt: at + 2 * minute },
      acts: [{ op: 'start', by: { kind: 'schedule' }, at: at + minute }],
    });
    if (began) one.answers.latest = async () => [own];
    await one.pass(25 * minute);
    expect(one.fires()).toBe(0);
    await one.pass(10 * minute);
    expect(one.fires()).toBe(1);
    expect(one.asked.filter(({ op }) => op === 'start')).toHaveLength(began ? 0 : 1);
    expect(one.said).toHaveLength(began ? 1 : 0);
    await Promise.race([one.schedule.stop(), settle()]);
  }
});

const away = { error: { ...brokenFile, code: 'threw' } };
const silent = () => callError(null, { verdict: 'round', silence: 'unreached' });

describe('what could not be said', () => {
  it('comes when the chat works again, once, in one card that says when each happened, also after a restart', async () => {
    const { control, said, pass, schedule, open, runsEnd, clock } = newSchedule({ do: 'run', stale: '30m' });
    control.fail = silent;
    runsEnd('failed');
    await pass(50 * minute);
    await schedule.stop();
    const tries = said.length;
    control.fail = () => undefined;
    const [first, second] = [open(), open()];
    await pass(2 * hour);
    const late = said.slice(tries).filter(({ card }) => wordsOf(card).includes('could not be sent'));
    expect(late.map(({ to }) => to)).toEqual(['oc_group']);
    expect(wordsOf(late[0]?.card ?? {})).toMatch(/11-23 14:1\d – .*Failed.*11-23 14:3\d – .*Stale/s);
    expect(JSON.stringify(late[0]?.card)).toContain('<at id=ou_boss>');
    expect(clock.now() - (late[0]?.at ?? 0)).toBeGreaterThan(hour);
    await Promise.all([first.stop(), second.stop()]);
  });

  it.each([230002, 232009, 230034, 299999])(
    'in a chat that is gone (%i) goes to those who are responsible',
    async (code) => {
      const { control, said, pass, schedule, runsEnd } = newSchedule({ do: 'run' });
      control.fail = ({ to }) => (to === 'oc_group' ? callError(code) : undefined);
      runsEnd('failed');
      await pass(20 * minute);
      expect(said.map(({ to }) => to)).toEqual(['oc_group', 'ou_boss']);
      expect(wordsOf(said[1]?.card ?? {})).toMatch(/Failed.*the bot is no longer in it/s);
      await schedule.stop();
    },
  );

  it('where those who are responsible are gone, too, goes to the admins', async () => {
    const access = { approve: ['ou_left'] };
    const { control, said, pass, schedule, runsEnd } = newSchedule({ do: 'run' }, access);
    control.fail = ({ to }) => (to === 'ou_boss' ? undefined : callError(230013));
    runsEnd('failed');
    await pass(20 * minute);
    expect(said.map(({ to }) => to)).toEqual(['oc_group', 'ou_left', 'ou_boss']);
    await schedule.stop();
  });

  it('is kept while Feishu refuses everything to the app', async () => {
    const { control, said, pass, schedule, runsEnd } = newSchedule({ do: 'run' });
    control.fail = (_, nth) => (nth < 4 ? callError(99991403, { verdict: 'stop' }) : undefined);
    runsEnd('failed');
    await pass(30 * minute);
    expect([...new Set(said.map(({ to }) => to))]).toEqual(['oc_group']);
    expect(wordsOf(said.at(-1)?.card ?? {})).toContain('could not be sent');
    await schedule.stop();
  });
});

describe('a schedule that paused itself', () => {
  it('because Feishu was away goes on when messages arrive again; one card tells of all of it', async () => {
    const { control, said, pass, schedule, kept, runsEnd, asked } = newSchedule({ do: 'run' });
    control.fail = silent;
    runsEnd('failed', away);
    await pass(6 * hour);
    expect((await kept.holds.paused()).size).toBe(1);
    const [tries, runs] = [said.length, asked.length];
    control.fail = () => undefined;
    runsEnd('done');
    await pass(8 * minute);
    expect((await kept.holds.paused()).size).toBe(0);
    const [late, ...others] = said.slice(tries);
    expect(others).toEqual([]);
    expect(wordsOf(late?.card ?? {})).toMatch(/14:1\d – .*18:1\d – .*Schedule paused.*continues by itself/s);
    await pass(hour);
    expect(asked.length).toBe(runs + 1);
    await schedule.stop();
  });

  it('because the database was away is tried at each of its times, and goes on with the first success', async () => {
    const { said, pass, schedule, kept, runsEnd, asked } = newSchedule({ do: 'run' });
    runsEnd('failed', { error: { ...brokenFile, code: 'cannot-connect' } });
    await pass(7 * hour);
    expect(asked).toHaveLength(7);
    expect(said.filter(({ card }) => wordsOf(card).includes('paused itself'))).toHaveLength(1);
    runsEnd('done');
    await pass(hour);
    expect((await kept.holds.paused()).size).toBe(0);
    expect(said.filter(({ card }) => wordsOf(card).includes('continues by itself'))).toHaveLength(2);
    await schedule.stop();
  });

  it('for any other reason waits for a person', async () => {
    const { pass, schedule, kept, runsEnd, asked } = newSchedule({ do: 'run' });
    runsEnd('failed', { error: { ...brokenFile, code: '1254302' } });
    await pass(9 * hour);
    expect([asked.length, (await kept.holds.paused()).size]).toEqual([5, 1]);
    await schedule.stop();
  });
});

describe('a definition whose file is broken', () => {
  const broken: ListedDefinition = { name: 'orders', file: 'orders.yaml', problems: [brokenFile] };
  const worse = { ...broken, problems: [{ ...brokenFile, where: 'orders.yaml:7:1' }, brokenFile] };

  it('is told to its chat once, and once when it is mended, whatever is edited and started meanwhile', async () => {
    const { said, pass, schedule, open, disk, sound, log } = newSchedule({ cron: '0 9 1 1 *' });
    const other = open();
    await pass(5 * minute);
    for (const file of [broken, worse, broken]) {
      disk.orders = file;
      await pass(3 * minute);
    }
    await other.stop();
    const third = open();
    await pass(3 * minute);
    disk.orders = sound;
    await pass(3 * minute);
    const fourth = open();
    await pass(3 * minute);
    expect(
      said.map(({ to, card }) => [to, /cannot be read|can be read again/.exec(wordsOf(card))?.[0]]),
    ).toEqual([
      ['oc_group', 'cannot be read'],
      ['oc_group', 'can be read again'],
    ]);
    // What stands in the file is for admins.
    expect(wordsOf(said[0]?.card ?? {})).not.toContain('line 3');
    expect(
      log.lines.filter(({ event }) => event === 'definition.not-read').map(({ level }) => level),
    ).toEqual(['error']);
    disk.orders = broken;
    await pass(3 * minute);
    expect(said).toHaveLength(3);
    await Promise.all([schedule.stop(), third.stop(), fourth.stop()]);
  });

  it('from the start is told to the admins', async () => {
    const { said, pass, schedule, disk } = newSchedule({});
    disk.orders = broken;
    await pass(10 * minute);
    expect(said.map(({ to }) => to)).toEqual(['ou_boss']);
    expect(wordsOf(said[0]?.card ?? {})).toContain('line 3');
    await schedule.stop();
  });

  it('or whose schedule is paused still goes stale', async () => {
    for (const spoil of ['broken', 'paused'] as const) {
      const { said, pass, schedule, kept, disk } = newSchedule({
        do: 'run',
        cron: '0 9 1 1 *',
        stale: '2h',
      });
      await pass(2 * minute);
      if (spoil === 'broken') disk.orders = broken;
      else await kept.marks.set('paused', 'orders', '', '{}');
      await pass(4 * hour);
      expect(said.filter(({ card }) => wordsOf(card).includes('more than 2h'))).toHaveLength(1);
      await schedule.stop();
    }
  });
});
