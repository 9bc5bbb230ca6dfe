import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimalText } from '../../../src/sync/kinds/digits.ts';

const edges = [
  0,
  -0,
  1e15,
  1e15 - 1,
  2 ** 30,
  2 ** 30 / 100,
  1e6,
  0.01,
  0.1,
  0.07,
  1e-7,
  1e21,
  5e-324,
  1.005,
];

it('is what String gives, for every number', () => {
  const numbers = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.integer().map((cents) => cents / 100),
    fc.integer().map((cents) => cents / 100 + 1e-9),
    fc.constantFrom(...edges),
  );
  fc.assert(
    fc.property(numbers, (value) => {
      expect(decimalText(value)).toBe(String(value));
    }),
    { numRuns: 5_000 },
  );
  for (const value of edges) expect([value, decimalText(-value)]).toEqual([value, String(-value)]);
});
