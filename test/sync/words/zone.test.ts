import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zoneOf } from '../../../src/sync/words/zone.ts';

const at = (local: string): number => Date.parse(`${local}Z`);
const instant = (zone: string, local: string): string =>
  new Date(zoneOf(zone).instant(at(local))).toISOString();

/** What clocks in a zone show at an instant, by the machine's own tables. */
function shown(zone: string, ms: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(ms);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  const clock = `${part('hour')}:${part('minute')}:${part('second')}`;
  return at(`${part('year').padStart(4, '0')}-${part('month')}-${part('day')}T${clock}`);
}

describe('a wall-clock time', () => {
  it.each([
    ['Asia/Shanghai', '2026-01-31T08:00:00', '2026-01-31T00:00:00.000Z'],
    ['Asia/Shanghai', '1969-12-31T23:59:59', '1969-12-31T15:59:59.000Z'],
    ['Asia/Shanghai', '2038-01-19T12:00:00', '2038-01-19T04:00:00.000Z'],
    ['Asia/Shanghai', '9999-12-31T23:59:59', '9999-12-31T15:59:59.000Z'],
    // China had summer time then.
    ['Asia/Shanghai', '1988-07-01T12:00:00', '1988-07-01T03:00:00.000Z'],
    ['Asia/Kolkata', '2026-01-31T05:30:00', '2026-01-31T00:00:00.000Z'],
    ['UTC', '0001-01-01T00:00:00', '0001-01-01T00:00:00.000Z'],
    ['America/New_York', '2026-01-15T12:00:00', '2026-01-15T17:00:00.000Z'],
    ['America/New_York', '2026-07-15T12:00:00', '2026-07-15T16:00:00.000Z'],
    // Skipped: moved forward by the gap.
    ['America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:30:00.000Z'],
    ['America/New_York', '2026-03-08T01:59:59', '2026-03-08T06:59:59.000Z'],
    ['America/New_York', '2026-03-08T03:00:00', '2026-03-08T07:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
    // Doubled: the first counts.
    ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00.000Z'],
    ['America/New_York', '2026-11-01T02:00:00', '2026-11-01T07:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00.000Z'],
    ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00.000Z'],
    // A half hour's change, and a day that did not exist.
    ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00.000Z'],
    ['Pacific/Apia', '2011-12-31T00:00:00', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Apia', '2011-12-30T12:00:00', '2011-12-30T22:00:00.000Z'],
  ])('in %s, %s, is %s', (zone, local, expected) => {
    expect(instant(zone, local)).toBe(expected);
  });

  it('is what the clocks show at its instant, wherever there is such an instant', () => {
    const zone = fc.constantFrom(
      'Asia/Shanghai',
      'America/New_York',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'America/Sao_Paulo',
    );
    const seconds = fc.integer({
      min: at('1970-01-02T00:00:00') / 1000,
      max: at('2040-01-01T00:00:00') / 1000,
    });
    fc.assert(
      fc.property(zone, seconds, (name, second) => {
        const ms = second * 1000;
        const local = shown(name, ms);
        const found = zoneOf(name).instant(local);
        expect(shown(name, found)).toBe(local);
        // Of a doubled hour the first.
        expect(found).toBeLessThanOrEqual(ms);
        expect(ms - found).toBeLessThanOrEqual(3_600_000);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['America/New_York', '2026-11-01T01:00:00', true],
    ['America/New_York', '2026-11-01T01:59:59', true],
    ['America/New_York', '2026-11-01T00:59:59', false],
    ['America/New_York', '2026-11-01T02:00:00', false],
    // A gap is not shown at all, an ordinary day once.
    ['America/New_York', '2026-03-08T02:30:00', false],
    ['America/New_York', '2026-07-08T02:30:00', false],
    ['Europe/Berlin', '2026-10-25T02:30:00', true],
    ['Australia/Lord_Howe', '2026-04-05T01:45:00', true],
    ['Australia/Lord_Howe', '2026-04-05T01:15:00', false],
    ['Asia/Shanghai', '1988-09-11T01:30:00', true],
    ['Asia/Shanghai', '2026-09-11T01:30:00', false],
  ])('in %s, %s comes twice: %s', (zone, local, twice) => {
    expect(zoneOf(zone).isDoubled(at(local))).toBe(twice);
  });

  it('keeps its milliseconds, and goes on in order through a change', () => {
    const zone = zoneOf('America/New_York');
    expect(zone.instant(at('2026-11-01T01:30:00') + 123) % 1000).toBe(123);
    expect(zone.instant(at('2026-07-01T00:00:00') - 1) % 1000).toBe(999);
    let last = Number.NEGATIVE_INFINITY;
    for (let minute = at('2026-11-01T00:00:00'); minute < at('2026-11-01T04:00:00'); minute += 60_000) {
      const now = zone.instant(minute);
      expect(now).toBeGreaterThan(last);
      last = now;
    }
  });

  it('reaches back before the year 1', () => {
    expect(zoneOf('UTC').instant(Date.UTC(-1, 0, 1))).toBe(Date.UTC(-1, 0, 1));
  });

  it('needs a zone that there is', () => {
    expect(() => zoneOf('Mars/Olympus')).toThrow(RangeError);
    expect(zoneOf('UTC').name).toBe('UTC');
  });
});
