import { expect, it } from 'vitest';
import { pieces } from '../../src/sync/pieces.ts';

it('pieces of work are small at first and never large', () => {
  const size = pieces();
  const sizes = Array.from({ length: 8 }, size);
  expect(sizes).toEqual([16, 32, 64, 128, 256, 256, 256, 256]);
});
