import fc from 'fast-check';
import { createTask, parse } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { lastWithin, nextAfter, type Rhythm } from '../../../src/sync/schedule/cron.ts';
import { zoneOf } from '../../../src/sync/words/zone.ts';

const rhythm = (cron: string, zone: string): Rhythm => ({ fields: parse(cron), zone: zoneOf(zone) });

/** The first times after an instant, as UTC to the minute. */
function times(cron: string, zone: string, from: string, count: number): readonly string[] {
  const found: string[] = [];
  let at = Date.parse(from);
  for (let left = count; left > 0; left--) {
    const next = nextAfter(rhythm(cron, zone), at);
    if (next === undefined) break;
    found.push(new Date(next).toISOString().slice(5, 16));
    at = next;
  }
  return found;
}

describe('where clocks change', () => {
  it.each([
    // Berlin skips 02:00–03:00 on 29 March 2026 and doubles it on 25 October.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', ['03-29T01:30', '03-30T00:30']],
    ['15 2,3 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', ['03-29T01:15', '03-30T00:15', '03-30T01:15']],
    ['50 1,2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', ['03-29T00:50', '03-29T01:50', '03-29T23:50']],
    ['*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:10Z', ['03-29T00:30', '03-29T01:00', '03-29T01:30']],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['10-25T00:30', '10-26T01:30']],
    ['0 2-3 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['10-25T00:00', '10-25T02:00', '10-26T01:00']],
    ['30 * * * *', 'Europe/Berlin', '2026-10-24T23:50Z', ['10-25T00:30', '10-25T01:30', '10-25T02:30']],
    // New York skips 02:00–03:00 on 8 March 2026 and doubles 01:00–02:00 on 1 November.
    ['30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', ['03-08T07:30', '03-09T06:30']],
    ['30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', ['11-01T05:30', '11-02T06:30']],
    ['0 * * * *', 'America/New_York', '2026-11-01T04:30Z', ['11-01T05:00', '11-01T06:00', '11-01T07:00']],
    ['0 9 * * *', 'America/New_York', '2026-10-31T12:00Z', ['10-31T13:00', '11-01T14:00']],
    // Lord Howe moves by half an hour: 02:00 to 02:30 on 4 October 2026, 02:00 back to 01:30 on 5 April.
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T18:00Z', ['10-03T15:45', '10-04T15:15']],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T18:00Z', ['04-04T14:45', '04-05T15:15']],
    ['45 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:00Z', ['04-04T14:45', '04-04T15:15', '04-04T16:15']],
    // Shanghai never changes.
    ['30 2 * * *', 'Asia/Shanghai', '2026-03-28T12:00Z', ['03-28T18:30', '03-29T18:30']],
    ['0 9 * * 1-5', 'Asia/Shanghai', '2026-11-20T01:00Z', ['11-23T01:00', '11-24T01:00']],
  ])('%s in %s after %s', (cron, zone, from, wanted) => {
    expect(times(cron, zone, from, wanted.length)).toEqual(wanted);
  });
});

describe('days', () => {
  it.each([
    ['0 0 L * *', ['01-31T00:00', '02-28T00:00', '03-31T00:00']],
    ['0 0 L-2 * *', ['01-29T00:00', '02-26T00:00']],
    ['0 0 15W * *', ['01-15T00:00', '02-16T00:00']],
    ['0 0 LW * *', ['01-30T00:00', '02-27T00:00']],
    ['0 0 1W 2,8 *', ['02-02T00:00', '08-03T00:00']],
    ['0 0 * * 5#2', ['01-09T00:00', '02-13T00:00']],
    ['0 0 * * 0L', ['01-25T00:00', '02-22T00:00']],
    ['0 0 13 * 5', ['02-13T00:00', '03-13T00:00', '11-13T00:00']],
    ['10,40 30 23 31 12 *', ['12-31T23:30', '12-31T23:30', '12-31T23:30']],
  ])('%s', (cron, wanted) => {
    expect(times(cron, 'UTC', '2025-12-31T23:59Z', wanted.length)).toEqual(wanted);
  });

  it('finds the rarest, and says of what never comes that it does not', () => {
    expect(nextAfter(rhythm('0 9 29 2 1', 'Asia/Shanghai'), Date.parse('2044-03-01'))).toBe(
      Date.parse('2072-02-29T01:00Z'),
    );
    expect(nextAfter(rhythm('0 0 L-30 2 *', 'UTC'), 0)).toBeUndefined();
  });
});

const zones = [
  'Asia/Shanghai',
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Santiago',
];

const list = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    fc.integer({ min, max }).map(String),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((all) => all.join(',')),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${a}-${b}`),
    fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
  );

const cron = fc
  .tuple(
    list(0, 59),
    list(0, 23),
    fc.oneof(list(1, 28), fc.constantFrom('L', 'L-3', '15W', 'LW')),
    list(1, 12),
    fc.oneof(list(0, 6), fc.constantFrom('1#3', '5L', 'mon-fri', '7')),
  )
  .map((fields) => fields.join(' '));

const instant = fc
  .integer({ min: Date.parse('2024-01-01') / 1000, max: Date.parse('2029-01-01') / 1000 })
  .map((seconds) => seconds * 1000);

/** Whether clocks change within two days. */
const calm = (zone: string, at: number): boolean => {
  const { local } = zoneOf(zone);
  const day = 86_400_000;
  return [-2, -1, 0, 1, 2].every((days) => local(at + days * day) - at - days * day === local(at) - at);
};

it('the next time matches for node-cron, and no minute before it does', () => {
  fc.assert(
    fc.property(cron, fc.constantFrom(...zones), instant, (expression, zone, at) => {
      const next = nextAfter(rhythm(expression, zone), at);
      fc.pre(next !== undefined && calm(zone, next));
      const task = createTask(expression, () => undefined, { timezone: zone });
      expect(task.match(new Date(next))).toBe(true);
      const minute = 60_000;
      const from = Math.max(at + 1, next - 40 * minute);
      for (let one = Math.ceil(from / minute) * minute; one < next && calm(zone, one); one += minute)
        expect(task.match(new Date(one)), new Date(one).toISOString()).toBe(false);
    }),
    { numRuns: 60 },
  );
});

it('the next time lies ahead, is the same from everywhere before it, and the last one found is found again', () => {
  fc.assert(
    fc.property(
      cron,
      fc.constantFrom(...zones),
      instant,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (expression, zone, at, share) => {
        const one = rhythm(expression, zone);
        const next = nextAfter(one, at);
        fc.pre(next !== undefined);
        expect(next).toBeGreaterThan(at);
        expect(nextAfter(one, at + Math.floor((next - at - 1) * share))).toBe(next);
        expect(nextAfter(one, next - 1)).toBe(next);
        expect(lastWithin(one, at, next)).toBe(next);
        expect(lastWithin(one, at, next - 1)).toBeUndefined();
        const second = nextAfter(one, next);
        if (second !== undefined) expect(lastWithin(one, at, second)).toBe(second);
      },
    ),
    { numRuns: 100 },
  );
});

describe('over a year, with its changes of clocks in both directions', () => {
  const changing = [...zones, 'Europe/London', 'America/St_Johns', 'Africa/Casablanca', 'Pacific/Auckland'];
  const year = fc.integer({ min: 2024, max: 2036 }).map((one) => Date.UTC(one, 0, 1));
  const dayLong = 86_400_000;

  it('a time of the day comes once on each day of the calendar', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...changing),
        year,
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        (zone, start, hour, minute) => {
          const daily = rhythm(`${minute} ${hour} * * *`, zone);
          const { local } = zoneOf(zone);
          const days: number[] = [];
          let at = start;
          for (let n = 0; n < 366; n++) {
            at = nextAfter(daily, at) ?? Number.NaN;
            days.push(Math.floor(local(at) / dayLong));
          }
          expect(days).toEqual(days.map((_, n) => (days[0] ?? 0) + n));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('what names every hour is as far apart as it says, and never farther', () => {
    fc.assert(
      fc.property(fc.constantFrom(...changing), year, fc.constantFrom(15, 30), (zone, start, minutes) => {
        const often = rhythm(`*/${minutes} * * * *`, zone);
        // The weeks in which clocks change: March to the first days of April, October to those of November.
        for (const month of [2, 9]) {
          let at = nextAfter(often, new Date(start).setUTCMonth(month, 1)) ?? 0;
          for (let n = 0; n < (35 * 24 * 60) / minutes; n++) {
            const next = nextAfter(often, at) ?? Number.NaN;
            expect(next - at).toBe(minutes * 60_000);
            at = next;
          }
        }
      }),
      { numRuns: 3 },
    );
  });
});
