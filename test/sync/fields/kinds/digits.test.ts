import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainDecimal } from '../../../../src/sync/fields/kinds/number.ts';
import { wanted } from './place.ts';

const digits = (most: number) => fc.string({ unit: fc.constantFrom(...'00123456789'), maxLength: most });
const decimals = fc
  .tuple(fc.constantFrom('', '', '-', '+'), digits(17), fc.constantFrom('', '.'), digits(17))
  .map((parts) => parts.join(''));

it('a plain decimal is the number that a number field makes of it', () => {
  const small = digits(3).map((some) => `0.00000${some}`);
  const texts = fc.oneof(decimals, small, fc.string({ unit: fc.constantFrom(...'019.-+e \n') }), fc.string());
  fc.assert(
    fc.property(texts, (text) => {
      const plain = plainDecimal(text);
      // Nobody calls a number with a blank before it plain.
      if (plain !== undefined) expect(plain).toBe(wanted('number', ` ${text}`));
      expect(plainDecimal(` ${text}`)).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ['0', '0'],
  ['0.00', '0'],
  ['10.0000', '10'],
  ['100', '100'],
  ['-12.3400', '-12.34'],
  ['0.5', '0.5'],
  ['123456789012345', '123456789012345'],
  ['0.123456789012340', '0.12345678901234'],
])('what databases write is plain: %s', (text, plain) => {
  expect(plainDecimal(text)).toBe(plain);
});
