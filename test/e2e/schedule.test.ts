import type { BotMessage, ChatHandle } from 'bitable-playground';
import { describe, expect, it } from 'vitest';
import { type Hands, newHands } from '../support/hands.ts';
import { testDatabase } from '../support/mysql.ts';
import { newWorld, type Opened, type World, type WorldOptions } from '../support/world.ts';

interface Timed {
  readonly world: World;
  readonly hands: Hands;
  readonly group: ChatHandle;
  open(): Promise<Opened>;
  /** Sets the time, and has every program look at it. */
  at(time: string, ...programs: readonly Opened[]): Promise<void>;
}

const nine = { do: 'run', cron: '0 9 * * *', timeZone: 'UTC' };
const says =
  (...words: string[]) =>
  ({ text }: BotMessage): boolean =>
    words.every((one) => text.includes(one));

const count = (program: Opened, event: string): number =>
  program.log.filter((line) => line.includes(`"${event}"`)).length;

/** Resolves once the program has logged an event so many times. */
async function logged(program: Opened, event: string, times: number): Promise<void> {
  while (count(program, event) < times) await new Promise((resolve) => setImmediate(resolve));
}

/** A world at 08:00 on a Monday with a definition that has these entries; they tell a group. */
async function timed(schedule: readonly object[], options: WorldOptions = {}): Promise<Timed> {
  const hands = newHands('2026-11-23T08:00:00Z', 3);
  const world = await newWorld({ orders: 5, ...options, clock: hands.clock, wake: hands.wake });
  const group = world.feishu.chat({ kind: 'group', members: [world.feishu.person('Ada')] });
  world.define({ schedule: schedule.map((entry) => ({ chat: group.id, ...entry })) });
  return {
    world,
    hands,
    group,
    open: async () => {
      const program = await world.open();
      await program.serve();
      await world.feishu.connections.ready();
      return program;
    },
    async at(time, ...programs) {
      hands.set(`2026-11-${time}Z`);
      const before = programs.map((program) => count(program, 'schedule.looked'));
      hands.beat();
      await Promise.all(
        programs.map((program, at) => logged(program, 'schedule.looked', (before[at] ?? 0) + 1)),
      );
    },
  };
}

/** Looks until what is due has been done so many times in all. */
async function done(program: Opened, times: number): Promise<void> {
  await logged(program, 'schedule.done', times);
}

describe('do: run', () => {
  it('syncs at its time, shows one card when something changed, and is quiet when nothing did', async () => {
    const fields = { 城市: { map: { 南极: '南极洲' } }, 下单时间: { as: 'date' } };
    const { world, group, open, at } = await timed([nine], { definition: { fields } });
    const rare = expect.stringContaining('`南极`');
    const program = await open();
    await at('23T08:30:00', program);
    expect(count(program, 'schedule.fired')).toBe(0);

    await at('23T09:01:00', program);
    const card = await group.next(says('Done', 'the schedule'), { since: 0 });
    expect(card.text, 'what is merely rare').not.toEqual(rare);
    await done(program, 1);

    await world.expectSame();
    expect(card.controls.map(({ name }) => name)).toEqual(['rerun', 'verify', 'open']);
    const before = program.log.length;
    await at('24T09:01:00', program);
    await done(program, 2);
    expect(group.messages()).toHaveLength(1);
    expect(await program.runs.latest('orders', 9)).toHaveLength(2);
    const lines = program.log.slice(before).filter((line) => !line.includes('"level":"debug"'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: 'run.ended', status: 'done' }]);
    expect(await world.run('plan orders')).toMatchObject({ notes: [rare] });
  });

  it('mentions who may approve when it fails, once; tells the recovery once', async () => {
    const { world, group, open, at } = await timed([{ ...nine, cron: '0 * * * *' }]);
    world.env['ADMINS'] = 'ou_0123456789abcdef';
    const program = await open();
    await at('23T08:30:00', program);
    const mend = world.feishu.faults.add({
      when: { route: 'records.batch_create', times: Number.POSITIVE_INFINITY },
      fault: { kind: 'code', code: 1254302 },
    });
    await at('23T09:01:00', program);
    await done(program, 1);
    await at('23T10:01:00', program);
    await done(program, 2);

    const [failed, ...others] = group.messages();
    expect(others).toEqual([]);
    expect(JSON.stringify(failed?.versions[0]?.card)).toContain('<at id=ou_0123456789abcdef></at>');
    const [latest] = await program.runs.latest('orders', 1);
    expect(latest?.status).toBe('failed');
    const error = program.log.find((line) => line.includes('"run.ended"')) ?? '';
    expect(JSON.parse(error)).toMatchObject({ level: 'error', code: 1254302, logId: expect.any(String) });
    expect(failed?.text).toContain(latest?.run);

    mend();
    await at('23T11:01:00', program);
    await done(program, 3);
    expect(group.messages()).toHaveLength(2);
    expect(group.messages()[1]?.text).toContain('works again');
    await world.expectSame();
  });

  it('pauses after five failures in a row, and one button lets it go on', async () => {
    const { world, group, open, at } = await timed([{ ...nine, cron: '0 * * * *' }]);
    const program = await open();
    await at('23T08:30:00', program);
    const mend = world.feishu.faults.add({
      when: { route: 'records.batch_create', times: Number.POSITIVE_INFINITY },
      fault: { kind: 'code', code: 1254302 },
    });
    for (let hour = 9; hour < 14; hour++) {
      await at(`23T${String(hour).padStart(2, '0')}:01:00`, program);
      await done(program, hour - 8);
    }
    const notice = await group.next(says('paused itself'), { since: 0 });
    const paused = program.log.find((line) => line.includes('"schedule.paused"')) ?? '';
    expect(JSON.parse(paused)).toMatchObject({
      level: 'error',
      failures: 5,
      code: expect.anything(),
      message: expect.any(String),
    });
    const { json, err } = await world.type('check');
    expect(JSON.stringify(json)).toContain('warn-paused');
    expect(err).toContain('/sync resume orders');
    mend();
    await at('23T14:01:00', program);
    expect(await program.runs.latest('orders', 9)).toHaveLength(5);

    const { toast } = await world.feishu.click(notice.id, 'unpause');
    expect(toast?.content).toContain('continues');
    expect((await world.feishu.click(notice.id, 'unpause').catch(() => undefined))?.toast?.type).not.toBe(
      'success',
    );
    await at('23T15:01:00', program);
    await done(program, 6);
    await world.expectSame();
    expect(await program.runs.latest('orders', 9)).toHaveLength(6);
  });

  it('missed over a stop is made up for once, or skipped', async () => {
    const { group, open, at } = await timed([nine, { ...nine, cron: '30 9 * * *', missed: 'skip' }]);
    const first = await open();
    await at('23T08:30:00', first);
    await first.stop();

    const second = await open();
    await at('25T12:00:00', second);
    await done(second, 1);
    await at('25T12:02:00', second);

    expect(await second.runs.latest('orders', 9)).toHaveLength(1);
    expect(group.messages()).toHaveLength(1);
  });

  it('of two instances on one MySQL store one fires', async () => {
    const { url, drop } = await testDatabase();
    const { world, group, open, at } = await timed([nine]);
    world.env['STORE_URL'] = url;
    const programs = [await open(), await open()];
    await at('23T08:30:00', ...programs);

    await at('23T09:01:00', ...programs);
    await group.next(says('Done'), { since: 0 });
    await at('23T09:03:00', ...programs);

    const [one, other] = programs.map((program) => count(program, 'schedule.fired'));
    expect((one ?? 0) + (other ?? 0)).toBe(1);
    expect(await programs[0]?.runs.latest('orders', 9)).toHaveLength(1);
    expect(group.messages()).toHaveLength(1);
    for (const program of programs) await program.stop();
    await drop();
  });
});

describe('do: remind', () => {
  const remind = { do: 'remind', cron: '0 9 * * *', timeZone: 'UTC', plan: true };

  it('says how many rows wait; sync now starts the run, and the card says who', async () => {
    const { world, group, open, at } = await timed([remind]);
    const program = await open();
    await at('23T08:30:00', program);
    await at('23T09:01:00', program);

    const card = await group.next(says('Time to sync', 'Never synced', 'to create'), { since: 0 });
    expect(card.controls.map(({ name }) => name)).toEqual(['sync', 'snooze', 'snooze_2', 'skip']);
    expect(world.writes()).toEqual([]);
    await done(program, 1);
    expect((await world.feishu.click(card.id, 'sync')).toast?.type).toBe('success');
    const settled = await group.next(says('started the sync'), { since: 0 });
    expect(settled).toMatchObject({ id: card.id, controls: [] });
    await group.next(says('Done'), { since: 0 });

    await world.expectSame();
  });

  it('can be put off by an hour, until tomorrow, or skipped', async () => {
    const { world, group, open, at } = await timed([remind]);
    const program = await open();
    await at('23T08:30:00', program);
    await at('23T09:01:00', program);
    const first = await group.next(says('Time to sync'), { since: 0 });
    await done(program, 1);
    expect((await world.feishu.click(first.id, 'snooze')).toast?.content).toContain('reminded');
    await group.next(says('put it off'), { since: 0 });

    await at('23T10:30:00', program);
    await done(program, 2);
    const [, second] = group.messages();
    expect(second?.text).toContain('Time to sync');
    await world.feishu.click(second?.id ?? '', 'skip');
    await group.next(says('skipped it'), { since: 0 });
    await at('23T12:30:00', program);
    expect(group.messages()).toHaveLength(2);
  });

  it('is not sent when the table was synced a short while ago', async () => {
    const { group, world, open, at } = await timed([{ ...remind, unless: '4h' }]);
    const program = await open();
    await at('23T08:30:00', program);
    expect((await world.run()).status).toBe('done');
    await at('23T09:01:00', program);
    await done(program, 1);
    expect(group.messages()).toEqual([]);
    await at('24T09:01:00', program);
    await done(program, 2);
    expect(group.messages()).toHaveLength(1);
  });
});

it('do: digest sums up what happened', async () => {
  const { world, group, open, at } = await timed([{ do: 'digest', cron: '0 18 * * *', timeZone: 'UTC' }]);
  const program = await open();
  await at('23T08:30:00', program);
  await world.run();
  await at('23T18:01:00', program);

  const card = await group.next(says('Sync digest'), { since: 0 });

  expect(card.text).toContain('1 run · 5 rows written · last success 11-23');
});

it('a table that goes stale is told once, and its recovery once', async () => {
  const { world, group, open, at } = await timed([{ ...nine, cron: '0 9 1 1 *', stale: '26h' }]);
  const program = await open();
  await at('23T08:30:00', program);
  await at('24T10:00:00', program);
  expect(group.messages()).toEqual([]);
  await at('24T11:00:00', program);
  await at('24T12:00:00', program);
  expect(group.messages().map(({ text }) => text)).toEqual([expect.stringContaining('more than 26h')]);

  await world.run();
  await at('24T13:00:00', program);
  await at('24T14:00:00', program);
  expect(group.messages()).toHaveLength(2);
  expect(group.messages()[1]?.text).toContain('up to date again');
});

it('good news waits for the end of the quiet hours, failures do not', async () => {
  const { world, group, open, at } = await timed([{ ...nine, cron: '0 * * * *' }]);
  world.env['QUIET_HOURS'] = '17:00-19:00';
  const program = await open();
  await at('23T08:30:00', program);
  await at('23T09:01:00', program);
  await done(program, 1);
  expect(group.messages()).toEqual([]);
  await at('23T11:01:00', program);
  await group.next(says('Synced during the quiet hours', 'Done'), { since: 0 });
  await done(program, 2);
  expect(group.messages()).toHaveLength(1);
});

it('a definition whose file broke is told to its chat once', async () => {
  const { world, group, open, at } = await timed([nine]);
  const program = await open();
  await at('23T08:30:00', program);
  world.define({ mode: 'sideways' });
  await at('23T08:35:00', program);
  await at('23T08:40:00', program);
  expect(group.messages().map(({ text }) => text)).toEqual([expect.stringContaining('cannot be read')]);
});
