import { expect, it } from 'vitest';
import { coverage } from '../src/coverage.ts';
import { newBench } from './support.ts';

const bench = newBench();

it('lists exactly the routes that are served, each with its page', async () => {
  const playground = await bench.start();
  const line = (one: { method: string; path: string }, name: string) => `${name}: ${one.method} ${one.path}`;
  const served = playground.routes.map((one) => line(one, one.name)).sort();
  const listed = coverage.map((one) => line(one, one.route)).sort();
  expect(served.length).toBeGreaterThan(15);
  expect(listed).toEqual(served);
  for (const { page, route } of coverage)
    expect(page, route).toMatch(/^https:\/\/open\.feishu\.cn\/document\/.{10,}/);
});
