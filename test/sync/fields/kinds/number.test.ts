import { describe, expect, it } from 'vitest';
import { bytes, held, wanted, written } from './place.ts';

const rating = { field: { look: 'Rating', min: 1, max: 5 } };

describe('number fields', () => {
  it.each([
    [12, '12'],
    [-0, '0'],
    [0.1 + 0.2, '0.3'],
    [1e15, '1000000000000000'],
    [999999999999999, '999999999999999'],
    [-999999999999999, '-999999999999999'],
    ['12.50', '12.5'],
    ['-0.00', '0'],
    ['+7', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['007', '7'],
    [' 1 ', '1'],
    ['', ''],
    ['  ', ''],
    ['1e3', '1000'],
    ['1.5E-7', '1.5e-7'],
    ['123456789012345', '123456789012345'],
    ['12345678901234500000', '12345678901234500000'],
    ['0.000000000000000123', '1.23e-16'],
    ['1234567890.12345000', '1234567890.12345'],
  ])('take %s', (value, cell) => {
    expect(wanted('number', value)).toBe(cell);
  });

  it.each([
    '１２',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '1e',
    'e5',
    '.',
    '-',
    'null',
    '1.2.3',
    '1\u200b',
    '[1]',
  ])('refuse %s', (value) => {
    expect(wanted('number', value)).toBe(`bad: \`${value}\` is not a number for f`);
  });

  it.each([
    ['1,234', "REPLACE(c, ',', '')"],
    ['-1,234,567.89', "REPLACE(c, ',', '')"],
    ['¥1,234.50', "REPLACE(REPLACE(c, '¥', ''), ',', '')"],
    ['12 元', "REPLACE(REPLACE(c, ' ', ''), '元', '')"],
    ['1.234,56', "REPLACE(REPLACE(c, '.', ''), ',', '.')"],
    ['12,5', "REPLACE(c, ',', '.')"],
    ['1 000', "REPLACE(c, ' ', '')"],
    ['¥12', "REPLACE(c, '¥', '')"],
    ['12%', "REPLACE(c, '%', '') / 100"],
  ])('refuse %s and say what is taken, and how the query makes it', (value, sql) => {
    expect(wanted('number', value)).toBe(
      `bad: \`${value}\` is not a number for f. A number is written like 1234.5: use ${sql} in the query, or a text field.`,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuse %s', (value) => {
    expect(wanted('number', value, { type: 'float' })).toContain('is not a number for f');
  });

  it('refuse what is larger or smaller than any number', () => {
    expect(wanted('number', Number.MAX_VALUE, { type: 'float' })).toContain('is too large for f');
    expect(wanted('number', '1e-400')).toContain('is too small for f');
    expect(wanted('number', '0e-400')).toBe('0');
    expect(wanted('number', '1e400')).toContain('is too large for f');
    expect(wanted('number', `1${'0'.repeat(400)}`)).toContain('is too large for f');
  });

  it.each([
    ['12345678901234567890', '12345678901234600000'],
    ['1234567890123456', '1234567890123460'],
    ['0.1234567890123456', '0.123456789012346'],
    ['-1234567.8901234567', '-1234567.89012346'],
    ['1.2345678901234567e3', '1234.56789012346'],
    [9007199254740991, '9007199254740990'],
  ])('refuse %s, which would lose digits, unless the column says round', (value, rounded) => {
    expect(wanted('number', value, { type: 'decimal' })).toContain('has more than 15 significant digits');
    expect(wanted('number', value, { type: 'decimal' })).toContain('as: text');
    expect(wanted('number', value, { type: 'decimal', rule: { round: true } })).toBe(rounded);
  });

  it('compare a float as the float it is', () => {
    expect(wanted('number', 9.999999999999998, { type: 'float' })).toBe('10');
    expect(wanted('number', 1.7976e308, { type: 'float' })).toBe('1.7976e+308');
    expect(wanted('number', 5e-324, { type: 'float' })).toBe('5e-324');
    expect(wanted('number', 9007199254740992, { type: 'float' })).toBe('9007199254740990');
  });

  it('read a BIT as its whole number, and other bytes not at all', () => {
    expect(wanted('number', 5, { type: 'bit' })).toBe('5');
    expect(wanted('number', '18446744073709551615', { type: 'bit' })).toContain('has more than 15');
    expect(wanted('number', bytes(5), { type: 'any' })).toContain('is bytes, not a number,');
  });

  it('take a number of JSON, whose null is empty', () => {
    expect(wanted('number', '12.50', { type: 'json' })).toBe('12.5');
    expect(wanted('number', 'null', { type: 'json' })).toBe('');
    expect(wanted('number', '"12"', { type: 'json' })).toContain('is not a number');
  });

  it.each([
    [12.5, '12.5'],
    [-0, '0'],
    [1234567890123456, '1234567890123460'],
    [0.1 + 0.2, '0.3'],
    ['12.50', '12.5'],
    ['1e3', '1000'],
    ['', ''],
    ['words', 'words'],
    [true, ''],
    [null, ''],
    [[], ''],
  ])('are read from %j', (raw, cell) => {
    expect(held('number', raw)).toBe(cell);
  });

  it('are written as numbers and cleared with null', () => {
    expect(written('number', '12.5')).toBe(12.5);
    expect(written('number', '')).toBeNull();
  });
});

describe('the looks of a number field', () => {
  it.each(['Number', 'Currency', 'Progress'])('%s takes any number', (look) => {
    expect(wanted('number', '123.45', { field: { look, min: 0, max: 1 } })).toBe('123.45');
  });

  it.each(['1', '5', '3.0', ''])('a rating from 1 to 5 takes "%s"', (value) => {
    expect(wanted('number', value, rating)).toBe(value.replace('.0', ''));
  });

  it.each(['0', '6', '3.5', '-1'])('a rating from 1 to 5 refuses %s', (value) => {
    expect(wanted('number', value, rating)).toBe(
      `bad: \`${value}\` is not a whole number from 1 to 5, as a rating is, for f`,
    );
  });

  it('a rating whose range is not known lies from 0 to 10, and what is no number is told first', () => {
    const setting = { field: { look: 'Rating' } };
    expect(wanted('number', '0', setting)).toBe('0');
    expect(wanted('number', '10', setting)).toBe('10');
    expect(wanted('number', '11', setting)).toContain('from 0 to 10');
    expect(wanted('number', 'many', setting)).toContain('is not a number');
  });
});

describe('checkbox fields', () => {
  it.each([
    [1, 'true'],
    [0, ''],
    [-0, ''],
    ['1', 'true'],
    ['0', ''],
    ['1.00', 'true'],
    ['0.0', ''],
    [' TRUE ', 'true'],
    ['False', ''],
    ['', ''],
  ])('take %s', (value, cell) => {
    expect(wanted('checkbox', value)).toBe(cell);
  });

  it('take the bits and the flags of JSON', () => {
    expect(wanted('checkbox', 1, { type: 'bit' })).toBe('true');
    expect(wanted('checkbox', 0, { type: 'bit' })).toBe('');
    expect(wanted('checkbox', 'true', { type: 'json' })).toBe('true');
    expect(wanted('checkbox', 'null', { type: 'json' })).toBe('');
  });

  it.each(['yes', '是', '2', '-1', 'null', 2, Number.NaN, '１'])('refuse %s and name map', (value) => {
    expect(wanted('checkbox', value)).toBe(
      `bad: \`${value}\` is not 0, 1, true or false for f. Say map in the definition for other words, such as map: { yes: true, no: false }; for numbers use a number field (as: number).`,
    );
  });

  it('refuse more than one bit, and bytes', () => {
    expect(wanted('checkbox', 2, { type: 'bit' })).toContain('`2` is not 0, 1');
    expect(wanted('checkbox', bytes(49), { type: 'any' })).toContain('`1 bytes` is not 0, 1');
  });

  it.each([
    [true, 'true'],
    ['true', 'true'],
    [false, ''],
    [null, ''],
    [1, ''],
  ])('are read from %j', (raw, cell) => {
    expect(held('checkbox', raw)).toBe(cell);
  });

  it('are cleared with false', () => {
    expect(written('checkbox', 'true')).toBe(true);
    expect(written('checkbox', '')).toBe(false);
  });
});

describe('formulas, which can only name rows', () => {
  it.each([
    [{ type: 2, value: [12.5] }, '12.5'],
    [
      {
        type: 1,
        value: [
          { text: 'A', type: 'text' },
          { text: '1', type: 'text' },
        ],
      },
      'A1',
    ],
    [{ type: 5, value: [1700000000000] }, '1700000000000'],
    [[{ text: 'A' }], 'A'],
    ['A', 'A'],
    [12, '12'],
    [{ value: [] }, ''],
    [null, ''],
  ])('are read from %j', (raw, cell) => {
    expect(held('formula', raw)).toBe(cell);
  });

  it('are never written', () => {
    expect(written('formula', 'A1')).toBeNull();
    expect(wanted('formula', 'A1')).toBe('A1');
  });
});

it.each([
  '9'.repeat(260_000),
  `${'0'.repeat(260_000)}1`,
  `1${'0'.repeat(260_000)}x`,
  `0.${'0'.repeat(260_000)}1`,
  `${'9'.repeat(130_000)}e${'9'.repeat(130_000)}`,
  `-${' '.repeat(260_000)}1`,
])('a text of 260,000 characters is no number, whatever stands in it', (value) => {
  expect(wanted('number', value)).toContain('is too long for a number');
  expect(wanted('number', value, { rule: { round: true } })).toContain('is too long for a number');
});
