import { expect, it } from 'vitest';
import { planBrowser } from './chromium.ts';

const nobody = { root: false, apt: true };

it('takes the browser that it is given, else one that is there', () => {
  const env = { CHROMIUM: '/opt/chrome' };
  expect(planBrowser(env, '/usr/bin/chromium', nobody)).toEqual({ kind: 'found', path: '/opt/chrome' });
  expect(planBrowser({}, '/usr/bin/chromium', nobody)).toEqual({ kind: 'found', path: '/usr/bin/chromium' });
});

it.each([
  [{}, { root: true, apt: true }],
  [{ CI: 'true' }, nobody],
])('installs one where it may: %j %j', (env, machine) => {
  expect(planBrowser(env, undefined, machine)).toEqual({ kind: 'install' });
});

it('says the exact command where it may not', () => {
  expect(planBrowser({}, undefined, nobody)).toMatchObject({
    advice: expect.stringContaining(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium',
    ),
  });
  expect(planBrowser({ CI: 'true' }, undefined, { root: false, apt: false })).toMatchObject({
    advice: expect.stringContaining('CHROMIUM='),
  });
});
