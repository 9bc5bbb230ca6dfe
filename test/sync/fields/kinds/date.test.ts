import { describe, expect, it } from 'vitest';
import { zoneOf } from '../../../../src/sync/words/zone.ts';
import { bytes, held, wanted, written } from './place.ts';

const iso = (cell: string): string => new Date(Number(cell)).toISOString();

describe('dates and times in words', () => {
  it.each([
    ['2026-01-31', '2026-01-30T16:00:00.000Z'],
    ['2026-01-31 08:00:00', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T08:00', '2026-01-31T00:00:00.000Z'],
    [' 2026-01-31 08:00:00 ', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31 08:00:00.5', '2026-01-31T00:00:00.500Z'],
    ['2026-01-31 08:00:00.123000', '2026-01-31T00:00:00.123Z'],
    ['2026-01-31 08:00:00Z', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31 08:00:00+0530', '2026-01-31T02:30:00.000Z'],
    ['2026-01-31 08:00:00-03:00', '2026-01-31T11:00:00.000Z'],
    ['1969-12-31 23:59:59', '1969-12-31T15:59:59.000Z'],
    ['2038-01-19 11:14:08', '2038-01-19T03:14:08.000Z'],
    ['9999-12-31 23:59:59', '9999-12-31T15:59:59.000Z'],
    ['2024-02-29', '2024-02-28T16:00:00.000Z'],
  ])('%s in Shanghai is %s', (value, instant) => {
    expect(iso(wanted('date', value, { type: 'datetime' }))).toBe(instant);
  });

  it('reach back to the first days of the calendar', () => {
    const zone = zoneOf('UTC');
    expect(iso(wanted('date', '1000-01-01', { zone }))).toBe('1000-01-01T00:00:00.000Z');
    expect(iso(wanted('date', '0099-03-01', { zone }))).toBe('0099-03-01T00:00:00.000Z');
  });

  it('move over the gap of the spring change, and take the first of a doubled hour', () => {
    const zone = zoneOf('Europe/Berlin');
    expect(iso(wanted('date', '2026-03-29 02:30:00', { zone }))).toBe('2026-03-29T01:30:00.000Z');
    expect(iso(wanted('date', '2026-10-25 02:30:00', { zone }))).toBe('2026-10-25T00:30:00.000Z');
  });

  it.each(['08:00:00', '昨天', 'NaN', '２０２６-01-31'])('refuse %s', (value) => {
    expect(wanted('date', value, { type: 'datetime' })).toBe(`bad: \`${value}\` is not a date for f`);
  });

  it.each(['2026-02-30', '2026-13-01', '2026-01-31 24:00:00', '2026-01-31 08:60:00', '2026-01-31 08:00:60'])(
    'refuse %s, which no calendar and no clock has',
    (value) => {
      expect(wanted('date', value, { type: 'datetime' })).toContain(
        'is not a date for f. The calendar or the clock has no such day or time',
      );
    },
  );

  it.each([
    ['2026-1-1', "STR_TO_DATE(c, '%Y-%m-%d') in the query, or"],
    ['2026/01/31', "STR_TO_DATE(c, '%Y/%m/%d') in the query (SQLite: REPLACE(c, '/', '-')), or"],
    ['2026/1/31 8:05', "STR_TO_DATE(c, '%Y/%m/%d %H:%i') in the query, or"],
    [
      '2026/01/31 08:05:09',
      "STR_TO_DATE(c, '%Y/%m/%d %H:%i:%s') in the query (SQLite: REPLACE(c, '/', '-')), or",
    ],
    ['2026年1月31日', "STR_TO_DATE(c, '%Y年%m月%d日') in the query, or"],
    ['31.01.2026', "STR_TO_DATE(c, '%d.%m.%Y') in the query, or"],
    ['31/1/2026', "STR_TO_DATE(c, '%d/%m/%Y') in the query, or"],
    ['01/31/2026', "STR_TO_DATE(c, '%m/%d/%Y') in the query, or"],
  ])('refuse %s and say what is taken, and how the query makes it', (value, sql) => {
    expect(wanted('date', value, { type: 'text' })).toBe(
      `bad: \`${value}\` is not a date for f. A date is written like 2026-01-31 or 2026-01-31 08:00:00: use ${sql} a text field.`,
    );
  });

  it.each([
    ['0000-00-00', 'NULLIF(c, 0)'],
    ['0000-00-00 00:00:00', 'NULLIF(c, 0)'],
    ['2026-00-00', 'IF(MONTH(c) * DAY(c) = 0, NULL, c)'],
    ['2026-01-00 10:00:00', 'IF(MONTH(c) * DAY(c) = 0, NULL, c)'],
  ])('refuse the zero date %s and name %s', (value, sql) => {
    expect(wanted('date', value, { type: 'datetime' })).toBe(
      `bad: \`${value}\` is not a date for f. Use ${sql} in the query for a zero date, or a text field.`,
    );
  });

  it.each([
    ['2026-01-31 08:00:00.123456', '2026-01-31T00:00:00.123Z'],
    ['2026-01-31 23:59:59.999999', '2026-01-31T15:59:59.999Z'],
    ['1969-12-31 23:59:59.9999', '1969-12-31T15:59:59.999Z'],
  ])('refuse %s, which is finer than a millisecond, unless the column says round', (value, instant) => {
    expect(wanted('date', value, { type: 'datetime' })).toBe(
      `bad: \`${value}\` is finer than a millisecond, which is all that a date keeps, for f. Say round: true in the definition to cut what is finer.`,
    );
    expect(iso(wanted('date', value, { type: 'datetime', rule: { round: true } }))).toBe(instant);
  });
});

describe('numbers as dates', () => {
  it.each([
    [1700000000000, undefined, '1700000000000'],
    [1700000000, 's', '1700000000000'],
    ['1700000000', 's', '1700000000000'],
    ['1700000000.123', 's', '1700000000123'],
    ['1.001', 's', '1001'],
    [1.001, 's', '1001'],
    ['1700000000123.000', 'ms', '1700000000123'],
    [-1, undefined, '-1'],
    ['-0', undefined, '0'],
    [-0, undefined, '0'],
    ['+5', undefined, '5'],
    [0, 's', '0'],
    ['', undefined, ''],
    [4102444800000, undefined, '4102444800000'],
    [8.64e15, undefined, '8640000000000000'],
  ] as const)('%s (%s) is %s', (value, unit, cell) => {
    expect(wanted('date', value, { type: 'decimal', rule: unit === undefined ? {} : { unit } })).toBe(cell);
  });

  it.each([
    ['1700000000.1234', 's', '1700000000123'],
    ['-1.5', undefined, '-2'],
    ['0.5', undefined, '0'],
    [1.5, undefined, '1'],
  ] as const)('%s (%s) is cut to %s where the column says round', (value, unit, cell) => {
    const rule = unit === undefined ? {} : { unit };
    expect(wanted('date', value, { type: 'decimal', rule })).toContain('is finer than a millisecond');
    expect(wanted('date', value, { type: 'decimal', rule: { ...rule, round: true } })).toBe(cell);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, 1e300, 1e-7, '8640000000000001', '1e12'])(
    'refuse %s',
    (value) => {
      expect(wanted('date', value, { type: 'float' })).toContain('is not a date');
    },
  );

  it('refuse digits run together, which are a day and no milliseconds', () => {
    expect(wanted('date', '20260131')).toContain("Use STR_TO_DATE(column, '%Y%m%d')");
    expect(wanted('date', '20260131080000')).toContain('is not a date');
    expect(wanted('date', '20260131', { rule: { unit: 'ms' } })).toBe('20260131');
    expect(wanted('date', 20260131, { type: 'integer' })).toBe('20260131');
  });

  it('refuse a year, and bytes', () => {
    expect(wanted('date', 2026, { type: 'year' })).toContain('is not a date');
    expect(wanted('date', '2026-05-01', { type: 'year' })).not.toContain('bad');
    expect(wanted('date', 1, { type: 'bit' })).toContain('`1` is not a date');
    expect(wanted('date', bytes(1))).toContain('is bytes, not a date,');
  });
});

it.each([
  [1700000000000, '1700000000000'],
  ['1700000000000', '1700000000000'],
  [null, ''],
  [[], ''],
])('a date field is read from %j', (raw, cell) => {
  expect(held('date', raw)).toBe(cell);
});

it('a date field is written in milliseconds and cleared with null', () => {
  expect(written('date', '-1')).toBe(-1);
  expect(written('date', '')).toBeNull();
});

describe('a TIMESTAMP in an hour that clocks repeat', () => {
  const zone = zoneOf('America/New_York');

  it('is the instant that its offset says', () => {
    expect(wanted('date', '2026-11-01 01:30:00.250-04:00', { type: 'timestamp', zone })).toBe(
      String(Date.UTC(2026, 10, 1, 5, 30, 0, 250)),
    );
    expect(wanted('date', '2026-11-01 01:30:00-05:00', { type: 'timestamp', zone })).toBe(
      String(Date.UTC(2026, 10, 1, 6, 30)),
    );
  });

  it('is refused without one, with what to do, while a DATETIME there means the first', () => {
    expect(wanted('date', '2026-11-01 01:30:00', { type: 'timestamp', zone })).toBe(
      'bad: `2026-11-01 01:30:00` comes twice in America/New_York (the end of summer time), so nobody knows which one is meant for f. Use UNIX_TIMESTAMP(c) in the query, and say as: date and unit: s in the definition.',
    );
    expect(wanted('date', '2026-11-01 01:30:00', { type: 'datetime', zone })).toBe(
      String(Date.UTC(2026, 10, 1, 5, 30)),
    );
    expect(wanted('date', '2026-11-01 02:00:00', { type: 'timestamp', zone })).toBe(
      String(Date.UTC(2026, 10, 1, 7)),
    );
  });
});
