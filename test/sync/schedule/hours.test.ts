import { expect, it } from 'vitest';
import { duration } from '../../../src/sync/definition/definition.ts';
import { isQuiet, parseQuietHours, tomorrow } from '../../../src/sync/schedule/due.ts';
import { zoneOf } from '../../../src/sync/words/zone.ts';

it.each([
  ['30m', 1_800_000],
  ['4h', 14_400_000],
  ['2d', 172_800_000],
])('%s', (written, ms) => expect(duration(written)).toBe(ms));

it.each([
  ['22:00-08:00', { from: 1320, to: 480 }],
  [' 9:30 – 24:00 ', { from: 570, to: 1440 }],
  ['22:00-22:00', undefined],
  ['22-8', undefined],
  ['22:00-24:30', undefined],
  ['25:00-08:00', undefined],
])('quiet hours %s', (written, hours) => expect(parseQuietHours(written)).toEqual(hours));

it.each([
  ['22:00-08:00', '13:59', false],
  ['22:00-08:00', '14:00', true],
  ['22:00-08:00', '23:59', true],
  ['22:00-08:00', '00:00', false],
  ['12:00-13:30', '05:29', true],
  ['12:00-13:30', '05:30', false],
])('with %s it is quiet at %s UTC in Shanghai: %s', (hours, time, quiet) => {
  const now = Date.parse(`2026-11-23T${time}Z`);
  expect(isQuiet(parseQuietHours(hours), zoneOf('Asia/Shanghai'), now)).toBe(quiet);
});

it('without quiet hours it is never quiet', () =>
  expect(isQuiet(undefined, zoneOf('UTC'), Date.parse('2026-11-23T03:00Z'))).toBe(false));

it('tomorrow is the same time of the day, also over a change of clocks', () => {
  const berlin = zoneOf('Europe/Berlin');
  expect(tomorrow(Date.parse('2026-10-24T07:00Z'), berlin)).toBe(Date.parse('2026-10-25T08:00Z'));
  expect(tomorrow(Date.parse('2026-11-23T08:00Z'), berlin)).toBe(Date.parse('2026-11-24T08:00Z'));
});
