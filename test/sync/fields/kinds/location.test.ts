import { expect, it } from 'vitest';
import { bytes, held, wanted, written } from './place.ts';

it.each([
  ['116.397755,39.903179', '116.397755,39.903179'],
  [' 116.3977550 , 39.90 ', '116.397755,39.9'],
  ['-180,-90', '-180,-90'],
  ['180.000000,90', '180,90'],
  ['-0,0.0000000', '0,0'],
  ['+1.5,.5', '1.5,0.5'],
  ['1.,2', '1,2'],
  ['0.000001,-0.000001', '0.000001,-0.000001'],
  ['', ''],
  ['  ', ''],
])('%s is a place', (value, cell) => {
  expect(wanted('location', value)).toBe(cell);
});

it.each([
  '116.4',
  '116.4,39.9,1',
  '116.4 39.9',
  '北京',
  '116.4，39.9',
  '1e2,3',
  'POINT(1 2)',
  '{"lng":1,"lat":2}',
  'NaN,1',
  ',',
])('%s is none', (value) => {
  expect(wanted('location', value)).toBe(
    `bad: \`${value}\` is not "longitude,latitude" for f. Use CONCAT(longitude, ',', latitude) in the query.`,
  );
});

it.each(['39.9,116.4', '180.1,0', '0,-90.5'])('%s is out of range', (value) => {
  expect(wanted('location', value)).toContain('is out of range (longitude from -180 to 180 first');
});

it.each([
  ['116.3977554,39.9', '116.397755,39.9'],
  ['116.4,39.90317951', '116.4,39.90318'],
  ['116.4,-0.00000001', '116.4,0'],
])('%s has more places than are kept: refused, or rounded where the column says so', (value, cell) => {
  expect(wanted('location', value)).toContain('has more than 6 places after the point for f. Use ROUND');
  expect(wanted('location', value, { rule: { round: true } })).toBe(cell);
});

it('bytes are no place', () => {
  expect(wanted('location', bytes(1))).toContain('is bytes');
  expect(wanted('location', 5, { type: 'any' })).toContain('is not "longitude,latitude"');
});

it.each([
  [{ location: '116.397755,39.903179', full_address: 'Example Road 1' }, '116.397755,39.903179'],
  [{ location: '116.3977550001,39.9031789999' }, '116.397755,39.903179'],
  [{ location: '116.39775500,39.90' }, '116.397755,39.9'],
  ['116.40,39.9', '116.4,39.9'],
  [{ location: '' }, ''],
  [{ location: null }, ''],
  [{}, ''],
  [null, ''],
  ['somewhere', 'somewhere'],
])('%j is read in the digits that are compared', (raw, cell) => {
  expect(held('location', raw)).toBe(cell);
});

it('is written as text and cleared with null', () => {
  expect(written('location', '116.4,39.9')).toBe('116.4,39.9');
  expect(written('location', '')).toBeNull();
});
