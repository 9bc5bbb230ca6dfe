import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Endpoint, endpoints } from '../src/endpoints.ts';
import { endpointsPage } from '../src/endpoints-page.ts';
import { caller, newBench } from './support.ts';

const bench = newBench();
const all: readonly (readonly [string, Endpoint])[] = Object.entries(endpoints);

it('docs/endpoints.md is made from the endpoints (npm run endpoints -w playground writes it)', () => {
  const page = readFileSync(new URL('../docs/endpoints.md', import.meta.url), 'utf8');
  expect(page).toBe(endpointsPage());
  expect(all.length).toBeGreaterThan(15);
  for (const [name, endpoint] of all) expect(endpoint.page, name).toMatch(/^[\w/-]{10,}$/);
});

it('serves each endpoint under its name, and nothing else', async () => {
  const playground = await bench.start({ rates: false });
  const call = await caller(playground);
  playground.clearCalls();
  for (const [, endpoint] of all) {
    const [method = '', path = ''] = endpoint.call.split(' ');
    await call(method, path.replaceAll(/:\w+/g, 'x'), method === 'GET' ? undefined : {});
  }
  expect(playground.calls().map(({ route }) => route)).toEqual(all.map(([name]) => name));
  expect(playground.unknown).toEqual([]);
  expect((await call('GET', '/open-apis/drive/v1/files')).status).toBe(404);
  expect(playground.unknown).toEqual([{ method: 'GET', path: '/open-apis/drive/v1/files' }]);
});
