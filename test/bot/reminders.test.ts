import { describe, expect, it } from 'vitest';
import {
  addReminder,
  type ControlParts,
  listReminders,
  muteHere as mute,
  pauseSchedule as pause,
  removeReminder,
  resumeSchedule,
  unmuteHere as unmute,
} from '../../src/bot/schedule/controls.ts';
import { definition, fakeClock, fakeKept } from './fakes.ts';

const orders = definition({ access: { run: ['ou_anna'] }, timeZone: 'Asia/Shanghai' });
const anna = { openId: 'ou_anna', chat: 'oc_group' };

const newParts = (): ControlParts => ({
  kept: fakeKept(),
  clock: fakeClock(),
  admins: ['ou_boss'],
  timeZone: 'UTC',
});

describe('reminders of a chat', () => {
  it('are set, listed with the next time, and turned off by number', async () => {
    const parts = newParts();
    expect(await addReminder(orders, { id: 'r1', cron: ' 0  9 * * 1-5 ' }, anna, parts)).toMatchObject({
      kind: 'done',
    });
    expect(await addReminder(orders, { id: 'r2', cron: '7 18 * * *' }, anna, parts)).toMatchObject({
      kind: 'done',
    });
    expect(
      await addReminder(orders, { id: 'r3', cron: '7 18 * * *' }, { ...anna, chat: 'oc_other' }, parts),
    ).toMatchObject({
      kind: 'done',
    });

    const listed = await listReminders(orders, 'oc_group', parts);
    expect(listed).toMatchObject([
      { number: 1, when: '0 9 * * 1-5', timeZone: 'Asia/Shanghai' },
      { number: 2, when: '7 18 * * *', next: Date.parse('2026-11-23T10:07Z') },
    ]);

    expect(await removeReminder(orders, 1, anna, parts)).toMatchObject({ kind: 'done' });
    expect((await listReminders(orders, 'oc_group', parts)).map(({ when }) => when)).toEqual(['7 18 * * *']);
    expect(await removeReminder(orders, 2, anna, parts)).toMatchObject({ kind: 'wrong' });
    expect(await listReminders(orders, 'oc_other', parts)).toHaveLength(1);
  });

  it('that were set when CST was still taken for Chicago follow the zone of the definition', async () => {
    const parts = newParts();
    const old = { cron: '0 9 * * *', timeZone: 'CST' };
    await parts.kept.reminders.add({
      ...{
        id: 'r1',
        definition: 'orders',
        chat: 'oc_group',
        when: old,
        plan: true,
        by: 'ou_anna',
        createdAt: 1,
      },
    });
    expect(await listReminders(orders, 'oc_group', parts)).toMatchObject([
      { timeZone: 'Asia/Shanghai', next: Date.parse('2026-11-24T01:00:36.224Z') },
    ]);
  });

  it('stand beside those of the file, which have no number', async () => {
    const parts = newParts();
    const filed = { do: 'remind', cron: '0 8 * * *', chat: 'oc_group' } as const;
    const both = { ...orders, schedule: [filed, { ...filed, chat: 'oc_other' }] };
    await addReminder(both, { id: 'r1', cron: '0 9 * * *' }, anna, parts);
    expect((await listReminders(both, 'oc_group', parts)).map(({ number, when }) => [number, when])).toEqual([
      [null, '0 8 * * *'],
      [1, '0 9 * * *'],
    ]);
  });

  it.each(['9:00', '0 9 31 2 *', '* * * * * *', '', '0 0 L-30 2 *'])('refuse the time %j', async (cron) => {
    const parts = newParts();
    expect(await addReminder(orders, { id: 'r1', cron: cron }, anna, parts)).toMatchObject({ kind: 'wrong' });
    expect(await listReminders(orders, 'oc_group', parts)).toEqual([]);
  });

  it.each(['* * * * *', '*/10 * * * *', '0,5 9 * * *', '59 8-9 * * *'])(
    'refuse or take %j by how often it comes',
    async (cron) => {
      const said = await addReminder(orders, { id: 'r1', cron }, anna, newParts());
      expect(said.kind).toBe(cron.startsWith('59') ? 'done' : 'wrong');
      if (said.kind === 'wrong') expect(said.words.en).toContain('too often');
    },
  );

  it('are not doubled, and end at ten', async () => {
    const parts = newParts();
    await addReminder(orders, { id: 'r1', cron: '1 9 * * *' }, anna, parts);
    expect(await addReminder(orders, { id: 'again', cron: '1 9 * * *' }, anna, parts)).toMatchObject({
      kind: 'wrong',
    });
    for (let n = 2; n <= 10; n++)
      await addReminder(orders, { id: `r${n}`, cron: `${n} 9 * * *` }, anna, parts);
    expect(await addReminder(orders, { id: 'r11', cron: '30 9 * * *' }, anna, parts)).toMatchObject({
      kind: 'wrong',
    });
    expect(await listReminders(orders, 'oc_group', parts)).toHaveLength(10);
  });
});

it('pause pauses nothing where nothing happens by the clock, and says so', async () => {
  const parts = newParts();
  expect(await pause(orders, anna, parts)).toMatchObject({
    kind: 'wrong',
    words: { en: expect.stringContaining('no schedule') },
  });
  expect((await parts.kept.holds.paused()).size).toBe(0);
  await addReminder(orders, { id: 'r1', cron: '0 9 * * *' }, anna, parts);
  expect(await pause(orders, anna, parts)).toMatchObject({ kind: 'done' });
});

it('resume resumes nothing where nothing happens by the clock, but for a pause that is left', async () => {
  const parts = newParts();
  expect(await resumeSchedule(orders, anna, parts)).toMatchObject({
    kind: 'wrong',
    words: { en: expect.stringContaining('no schedule') },
  });
  await parts.kept.holds.pause('orders', { by: 'ou_anna', at: 0, away: undefined });
  expect(await resumeSchedule(orders, anna, parts)).toMatchObject({ kind: 'done' });
});

it('pause and resume, mute and unmute leave no mark behind but the moment of the resume', async () => {
  const parts = newParts();
  await pause({ ...orders, schedule: [{ do: 'run', cron: '0 9 * * *' }] }, anna, parts);
  await mute(orders, anna, parts);
  const { holds, chats } = parts.kept;
  expect([...(await holds.paused()).keys()]).toEqual(['orders']);
  expect(await chats.isMuted('orders', 'oc_group')).toBe(true);
  await resumeSchedule(orders, anna, parts);
  await unmute(orders, anna, parts);
  expect((await holds.paused()).size).toBe(0);
  expect(await chats.isMuted('orders', 'oc_group')).toBe(false);
  expect(await holds.resumedAt('orders')).toBe(parts.clock.now());
});
