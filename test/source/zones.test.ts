import { expect, it } from 'vitest';
import { fixedOffset } from '../../src/source/mysql/session.ts';

it.each([
  ['Asia/Shanghai', 2000, '+08:00'],
  ['Asia/Shanghai', 1970, undefined],
  ['Asia/Tokyo', 1970, '+09:00'],
  ['Asia/Kathmandu', 2000, '+05:45'],
  ['America/Bogota', 2000, '-05:00'],
  ['UTC', 1970, '+00:00'],
  ['Europe/Berlin', 2000, undefined],
  ['America/New_York', 2000, undefined],
])('%s since %i: %s', (zone, since, offset) => {
  expect(fixedOffset(zone, since)).toBe(offset);
});

it('does not know zones that are none', () => {
  expect(() => fixedOffset('Mars/Base', 2000)).toThrow(RangeError);
});
