import { describe, expect, it } from 'vitest';
import { zoneIssue, zoneOf } from '../../../src/sync/words/zone.ts';

describe('the name of a time zone', () => {
  it.each([
    ['CST', 'Asia/Shanghai'],
    ['cst', 'Asia/Shanghai'],
    ['BST', 'Europe/London'],
    ['IST', 'Asia/Kolkata'],
    ['EST', 'America/New_York'],
    ['PST', 'America/Los_Angeles'],
    ['MST', 'America/Denver'],
    ['JST', 'Asia/Tokyo'],
    ['HKT', 'Asia/Hong_Kong'],
    ['CET', 'Europe/Berlin'],
    ['PRC', 'Asia/Shanghai'],
    ['NZ', 'Pacific/Auckland'],
    ['CEST', 'Europe/Berlin'],
    ['AEST', 'Australia/Sydney'],
    ['UTC+8', 'Asia/Shanghai'],
    ['GMT+08:00', 'Asia/Shanghai'],
    ['+09:00', 'Asia/Tokyo'],
    ['Etc/GMT+8', 'Asia/Shanghai'],
    ['etc/gmt+9', 'Asia/Tokyo'],
    ['Asia/Beijing', 'Asia/Shanghai'],
    ['Asia/Shangai', 'Asia/Shanghai'],
  ])('%s is refused with the one that is meant', (name, meant) => {
    expect(zoneIssue(name)?.cure.en).toBe(`Write the IANA name, probably ${meant}.`);
    expect(zoneIssue(meant)).toBeUndefined();
  });

  it.each(['', 'XYZ', 'Mars/Base', '+03:30', 'Asia', '８', 'C'.repeat(5000)])(
    '%s is refused with an example',
    (name) => {
      expect(zoneIssue(name)?.cure.en).toBe('Write an IANA name such as Asia/Shanghai.');
    },
  );

  it.each([
    'UTC',
    'GMT',
    'Etc/UTC',
    'Etc/GMT-8',
    'Singapore',
    'Japan',
    'Cuba',
    'America/Argentina/Buenos_Aires',
  ])('%s is taken', (name) => {
    expect(zoneIssue(name)).toBeUndefined();
    expect(zoneOf(name).name).toBe(name);
  });

  it('of every zone of this Node is taken', () => {
    expect(Intl.supportedValuesOf('timeZone').filter((name) => zoneIssue(name))).toEqual([]);
  });
});
