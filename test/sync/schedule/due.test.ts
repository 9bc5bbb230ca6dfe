import fc from 'fast-check';
import { parse } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { nextAfter, type Rhythm } from '../../../src/sync/schedule/cron.ts';
import { dueOf, grace, type Missed, spread } from '../../../src/sync/schedule/due.ts';
import { zoneOf } from '../../../src/sync/words/zone.ts';

const minute = 60_000;
const hour = 60 * minute;
const at = (time: string): number => Date.parse(`2026-11-${time}:00Z`);
const daily: Rhythm = { fields: parse('0 9 * * *'), zone: zoneOf('UTC') };

describe('spread', () => {
  it('moves full and half hours by 5 to 49 seconds, each entry by its own, and nothing else', () => {
    const delays = ['orders:1', 'orders:2', 'stock:1', 'people:1'].map(
      (entry) => (spread(entry, at('23T09:30')) - at('23T09:30')) / 1000,
    );
    expect(delays.every((seconds) => seconds >= 5 && seconds < 50)).toBe(true);
    expect(new Set(delays.map(Math.floor)).size).toBeGreaterThan(1);
    expect(spread('orders:1', at('23T09:30'))).toBe(spread('orders:1', at('23T09:30')));
    expect(spread('orders:1', at('23T09:07'))).toBe(at('23T09:07'));
  });

  it('keeps the order, and never moves by a minute', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(4 * hour), fc.nat(2 * minute), (entry, due, later) => {
        expect(spread(entry, due)).toBeGreaterThanOrEqual(due);
        expect(spread(entry, due) - due).toBeLessThan(minute);
        expect(spread(entry, due + later)).toBeGreaterThanOrEqual(spread(entry, due));
      }),
    );
  });
});

describe('dueOf', () => {
  const due = at('23T09:00');
  const turn = spread('e', due);
  it.each<readonly [string, number, number, Missed, object]>([
    ['before its time it waits', at('22T09:00'), at('23T08:00'), 'once', { kind: 'wait', next: turn }],
    ['between its time and its turn too', at('22T09:00'), turn - 1, 'once', { kind: 'wait', next: turn }],
    ['at its turn it fires', at('22T09:00'), turn, 'skip', { kind: 'fire', due, late: false }],
    [
      'a little late it fires all the same',
      at('22T09:00'),
      turn + grace,
      'skip',
      { kind: 'fire', due, late: false },
    ],
    ['later it is missed: skipped', at('22T09:00'), turn + grace + 1, 'skip', { kind: 'skip', due }],
    ['… or made up for', at('22T09:00'), turn + grace + 1, 'once', { kind: 'fire', due, late: true }],
    [
      'several missed times are made up for once',
      at('19T09:00'),
      at('23T12:00'),
      'once',
      { kind: 'fire', due, late: true },
    ],
    ['… or not at all', at('19T09:00'), at('23T12:00'), 'skip', { kind: 'skip', due }],
    [
      'what was done is not done again',
      due,
      at('23T12:00'),
      'once',
      { kind: 'wait', next: spread('e', at('24T09:00')) },
    ],
  ])('%s', (_, last, now, missed, wanted) => {
    expect(dueOf({ id: 'e', rhythm: daily, missed }, last, now)).toEqual(wanted);
  });
});

const look = 20_000;

/** What one instance of the program would do between two moments, looking every so often. */
function live(
  rhythm: Rhythm,
  from: number,
  to: number,
  step: number,
  last: number,
  missed: Missed,
  settle: (one: { due: number; fired: boolean }) => void,
): number {
  let settled = last;
  let now = from;
  while (now <= to) {
    const found = dueOf({ id: 'e', rhythm, missed }, settled, now);
    if (found.kind === 'wait') {
      if (found.next === undefined) break;
      // Looks before the time that was announced would find nothing.
      now += step * Math.max(1, Math.ceil((found.next - now) / step));
    } else {
      settle({ due: found.due, fired: found.kind === 'fire' });
      settled = found.due;
      now += step;
    }
  }
  return settled;
}

it('over stops and starts each due time fires exactly once, or was missed and is made up for at most once a stop', () => {
  const crons = fc.constantFrom('*/10 * * * *', '0 * * * *', '30 2 * * *', '*/7 1-4 * * *', '*/45 * * * * *');
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Shanghai');
  const starts = fc.constantFrom(
    '2026-03-28T22:00Z',
    '2026-10-24T22:00Z',
    '2026-04-04T12:00Z',
    '2026-11-01T03:00Z',
  );
  const spans = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 600 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(
      crons,
      zones,
      starts,
      spans,
      fc.constantFrom<Missed>('once', 'skip'),
      (cron, zone, start, lives, missed) => {
        const rhythm = { fields: parse(cron), zone: zoneOf(zone) };
        const begin = Date.parse(start);
        const settled: { due: number; fired: boolean }[] = [];
        const alive: [number, number][] = [];
        let [now, last] = [begin, begin];
        for (const [up, down] of lives) {
          last = live(rhythm, now, now + up * minute, look, last, missed, (one) => settled.push(one));
          alive.push([now, now + up * minute]);
          now += (up + down) * minute;
        }
        const all: number[] = [];
        for (
          let next = nextAfter(rhythm, begin);
          next !== undefined && next <= now;
          next = nextAfter(rhythm, next)
        )
          all.push(next);
        const dues = settled.map(({ due }) => due);
        expect(dues).toEqual([...new Set(dues)].sort((a, b) => a - b));
        expect(dues.every((due) => all.includes(due))).toBe(true);
        // A time whose turn comes while the program runs, with a look to spare, fires: unless the same look settles a later one.
        for (const due of all) {
          const turn = spread('e', due);
          const there = alive.some(([from, to]) => turn >= from && turn + look <= to);
          const crowded = all.some((other) => other > due && spread('e', other) <= turn + look);
          if (there && !crowded) expect(settled).toContainEqual({ due, fired: true });
        }
        if (missed === 'once') expect(settled.every(({ fired }) => fired)).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});
